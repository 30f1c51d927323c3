package login

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// Realms gives a realm's snapshot by its name.
type Realms interface {
	Get(ctx context.Context, name string) (*latchkey.Snapshot, error)
}

// Applications is the applications' door, as this one needs it.
type Applications interface {
	// Answer makes the answer of the application whose login ends in this
	// transaction, with the session that it ends in and whose that is, nil where
	// nobody signed in. What it gives answers the browser after the commit; nil
	// when there is nowhere to go.
	Answer(tx *store.Tx, snap *latchkey.Snapshot, l *latchkey.Login, s *latchkey.UserSession, user *latchkey.User) (web.Handler, error)
}

// Deps is what the door is built from.
type Deps struct {
	DB       *store.DB
	Realms   Realms
	Site     *web.Site
	Pages    *page.Kit
	Registry *flow.Registry
	Log      *slog.Logger
	Now      func() time.Time
	// Applications is set before the door is opened: the two doors need each
	// other.
	Applications Applications
	// PollMax is how long a long poll is held; 25 s when it is zero.
	PollMax time.Duration
}

// Door is the person's door.
type Door struct {
	Deps
	polls polls
}

// The cookies of the door, by purpose; web adds prefix and realm.
const (
	cookieLogin   = "login"           // the browser that asked: its logins are found by it
	cookieSession = web.CookieSession // the signed-in browser
	cookieKnown   = "known"           // a browser that signed in by mail before
	cookieLink    = "link-"           // and the link's selector: its secret (R-001, DESIGN 5)
)

// New makes the door.
func New(d Deps) *Door {
	if d.PollMax == 0 {
		d.PollMax = 25 * time.Second
	}
	return &Door{Deps: d}
}

// Routes lists the door's routes.
func (d *Door) Routes() []web.Route {
	const base = "/realms/{realm}/login-actions/"
	return []web.Route{
		{Pattern: "GET " + base + "authenticate", Class: web.ClassPage, Handler: d.enter(latchkey.EntrySignIn)},
		{Pattern: "POST " + base + "authenticate", Class: web.ClassPage, Handler: d.submitStep},
		{Pattern: "GET " + base + "registration", Class: web.ClassPage, Handler: d.enter(latchkey.EntryRegistration)},
		{Pattern: "POST " + base + "registration", Class: web.ClassPage, Handler: d.submitStep},
		{Pattern: "GET " + base + "reset-credentials", Class: web.ClassPage, Handler: d.enter(latchkey.EntryReset)},
		{Pattern: "POST " + base + "reset-credentials", Class: web.ClassPage, Handler: d.submitStep},
		{Pattern: "GET " + base + "required-action", Class: web.ClassPage, Handler: d.showStep},
		{Pattern: "POST " + base + "required-action", Class: web.ClassPage, Handler: d.submitStep},
		{Pattern: "GET " + base + "consent", Class: web.ClassPage, Handler: d.showStep},
		{Pattern: "POST " + base + "consent", Class: web.ClassPage, Handler: d.submitStep},
		{Pattern: "POST " + base + "restart", Class: web.ClassPage, Handler: d.restart},
		{Pattern: "GET " + base + "restart", Class: web.ClassPage, Handler: d.restart},
		{Pattern: "GET " + base + "wait", Class: web.ClassJSON, Handler: d.wait, Waits: true},
		{Pattern: "GET " + base + "action-token", Class: web.ClassPage, Handler: d.mailedURL},
		{Pattern: "GET " + base + "link/{id}", Class: web.ClassPage, Handler: d.showLink},
		{Pattern: "POST " + base + "link/{id}", Class: web.ClassPage, Handler: d.submitLink},
		{Pattern: "GET " + base + "first-admin", Class: web.ClassPage, Handler: d.mailedURL},
		{Pattern: "GET " + base + "first-admin/{id}", Class: web.ClassPage, Handler: d.showFirstAdmin},
		{Pattern: "POST " + base + "first-admin/{id}", Class: web.ClassPage, Handler: d.submitFirstAdmin},
	}
}

// visit is one request to the door: the realm, who the browser is, and what
// was read for it.
type visit struct {
	r    *http.Request
	w    http.ResponseWriter
	snap *latchkey.Snapshot

	query url.Values
	form  url.Values

	browserCookie string // value of the login cookie; empty when there is none
	browserHash   []byte
	freshBrowser  bool             // the cookie was made in this request
	client        *latchkey.Client // of a link; else it is the login's, or the request's
	answerTo      string           // redirect URI of a link that no login asked for
	mailed        bool             // the address of the request may hold a secret
	browser       latchkey.Browser
	lang          string // see Door.language

	login   *latchkey.Login
	session *latchkey.UserSession
	user    *latchkey.User // of the session
	known   [][]byte       // addresses that this browser signed in with before
	shown   *flow.Result   // what there is to show, where nothing has to be written; see lookAhead
	again   any            // what was prepared of a form that the login has left behind
}

// begin reads what every request of the door needs and touches no database
// but the realm's snapshot.
func (d *Door) begin(w http.ResponseWriter, r *http.Request) (*visit, error) {
	snap, err := d.Realms.Get(r.Context(), r.PathValue("realm"))
	if err != nil {
		return nil, err
	}
	if !snap.Realm.Enabled {
		return nil, latchkey.Errorf(latchkey.CodeNotFound, "This realm is switched off.")
	}
	v := &visit{r: r, w: w, snap: snap, browser: d.Site.Browser(r)}
	if v.query, err = web.Query(r); err != nil {
		return nil, err
	}
	if r.Method == http.MethodPost {
		if v.form, err = web.Form(w, r); err != nil {
			return nil, err
		}
	}
	d.recognize(v)
	return v, nil
}

// recognize reads the browser's login cookie, when it has one of the shape that
// this server draws.
func (d *Door) recognize(v *visit) {
	if c, ok := d.Site.Cookie(v.r, cookieLogin, v.snap.Realm.Name); ok && len(c) == tokenLength {
		v.browserCookie, v.browserHash = c, secret.Hash(c)
	}
}

// tokenLength is how many characters [secret.Token] draws.
const tokenLength = 43

// url gives the address of one of the door's own routes.
func (d *Door) url(snap *latchkey.Snapshot, path string, query url.Values) string {
	u := d.Site.RealmURL(snap.Realm.Name, "login-actions/"+path)
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}

// stepURL is where the open step of a login is shown.
func (d *Door) stepURL(snap *latchkey.Snapshot, l *latchkey.Login) string {
	return d.url(snap, stepPath(l), loginQuery(snap, l))
}

// stepPath is the route of the open step, under Keycloak's names.
func stepPath(l *latchkey.Login) string {
	switch l.Action {
	case "":
		return entryPath(l.Entry)
	case flow.StepConsent:
		return "consent"
	}
	return "required-action"
}

func loginQuery(snap *latchkey.Snapshot, l *latchkey.Login) url.Values {
	q := url.Values{"tab_id": {l.TabID}}
	if c := snap.ClientByID(l.ClientID); c != nil {
		q.Set("client_id", c.ClientID)
	}
	if step := flow.CurrentStep(l); step != "" {
		q.Set("execution", step)
	}
	return q
}

// sessionCode binds a form to the browser, the login and the step that it was
// made for: a form of another step is stale, one of another browser is
// nothing. Nothing of it is stored.
func (d *Door) sessionCode(l *latchkey.Login) string {
	return d.codeOfStage(l, min(l.Mail.Sent, 1))
}

// codeOfStage tells the two pages of the mail's step apart: the one that asks
// for the address (0) and the one that waits (1).
func (d *Door) codeOfStage(l *latchkey.Login, stage int) string {
	step := flow.CurrentStep(l) + "|" + l.Chosen
	if l.Mail.Execution != "" && l.Mail.Execution == l.Current {
		step += "|" + strconv.Itoa(stage)
	} else {
		step += "|0"
	}
	mac := d.DB.Keyring().MAC("session-code", l.RealmID, l.ID, l.TabID, string(l.BrowserHash), step)
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}
