package sample

import (
	"time"

	"latchkey"
	"latchkey/internal/page"
)

const mailedURL = "https://id.acme.test/realms/acme/login-actions/action-token?key=AZUPKmgAcAABAgMEBQYHCA.kJ2mX0sampleSampleSampleSampleSampleSample0"

// Mails gives every mail in every shape.
func Mails() []Mail {
	from := latchkey.Browser{Name: "Firefox", OS: "Linux"}
	placed := latchkey.Browser{Name: "Safari", OS: "iOS", Place: "Vienna"}
	return []Mail{
		{Name: "magic-link", Facts: facts(latchkey.MailMagicLink, from, mailedURL, "804213", 10*time.Minute)},
		{Name: "register", Facts: facts(latchkey.MailRegister, from, mailedURL, "804213", 10*time.Minute)},
		{Name: "has-account", Facts: facts(latchkey.MailHasAccount, from, mailedURL, "804213", 10*time.Minute)},
		{Name: "reset-credentials", Facts: facts(latchkey.MailReset, from, mailedURL, "804213", 5*time.Minute)},
		{Name: "magic-link-place", Facts: facts(latchkey.MailMagicLink, placed, mailedURL, "804213", 10*time.Minute)},
		{Name: "magic-link-only", Facts: facts(latchkey.MailMagicLink, latchkey.Browser{IP: "192.0.2.7"}, mailedURL, "", 10*time.Minute)},
		{Name: "no-account", Facts: facts(latchkey.MailNoAccount, from, "", "", 10*time.Minute)},
		{Name: "verify-email", Facts: facts(latchkey.MailVerifyEmail, from, mailedURL, "804213", time.Hour)},
		{Name: "api-link", Facts: facts(latchkey.MailAPILink, latchkey.Browser{}, mailedURL, "", 24*time.Hour)},
		{Name: "execute-actions", Facts: facts(latchkey.MailExecuteActions, latchkey.Browser{}, mailedURL, "", 12*time.Hour)},
		{Name: "update-email", Facts: facts(latchkey.MailUpdateEmail, from, mailedURL, "804213", 10*time.Minute)},
		{Name: "address-taken", Facts: facts(latchkey.MailAddressTaken, from, "", "", 10*time.Minute)},
		{Name: "email-changed", Facts: facts(latchkey.MailEmailChanged, from, mailedURL, "", 7*24*time.Hour)},
		{Name: "otp-added", Facts: facts(latchkey.MailOTPAdded, from, "", "", 24*time.Hour)},
		{Name: "credential-removed", Facts: facts(latchkey.MailCredentialRemoved, placed, "", "", 24*time.Hour)},
		{Name: "account-deleted", Facts: facts(latchkey.MailAccountDeleted, from, "", "", 24*time.Hour)},
		{Name: "password-changed", Facts: facts(latchkey.MailPasswordChanged, from, "", "", 24*time.Hour)},
		{Name: "test", Facts: facts(latchkey.MailTest, latchkey.Browser{}, "", "", 0)},
	}
}

func facts(kind latchkey.MessageKind, from latchkey.Browser, link, code latchkey.Secret, life time.Duration) func(string) page.Facts {
	return func(lang string) page.Facts {
		asked := Now.Add(-126 * time.Second)
		return page.Facts{
			Message: &latchkey.Message{
				Kind: kind, Address: address, Recipient: address, CreatedAt: asked, ExpiresAt: asked.Add(life),
				Locale: lang, From: from, WithCode: code != "",
			},
			Realm: Realm(), Client: Client(), Link: link, Code: code, BaseURL: "https://id.acme.test",
		}
	}
}
