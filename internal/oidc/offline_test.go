package oidc_test

import (
	"net/http"
	"testing"
)

// A code that is presented a second time takes back the offline session, too,
// that came of it (R-113, RFC 6749 4.1.2), and nobody else's.
func TestCodeReuseEndsOfflineSessions(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	offline := params("bench-app", "scope", "openid offline_access")
	other := w.redeem("bench-public", b.signIn("golden@example.test", params("bench-public", "scope", "openid offline_access")).Get("code"))
	code := b.signIn("golden@example.test", offline).Get("code")
	a := w.redeem("bench-app", code)
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	wantError(t, w.redeem("bench-app", code), 400, "invalid_grant", "Code not valid")
	if again := w.refresh("bench-app", a.text("refresh_token")); again.status == http.StatusOK {
		t.Error("the offline token of a code that was used twice still works")
	}
	// In the same sign-in another application has an offline session of its own.
	if again := w.refresh("bench-public", other.text("refresh_token")); again.status != http.StatusOK {
		t.Errorf("the token of another sign-in: %d %s", again.status, again.body)
	}
}
