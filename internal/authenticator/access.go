package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
)

// allowAccess passes always: what a conditional sub-flow is for that only
// decides.
type allowAccess struct{}

func (allowAccess) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthAllowAccess, DisplayName: "Allow access", Category: "Allow access", Requirements: onOrOff, Passes: flow.ByAll,
		HelpText: "Passes always.",
	}
}

func (allowAccess) Authenticate(*flow.Context) (flow.Outcome, error) { return passed, nil }
func (allowAccess) Action(*flow.Context) (flow.Outcome, error)       { return passed, nil }

// denyAccess lets nobody in.
type denyAccess struct{}

const keyDenyText = "denyErrorMessage"

func (denyAccess) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthDenyAccess, DisplayName: "Deny access", Category: "Deny access", Requirements: onOrOff, Passes: flow.ByNobody,
		HelpText: "Lets nobody in.", Configurable: true,
		Properties: []flow.Property{{Name: keyDenyText, Label: "Error message", Type: "String", HelpText: "What the page says; empty: that this account may not sign in here."}},
	}
}

func (denyAccess) Authenticate(c *flow.Context) (flow.Outcome, error) {
	return refuse("access_denied", flow.AccessDenied{Text: c.Config[keyDenyText]})
}

func (d denyAccess) Action(c *flow.Context) (flow.Outcome, error) { return d.Authenticate(c) }
