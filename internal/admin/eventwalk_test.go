package admin_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// unrecorded are calls that are no reads, and change nothing of a realm: they
// try something, or ask for something, or are refused here in any case.
var unrecorded = []string{
	"POST /testSMTPConnection", "POST /testLDAPConnection", "POST /ldap-server-capabilities", "POST /partial-export", "POST /identity-provider/import-config",
	"POST /clear-realm-cache", "POST /clear-user-cache", "POST /clear-keys-cache", "POST /clear-crl-cache", "POST /organizations", "POST /workflows",
	"PUT /users-management-permissions", "PUT /clients/{id}/management/permissions", "PUT /groups/{id}/management/permissions",
	"PUT /roles/{role}/management/permissions", "PUT /roles-by-id/{roleId}/management/permissions", "PUT /clients/{id}/roles/{role}/management/permissions",
	"POST /clients/{id}/certificates/{attr}/download", "POST /clients/{id}/certificates/{attr}/generate-and-download",
	"DELETE ", // the realm itself: TestRealmsAreRecorded
}

// step is a call that changes a realm, and the one event that it leaves:
// operation, kind and path.
type step struct {
	call, body, event string
	saves             string // what the id of what was made is called by later steps
}

// walker takes the steps and says what was recorded.
type walker struct {
	*world
	token string
	ops   []operation
	names map[string]string
	taken map[string]bool // the calls that were made
	seen  map[string]bool // the events that were
}

var answered = regexp.MustCompile(`@/[^\]"]+`)

var placeholder = regexp.MustCompile(`\{([a-z0-9]+)\}`)

func (w *walker) fill(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		if v, ok := w.names[p[1:len(p)-1]]; ok {
			return v
		}
		return p
	})
}

// news are the events that were not seen before.
func (w *walker) news() (list []*latchkey.AdminEvent) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) error {
		all, err := tx.AdminEvents(w.rp.Client.RealmID, store.AdminEventFilter{Max: 10_000})
		for _, e := range all {
			if !w.seen[e.ID] {
				w.seen[e.ID] = true
				list = append(list, e)
			}
		}
		return err
	})
	return list
}

// route finds the row of the table that a path is of: the one with most words
// of its own.
func (w *walker) route(method, path string) string {
	best, most := "", -1
	parts := strings.Split(path, "/")
	for _, op := range w.ops {
		of, ok := strings.CutPrefix(op.Path, "/admin/realms/{realm}")
		names := strings.Split(of, "/")
		if !ok || op.Method != method || len(names) != len(parts) {
			continue
		}
		words := 0
		for i, n := range names {
			if n == parts[i] {
				words++
			} else if !strings.HasPrefix(n, "{") {
				words = -1000
			}
		}
		if words > most {
			best, most = of, words
		}
	}
	return method + " " + best
}

func (w *walker) take(s step) {
	w.t.Helper()
	method, path, _ := strings.Cut(w.fill(s.call), " ")
	path, query, _ := strings.Cut(path, "?")
	w.taken[w.route(method, path)] = true
	if query != "" {
		path += "?" + query
	}
	var body any
	if s.body != "" {
		body = answered.ReplaceAllStringFunc(w.fill(s.body), func(at string) string {
			return w.must(200, w.token, "GET", "/demo"+at[1:], nil).Text
		})
	}
	w.must(403, w.nobody, method, "/demo"+path, body)
	if list := w.news(); len(list) != 0 {
		w.t.Errorf("%s was refused, and recorded: %+v", s.call, list[0])
	}
	var a answer
	if s.body == keySetForm {
		status, header, text := w.s.Ask(method, "/admin/realms/demo"+path, s.body, "Authorization: Bearer "+w.token, "Content-Type: multipart/form-data; boundary=b")
		a = answer{w.t, status, header, text}
	} else {
		a = w.rest(w.token, method, "/demo"+path, body)
	}
	if a.Status >= 300 {
		w.t.Errorf("%s: %d %s", s.call, a.Status, a.Text)
		return
	}
	if s.saves != "" {
		w.names[s.saves] = a.id()
	}
	var got []string
	for _, e := range w.news() {
		got = append(got, strings.TrimSpace(e.OperationType+" "+e.ResourceType+" "+e.ResourcePath))
		if strings.Contains(e.Representation, "hunter2") {
			w.t.Errorf("%s: a secret is in the record: %s", s.call, e.Representation)
		}
		asked := strings.HasPrefix(s.body, "{") && s.body != "{}" && !strings.HasSuffix(s.call, "/reset-password") // of which nothing but a secret could be shown
		if asked && e.Representation == "" || s.body == "" && strings.Contains(e.Representation, "null") {
			w.t.Errorf("%s: shown as %q", s.call, e.Representation)
		}
		if e.AuthRealmID == "" || e.AuthClientID == "" || e.AuthUserID == "" || e.AuthIPAddress == "" {
			w.t.Errorf("%s: who did it? %+v", s.call, e)
		}
	}
	if want := []string{w.fill(s.event)}; !slices.Equal(got, want) {
		w.t.Errorf("%s: recorded %q, expected %q", s.call, got, want)
	}
}

// Every call that changes a realm leaves one admin event, of Keycloak's
// operation, kind and path, in the transaction of the change; one that is
// refused leaves none. The steps hold every row of the table that is no read.
func TestEveryChangeIsRecorded(t *testing.T) {
	world := newWorld(t)
	w := &walker{world: world, token: world.admin(), names: map[string]string{}, taken: map[string]bool{}, seen: map[string]bool{}}
	_, w.ops = world.specification()
	w.must(204, w.token, "PUT", "/demo", m{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})
	w.news()
	for _, steps := range [][]step{realmSteps, userSteps, groupSteps, roleSteps, clientSteps, flowSteps, providerSteps} {
		for _, s := range steps {
			w.take(s)
			w.learn(s)
		}
	}
	w.sessionSteps()
	w.mailSteps()
	for _, op := range w.ops {
		path, ok := strings.CutPrefix(op.Path, "/admin/realms/{realm}")
		if row := op.Method + " " + path; ok && op.Method != "GET" && !w.taken[row] && !slices.Contains(unrecorded, row) {
			t.Errorf("%s: no step tries it", row)
		}
	}
	// What is not there, or not said, is not changed, and not recorded.
	for _, op := range w.ops {
		if op.Method == "GET" || slices.Contains(destroys, op.Method+" "+op.Path) || !strings.Contains(op.Path, "{realm}") {
			continue
		}
		status, answer := op.call(world, "demo", w.token)
		if list := w.news(); status >= 400 && len(list) != 0 {
			t.Errorf("%s %s was refused, and recorded: %d %s, %+v", op.Method, op.Path, status, answer, list[0])
		}
	}
}

// learn remembers ids that no answer of a step gives.
func (w *walker) learn(s step) {
	w.t.Helper()
	id := func(path string) string {
		var one struct{ ID string }
		w.must(200, w.token, "GET", "/demo"+path, nil).into(&one)
		return one.ID
	}
	switch s.call + s.saves {
	case "POST /usersuser":
		otp := &latchkey.Credential{RealmID: w.rp.Client.RealmID, UserID: w.names["user"], ID: "otp", Type: latchkey.CredentialOTP}
		w.s.Update(func(tx *store.Tx) error {
			if _, err := tx.LockLoginFailure(otp.RealmID, otp.UserID); err != nil { // there is one to forget
				return err
			}
			return tx.CreateCredential(otp)
		})
		w.names["otp"] = otp.ID
		fallthrough
	case "PUT /users/{user}/reset-password":
		var list []representation.Credential
		w.must(200, w.token, "GET", "/demo/users/"+w.names["user"]+"/credentials", nil).into(&list)
		for _, c := range list {
			if *c.Type == latchkey.CredentialPassword {
				w.names["credential"] = *c.ID
			}
		}
	case "POST /roles":
		if s.event == "CREATE REALM_ROLE roles/hand" {
			w.names["role"], w.names["hand"] = id("/roles/boss"), id("/roles/hand")
		}
	case "POST /clientsclient":
		w.names["account"] = w.s.Snapshot("demo").ClientByClientID("account").ID
	}
}

// A realm that is made, or deleted, is recorded where its maker is at home, in
// the transaction: what is refused, and what fails, leaves none.
func TestRealmsAreRecorded(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.must(204, admin, "PUT", "/master", m{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})
	w.must(409, admin, "POST", "", m{"realm": "demo"})
	w.must(403, w.manager, "POST", "", m{"realm": "garden"})
	w.must(201, admin, "POST", "", m{"realm": "garden", "smtpServer": m{"host": "mail.example.test", "from": "a@example.test", "auth": "true", "user": "u", "password": "hunter2"},
		"users": []m{{"username": "ada", "credentials": []m{{"type": "password", "value": "hunter2-hunter2"}}}}})
	w.must(403, w.manager, "DELETE", "/garden", nil)
	w.must(204, admin, "DELETE", "/garden", nil)
	var list []representation.AdminEvent
	w.must(200, admin, "GET", "/master/admin-events?direction=asc", nil).into(&list)
	var got []string
	for _, e := range list[1:] {
		got = append(got, e.OperationType+" "+e.ResourceType+" "+e.ResourcePath)
	}
	if want := []string{"CREATE REALM garden", "DELETE REALM garden"}; !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if shown := list[1].Representation; !strings.Contains(shown, "mail.example.test") || strings.Contains(shown, "hunter2") {
		t.Errorf("shown: %s", shown)
	}
}

// sessionSteps sign somebody in and out.
func (w *walker) sessionSteps() {
	ada := w.s.AddUser("demo", "ada@example.test", "correct horse battery", func(u *latchkey.User) { u.EmailVerified = true })
	w.names["ada"], w.names["app"], w.names["appid"] = ada.ID, w.rp.Client.ID, w.rp.Client.ClientID
	w.signedIn(ada)
	w.news()
	var own []representation.Session
	w.must(200, w.token, "GET", "/demo/users/"+ada.ID+"/sessions", nil).into(&own)
	w.names["session"] = own[0].ID
	for _, s := range []step{
		{"DELETE /sessions/{session}", "", "DELETE USER_SESSION sessions/{session}", ""},
		{"DELETE /users/{ada}/consents/{appid}", "", "ACTION USER users/{ada}/consents/{appid}", ""},
		{"POST /users/{ada}/impersonation", "", "ACTION USER users/{ada}/impersonation", ""},
		{"POST /users/{ada}/logout", "", "ACTION USER users/{ada}/logout", ""},
		{"POST /logout-all", "", "ACTION REALM logout-all", ""},
	} {
		w.take(s)
	}
	w.token, w.nobody = w.admin(), w.service("demo") // a service's own session may have been among them
	w.news()
}

// mailSteps are those of mails and links.
func (w *walker) mailSteps() {
	w.ask("ada@example.test")
	w.s.Settle("demo")
	w.news()
	now := w.s.Clock.Now()
	waits := &latchkey.Message{RealmID: w.rp.Client.RealmID, Kind: latchkey.MailMagicLink, Address: "bob@example.test",
		ExpiresAt: now.Add(10 * time.Minute), NextAttemptAt: now.Add(time.Hour)}
	w.s.Update(func(tx *store.Tx) error { return tx.CreateMessage(waits) })
	var mails []representation.Message
	w.must(200, w.token, "GET", "/demo/messages?address=ada@example.test&max=1", nil).into(&mails)
	var links []representation.Link
	w.names["message"], w.names["waits"] = mails[0].ID, waits.ID
	w.take(step{"POST /messages/{message}/resend", "", "ACTION MESSAGE messages/{message}/resend", "again"})
	w.take(step{"POST /messages/{waits}/cancel", "", "ACTION MESSAGE messages/{waits}/cancel", ""})
	w.s.Settle("demo")
	w.must(200, w.token, "GET", "/demo/links?address=ada@example.test", nil).into(&links)
	w.names["link"] = links[0].ID
	w.take(step{"DELETE /links/{link}", "", "DELETE LINK links/{link}", ""})
	w.take(step{"DELETE /users/{ada}/links", "", "DELETE LINK users/{ada}/links", ""})
}
