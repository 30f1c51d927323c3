package flow

import (
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

// Authenticator is one kind of step of a flow. It never touches HTTP: it is
// given a [Context] and answers with an [Outcome]. What takes long (a password
// hash) is done in Prepare, outside of any transaction, when it is a
// [Preparer].
type Authenticator interface {
	// Provider describes the step to operators and to import.
	Provider() Provider
	// Authenticate is called when the flow arrives at the step.
	Authenticate(c *Context) (Outcome, error)
	// Action is called when the person submits the step's page.
	Action(c *Context) (Outcome, error)
}

// Weakener is an Authenticator some of whose options protect less than they
// could: it says so of a configuration, a sentence each, for operators.
type Weakener interface {
	Weakens(config map[string]string) []string
}

// Preparer is an Authenticator or a RequiredAction with slow work to do
// before the transaction: tx is read-only, and what it returns is handed to
// Action in Context.Prepared. Action checks again that it still holds.
type Preparer interface {
	Prepare(c *Context) (any, error)
}

// Condition is an Authenticator that decides whether its CONDITIONAL
// sub-flow runs.
type Condition interface {
	Matches(c *Context) (bool, error)
}

// PassedCondition is a Condition that wants to know when its sub-flow passed:
// on every turn at which it does.
type PassedCondition interface {
	Passed(c *Context) error
}

// UserCheck is an Authenticator that some users cannot pass because they have
// not set it up. Steps without it are open to everyone.
type UserCheck interface {
	ConfiguredFor(c *Context, user *latchkey.User) (bool, error)
}

// SetUp is a UserCheck that a user can set up in the login that needs it.
type SetUp interface {
	// SetUpBy is the alias of the required action that does it.
	SetUpBy() string
}

// FormAction is one part of the page of a form-flow, such as a registration:
// all parts are validated first, and only when none has a fault all of them
// put into the draft what was typed.
type FormAction interface {
	Provider() Provider
	// Show adds the part to the page; values typed are in the context's form.
	Show(c *Context, page *RegistrationForm) error
	// Validate says what is wrong with what was typed.
	Validate(c *Context) ([]FieldError, error)
	// Success puts what was typed into the draft of the account.
	Success(c *Context, draft *user.Draft) error
}

// Part is one enabled execution of a form-flow.
type Part struct {
	Execution *latchkey.Execution
	Action    FormAction // nil when it is not built
}

// RequiredAction is something asked of the user after the flow. Evaluate may
// add the action to the user (Keycloak: evaluateTriggers).
type RequiredAction interface {
	// Provider describes the action to operators; its ID is the alias.
	Provider() Provider
	Evaluate(c *Context) (needed bool, err error)
	Challenge(c *Context) (Outcome, error)
	Action(c *Context) (Outcome, error)
}

// Provider describes an authenticator, as Keycloak's provider lists do.
type Provider struct {
	ID           string
	DisplayName  string
	HelpText     string
	Category     string // Keycloak's reference category: "cookie", "password", "alternate-auth", ...
	Requirements []latchkey.Requirement
	Configurable bool
	Properties   []Property
	// Form says that the step is the page of a form-flow, whose parts are the
	// executions of its sub-flow (Keycloak: form authenticator).
	Form bool
	// NeedsUser says that an earlier step must have said who it is.
	NeedsUser bool
	// Passes says who can pass the step, and Names that who does is known then:
	// by them it is told whether anybody can get through a flow ([Passable]).
	Passes Passage
	Names  bool
	// Label is the message key of the step's name in "Try another way"; empty
	// when it is never listed there.
	Label string
}

// OutcomeKind is what an authenticator says.
type OutcomeKind int

// The kinds of an outcome.
const (
	Success   OutcomeKind = iota + 1 // passed
	Attempted                        // not my case: the next alternative
	Challenge                        // show Screen
	Failure                          // show Screen if there is one, else the error Code; the step stays where it is
	Restart                          // begin the flow again
	Cancelled                        // the person declined: the application gets access_denied
	Finished                         // the account is gone, and the login with it: show Screen, the last page
	// Identified says that the mailbox is proven and its account was there
	// before: the login goes on in the flow that signs people in, where the
	// mail counts as its own step and as nothing else.
	Identified
)

// Outcome is an authenticator's answer. It commits whatever it wrote: a
// refused attempt is an Outcome, never an error that would roll its counters
// back.
type Outcome struct {
	Kind   OutcomeKind
	Screen Screen
	// Code is an error code as Keycloak's events have it: user_not_found,
	// invalid_user_credentials, user_disabled, invalid_code, ...
	Code string
	// Retry is how long to wait, of CodeLimited.
	Retry time.Duration
}

// Context is what a step works with. Tx is read-only in Prepare.
type Context struct {
	Realm     *latchkey.Snapshot
	Login     *latchkey.Login
	Client    *latchkey.Client
	Execution *latchkey.Execution // nil in a required action
	Config    map[string]string   // of the execution or the action; never nil
	// Parts are the executions of a form-flow that the step is the page of.
	Parts    []Part
	Tx       *store.Tx
	Form     url.Values // of Action, and of every step of a login without a browser; nil else
	Prepared any
	Browser  latchkey.Browser
	// Session is the live session that this browser's cookie names; nil when
	// there is none.
	Session *latchkey.UserSession
	// KnownAddresses are hashes (ratelimit.AddressKey) of addresses that this
	// browser signed in with before.
	KnownAddresses [][]byte
	// Passive says that no page may be shown (prompt=none, or a login without a
	// browser: see Login.Request.Direct).
	Passive bool
	Now     time.Time

	user *latchkey.User
}
