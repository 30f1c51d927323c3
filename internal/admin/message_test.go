package admin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// ask asks for a mailed link, and waits until it is there.
func (w *world) ask(address string) string {
	w.t.Helper()
	b := w.s.Browser()
	w.rp.Start(b).FormWith("username").Set("username", address).Submit()
	return w.s.Mail.Wait(address).Link
}

// An operator sees what became of each mail, without a secret, and may send it
// again or keep it back.
func TestMessages(t *testing.T) {
	w := newWorld(t)
	viewer := w.service("demo", "view-users")
	link := w.ask("ada@example.test")
	var list []representation.Message
	w.s.Eventually("handed over", func() bool {
		list = nil
		w.must(200, viewer, "GET", "/demo/messages?address=ADA@example.test&state=handed_over", nil).into(&list)
		return len(list) > 0
	})
	if len(list) != 1 || list[0].Kind != "magic-link" || list[0].ClientID != w.rp.Client.ClientID || list[0].HandedOverAt == nil || list[0].Tries != nil {
		t.Fatalf("%+v", list)
	}
	a := w.must(200, viewer, "GET", "/demo/messages/"+list[0].ID, nil)
	var one representation.Message
	a.into(&one)
	if len(one.Tries) != 1 || one.Tries[0].Outcome != "accepted" || one.Tries[0].Relay == "" {
		t.Errorf("%+v", one)
	}
	secret := link[strings.LastIndex(link, ".")+1:]
	if u, err := url.Parse(link); err != nil || strings.Contains(a.Text, secret) || strings.Contains(a.Text, u.Query().Get("key")) {
		t.Errorf("the link is in %s", a.Text)
	}
	for _, path := range []string{"?state=queued", "?address=bob@example.test", "?kind=verify-email", "?dateTo=2001-01-01", "?first=1"} {
		w.must(200, viewer, "GET", "/demo/messages"+path, nil).into(&list)
		if len(list) != 0 {
			t.Errorf("%s: %+v", path, list)
		}
	}
	for path, field := range map[string]string{"?state=lost": "state", "?dateFrom=soon": "dateFrom", "?max=x": "max"} {
		if a := w.rest(viewer, "GET", "/demo/messages"+path, nil); a.Status != 400 || !strings.Contains(a.Text, field) {
			t.Errorf("%s: %d %s", path, a.Status, a.Text)
		}
	}
	w.must(403, viewer, "POST", "/demo/messages/"+one.ID+"/resend", nil)
	w.must(409, w.manager, "POST", "/demo/messages/"+one.ID+"/cancel", nil)
	again := w.must(201, w.manager, "POST", "/demo/messages/"+one.ID+"/resend", nil).id()
	if next := w.s.Mail.Wait("ada@example.test").Link; next == link || again == one.ID {
		t.Errorf("the same link, or the same mail: %s", next)
	}
	w.must(404, w.manager, "GET", "/demo/messages/none", nil)
	w.must(404, w.manager, "POST", "/demo/messages/none/resend", nil)
	w.must(404, w.manager, "POST", "/demo/messages/none/cancel", nil)

	ada := w.s.AddUser("demo", "Ada@example.test", "", nil)
	w.must(200, viewer, "GET", "/demo/users/"+ada.ID+"/messages", nil).into(&list)
	if len(list) != 2 || list[0].ID != again {
		t.Errorf("hers: %+v", list)
	}
	w.must(404, viewer, "GET", "/demo/users/none/messages", nil)
	w.must(403, w.nobody, "GET", "/demo/messages", nil)
}

func TestMailStatistics(t *testing.T) {
	w := newWorld(t)
	w.ask("ada@example.test")
	w.ask("bob@example.test")
	w.s.Settle("demo")
	var s struct {
		From, To, Step int64
		Total          map[string]int
		HandOver       struct{ Count int }
		Intervals      []struct {
			Time   int64
			Counts map[string]int
		}
		Relays []struct {
			Relay    string
			Outcomes map[string]int
		}
	}
	w.must(200, w.service("demo", "view-events"), "GET", "/demo/messages/statistics", nil).into(&s)
	if s.Total["handed_over"] != 2 || s.HandOver.Count != 2 || len(s.Intervals) != 1 || s.Intervals[0].Counts["handed_over"] != 2 ||
		len(s.Relays) != 1 || s.Relays[0].Outcomes["accepted"] != 2 || s.Step != 3600 || s.To-s.From < 24*3600*1000 {
		t.Errorf("%+v", s)
	}
	w.s.Clock.Advance(2 * time.Hour)
	w.ask("cyd@example.test")
	w.s.Settle("demo")
	w.manager = w.service("demo", "manage-users")
	w.must(200, w.manager, "GET", "/demo/messages/statistics?step=120", nil).into(&s)
	if len(s.Intervals) < 2 || s.Intervals[0].Time%1000 != 0 {
		t.Errorf("%+v", s)
	}
	for query, field := range map[string]string{"step=1": "step", "step=60&dateFrom=2001-01-01": "step", "dateTo=2001-01-01&dateFrom=2001-02-01": "dateTo"} {
		if a := w.rest(w.manager, "GET", "/demo/messages/statistics?"+query, nil); a.Status != 400 || !strings.Contains(a.Text, field) {
			t.Errorf("%s: %d %s", query, a.Status, a.Text)
		}
	}
}

// Links that are out are listed without their secrets; one that is revoked
// signs nobody in.
func TestLinks(t *testing.T) {
	w := newWorld(t)
	w.must(204, w.admin(), "PUT", "/demo", m{"adminEventsEnabled": true})
	viewer := w.service("demo", "view-users")
	ada := w.s.AddUser("demo", "ada@example.test", "", func(u *latchkey.User) { u.EmailVerified = true })
	link := w.ask("ada@example.test")
	w.ask("bob@example.test")
	made := w.made(m{"email": "ada@example.test"}).Link
	var all, hers, byAPI []representation.Link
	w.must(200, viewer, "GET", "/demo/links", nil).into(&all)
	a := w.must(200, viewer, "GET", "/demo/users/"+ada.ID+"/links", nil)
	a.into(&hers)
	w.must(200, viewer, "GET", "/demo/links?kind=ext-magic-link&clientId="+url.QueryEscape(w.rp.Client.ClientID), nil).into(&byAPI)
	if len(all) != 3 || len(hers) != 2 || len(byAPI) != 1 || byAPI[0].UserID != ada.ID || byAPI[0].State != "pending" {
		t.Fatalf("all %+v, hers %+v, by the API %+v", all, hers, byAPI)
	}
	for _, l := range []string{link, made} {
		u, err := url.Parse(l)
		if err != nil || u.Query().Get("key") == "" || strings.Contains(a.Text, u.Query().Get("key")) {
			t.Errorf("a link is in %s", a.Text)
		}
	}
	w.must(403, viewer, "DELETE", "/demo/links/"+byAPI[0].ID, nil)
	w.must(204, w.manager, "DELETE", "/demo/links/"+byAPI[0].ID, nil)
	// There is nothing to revoke of one that is over, and a kind that there is none
	// of is no empty list.
	if a := w.must(409, w.manager, "DELETE", "/demo/links/"+byAPI[0].ID, nil); !strings.Contains(a.Text, "errorMessage") {
		t.Error(a.Text)
	}
	for _, path := range []string{"/links", "/users/" + ada.ID + "/links", "/messages"} {
		if a := w.must(400, viewer, "GET", "/demo"+path+"?kind=bogus", nil); !strings.Contains(a.Text, `"field":"kind"`) {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	var one representation.Link
	w.must(200, viewer, "GET", "/demo/links/"+byAPI[0].ID, nil).into(&one)
	if one.State != "expired" {
		t.Errorf("revoked: %+v", one)
	}
	if p := w.s.Browser().Get(made); !strings.Contains(p.Text(), "expired") && p.Status < 400 {
		t.Errorf("the revoked link: %d %s", p.Status, p.Text())
	}
	w.must(204, w.manager, "DELETE", "/demo/users/"+ada.ID+"/links", nil)
	w.must(200, viewer, "GET", "/demo/users/"+ada.ID+"/links", nil).into(&hers)
	w.must(200, viewer, "GET", "/demo/links", nil).into(&all)
	if len(hers) != 0 || len(all) != 1 || all[0].Address != "" && all[0].Address != "bob@example.test" {
		t.Errorf("left: hers %+v, all %+v", hers, all)
	}
	w.must(200, viewer, "GET", "/demo/users/"+ada.ID+"/links?all=true", nil).into(&hers)
	if len(hers) != 2 {
		t.Errorf("kept: %+v", hers)
	}
	w.must(404, viewer, "GET", "/demo/links/none", nil)
	w.must(404, w.manager, "DELETE", "/demo/links/none", nil)
	w.must(404, w.manager, "DELETE", "/demo/users/none/links", nil)
	if a := w.rest(viewer, "GET", "/demo/links?clientId=nope", nil); a.Status != 400 || !strings.Contains(a.Text, "clientId") {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	var kinds []string
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.AdminEvents(ada.RealmID, store.AdminEventFilter{Resources: []string{"LINK"}})
		for _, e := range list {
			kinds = append(kinds, e.OperationType+" "+strings.Split(e.ResourcePath, "/")[0])
		}
		return err
	})
	if !slices.Contains(kinds, "DELETE links") || !slices.Contains(kinds, "DELETE users") {
		t.Errorf("admin events: %v", kinds)
	}
}
