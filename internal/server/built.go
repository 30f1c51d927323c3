package server

import (
	"sync"

	"latchkey/internal/authenticator"
	"latchkey/internal/flow"
	"latchkey/internal/oidc"
	"latchkey/internal/requiredaction"
)

// newRegistry has the steps and the required actions of this version.
func newRegistry() *flow.Registry {
	return flow.NewRegistry(authenticator.All(authenticator.Deps{}), requiredaction.All(), authenticator.Forms()...)
}

var builtRegistry = sync.OnceValue(newRegistry)

// Built says whether this version has the step, the required action, or the
// way for applications to prove themselves, with that provider id: what an
// import and doctor go by when they name what a realm asks for in vain.
func Built(providerID string) bool {
	return builtRegistry().Built(providerID) || oidc.AuthenticatesBy(providerID)
}
