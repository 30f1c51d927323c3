package login

import (
	"testing"

	"latchkey"
	"latchkey/internal/flow"
)

// TestNamed: whether the page lets the person change the account tells nothing
// of whether there is one.
func TestNamed(t *testing.T) {
	for _, screen := range []flow.Screen{flow.EmailForm{}, flow.EmailForm{Fixed: true}, flow.UsernameForm{}, flow.PasswordForm{},
		flow.UsernamePasswordForm{}, flow.UsernamePasswordForm{Fixed: true}, flow.Waiting{}} {
		known, unknown := named(&latchkey.Login{UserID: "ada"}, screen), named(&latchkey.Login{}, screen)
		if known != unknown {
			t.Errorf("%T %+v: known %v, unknown %v", screen, screen, known, unknown)
		}
	}
}
