package admin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/doctor"
	"latchkey/internal/representation"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// What happened is counted by its time, its type and its error.
func TestEventStatistics(t *testing.T) {
	w := newWorld(t)
	viewer := w.service("demo", "view-events")
	id := w.s.Snapshot("demo").Realm.ID
	now := w.s.Clock.Now()
	add := func(kind latchkey.EventType, reason string, ago time.Duration) {
		w.s.Update(func(tx *store.Tx) error {
			return tx.CreateEvent(&latchkey.Event{RealmID: id, Type: kind, Error: reason, Time: now.Add(-ago)})
		})
	}
	add(latchkey.EventLogin, "", 0)
	add(latchkey.EventLogin, "", 90*time.Minute)
	add(latchkey.EventLogin, "", 25*time.Hour)
	for range 2 {
		add(latchkey.EventLoginError, "invalid_code", 0)
	}
	add(latchkey.EventLoginError, "access_denied", time.Minute)
	add(latchkey.EventLogout, "", 0)
	var s struct {
		Step      int64
		Total     map[string]int
		Intervals []struct {
			Time   int64
			Counts map[string]int
		}
		Errors []struct {
			Type, Error string
			Count       int
		}
	}
	w.must(200, viewer, "GET", "/demo/events/statistics", nil).into(&s)
	if s.Step != 3600 || s.Total["LOGIN"] != 2 || s.Total["LOGIN_ERROR"] != 3 || len(s.Total) != 3 || len(s.Intervals) < 2 ||
		len(s.Errors) != 2 || s.Errors[0].Error != "invalid_code" || s.Errors[0].Count != 2 {
		t.Errorf("%+v", s)
	}
	w.must(200, viewer, "GET", "/demo/events/statistics?type=LOGOUT&type=LOGOUT&step=86400&dateFrom="+now.Add(-6*24*time.Hour).UTC().Format(time.DateOnly), nil).into(&s)
	if s.Total["LOGOUT"] != 1 || s.Step != 86400 {
		t.Errorf("%+v", s)
	}
	for query, field := range map[string]string{"dateFrom=2001-01-01&step=86400000": "step", "dateFrom=2001-01-01&step=2592000": "dateFrom",
		"type=" + strings.Join(strings.Split("ABCDEFGHIJKLMNOPQ", ""), "&type="): "type"} {
		if a := w.rest(viewer, "GET", "/demo/events/statistics?"+query, nil); a.Status != 400 || !strings.Contains(a.Text, field) {
			t.Errorf("%s: %d %s", query, a.Status, a.Text)
		}
	}
	w.must(403, w.manager, "GET", "/demo/events/statistics", nil)
}

// The door says of a realm what the command says, but what dev makes right.
func TestDoctor(t *testing.T) {
	w := newWorld(t)
	viewer := w.service("demo", "view-realm")
	names := func(token, path string) (list []string) {
		var found []doctor.Finding
		w.must(200, token, "GET", path, nil).into(&found)
		for _, f := range found {
			if f.Text == "" || f.Level == "" || f.Realm != "demo" {
				t.Errorf("%+v", f)
			}
			list = append(list, f.Name)
		}
		return list
	}
	before := names(viewer, "/demo/doctor?dns=true")
	w.must(204, w.admin(), "PUT", "/demo", m{"sslRequired": "none", "smtpServer": m{}})
	after := names(viewer, "/demo/doctor")
	if slices.Contains(before, "ssl-not-required") || !slices.Contains(after, "ssl-not-required") || slices.Contains(after, doctor.NoRelay) {
		t.Errorf("before %v, after %v", before, after)
	}
	w.must(403, w.manager, "GET", "/demo/doctor", nil)
	// Without dev's mailbox the realm has no way to send.
	r := newWorld(t, servertest.RealmRelays())
	r.must(204, r.admin(), "PUT", "/demo", m{"smtpServer": m{}})
	var found []doctor.Finding
	r.must(200, r.admin(), "GET", "/demo/doctor", nil).into(&found)
	if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Name == doctor.NoRelay && f.Level == doctor.Fault }) {
		t.Errorf("%+v", found)
	}
}

// What a realm needs first is told step by step, and where its mails go.
func TestOverview(t *testing.T) {
	w := newWorld(t, servertest.RealmRelays(), servertest.With(func(c *server.Config) { c.Version = "test" }))
	admin := w.admin()
	w.must(201, admin, "POST", "", m{"realm": "fresh", "enabled": true})
	type steps struct {
		Version                          string
		Mail, MailCaught, Client, SignIn bool
	}
	var is steps
	look := func(token string) steps {
		is = steps{}
		w.must(200, token, "GET", "/fresh/overview", nil).into(&is)
		return is
	}
	if got := look(admin); got.Mail || got.MailCaught || got.Client || got.SignIn || got.Version != "test" {
		t.Errorf("a new realm: %+v", got)
	}
	w.must(204, admin, "PUT", "/fresh", m{"smtpServer": m{"host": "127.0.0.1", "port": "25", "from": "a@example.test"}})
	w.must(201, admin, "POST", "/fresh/clients", m{"clientId": "app"})
	if got := look(admin); !got.Mail || !got.Client || got.SignIn {
		t.Errorf("with mail and an application: %+v", got)
	}
	id := w.s.Snapshot("fresh").Realm.ID
	w.s.Update(func(tx *store.Tx) error {
		return tx.CreateUserSession(&latchkey.UserSession{RealmID: id, UserID: "somebody"})
	})
	if got := look(admin); !got.SignIn {
		t.Errorf("with a session: %+v", got)
	}
	var n representation.SessionCount
	w.must(200, admin, "GET", "/fresh/sessions/count", nil).into(&n)
	if n.Active != 1 || n.Offline != 0 {
		t.Errorf("sessions: %+v", n)
	}
	var mail struct {
		Sends, Caught bool
		Relays        []struct {
			Relay       string
			Known, Down bool
		}
	}
	w.must(200, admin, "GET", "/fresh/mail", nil).into(&mail)
	if !mail.Sends || mail.Caught || len(mail.Relays) != 1 || mail.Relays[0].Relay != "127.0.0.1:25" || mail.Relays[0].Known {
		t.Errorf("%+v", mail)
	}
	w.must(403, w.nobody, "GET", "/demo/overview", nil)
	// Administrators of one realm are not told what the server is.
	is = steps{}
	w.must(200, w.service("demo", "view-clients"), "GET", "/demo/overview", nil).into(&is)
	if is.Version != "" || !is.Client {
		t.Errorf("%+v", is)
	}
	caught := newWorld(t)
	caught.ask("ada@example.test")
	caught.s.Settle("demo")
	caught.must(200, caught.manager, "GET", "/demo/mail", nil).into(&mail)
	if !mail.Caught || len(mail.Relays) != 1 || !mail.Relays[0].Known || mail.Relays[0].Down {
		t.Errorf("dev: %+v", mail)
	}
}

// A mail is found by a part of its address; one mail tells its subject and what
// became of its link, and the statistics why mails were not sent.
func TestMessageDetails(t *testing.T) {
	w := newWorld(t)
	link := w.ask("ada@example.test")
	w.s.Settle("demo")
	w.s.Browser().Get(link)
	id := w.s.Snapshot("demo").Realm.ID
	w.s.Update(func(tx *store.Tx) error {
		return tx.CreateMessage(&latchkey.Message{RealmID: id, Kind: latchkey.MailMagicLink, Address: "bob@example.test",
			State: latchkey.MessageFailed, Reason: "RCPT: 550 no such user", ExpiresAt: tx.Now()})
	})
	var list []representation.Message
	w.must(200, w.manager, "GET", "/demo/messages?search="+url.QueryEscape("Da@ex"), nil).into(&list)
	if len(list) != 1 || list[0].Subject != "" {
		t.Fatalf("%+v", list)
	}
	var one representation.Message
	w.must(200, w.manager, "GET", "/demo/messages/"+list[0].ID, nil).into(&one)
	if !strings.HasPrefix(one.Subject, "Sign in") || one.OpenedAt == nil || one.Opens != 1 || one.RedeemedAt != nil {
		t.Errorf("%+v", one)
	}
	var links []representation.Link
	for search, want := range map[string]int{"ada": 1, "nobody": 0} {
		w.must(200, w.manager, "GET", "/demo/links?search="+search, nil).into(&links)
		if len(links) != want {
			t.Errorf("%s: %+v", search, links)
		}
	}
	var s struct {
		Intervals []struct{ HandOver *struct{ Count int } }
		Causes    []struct {
			State, Cause string
			Count        int
		}
	}
	w.must(200, w.manager, "GET", "/demo/messages/statistics", nil).into(&s)
	if len(s.Causes) != 1 || s.Causes[0].Cause != "relay" || s.Causes[0].State != "failed" || len(s.Intervals) != 1 || s.Intervals[0].HandOver.Count != 1 {
		t.Errorf("%+v", s)
	}
}
