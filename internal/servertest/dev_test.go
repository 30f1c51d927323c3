package servertest_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// In dev every mail of every realm lands in the mailbox and goes nowhere else:
// whoever tries a real realm mails nobody real. The realm's sender stays, and a
// realm that has no mail server of its own is tried as well.
func TestDevKeepsEveryMail(t *testing.T) {
	s := servertest.Start(t)
	for name, c := range map[string]struct {
		mail map[string]string
		from string
	}{
		"elsewhere": {map[string]string{"host": "mail.acme.invalid", "port": "587", "starttls": "true", "auth": "true", "user": "latchkey",
			"password": "a password of a real relay", "from": "signin@acme.example", "fromDisplayName": "Acme"}, "signin@acme.example"},
		"nowhere": {nil, "no-reply@latchkey.example.test"},
	} {
		s.Realm(name, func(r *representation.Realm) { r.SMTPServer = c.mail })
		if c.mail == nil {
			s.Change(name, func(tx *store.Tx, snap *latchkey.Snapshot) error {
				r := *snap.Realm
				r.SMTP = latchkey.SMTP{}
				return tx.UpdateRealm(&r)
			})
		}
		b, rp := s.Browser(), s.RP(name)
		rp.Start(b).FormWith("username").Set("username", name+"@example.test").Submit()
		mail := s.Mail.Wait(name + "@example.test")
		if !strings.Contains(mail.From, c.from) {
			t.Errorf("realm %s: the mail is from %q, want %s", name, mail.From, c.from)
		}
	}
}
