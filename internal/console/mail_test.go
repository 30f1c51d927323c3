package console_test

import (
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// mail has somebody ask for a link, and waits until a relay has the mail.
func (w *world) mail(address string) (link string) {
	w.t.Helper()
	rp := w.s.RP("demo")
	rp.Start(w.s.Browser()).FormWith("username").Set("username", address).Submit()
	link = w.s.Mail.Wait(address).Link
	id := w.s.Snapshot("demo").Realm.ID
	w.s.Eventually("handed over", func() (is bool) {
		w.s.View(func(tx *store.Tx) error {
			waiting, err := tx.Messages(id, store.MessageFilter{State: latchkey.MessageQueued, Address: address})
			is = len(waiting) == 0
			return err
		})
		return is
	})
	return link
}

// promise writes a mail as it would stand in the outbox.
func (w *world) promise(change func(*latchkey.Message)) *latchkey.Message {
	w.t.Helper()
	now := w.s.Clock.Now()
	m := &latchkey.Message{RealmID: w.s.Snapshot("demo").Realm.ID, Kind: latchkey.MailMagicLink, Address: "bob@example.test",
		ExpiresAt: now.Add(10 * time.Minute), NextAttemptAt: now.Add(time.Hour)}
	change(m)
	w.s.Update(func(tx *store.Tx) error { return tx.CreateMessage(m) })
	return m
}

// lacks fails the test when the page has one of the words.
func lacks(t *testing.T, p *servertest.Page, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(p.Text(), word) {
			t.Errorf("%s has %q: %s", p.URL, word, p.Text())
		}
	}
}

// An operator finds a mail, sees each try and what became of its link, sends it
// again and revokes the link.
func TestMailStory(t *testing.T) {
	w := newWorld(t)
	link := w.mail("ada@example.test")
	w.mail("cyd@example.test")
	w.s.Browser().Get(link)

	p := w.open("mail").FormWith("state").Set("search", "ada").Submit()
	has(t, p, "ada@example.test", "Sign-in link", "Handed over")
	lacks(t, p, "cyd@example.test")
	p = p.Click("ada@example.test")
	has(t, p, "Sign in to", "Taken", "127.0.0.1:", "First opened", "250")
	if strings.Contains(p.Text(), link[strings.LastIndex(link, "=")+1:]) {
		t.Error("the link is on the page")
	}
	p = p.Press("Send again")
	has(t, p, "promised anew", "ada@example.test")
	if next := w.s.Mail.Wait("ada@example.test").Link; next == link {
		t.Error("the same link")
	}
	p = w.open("mail/messages?state=failed")
	has(t, p, "Nothing is like that")
	p = w.b.Get(w.at("mail/messages?state=lost"))
	if p.Status != 400 {
		t.Errorf("a state that there is not: %d", p.Status)
	}

	p = w.open("mail/links?search=cyd")
	lacks(t, p, "ada@")
	p = p.Click("Revoke")
	has(t, p, "Revoke the link to cyd@example.test?")
	p = p.Press("Revoke")
	has(t, p, "signs nobody in any more")
	lacks(t, p, "cyd@example.test")
	has(t, w.open("mail/links?all=true&search=cyd"), "cyd@example.test", "Expired")
}

// A mail that waits is kept back, after a question.
func TestCancelMail(t *testing.T) {
	w := newWorld(t)
	m := w.promise(func(*latchkey.Message) {})
	p := w.open("mail/messages/" + m.ID)
	has(t, p, "Waiting", "No relay was asked yet")
	p = p.Click("Do not send")
	has(t, p, "Keep back the mail to bob@example.test?")
	p = p.Press("Do not send")
	has(t, p, "The mail is not sent", "Not sent", "An administrator kept it back.")
	// A second time there is nothing to keep back, and the page says so.
	if p = w.b.Get(w.at("mail/messages/" + m.ID + "/cancel")).Press("Do not send"); p.Status != 400 {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	has(t, p, "does not wait any more")
	if p = w.b.Get(w.at("mail/messages/none")); p.Status != 404 {
		t.Errorf("%d", p.Status)
	}
}

// The statistics say in pictures and tables how mail is delivered, and why it is
// not.
func TestMailStatistics(t *testing.T) {
	w := newWorld(t)
	has(t, w.open("mail/statistics"), "No mails here yet", "development mailbox")
	w.mail("ada@example.test")
	w.promise(func(m *latchkey.Message) { m.State, m.Reason = latchkey.MessageFailed, "RCPT: 550 no such user" })
	w.promise(func(m *latchkey.Message) { m.State, m.Reason = latchkey.MessageWithheld, "limit:address" })
	p := w.open("mail/statistics")
	has(t, p, "Promised: 3. Handed over: 1. Failed or expired: 1.", "The relay refused it.", "There were too many mails.", "Works", "As a table")
	has(t, p.Click("7 days"), "Promised: 3.")
	has(t, p.Click("30 days"), "Promised: 3.")
}

// Those who may only look are offered nothing that changes, and those who may
// see no people see the statistics alone.
func TestMailRoles(t *testing.T) {
	w := newWorld(t)
	m := w.promise(func(*latchkey.Message) {})
	w.mail("ada@example.test")
	viewer := w.as("view-users")
	for _, path := range []string{"mail/messages", "mail/links", "mail/messages/" + m.ID} {
		lacks(t, viewer.open(path), "Send again", "Do not send", "Revoke")
	}
	code := viewer.open("mail/messages").FormWith("session_code").Values
	if p := viewer.b.Do("POST", viewer.at("mail/messages/"+m.ID+"/cancel"), code); p.Status != 403 {
		t.Errorf("somebody who may only look kept a mail back: %d %s", p.Status, p.Text())
	}
	realmViewer := w.as("view-realm")
	p := realmViewer.open("mail")
	if !strings.HasSuffix(p.URL.Path, "/mail/statistics") {
		t.Errorf("%s", p.URL)
	}
	lacks(t, p, "Pending links")
	if p := realmViewer.b.Get(realmViewer.at("mail/messages")); p.Status != 403 {
		t.Errorf("%d", p.Status)
	}
}
