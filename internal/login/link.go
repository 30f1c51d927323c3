package login

import (
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/event"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// How long, and how many at once, secrets of opened links wait in cookies.
const (
	linkCookieAge = 10 * time.Minute
	maxLinks      = 5
)

// mailedURL takes the secret out of a mailed URL: it goes into a cookie of
// its own, named by the link's public selector, and the browser goes on to a
// URL that holds nothing. It reads and writes no state of the server.
func (d *Door) mailedURL(w http.ResponseWriter, r *http.Request) error {
	v, err := d.begin(w, r)
	if err != nil {
		return err
	}
	id, sec, ok := actiontoken.ParseKey(v.query.Get("key"))
	if !ok {
		v.mailed = true // a mangled key is most of a secret
		return d.linkPage(v, http.StatusBadRequest, page.LinkInvalid{})
	}
	to := "link/" + url.PathEscape(id)
	if strings.HasSuffix(r.URL.Path, "/first-admin") {
		to = "first-admin/" + url.PathEscape(id)
	}
	d.makeRoom(v, id)
	d.Site.SetCookie(w, cookieLink+id, v.snap.Realm.Name, sec.Reveal(), linkCookieAge)
	return web.Redirect(w, r, d.url(v.snap, to, only(v.query, page.LocaleParam)))
}

// makeRoom keeps the cookies of opened links at five: which one goes is the
// order of their names, since browsers tell no ages.
func (d *Door) makeRoom(v *visit, id string) {
	var held []string
	for _, name := range d.Site.CookieNames(v.r, cookieLink, v.snap.Realm.Name) {
		if name != cookieLink+id {
			held = append(held, name)
		}
	}
	sort.Strings(held)
	for len(held) >= maxLinks {
		d.Site.ClearCookie(v.w, held[0], v.snap.Realm.Name)
		held = held[1:]
	}
}

// linkVisit is a visit to the page of a mailed link.
type linkVisit struct {
	*visit
	facts linkFacts
	inert bool // the page submits nothing by itself
}

// showLink is the page of a mailed link. It decides nothing; it counts that
// the link was opened, and records the first time.
func (d *Door) showLink(w http.ResponseWriter, r *http.Request) error {
	v, err := d.beginLink(w, r)
	if v == nil || err != nil {
		return err
	}
	switch v.facts.Token.Kind {
	case latchkey.TokenVerifyEmail, latchkey.TokenUpdateEmail:
		return d.showVerify(v)
	case latchkey.TokenRevertEmail:
		return d.showRevert(v)
	}
	if web.Speculative(r) {
		v.inert = true // the browser looks ahead: nobody has opened anything
	} else if err := d.countOpening(v); err != nil {
		return err
	}
	return d.showLinkState(v, v.facts.state(), nil)
}

// beginLink finds the link of the request by selector and cookie. A nil visit
// means that it was answered.
func (d *Door) beginLink(w http.ResponseWriter, r *http.Request) (*linkVisit, error) {
	v, err := d.begin(w, r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	sec, ok := d.Site.Cookie(r, cookieLink+id, v.snap.Realm.Name)
	if !ok {
		return nil, d.linkPage(v, http.StatusBadRequest, page.CookieMissing{})
	}
	lv := &linkVisit{visit: v}
	err = d.DB.View(r.Context(), func(tx *store.Tx) error {
		if err := d.findPerson(tx, v); err != nil {
			return err
		}
		t, err := tx.ActionToken(v.snap.Realm.ID, id)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound || (err == nil && !actiontoken.Matches(t, latchkey.Secret(sec))) {
			return nil
		}
		if err != nil {
			return err
		}
		return d.findLink(tx, lv, t)
	})
	switch {
	case err != nil:
		return nil, err
	case lv.facts.Token == nil || lv.facts.Token.Kind == latchkey.TokenFirstAdmin:
		return nil, d.linkPage(v, http.StatusBadRequest, page.LinkInvalid{})
	}
	return lv, nil
}

// findLink gathers the facts that the truth table looks at.
func (d *Door) findLink(tx *store.Tx, v *linkVisit, t *latchkey.ActionToken) error {
	f := linkFacts{Token: t, Session: v.session, Now: tx.Now()}
	v.client = v.snap.ClientByID(t.ClientID)
	if t.Request != nil {
		v.answerTo = t.Request.RedirectURI
	}
	if t.LoginID != "" {
		l, err := tx.Login(t.RealmID, t.LoginID)
		if err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			return err
		}
		if err == nil {
			f.Login, v.login = l, l
			f.SameBrowser = v.browserHash != nil && equal(l.BrowserHash, v.browserHash)
			f.Config = actiontoken.ConfigOf(v.snap, l)
		}
	}
	var err error
	f.Account, err = accountOf(tx, t, f.Login)
	v.facts = f
	return err
}

// accountOf finds the account that the link is for: the one it was made for,
// the one that an earlier step named, else the one of its address.
func accountOf(tx *store.Tx, t *latchkey.ActionToken, l *latchkey.Login) (u *latchkey.User, err error) {
	switch {
	case t.UserID != "":
		u, err = tx.User(t.RealmID, t.UserID)
	case l != nil && l.UserID != "":
		u, err = tx.User(t.RealmID, l.UserID)
	case t.Address != "":
		u, err = tx.UserByEmail(t.RealmID, t.Address)
	}
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	return u, err
}

// countOpening counts a GET of the page; only the first one is an event.
func (d *Door) countOpening(v *linkVisit) error {
	return d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		t := v.facts.Token
		first, err := tx.OpenActionToken(t.RealmID, t.ID)
		if err != nil || !first {
			return err
		}
		e := d.event(v.visit, latchkey.EventLinkOpened)
		e.Details["same_browser"] = boolText(v.facts.SameBrowser)
		return event.Record(tx, v.snap.Realm, e)
	})
}

// showLinkState shows a row of the truth table. Errors belong to the number
// or the address that was typed.
func (d *Door) showLinkState(v *linkVisit, s linkState, errs []page.FieldError) error {
	f := v.facts
	form := page.Form{Action: d.url(v.snap, "link/"+url.PathEscape(f.Token.ID), nil), SessionCode: d.linkCode(v)}
	switch s {
	case linkSame, linkAgain:
		return d.page(v.visit, http.StatusOK, page.LinkSameBrowser{Form: form, Account: v.account(),
			Verify: f.Token.Kind == latchkey.TokenVerifyEmail || f.Token.Kind == latchkey.TokenUpdateEmail, Reset: f.Token.Kind == latchkey.TokenReset}, !v.inert)
	case linkOpenStep:
		return web.Redirect(v.w, v.r, d.stepURL(v.snap, f.Login))
	case linkOther, linkOtherClosed, linkOtherCode, linkOtherRefused:
		return d.linkPage(v.visit, http.StatusOK, d.otherBrowser(v, s, form, errs))
	case linkOtherUser:
		return d.linkPage(v.visit, http.StatusOK, page.OtherUser{Form: form, SignedIn: account(v.user), Account: v.account()})
	case linkDisabled:
		return d.linkPage(v.visit, http.StatusForbidden, page.UserDisabled{})
	case linkAPI:
		ask := f.Token.Address != ""
		name := v.account()
		if ask {
			name = latchkey.MaskAddress(f.Token.Address)
		}
		return d.linkPage(v.visit, http.StatusOK, page.APILink{Form: form, Account: name, AskAddress: ask,
			Actions: f.Token.Kind == latchkey.TokenExecuteActions, Address: v.form.Get("address"), Errors: errs})
	}
	if s == linkUsed && v.signedInByIt() {
		return d.linkPage(v.visit, http.StatusOK, page.AlreadySignedIn{Account: account(v.user),
			ContinueURL: d.startURL(v.snap, v.application())})
	}
	over := page.LinkOver{Form: form, Own: f.SameBrowser}
	if f.SameBrowser {
		over.Address = v.account()
		over.Why = map[linkState]string{linkUsed: page.OverUsed, linkExpired: page.OverExpired, linkEnded: page.OverEnded}[s]
	}
	return d.linkPage(v.visit, http.StatusGone, over)
}

// otherBrowser is the page of a link in a browser that did not ask.
func (d *Door) otherBrowser(v *linkVisit, s linkState, form page.Form, errs []page.FieldError) page.Page {
	l := v.facts.Login
	p := page.LinkOtherBrowser{
		Form: form, Masked: latchkey.MaskAddress(v.facts.Token.Address), From: l.From, AskedAt: v.facts.Token.CreatedAt,
		Lost: v.facts.Now.Sub(l.SeenAt) >= 30*time.Second, NumberClosed: s == linkOtherClosed,
		TriesLeft: max(0, actiontoken.MaxNumberTries-l.NumberTries), Errors: errs, Reset: v.facts.Token.Kind == latchkey.TokenReset,
	}
	switch s {
	case linkOtherCode:
		p.Policy = page.OtherCode
	case linkOtherRefused:
		p.Policy = page.OtherRefuse
	}
	return p
}

// signedInByIt says whether this browser is signed in as the link's account:
// then a link that was used already is no dead end.
func (v *linkVisit) signedInByIt() bool {
	f := v.facts
	return f.SameBrowser && f.Session != nil && f.Account != nil && f.Session.UserID == f.Account.ID
}

// account names the link's account to the one who asked for it.
func (v *linkVisit) account() string {
	f := v.facts
	switch {
	case f.Token.Kind == latchkey.TokenUpdateEmail:
		return f.Token.Address // the one that is to be proven
	case f.Login != nil && f.Login.Mail.Address != "":
		return f.Login.Mail.Address
	case f.Account != nil:
		return account(f.Account)
	}
	return f.Token.Address
}

// linkPage writes a page of a link without a module: nothing submits itself.
func (d *Door) linkPage(v *visit, status int, p page.Page) error {
	return d.page(v, status, p, false)
}
