package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
)

// identityProvider sends the person on to another place to sign in at.
// Latchkey has no identity providers yet, so it never is the case; the step
// is here because every browser flow has it.
type identityProvider struct{}

func (identityProvider) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthIdentityProvider, DisplayName: "Identity Provider Redirector", Category: "identity-provider",
		Requirements: anyRequirement, Configurable: true, Passes: flow.PassedOver,
		HelpText: "Goes on to another identity provider. There are none yet: the step is passed over.",
		Properties: []flow.Property{{
			Name: "defaultProvider", Label: "Default Identity Provider", Type: "String",
			HelpText: "The alias of the identity provider to go to.",
		}},
	}
}

func (identityProvider) Authenticate(*flow.Context) (flow.Outcome, error) { return attempted, nil }
func (identityProvider) Action(*flow.Context) (flow.Outcome, error)       { return attempted, nil }
