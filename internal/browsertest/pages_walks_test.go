package browsertest_test

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/store"
)

// walks are the ways through all pages.
var walks = map[string]func(*tour){
	"the-address": walkAddress, "waiting": walkWaiting, "waiting-closed": walkWaitingClosed, "elsewhere": walkElsewhere,
	"elsewhere-ends": walkElsewhereEnds, "policies": walkPolicies, "the-own-link": walkOwnLink, "the-api": walkAPI,
	"actions": walkActions, "passwords": walkPasswords, "errors": walkErrors, "over": walkOver, "logout": walkLogout, "administrator": walkAdministrator,
	"demo": walkDemo, "mailbox": walkMailbox, "entries": walkEntries, "consent": walkConsent, "one-time passwords": walkOTP,
	"changes": walkChanges, "profile": walkProfile,
}

// The page that asks for the address.
func walkAddress(v *tour) {
	v.realm(func(r *latchkey.Realm) { r.RememberMe = true })
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	v.look(p, "email", "Sign in or register")
	p.Type("#username", "ada@exam ple")
	p.Follow("main button.main")
	v.look(p, "email-error", "This is not an email address")
	v.signIn(b, ada)
	v.s.Clock.Advance(time.Minute)
	p.Goto(v.rp.URL("prompt", "login"))
	v.look(p, "email-fixed", "Confirm that it is you")
}

// The page that waits, while things go their way.
func walkWaiting(v *tour) {
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	mail := v.ask(p, ada)
	v.look(p, "waiting", "Check your email")
	p.Type("#code", other(mail.Code, "000000", "000001"))
	p.Follow("form:has(#code) button.main")
	v.look(p, "waiting-code-wrong", "4 tries are left")
	plain := v.plain(b, v.rp.URL())
	v.ask(plain, "grace@example.test")
	plain.Follow(".resend button")
	v.look(plain, "waiting-early", "A new mail can be sent in 30 seconds")
	v.s.Clock.Advance(45 * time.Second)
	p.Goto(p.URL())
	v.look(p, "waiting-late", "The mail is still on its way")
	p.Follow(".resend button")
	v.look(p, "waiting-resent", "A new mail is on its way")
}

// The page that waits, when something is closed.
func walkWaitingClosed(v *tour) {
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	mail := v.ask(p, "grace@example.test")
	for range 5 {
		p.Type("#code", other(mail.Code, "000000", "000001"))
		p.Follow("form:has(#code) button.main")
	}
	v.look(p, "waiting-code-closed", "The code was wrong too often")
	v.magic("latchkey-code", "false")
	p.Goto(v.rp.URL())
	v.ask(p, "linus@example.test")
	v.look(p, "waiting-link-only", "Check your email")
	v.magic("latchkey-other-browser", "refuse")
	p.Goto(v.rp.URL())
	v.ask(p, "barbara@example.test")
	v.look(p, "waiting-no-number", "Check your email")
	p.Close()
	// The mail did not arrive: told to a browser that knows the address.
	v.signIn(b, "edsger@example.test")
	v.s.Clock.Advance(time.Minute)
	working := v.s.Snapshot("demo").Realm.SMTP
	v.realm(func(r *latchkey.Realm) {
		r.SMTP.Relays = []latchkey.Relay{working.Relays[0]}
		r.SMTP.Relays[0].Port = refusingRelay(v.t)
	})
	p = v.open(b, v.rp.URL("prompt", "login"))
	p.Follow("main button.main")
	v.s.Settle("demo")
	p.Goto(p.URL())
	v.look(p, "waiting-failed", "The mail did not arrive")
	v.realm(func(r *latchkey.Realm) { r.SMTP = working })
	v.magic("latchkey-other-browser", "number")
	b = browsertest.New(v.t)
	p = v.open(b, v.rp.URL())
	mail = v.ask(p, ada)
	browsertest.New(v.t).Open(mail.Link).Follow(choice("notme"))
	v.look(p, "waiting-reported", "said that they did not ask for it")
}

// wrongNumber types a number that is not the one shown.
func wrongNumber(o *browsertest.Page, number string) {
	o.Type("#number", other(number, "472", "471"))
	o.Follow(choice("continue"))
}

// The link in another browser, and what its buttons lead to.
func walkElsewhere(v *tour) {
	asking, phone := browsertest.New(v.t), browsertest.New(v.t)
	p, mail := v.asking(asking)
	number := shownNumber(v.t, p)
	o := v.open(phone, mail.Link)
	v.look(o, "link-other-browser", "Someone wants to sign in as a•••@example.test")
	wrongNumber(o, number)
	v.look(o, "link-other-browser-wrong", "2 tries left")
	v.s.Clock.Advance(40 * time.Second)
	o.Goto(mail.Link)
	v.look(o, "link-other-browser-lost", "has not been heard of")
	o.Follow(choice("lost"))
	v.look(o, "lost-screen", "Begin again from here")
	o.Goto(mail.Link)
	o.Type("#number", number)
	o.Follow(choice("here"))
	v.look(o, "confirm-here", "Sign in here as ada@example.test?")
	confirm := o.URL()
	o.Follow(choice("cancel"))
	v.look(o, "error-cancelled", "Nobody was signed in here")
	o.Goto(confirm)
	v.look(o, "not-me-ended", "This sign-in has ended")
	p.See("Check your email")
	o.Goto(mail.Link)
	o.Type("#number", number)
	o.Follow(choice("here"))
	o.Follow(choice("yes"))
	p.See("This sign-in went on elsewhere")
	p.Cache(false)
	p.Reload()
	v.look(p, "went-on-there", "This sign-in went on elsewhere")
}

// The link in another browser: how it ends.
func walkElsewhereEnds(v *tour) {
	asking, phone := browsertest.New(v.t), browsertest.New(v.t)
	p, mail := v.asking(asking)
	number := shownNumber(v.t, p)
	o := v.open(phone, mail.Link)
	o.Type("#number", number)
	o.Follow(choice("continue"))
	v.look(o, "continue-there-done", "Go back to the other screen")
	o.Goto(mail.Link)
	v.look(o, "link-over", "This link no longer works")
	o.Goto(mail.Link + "x")
	v.look(o, "link-invalid", "This link is not complete")
	o.Goto(v.s.Base + "/realms/demo/login-actions/link/AAAAAAAAAAAAAAAAAAAAAA")
	v.look(o, "link-cookie-missing", "This browser keeps no cookies for us")
	p, mail = v.asking(browsertest.New(v.t))
	number = shownNumber(v.t, p)
	o.Goto(mail.Link)
	for range 3 {
		wrongNumber(o, number)
	}
	v.look(o, "link-other-browser-closed", "This page is closed")
	_, mail = v.asking(browsertest.New(v.t))
	o.Goto(mail.Link)
	o.Follow(choice("notme"))
	v.look(o, "not-me-done", "Thank you for telling us")
}

// What a realm may say of other browsers.
func walkPolicies(v *tour) {
	v.magic("latchkey-other-browser", "code")
	_, mail := v.asking(browsertest.New(v.t))
	v.look(v.open(browsertest.New(v.t), mail.Link), "link-other-browser-code", "Type the code where you started")
	v.magic("latchkey-other-browser", "refuse")
	_, mail = v.asking(browsertest.New(v.t))
	v.look(v.open(browsertest.New(v.t), mail.Link), "link-other-browser-refuse", "Open this link where you started")
}

// The link in the browser that asked.
func walkOwnLink(v *tour) {
	b := browsertest.New(v.t)
	p, mail := v.asking(b)
	l := v.plain(b, mail.Link)
	v.look(l, "link-same-browser", "Signing you in")
	p.Follow(".account button")
	l.Goto(mail.Link)
	v.look(l, "link-ended", "This link has ended")
	mail = v.ask(p, ada)
	v.s.Clock.Advance(10 * time.Minute)
	l.Goto(mail.Link)
	v.look(l, "link-expired", "This link has expired")
	// Somebody else signs in meanwhile.
	_, mail = v.asking(b)
	v.signIn(b, "grace@example.test")
	l.Goto(mail.Link)
	v.look(l, "other-user", "Someone else is signed in here")
	l.Follow(choice("switch"))
	l.Follow("form[data-submit] button")
	l.At(v.rp.OAuth.RedirectURL)
	l.Goto(mail.Link)
	l.See("You are signed in already")
	v.s.Update(func(tx *store.Tx) error {
		_, err := tx.EndUserSessions(v.rp.Client.RealmID, v.account(ada).ID, "")
		return err
	})
	l.Goto(mail.Link)
	v.look(l, "link-used", "This link was used already")
	// The account is disabled between the mail and the click.
	b = browsertest.New(v.t)
	_, mail = v.asking(b)
	v.s.Update(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(v.rp.Client.RealmID, ada)
		if err == nil {
			u.Enabled = false
			err = tx.UpdateUser(u)
		}
		return err
	})
	v.look(v.open(b, mail.Link), "user-disabled", "This account is disabled")
}

// Links made by the API.
func walkAPI(v *tour) {
	b := browsertest.New(v.t)
	p := v.open(b, v.linkByAPI(false))
	v.look(p, "api-link", "Sign in")
	p.Follow("main button.main")
	p.At(v.rp.OAuth.RedirectURL)
	p = v.open(browsertest.New(v.t), v.linkByAPI(true))
	v.look(p, "api-link-address", "The email address that this link was sent to")
	p.Type("#address", "ada@example.com")
	p.Follow("main button.main")
	v.look(p, "api-link-address-wrong", "This is not the address that the link was sent to")
	p = v.open(browsertest.New(v.t), v.actionsByAPI(ada, `["VERIFY_EMAIL"]`))
	v.look(p, "actions-link", "Update your account")
	p.Type("#address", ada)
	p.Follow("main button.main")
	v.look(p, "actions-done", "up to date")
}

// terms switches the terms on, with the operator's text.
func (v *tour) terms(text string) {
	v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		a := *snap.RequiredAction(latchkey.ActionTerms)
		a.Enabled, a.Config = true, map[string]string{"text": text}
		return tx.PutRequiredAction(&a)
	})
}

// What a realm asks of people after their first factor.
func walkActions(v *tour) {
	v.magic("ext-magic-update-profile-action", "true")
	v.terms("")
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	p.Goto(v.ask(p, "grace@example.test").Link)
	v.look(p, "profile-new", "Tell us who you are")
	browsertest.Eval[*string](p, fmt.Sprintf("document.querySelector('#firstName').value = %q; null", strings.Repeat("long ", 80)))
	p.Follow("main button.main")
	v.look(p, "profile-error", "characters at most")
	v.s.AddUser("demo", ada, "", func(u *latchkey.User) {
		u.EmailVerified = true
		u.AddRequiredAction(latchkey.ActionTerms)
		u.AddRequiredAction(latchkey.ActionUpdatePassword)
	})
	p = v.open(browsertest.New(v.t), v.rp.URL())
	p.Goto(v.ask(p, ada).Link)
	v.look(p, "terms-none", "Terms")
	v.terms("You may use Application for as long as you like.")
	p.Reload()
	v.look(p, "terms", "for as long as you like")
	p.Follow("[name=accept]")
	v.look(p, "password-update", "Choose a new password")
	p.Type("#password-new", "correct horse battery")
	p.Type("#password-confirm", "correct horse")
	p.Follow("main button.main")
	v.look(p, "password-update-error", "The two passwords differ")
}

// Passwords, and the choice of another way.
func walkPasswords(v *tour) {
	v.s.AddUser("demo", ada, "correct horse battery", nil)
	v.realm(func(r *latchkey.Realm) { r.BrowserFlow, r.VerifyEmail = "browser", true })
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	v.look(p, "username-password", "User name or email address")
	enter := func(password string) {
		p.Type("#username", ada)
		p.Type("#password", password)
		p.Follow("main button.main")
	}
	enter("wrong")
	v.look(p, "username-password-error", "The user name or the password is wrong")
	enter("correct horse battery")
	v.look(p, "verify-email", "Confirm your email address")
	mail := v.s.Mail.Wait(ada)
	l := v.plain(b, mail.Link)
	v.look(l, "link-same-browser-verify", "Confirm your email address")
	for range 5 {
		p.Type("#code", other(mail.Code, "000000", "000001"))
		p.Follow("form:has(#code) button.main")
	}
	v.look(p, "verify-email-link-only", "Confirm your email address")
	browsertest.New(v.t).Open(mail.Link).Follow(choice("notme"))
	p.Reload()
	v.look(p, "verify-email-reported", "said that they did not ask for it")
	// The mail or the password, as one likes.
	v.realm(func(r *latchkey.Realm) { r.BrowserFlow = "magic link" })
	v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f := *snap.FlowByAlias("magic link")
		f.Executions = append(append([]latchkey.Execution(nil), f.Executions...), latchkey.Execution{ID: "by-password",
			Authenticator: latchkey.AuthUsernamePasswordForm, Requirement: latchkey.Alternative, Priority: 90})
		return tx.UpdateFlow(&f)
	})
	p = v.open(browsertest.New(v.t), v.rp.URL())
	p.Follow("main p > a.link")
	v.look(p, "try-another", "Choose how to sign in")
	p.Follow("ul.list li:last-child button")
	p.See("Password")
}

// What went wrong, and what is over.
func walkErrors(v *tour) {
	b := browsertest.New(v.t)
	p := v.open(b, v.s.Base+"/nowhere")
	v.look(p, "not-found", "There is no such page")
	change := func(key, value string) string {
		u, _ := url.Parse(v.rp.URL())
		q := u.Query()
		q.Set(key, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, at := range map[string]string{
		"error-client": change("client_id", "nobody"), "error-redirect": change("redirect_uri", "https://evil.test/"),
		"error-realm":   strings.Replace(v.rp.URL(), "/realms/demo/", "/realms/nowhere/", 1),
		"error-invalid": v.rp.URL() + "&client_id=twice",
		"cookies-off":   v.s.Base + "/realms/demo/login-actions/authenticate?client_id=" + v.rp.Client.ClientID + "&tab_id=none",
	} {
		p.Goto(at)
		v.look(p, name, map[string]string{"error-client": "not known here", "error-redirect": "cannot be answered",
			"error-realm": "no such place", "error-invalid": "cannot be answered", "cookies-off": "did not send the cookie"}[name])
	}
	// A form that comes from another site.
	p.Goto(strings.TrimSuffix(v.rp.OAuth.RedirectURL, "/callback"))
	p.Lead(fmt.Sprintf(`const f = document.createElement("form"); f.method = "post"; f.action = %q; document.body.append(f); f.submit()`,
		v.s.Base+"/realms/demo/login-actions/authenticate"))
	v.look(p, "error-forbidden", "This is not allowed")
	// A flow with a step that is not built.
	v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f := *snap.FlowByAlias("magic link")
		f.Executions = append([]latchkey.Execution{{ID: "not-built", Authenticator: "webauthn-authenticator", Requirement: latchkey.Required}}, f.Executions...)
		return tx.UpdateFlow(&f)
	})
	p.Goto(v.rp.URL())
	v.look(p, "error-setup", "Signing in is not set up")
}

// What has moved on, or is over.
func walkOver(v *tour) {
	v.magic("ext-magic-update-profile-action", "true")
	b := browsertest.New(v.t)
	p := v.plain(b, v.rp.URL())
	mail := v.ask(p, ada)
	late := v.plain(b, p.URL())
	for _, tab := range []*browsertest.Page{p, late} {
		tab.Type("#code", mail.Code)
		tab.Follow("form:has(#code) button.main")
	}
	v.look(late, "page-expired", "This page is out of date")
	late.Follow("main a.button")
	late.See("Tell us who you are")
	first := v.plain(b, v.rp.URL())
	v.s.Clock.Advance(time.Second)
	late.Type("#firstName", "Ada")
	late.Follow("main button.main")
	late.At(v.rp.OAuth.RedirectURL)
	first.Reload()
	v.look(first, "already-signed-in", "You are signed in already")
	late.Goto(v.rp.URL("prompt", "consent"))
	declined := late.URL()
	late.Follow("[name=cancel]")
	late.At(v.rp.OAuth.RedirectURL)
	late.Goto(declined)
	v.look(late, "error-answered", "This sign-in is finished already")
	// Its account goes before the link is used.
	b = browsertest.New(v.t)
	p = v.plain(b, v.rp.URL())
	mail = v.ask(p, "grace@example.test")
	v.magic("ext-magic-create-nonexistent-user", "false")
	l := v.plain(b, mail.Link)
	l.Follow("form[data-submit] button")
	v.look(l, "error-no-account", "There is no account with this address")
	v.s.Clock.Advance(time.Hour)
	p.Reload()
	v.look(p, "error-expired", "This sign-in took too long")
}

// The end of a session, and answers by form.
func walkLogout(v *tour) {
	b := browsertest.New(v.t)
	v.signIn(b, ada)
	p := v.open(b, v.s.Base+"/realms/demo/protocol/openid-connect/logout?client_id="+v.rp.Client.ClientID)
	v.look(p, "logout", "Sign out?")
	f := v.plain(b, v.rp.URL("response_mode", "form_post"))
	v.look(f, "form-post", "Going back")
	f.Follow("main button")
	f.At(v.rp.OAuth.RedirectURL)
	p.Follow("[name=confirmLogout]")
	v.look(p, "logged-out", "You are signed out")
}

// The first administrator.
func walkAdministrator(v *tour) {
	b := browsertest.New(v.t)
	link, err := v.s.FirstAdminLink(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	p := v.open(b, v.s.Base)
	v.look(p, "entrance", "Sign in to administer")
	p.Goto(link.Reveal())
	v.look(p, "first-admin", "The first administrator")
	p.Type("#email", "no address")
	p.Follow("main button.main")
	v.look(p, "first-admin-error", "This is not an email address")
	p.Type("#email", ada)
	p.Follow("main button.main")
	p.At("/admin/")
	p.Goto(link.Reveal())
	v.look(p, "first-admin-used", "This link no longer works")
}

// The demo application.
func walkDemo(v *tour) {
	b := browsertest.New(v.t)
	p := v.open(b, v.s.LocalURL("demo"))
	v.look(p, "demo", "You are not signed in")
	p.Follow("main a.button")
	p.Goto(v.ask(p, ada).Link)
	p.See("You are signed in")
	p.Reload()
	v.look(p, "demo-signed-in", "You are signed in")
	p.Follow("form[action='/logout'] button")
	v.look(p, "demo-signed-out", "You are not signed in")
	p.Goto(v.s.LocalURL("demo") + "/callback?error=access_denied&state=none")
	v.look(p, "demo-error", "belongs to no sign-in")
}

// The mailbox, whose list is new as soon as the page is connected.
func walkMailbox(v *tour) {
	b := browsertest.New(v.t)
	at := v.s.LocalURL("mailbox")
	p := v.open(b, at)
	look := func(name, words string) {
		v.t.Helper()
		p.See("Live")
		v.look(p, name, words)
	}
	look("mailbox-empty", "No mail yet")
	_, mail := v.asking(b)
	p.See(mail.Subject)
	p.Reload()
	look("mailbox", mail.Subject)
	for _, view := range []string{"text", "source"} {
		p.Goto(at + "/messages/" + mail.ID + "?view=" + view)
		look("mailbox-"+view, mail.Subject)
	}
	p.Goto(at + "/messages/none")
	look("mailbox-gone", "This mail is not here any more")
}
