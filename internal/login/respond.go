package login

import (
	"net/http"
	"net/url"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/web"
)

// respond shows, or leads to, what the turn came to. A page that follows a
// form, or a login that was begun, is fetched by a GET of its own, so that a
// reload does nothing twice; only a refused form is answered in place, with what was typed.
func (d *Door) respond(t *turn) error {
	if t.finish == nil || t.finish.browserCookie == "" {
		d.tellBrowser(t.visit)
	}
	switch t.result.Kind {
	case flow.Done, flow.NeedsPage, flow.Denied:
		return d.goOn(t)
	case flow.Restarted:
		return web.Redirect(t.w, t.r, d.stepURL(t.snap, t.login))
	case flow.Failed:
		return d.failed(t)
	case flow.Over:
		return d.over(t)
	}
	if t.open != nil || t.r.Method == http.MethodPost && !t.result.Refused {
		return web.Redirect(t.w, t.r, d.stepURL(t.snap, t.login))
	}
	if t.r.Method == http.MethodGet && t.query.Get("tryAnotherWay") != "" && len(t.result.Others) > 0 {
		return d.showOthers(t.visit, t.result)
	}
	return d.show(t.visit, t.result)
}

// failed is the page of a login that cannot go on.
func (d *Door) failed(t *turn) error {
	switch t.result.Code {
	case "user_disabled":
		return d.page(t.visit, http.StatusForbidden, page.UserDisabled{}, false)
	case flow.CodeNotBuilt, "flow_not_found", "credential_setup_required":
		d.Log.Error("a flow cannot be run to its end", "realm", t.snap.Realm.Name, "code", t.result.Code, "step", t.result.Step)
		return d.page(t.visit, http.StatusInternalServerError, page.ErrorPage(page.ErrorSetup, web.RequestID(t.r.Context())), false)
	case flow.CodeExhausted:
		d.Log.Warn("a flow has nothing left that somebody could pass", "realm", t.snap.Realm.Name, "flow", t.login.FlowID)
		return d.page(t.visit, http.StatusBadRequest, page.ErrorPage(page.ErrorSetup, web.RequestID(t.r.Context())), false)
	}
	return d.page(t.visit, http.StatusBadRequest, page.ErrorPage(page.ErrorExpired, web.RequestID(t.r.Context())), false)
}

// page writes a page of this visit.
func (d *Door) page(v *visit, status int, p page.Page, script bool) error {
	m := d.meta(v)
	policy := page.Policy{Script: script, NoReferrer: v.mailed}
	if v.login != nil {
		policy.FormTargets = formTargets(v.login.Request.RedirectURI)
	} else {
		policy.FormTargets = formTargets(v.answerTo)
	}
	if v.login != nil || v.answerTo != "" {
		policy.FormTargets = append(policy.FormTargets, formTargets(d.applicationStart(v))...)
	}
	return d.Pages.Write(v.w, v.r, page.Answer{Status: status, Meta: m, Page: p, Policy: policy})
}

// formTargets gives the origin that a form's redirects may end at: browsers
// hold every hop after a POST against form-action.
func formTargets(redirectURI string) []string {
	u, err := url.Parse(redirectURI)
	switch {
	case err != nil || u.Scheme == "":
		return nil
	case u.Scheme == "http" || u.Scheme == "https":
		return []string{u.Scheme + "://" + u.Host}
	}
	return []string{u.Scheme + ":"}
}

// show renders the screen of a step.
func (d *Door) show(v *visit, res flow.Result) error {
	form := d.form(v, res)
	p, script := d.screen(v, res, form)
	if p == nil {
		return latchkey.Errorf(latchkey.CodeInternal, "no page for the screen %T", res.Screen)
	}
	return d.page(v, http.StatusOK, p, script)
}

func (d *Door) form(v *visit, res flow.Result) page.Form {
	q := loginQuery(v.snap, v.login)
	q.Set("execution", res.Step)
	code := url.Values{}
	for k := range q {
		code[k] = q[k]
	}
	f := page.Form{
		Action:      d.url(v.snap, stepPath(v.login), q),
		SessionCode: d.sessionCode(v.login),
		Cancel:      res.Initiated,
	}
	if named(v.login, res.Screen) {
		f.RestartURL = d.url(v.snap, "restart", loginQuery(v.snap, v.login))
	}
	d.entries(v, res.Screen, &f)
	if len(res.Others) > 0 {
		code.Set("tryAnotherWay", "on")
		f.TryAnotherURL = d.url(v.snap, entryPath(v.login.Entry), code)
	}
	return f
}

// named says whether the page names an account, which the person can change:
// by what the page shows, never by whether there is one.
func named(l *latchkey.Login, screen flow.Screen) bool {
	switch s := screen.(type) {
	case flow.EmailForm:
		return s.Fixed
	case flow.UsernameForm, flow.RegistrationForm, flow.ChooseUser:
		return false
	case flow.UsernamePasswordForm:
		return s.Fixed
	case flow.PasswordForm, flow.Waiting:
		return true
	}
	return l.UserID != ""
}

// screen turns a step's screen into its page; script says whether the page
// may load its module.
func (d *Door) screen(v *visit, res flow.Result, f page.Form) (page.Page, bool) {
	switch s := res.Screen.(type) {
	case flow.EmailForm:
		return page.EmailForm{Form: f, Address: s.Address, Fixed: s.Fixed, RememberMe: s.RememberMe,
			Remembered: s.Remembered, RegisterToo: s.RegisterToo, Errors: fieldErrors(s.Errors)}, false
	case flow.UsernameForm:
		return page.UsernameForm{Form: f, Username: s.Username, RememberMe: s.RememberMe,
			Remembered: s.Remembered, Errors: fieldErrors(s.Errors)}, false
	case flow.PasswordForm:
		return page.PasswordForm{Form: f, Username: s.Username, Errors: fieldErrors(s.Errors)}, false
	case flow.UsernamePasswordForm:
		return page.UsernamePasswordForm{Form: f, Username: s.Username, Fixed: s.Fixed, RememberMe: s.RememberMe,
			Remembered: s.Remembered, Errors: fieldErrors(s.Errors)}, false
	case flow.Waiting:
		return page.Waiting{Form: f, Address: s.Address, Number: s.Number, Code: s.Code, CodeClosed: s.CodeClosed,
			SentAt: v.login.Mail.LastAt, ResendAt: s.ResendAt, ExpiresAt: s.ExpiresAt, Reported: s.Reported,
			Failed: s.Failed, Resent: s.Resent, PollURL: d.pollURL(v), Errors: fieldErrors(s.Errors)}, true
	case flow.ProfileForm:
		return page.ProfileForm{Form: f, Fields: profileFields(s.Fields), New: s.New, Verify: s.Verify, Errors: fieldErrors(s.Errors)}, false
	case flow.RegistrationForm:
		return page.RegistrationForm{Form: f, Fields: profileFields(s.Fields), Password: s.Password, Terms: s.Terms, Text: s.Text,
			Agreed: s.Agreed, Errors: fieldErrors(s.Errors)}, false
	case flow.ChooseUser:
		return page.ChooseUser{Form: f, Username: s.Username, Errors: fieldErrors(s.Errors)}, false
	case flow.VerifyEmail:
		return page.VerifyEmail{Form: f, Address: s.Address, CodeClosed: s.CodeClosed, Reported: s.Reported,
			ResendAt: s.ResendAt, Resent: s.Resent, Errors: fieldErrors(s.Errors)}, true
	case flow.PasswordUpdate:
		return page.PasswordUpdate{Form: f, Username: s.Username, Stay: s.Stay, Errors: fieldErrors(s.Errors)}, false
	case flow.SelectAccount:
		f.RestartURL, f.TryAnotherURL = "", ""
		return page.SelectAccount{Form: f, Account: s.Account}, false
	case flow.Consent:
		return page.Consent{Form: f, Account: s.Account, Items: s.Items}, false
	case flow.Terms:
		return page.Terms{Form: f, Text: s.Text}, false
	}
	return securityScreen(res.Screen, f)
}

func profileFields(in []flow.ProfileField) []page.ProfileField {
	out := make([]page.ProfileField, len(in))
	for i, f := range in {
		out[i] = page.ProfileField(f)
	}
	return out
}

func fieldErrors(in []flow.FieldError) []page.FieldError {
	out := make([]page.FieldError, len(in))
	for i, e := range in {
		out[i] = page.FieldError(e)
	}
	return out
}
