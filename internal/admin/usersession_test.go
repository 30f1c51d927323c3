package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// signedIn signs somebody of the realm in, with an offline token beside it.
func (w *world) signedIn(u *latchkey.User) *servertest.Tokens {
	w.t.Helper()
	b := w.s.Browser()
	helper := w.service("demo", "impersonation")
	b.Do("POST", w.s.Site().URL("admin", "realms", "demo", "users", u.ID, "impersonation"), nil, "Authorization: Bearer "+helper)
	return w.rp.Finish(w.rp.Start(b, "scope", "openid offline_access"))
}

// Sessions of a user and of the realm: listed, counted, ended one by one, all
// of a user, all of the realm.
func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := w.service("demo", "view-realm", "view-users")
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	bob := w.s.AddUser("demo", "bob@example.test", "", nil)
	tokens := w.signedIn(ada)
	w.signedIn(bob)
	path := "/demo/users/" + ada.ID
	list := func(path string) (list []representation.Session) {
		t.Helper()
		w.must(200, reader, "GET", path, nil).into(&list)
		return list
	}
	own := list(path + "/sessions")
	if len(own) != 1 || own[0].UserID != ada.ID || own[0].Username != ada.Username || own[0].Clients[w.rp.Client.ID] != w.rp.Client.ClientID ||
		own[0].Start%1000 != 0 || own[0].RememberMe == nil {
		t.Errorf("sessions: %+v", own)
	}
	offline := list(path + "/offline-sessions/" + w.rp.Client.ID)
	if len(offline) != 1 || offline[0].ID == own[0].ID {
		t.Errorf("offline sessions: %+v", offline)
	}
	if a := w.must(404, reader, "GET", path+"/offline-sessions/nope", nil); a.Text != `{"error":"Client not found"}` {
		t.Errorf("no client: %s", a.Text)
	}
	for query, want := range map[string]int{"": 4, "?type=REGULAR": 2, "?type=OFFLINE": 2, "?search=ada": 2, "?search=127.0.0.1": 4, "?search=nobody": 0,
		"?search=" + w.rp.Client.ClientID: 4, "?first=1&max=2": 2, "?max=0": 0} {
		if got := list("/demo/ui-ext/sessions" + query); len(got) != want {
			t.Errorf("%q: %d sessions, expected %d", query, len(got), want)
		}
	}
	w.must(400, reader, "GET", "/demo/ui-ext/sessions?type=ODD", nil)
	if one := list("/demo/ui-ext/sessions?type=OFFLINE")[0]; one.Type != "OFFLINE" || one.RememberMe != nil || own[0].Type != "" {
		t.Errorf("the console's form: %+v", one)
	}
	var stats []representation.ClientSessionStats
	w.must(200, reader, "GET", "/demo/client-session-stats", nil).into(&stats)
	if len(stats) != 1 || stats[0].ClientID != w.rp.Client.ClientID || stats[0].Active != "2" || stats[0].Offline != "2" {
		t.Errorf("counts: %+v", stats)
	}
	var consents []map[string]any
	w.must(200, reader, "GET", path+"/consents", nil).into(&consents)
	if len(consents) != 1 || consents[0]["clientId"] != w.rp.Client.ClientID || len(consents[0]["additionalGrants"].([]any)) != 1 {
		t.Errorf("an offline token is shown with the consents: %v", consents)
	}

	w.must(403, reader, "DELETE", "/demo/sessions/"+own[0].ID, nil)
	if a := w.must(404, w.manager, "DELETE", "/demo/sessions/"+own[0].ID+"?isOffline=true", nil); a.Text != `{"error":"Sesssion not found"}` {
		t.Errorf("the wrong kind: %s", a.Text)
	}
	w.must(204, w.manager, "DELETE", "/demo/sessions/"+own[0].ID, nil)
	if got := list(path + "/sessions"); len(got) != 0 {
		t.Errorf("ended: %+v", got)
	}
	if _, err := w.rp.Refresh(tokens.RefreshToken); err != nil {
		t.Errorf("the offline token ends with the browser's session: %v", err)
	}
	w.must(204, w.manager, "DELETE", path+"/consents/"+w.rp.Client.ClientID, nil)
	w.must(404, w.manager, "DELETE", path+"/consents/"+w.rp.Client.ClientID, nil)
	if _, err := w.rp.Refresh(tokens.RefreshToken); err == nil {
		t.Error("a token goes on whose consent was taken back")
	}
	w.must(403, reader, "POST", "/demo/logout-all", nil)
	if a := w.must(200, w.manager, "POST", "/demo/logout-all", nil); a.Text != "{}" {
		t.Errorf("all: %s", a.Text)
	}
	if got := list("/demo/ui-ext/sessions?type=REGULAR"); len(got) != 0 {
		t.Errorf("after logout-all: %+v", got)
	}
	if got := list("/demo/ui-ext/sessions?type=OFFLINE"); len(got) != 1 {
		t.Errorf("offline sessions outlive logout-all: %+v", got)
	}
	w.must(204, w.manager, "POST", "/demo/users/"+bob.ID+"/logout", nil)
	if got := list("/demo/ui-ext/sessions"); len(got) != 0 {
		t.Errorf("after the logout of a user: %+v", got)
	}
	if a := w.must(200, w.service("demo", "manage-realm"), "POST", "/demo/push-revocation", nil); a.Text != "{}" {
		t.Errorf("push: %s", a.Text)
	}
}

// Who is switched off, or deleted, is out at once: sessions, tokens, links
// that were mailed.
func TestOutAtOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, path string){
		"disabled": func(w *world, path string) { w.must(204, w.manager, "PUT", path, map[string]any{"enabled": false}) },
		"deleted":  func(w *world, path string) { w.must(204, w.manager, "DELETE", path, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ada := w.s.AddUser("demo", "ada@example.test", "", nil)
			path := "/demo/users/" + ada.ID
			tokens := w.signedIn(ada)
			w.must(204, w.manager, "PUT", path+"/execute-actions-email", []string{"UPDATE_PASSWORD"})
			link := w.s.Mail.Wait("ada@example.test").Link
			change(w, path)
			if _, err := w.rp.Refresh(tokens.RefreshToken); err == nil {
				t.Error("a refresh token goes on")
			}
			if status, _ := w.s.Get("/realms/demo/protocol/openid-connect/userinfo", "Authorization: Bearer "+tokens.AccessToken); status != http.StatusUnauthorized {
				t.Errorf("an access token is worth something: %d", status)
			}
			if p := w.s.Browser().Get(link); p.Status == http.StatusOK {
				t.Errorf("a link goes on: %q", p.Title())
			}
			var all []representation.Session
			w.must(200, w.manager, "GET", "/demo/ui-ext/sessions", nil).into(&all)
			if len(all) != 0 {
				t.Errorf("sessions: %+v", all)
			}
		})
	}
}

// What is known of wrong passwords: shown, and forgotten.
func TestAttackDetection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.BruteForce.Protected = true
		if err := tx.UpdateRealm(&r); err != nil {
			return err
		}
		for subject, ip := range map[string]string{ada.ID: "192.0.2.1", ada.ID + ".known": "192.0.2.2"} {
			f, err := tx.LockLoginFailure(r.ID, subject)
			if err != nil {
				return err
			}
			f.Failures, f.LastIP, f.LastFailure = 2, ip, tx.Now()
			f.Closed = ip == "192.0.2.1"
			if err := tx.SaveLoginFailure(f, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	const path = "/demo/attack-detection/brute-force/users"
	var got representation.BruteForceStatus
	w.must(200, w.manager, "GET", path+"/"+ada.ID, nil).into(&got)
	if got.NumFailures != 4 || !got.Disabled || !strings.HasPrefix(got.LastIPFailure, "192.0.2.") || got.LastFailure == 0 || *got.NumTemporaryLockouts != 0 {
		t.Errorf("status: %+v", got)
	}
	var list []representation.User
	w.must(200, w.manager, "GET", "/demo/ui-ext/brute-force-user?search=ada&briefRepresentation=true", nil).into(&list)
	if len(list) != 1 || list[0].BruteForceStatus == nil || list[0].BruteForceStatus.NumFailures != 4 {
		t.Errorf("the console's list: %+v", list)
	}
	const none = `{"failedLoginNotBefore":0,"numFailures":0,"numTemporaryLockouts":0,"disabled":false,"numSecondaryAuthFailures":0,"lastIPFailure":"n/a","lastFailure":0}`
	w.must(403, w.service("demo", "view-users"), "DELETE", path+"/"+ada.ID, nil)
	w.must(204, w.manager, "DELETE", path+"/"+ada.ID, nil)
	w.must(204, w.manager, "DELETE", path+"/"+ada.ID, nil)
	if a := w.must(200, w.manager, "GET", path+"/"+ada.ID, nil); a.Text != none {
		t.Errorf("forgotten: %s", a.Text)
	}
	w.must(204, w.manager, "DELETE", path, nil)
	if a := w.must(200, w.manager, "GET", path+"/nobody", nil); a.Text != none {
		t.Errorf("of nobody: %s", a.Text)
	}
}
