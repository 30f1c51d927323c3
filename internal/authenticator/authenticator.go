package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
)

// Deps is what the steps are built from.
type Deps struct {
	// Guard is the node's own flood guard in front of the shared limits; nil
	// gives the steps one of their own.
	Guard *ratelimit.Guard
}

// All gives every authenticator that is built.
func All(d Deps) []flow.Authenticator {
	if d.Guard == nil {
		d.Guard = ratelimit.NewGuard()
	}
	mail := mailStep{guard: d.Guard}
	return []flow.Authenticator{
		cookie{}, identityProvider{}, usernameForm{}, passwordForm{}, usernamePasswordForm{},
		userConfigured{}, userRole{}, levelOfAuthentication{}, magicLink{mail},
		userAttribute{}, clientScope{}, subFlowExecuted{}, usedCredential{}, allowAccess{}, denyAccess{},
		otpForm{}, directUsername{}, directPassword{}, directOTP{},
		registrationPage{mail}, chooseUser{}, resetEmail{mail}, resetPassword{}, resetOTP{},
	}
}

// Forms gives every part of a registration's page that is built.
func Forms() []flow.FormAction {
	return []flow.FormAction{userCreation{}, registrationPassword{}, registrationTerms{}}
}

// The choices of a requirement that providers offer, as in Keycloak.
var (
	anyRequirement = []latchkey.Requirement{latchkey.Required, latchkey.Alternative, latchkey.Disabled}
	onOrOff        = []latchkey.Requirement{latchkey.Required, latchkey.Disabled}
	alwaysOn       = []latchkey.Requirement{latchkey.Required}
)

// Categories of Keycloak's providers, by which steps are told to be of one
// kind.
const (
	categoryPassword  = "password"
	categoryCondition = "condition"
)

// attempted is the outcome of a step whose case this is not.
var attempted = flow.Outcome{Kind: flow.Attempted}

// passed is the outcome of a step that is through.
var passed = flow.Outcome{Kind: flow.Success}

// challenge shows a page.
func challenge(s flow.Screen) (flow.Outcome, error) {
	return flow.Outcome{Kind: flow.Challenge, Screen: s}, nil
}

// refuse shows the page again, with what was wrong.
func refuse(code string, s flow.Screen) (flow.Outcome, error) {
	return flow.Outcome{Kind: flow.Failure, Screen: s, Code: code}, nil
}

// reauthenticates says whether the application asks that the person prove
// themselves again, although a session may be there.
func reauthenticates(c *flow.Context) bool {
	l := c.Login
	return l.Request.Prompts("login") || l.Request.MaxAge != nil || l.Note(noteAgain) != ""
}

// sessionUser is who is signed in in this browser, when the application asks
// that they prove themselves again; nil else, and when the person said that
// they want to be somebody else.
func sessionUser(c *flow.Context) (*latchkey.User, error) {
	if c.Session == nil || !reauthenticates(c) || c.Login.Note(noteOther) != "" {
		return nil, nil
	}
	u, err := c.Tx.User(c.Session.RealmID, c.Session.UserID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	return u, err
}

// rememberMe takes the box of a form into the login, where the realm has one.
func rememberMe(c *flow.Context) {
	c.Login.RememberMe = c.Realm.Realm.RememberMe && c.Form.Get("rememberMe") != "" && c.Form.Get("rememberMe") != "off"
}
