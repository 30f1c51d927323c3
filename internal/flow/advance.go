package flow

import (
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
)

// Run is one request's turn at a login. The login is locked by the caller's
// transaction and saved by the caller.
type Run struct {
	Registry *Registry
	Realm    *latchkey.Snapshot
	Login    *latchkey.Login
	Tx       *store.Tx
	Browser  latchkey.Browser
	Session  *latchkey.UserSession
	// KnownAddresses are keyed hashes of the addresses that this browser
	// signed in with before.
	KnownAddresses [][]byte
	// Submit is what the person sent; nil when they only came to the page.
	Submit *Submission
	// Choose is an execution that the person picked by "Try another way".
	Choose string
	Now    time.Time
	// Form and Prepared are of a login without a browser, which is never shown
	// a page: the form of its one request, which every step gets, and what
	// [PrepareDirect] gave.
	Form     url.Values
	Prepared map[string]any
}

// Submission is the page of a step, submitted.
type Submission struct {
	Step     string // execution id, or alias of a required action
	Form     url.Values
	Prepared any // what Prepare gave
}

// ResultKind says how a turn ended.
type ResultKind int

// The kinds of a result.
const (
	Show      ResultKind = iota + 1 // a page is to be shown
	Done                            // everything passed: a session may start
	Failed                          // the login cannot go on: an error page
	Denied                          // the person declined: access_denied
	Restarted                       // to be begun again, as a new login
	NeedsPage                       // no page may be shown (prompt=none, or a login without a browser)
	Over                            // the account is gone: Screen is the last page
)

// identified is the result of a step that was [Identified]; it never leaves
// Advance.
const identified ResultKind = -1

// Result is how a turn ended.
type Result struct {
	Kind   ResultKind
	Screen Screen
	Step   string // the execution, or the required action, whose page it is, or would be
	// Refused says that what was submitted was not accepted: the page says
	// why and stays.
	Refused bool
	Code    string // of Failed, Denied, refusals, and of NeedsPage when it is none of Login.PassiveError's
	// Retry is how long to wait, of CodeLimited.
	Retry time.Duration
	// Initiated says that the application asked for the open action, which the
	// person may give up.
	Initiated bool
	// Others are the other ways that the person could take.
	Others []Other
}

// Other is an alternative of "Try another way".
type Other struct {
	Execution string
	Label     string // message key
}

// Prepare does the slow work of the step that is submitted, outside of the
// transaction that Advance runs in; tx of the run may be read-only.
func Prepare(r *Run) (any, error) {
	if r.Submit == nil || r.Submit.Step != CurrentStep(r.Login) {
		return nil, nil
	}
	if r.Login.Action != "" {
		if p, ok := r.Registry.RequiredAction(r.Login.Action).(Preparer); ok {
			return p.Prepare(r.actionContext(r.Login.Action, r.Submit))
		}
		return nil, nil
	}
	e := standing(r.Realm, r.Login.FlowID, r.Login.Current)
	if e == nil {
		return nil, nil
	}
	if p, ok := r.Registry.Authenticator(e.Authenticator).(Preparer); ok {
		return p.Prepare(r.context(e, r.Submit))
	}
	return nil, nil
}

// CurrentStep names the step whose page is shown: an execution's id or the
// alias of a required action.
func CurrentStep(l *latchkey.Login) string {
	if l.Action != "" {
		return l.Action
	}
	return l.Current
}

// Advance takes the login as far as it goes: it handles what was submitted,
// then runs the flow, then the required actions, until a page is to be shown
// or everything passed. It is the one way on for every step, for a redeemed
// link and for an approval in another browser.
//
// A flow may be changed while people sign in through it: a login goes on by what
// stands. What it passed counts where that is still asked for; what is not there
// any more is not asked for; a flow that was deleted is begun again as the one
// that is bound in its place.
func Advance(r *Run) (Result, error) {
	if !r.Login.Through && r.Realm.Flow(r.Login.FlowID) == nil && r.Realm.EntryFlow(r.Realm.ClientByID(r.Login.ClientID), r.Login.Entry) != nil {
		return Result{Kind: Restarted}, nil
	}
	if r.Submit != nil && r.Submit.Step == CurrentStep(r.Login) && r.Submit.Step != "" {
		res, err := r.submit()
		if err != nil || res.Kind != 0 {
			return res, err
		}
	} else if r.Choose != "" {
		r.choose()
	}
	if !r.Login.Through {
		if res, err := r.steps(); err != nil || res.Kind != 0 {
			return res, err
		}
		r.Login.Through = true
	}
	if res, err := r.mayGoOn(); err != nil || res.Kind != 0 {
		return res, err
	}
	r.Login.Current = ""
	if r.unmet() {
		return Result{Kind: Denied, Code: CodeUnmet}, nil
	}
	if err := r.putAsked(); err != nil {
		return Result{}, err
	}
	res, err := r.requiredActions()
	if err != nil || res.Kind != Done {
		return res, err
	}
	if res, err = r.initiatedAction(); err != nil || res.Kind != Done {
		return res, err
	}
	if res, err = r.consent(); err != nil || res.Kind != Done || r.Login.FromCookie {
		return res, err
	}
	return res, r.succeeded()
}

// steps runs the flow. A zero result means that it is through: it is not run
// again then, whatever a required action changes of the user. Who has set a
// device up in this login is not asked for its code in it.
func (r *Run) steps() (Result, error) {
	v, res, err := r.level(r.Login.FlowID, 0)
	if err == nil && r.Login.Entry != latchkey.EntrySignIn && (v == passed || res.Kind == identified) {
		v, res, err = r.signIn(v == passed)
	}
	switch {
	case err != nil || res.Kind != 0:
		return res, err
	case v != passed:
		return r.exhausted(), nil
	}
	return Result{}, nil
}

// succeeded forgets the wrong passwords and codes before this sign-in.
func (r *Run) succeeded() error {
	c := r.context(nil, nil)
	user, err := c.User()
	if err != nil || user == nil {
		return err
	}
	who := ratelimit.Guesser{UserID: user.ID, IP: r.Browser.IP, Known: ratelimit.Knows(r.Tx.Keyring(), user.RealmID, user.Email, r.KnownAddresses)}
	return ratelimit.Succeeded(r.Tx, r.Realm.Realm, who, !r.Login.Mail.ProvenAt.IsZero())
}

// mayGoOn looks whether the login's user is still there and enabled. A zero
// result means yes.
func (r *Run) mayGoOn() (Result, error) {
	user, err := (&Context{Login: r.Login, Tx: r.Tx}).User()
	switch {
	case err != nil:
		return Result{}, err
	case user == nil:
		return Result{Kind: Failed, Code: "user_not_found"}, nil
	case !user.Enabled:
		return Result{Kind: Failed, Code: "user_disabled"}, nil
	case !r.Login.Mail.ProvenAt.IsZero() && r.Login.Mail.Address != "" && !latchkey.SameAddress(user.Email, r.Login.Mail.Address):
		// The account has another address since this login proved the earlier
		// one: that mailbox is not its own any more.
		return Result{Kind: Failed, Code: "address_changed"}, nil
	}
	return Result{}, nil
}

// exhausted is the result of a flow in which nothing was left to try.
func (r *Run) exhausted() Result {
	if r.passive() {
		return Result{Kind: NeedsPage}
	}
	return Result{Kind: Failed, Code: CodeExhausted}
}

// CodeExhausted is the code of a login whose flow has nothing left that the
// person could pass, as in Keycloak's events.
const CodeExhausted = "invalid_user_credentials"

func (r *Run) passive() bool { return r.Login.Request.Prompts("none") }

func (r *Run) direct() bool { return r.Login.Request.Direct() }

// submit hands the form to the step that it belongs to. A zero result means
// that the run goes on.
func (r *Run) submit() (Result, error) {
	if r.Login.Action == StepConsent {
		return r.submitConsent()
	}
	if r.Login.Action != "" {
		return r.submitAction()
	}
	e := standing(r.Realm, r.Login.FlowID, r.Login.Current)
	if e == nil { // deleted, moved away or switched off meanwhile
		delete(r.Login.Executions, r.Login.Current)
		r.Login.Current = ""
		return Result{}, nil
	}
	if r.Login.Executions[e.ID] == latchkey.StatusSuccess {
		return Result{}, nil // approved in another browser meanwhile
	}
	a := r.Registry.Authenticator(e.Authenticator)
	if a == nil {
		return Result{Kind: Failed, Code: CodeNotBuilt}, nil
	}
	out, err := a.Action(r.context(e, r.Submit))
	if err != nil {
		return Result{}, err
	}
	_, res := r.apply(e, out, true)
	switch res.Kind {
	case identified:
		return Result{}, nil // the step says so again when the flow comes to it
	case Show:
		res.Others, err = r.others(e)
	}
	return res, err
}

// CodeLimited is the code of a password or a code that was not compared, since
// too many were tried for the name or in the network.
const CodeLimited = "rate_limited"

// CodeNotBuilt is the code of a login that reached a step that this version
// does not have: it fails closed.
const CodeNotBuilt = "authenticator_not_available"

// choose makes the picked alternative the next to run.
func (r *Run) choose() {
	if standing(r.Realm, r.Login.FlowID, r.Choose) == nil {
		return
	}
	if cur := r.Login.Current; cur != "" && r.Login.Executions[cur] == latchkey.StatusChallenged {
		delete(r.Login.Executions, cur)
	}
	if s := r.Login.Executions[r.Choose]; s == latchkey.StatusAttempted || s == latchkey.StatusFailed {
		delete(r.Login.Executions, r.Choose)
	}
	r.Login.Chosen, r.Login.Current, r.Login.Action = r.Choose, "", ""
}

// apply turns an authenticator's outcome into the state of its execution.
func (r *Run) apply(e *latchkey.Execution, out Outcome, submitted bool) (verdict, Result) {
	switch out.Kind {
	case Success:
		r.set(e.ID, latchkey.StatusSuccess)
		if r.Login.PassedAt == nil {
			r.Login.PassedAt = map[string]time.Time{}
		}
		if r.Login.PassedAt[e.ID].IsZero() {
			r.Login.PassedAt[e.ID] = r.Now
		}
		r.refer(e)
		return passed, Result{}
	case Attempted:
		r.set(e.ID, latchkey.StatusAttempted)
		return attempted, Result{}
	case Restart:
		return pending, Result{Kind: Restarted, Step: e.ID}
	case Cancelled:
		return pending, Result{Kind: Denied, Code: "access_denied", Step: e.ID}
	case Identified:
		return pending, Result{Kind: identified}
	}
	if r.passive() {
		return pending, Result{Kind: NeedsPage}
	}
	if out.Screen == nil {
		r.set(e.ID, latchkey.StatusFailed)
		return pending, Result{Kind: Failed, Code: out.Code, Retry: out.Retry, Step: e.ID}
	}
	if r.direct() {
		return pending, Result{Kind: NeedsPage, Code: out.Code, Step: e.ID}
	}
	r.set(e.ID, latchkey.StatusChallenged)
	r.Login.Current = e.ID
	return pending, Result{Kind: Show, Screen: out.Screen, Step: e.ID, Refused: submitted && out.Kind == Failure, Code: out.Code}
}

func (r *Run) set(executionID string, s latchkey.ExecutionStatus) {
	if r.Login.Executions == nil {
		r.Login.Executions = map[string]latchkey.ExecutionStatus{}
	}
	r.Login.Executions[executionID] = s
}

func (r *Run) context(e *latchkey.Execution, s *Submission) *Context {
	c := &Context{
		Realm: r.Realm, Login: r.Login, Client: r.Realm.ClientByID(r.Login.ClientID), Execution: e,
		Config: map[string]string{}, Tx: r.Tx, Browser: r.Browser, Session: r.Session,
		KnownAddresses: r.KnownAddresses, Passive: r.passive() || r.direct(), Now: r.Now,
		Form: r.Form,
	}
	if e != nil {
		c.Prepared = r.Prepared[e.ID]
		if cfg := r.Realm.Config(e.ConfigID); cfg != nil {
			c.Config = cfg.Config
		}
	}
	if s != nil {
		c.Form, c.Prepared = s.Form, s.Prepared
	}
	if e != nil && isForm(e) {
		c.Parts = r.parts(e.FlowID)
	}
	return c
}
