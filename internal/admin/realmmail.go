package admin

import (
	"latchkey"
	"latchkey/internal/outbox"
	"latchkey/internal/page"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func (d *Door) realmMailRoutes() []route {
	return []route{
		{method: "POST", path: "/testSMTPConnection", may: mayManageRealm, act: d.testMail, body: map[string]string{},
			summary: "Send a test mail to the caller's own address by the given settings, and say what the relay said"},
	}
}

// testMail sends a mail to who asks, by settings that need not be saved. A
// masked password stands for the one that is, as long as the server is the same.
func (d *Door) testMail(c *call) error {
	var settings map[string]string
	if err := c.read(&settings); err != nil {
		return err
	}
	under := *c.snap.Realm
	if err := (&representation.Realm{SMTPServer: settings}).Apply(&under, c.snap); err != nil {
		return err
	}
	var me *latchkey.User
	err := c.view(func(tx *store.Tx) (err error) {
		me, err = tx.User(c.caller.realm.Realm.ID, c.caller.userID)
		return err
	})
	if err != nil {
		return err
	}
	now := d.Now()
	content, err := d.Pages.Compose(page.Facts{Realm: &under, User: me, BaseURL: d.Site.URL(), Message: &latchkey.Message{
		ID: secret.NewID(), Kind: latchkey.MailTest, Address: me.Email, CreatedAt: now, ExpiresAt: now}})
	if err != nil {
		return err
	}
	attempt, err := d.Prober.Test(c.r.Context(), &under, under.SMTP, me.Email, outbox.Content(content))
	if err != nil {
		return err
	}
	if attempt.Outcome != outbox.OutcomeAccepted {
		return latchkey.Errorf(latchkey.CodeInvalid, "Failed to send email: %s", attempt.Reply)
	}
	return c.done()
}

// checkMail refuses what a test of the settings refuses, unless the realm had it
// before.
func checkMail(now, before *latchkey.SMTP) error {
	var faults []error
	for _, err := range outbox.CheckSender(now, before) {
		faults = append(faults, representation.Under("smtpServer", err))
	}
	for i, relay := range now.Relays {
		var was latchkey.Relay
		if i < len(before.Relays) {
			was = before.Relays[i]
		}
		at := "smtpServer"
		if i > 0 {
			at = `attributes["` + representation.AttributeSMTPFallbacks + `"]`
		}
		for _, err := range outbox.CheckRelay(relay, was) {
			faults = append(faults, representation.Under(at, err))
		}
	}
	return representation.Join(faults...)
}
