package latchkey

import (
	"slices"
	"time"
)

// ExecutionStatus is the state of an execution in a login.
type ExecutionStatus string

// The states of an execution. An execution that is not listed has not run.
const (
	StatusChallenged ExecutionStatus = "CHALLENGED" // its page is shown
	StatusSuccess    ExecutionStatus = "SUCCESS"
	StatusAttempted  ExecutionStatus = "ATTEMPTED" // not its case: the next
	StatusFailed     ExecutionStatus = "FAILED"
	StatusSkipped    ExecutionStatus = "SKIPPED" // a condition did not hold, or the step is to be set up by a required action
)

// AnswerKind says how a login that is finished is answered.
type AnswerKind string

// The kinds of an answer.
const (
	// AnswerCode answers the authorization request with a code.
	AnswerCode AnswerKind = "code"
	// AnswerStart leads to the application's start: the login was opened in a
	// browser that did not ask, whose application knows nothing of a state
	// (initiate_login_uri, base URL, or a page).
	AnswerStart AnswerKind = "start"
	// AnswerPage leads to a page: what an administrator asked of the person is
	// done. Nobody is signed in by it.
	AnswerPage AnswerKind = "page"
)

// Entry says by which of the realm's flows a login was entered. The names are
// those of Keycloak's login actions.
type Entry string

// The entries of a login; the empty one is a sign-in.
const (
	EntrySignIn       Entry = ""
	EntryRegistration Entry = "registration"
	EntryReset        Entry = "reset-credentials"
)

// EndReason says why a login is over.
type EndReason string

// Why a login ended.
const (
	EndFinished  EndReason = "finished"  // signed in
	EndRestarted EndReason = "restarted" // the person began again
	EndReported  EndReason = "reported"  // "It was not me", from the asking browser
	EndElsewhere EndReason = "elsewhere" // "Sign in here instead" in another browser
	EndRefused   EndReason = "refused"   // the application gets an error
)

// Login is one run of a flow in one browser tab. It holds the whole
// authorization request, the state of every execution, and, for the mailed
// link, the counters that belong to the login whatever was resent.
//
// The browser is known by a cookie whose SHA-256 is BrowserHash; a login is
// found by that hash and its tab.
type Login struct {
	RealmID     string    `json:"-"`
	ID          string    `json:"-"`
	BrowserHash []byte    `json:"-"`
	TabID       string    `json:"-"` // public, in URLs; not a secret
	ClientID    string    `json:"-"` // internal id of the client
	Step        int64     `json:"-"` // grows with every change; the session_code is bound to it
	CreatedAt   time.Time `json:"-"`
	ExpiresAt   time.Time `json:"-"`
	SeenAt      time.Time `json:"-"` // when the asking page was last heard of

	EndedAt    time.Time `json:"-"`
	EndReason  EndReason `json:"-"`
	AnsweredAt time.Time `json:"-"` // when the application got its one answer

	// The counters of the mailed link: conditional updates in the store.
	NumberTries int `json:"-"` // wrong numbers; at 3 the page closes
	CodeTries   int `json:"-"` // wrong codes; at 5 the code closes

	Request AuthorizationRequest `json:"request"`
	Answer  AnswerKind           `json:"answer"`
	FlowID  string               `json:"flowId"`
	// Trial says that an operator goes through a flow before it is bound: the
	// login stays in it when it is begun again.
	Trial bool `json:"trial,omitempty"`
	// Entry says that the login is in the flow of a registration or a reset,
	// and goes on in the one that signs people in.
	Entry      Entry                      `json:"entry,omitempty"`
	Executions map[string]ExecutionStatus `json:"executions,omitempty"`
	// PassedAt says when each execution passed (for auth_time and step-up).
	PassedAt map[string]time.Time `json:"passedAt,omitempty"`
	// Asked are the required actions that steps of the flow ask for. They are
	// put on the user when the flow is through, and not before: who has shown
	// no more than half of what it asks for changes nothing of the account.
	Asked []string `json:"asked,omitempty"`
	// Current is the execution whose page is shown; Action is the required
	// action that is, when the flow itself is through.
	Current string `json:"current,omitempty"`
	Action  string `json:"action,omitempty"`
	// Through says that the flow is through: what is left are required actions
	// and the like.
	Through bool `json:"through,omitempty"`
	// Chosen is the alternative that the person picked by "Try another way".
	Chosen string `json:"chosen,omitempty"`

	UserID     string `json:"userId,omitempty"`
	NewUser    bool   `json:"newUser,omitempty"` // made in this login
	RememberMe bool   `json:"rememberMe,omitempty"`
	Locale     string `json:"locale,omitempty"`
	// LocaleChosen says that somebody chose it in this login, the person or the
	// application for them.
	LocaleChosen bool `json:"localeChosen,omitempty"`

	SessionID  string   `json:"sessionId,omitempty"`  // of the session that it ended in, or that the cookie named
	FromCookie bool     `json:"fromCookie,omitempty"` // an old session was used: nobody proved anything now
	AMR        []string `json:"amr,omitempty"`
	// AMRUntil says until when a method counts that is not for good.
	AMRUntil map[string]time.Time `json:"amrUntil,omitempty"`
	// Levels are the levels of authentication that hold in this login, each
	// with when it was reached; LoA is the highest of what it amounts to.
	Levels map[int]time.Time `json:"levels,omitempty"`
	LoA    int               `json:"loa,omitempty"`
	// Carried says that levels and methods came from the session SessionID,
	// which this login only adds to (step-up).
	Carried bool `json:"carried,omitempty"`
	// ActionStatus is what became of the action that the application asked for
	// (kc_action): success, cancelled or error; empty while it is open.
	ActionStatus string `json:"actionStatus,omitempty"`
	// Consent is what became of the question for consent, in the words of
	// Keycloak's events; empty when nothing was asked.
	Consent string            `json:"consent,omitempty"`
	Error   string            `json:"error,omitempty"` // OAuth error for EndRefused
	Notes   map[string]string `json:"notes,omitempty"` // of executions, keyed "<execution id>.<name>"

	// Draft is what was typed to register, sealed, until the mailbox is proven.
	Draft []byte `json:"draft,omitempty"`

	Mail MailStep `json:"mail"`
	From Browser  `json:"from"` // the browser that asked
}

// MailStep is what a login knows of its mailed link.
type MailStep struct {
	Execution string    `json:"execution,omitempty"` // the execution that mailed
	Address   string    `json:"address,omitempty"`   // where to, in canonical form
	Sent      int       `json:"sent,omitempty"`      // mails so far
	LastAt    time.Time `json:"lastAt,omitzero"`
	// NumberGeneration changes the number; see actiontoken.Number.
	NumberGeneration int       `json:"numberGeneration,omitempty"`
	NumberClosed     bool      `json:"numberClosed,omitempty"`
	CodeClosed       bool      `json:"codeClosed,omitempty"`
	LinkOnly         bool      `json:"linkOnly,omitempty"`  // this login's mails carry no code
	ReportedAt       time.Time `json:"reportedAt,omitzero"` // "It was not me", elsewhere
	// ProvenAt is when the mailbox was proven; Via says by what.
	ProvenAt time.Time `json:"provenAt,omitzero"`
	Via      ProofVia  `json:"via,omitempty"`
	TokenID  string    `json:"tokenId,omitempty"` // the action token that proved it
}

// ProofVia says how a mailbox was proven.
type ProofVia string

// The ways to prove a mailbox.
const (
	ViaLink     ProofVia = "link"     // in the asking browser
	ViaContinue ProofVia = "continue" // Continue there, in another browser
	ViaHere     ProofVia = "here"     // Sign in here instead
	ViaCode     ProofVia = "code"     // the code, in the asking browser
	ViaAPI      ProofVia = "api"      // a link made by the API
)

// Browser is what pages and mails tell of the browser that asked. Nothing in
// it is text that a stranger chose.
type Browser struct {
	Name  string `json:"name,omitempty"` // "Firefox", from a fixed list
	OS    string `json:"os,omitempty"`   // "Linux", from a fixed list
	IP    string `json:"ip,omitempty"`
	Place string `json:"place,omitempty"` // rough place, when the operator supplied a GeoIP file
	// Known says that the browser signed in as Address before.
	Known bool `json:"known,omitempty"`
}

// Ended says whether the login is over.
func (l *Login) Ended() bool { return !l.EndedAt.IsZero() }

// PassiveError is the OpenID error of a login that needs a page which the
// application forbade (prompt=none): whether anybody is signed in (OpenID
// Connect Core 3.1.2.6).
func (l *Login) PassiveError() string {
	if l.UserID != "" && l.FromCookie {
		return "interaction_required"
	}
	return "login_required"
}

// Ask has the action put on the user when the flow is through.
func (l *Login) Ask(alias string) {
	if !slices.Contains(l.Asked, alias) {
		l.Asked = append(l.Asked, alias)
	}
}

// Note gives a note, or the empty string.
func (l *Login) Note(key string) string { return l.Notes[key] }

// SetNote sets a note; an empty value removes it.
func (l *Login) SetNote(key, value string) {
	if value == "" {
		delete(l.Notes, key)
		return
	}
	if l.Notes == nil {
		l.Notes = map[string]string{}
	}
	l.Notes[key] = value
}
