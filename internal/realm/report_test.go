package realm

import (
	"fmt"
	"slices"
	"testing"
)

// A line says what, how many, which and why, once each; text of a stranger's
// file cannot break the line.
func TestLines(t *testing.T) {
	var r Report
	if !r.Empty() || len(r.Lines()) != 0 {
		t.Error("an empty report says something")
	}
	r.add("identityProviders", NotTaken, "not supported yet", "github", "google", "github")
	r.add("identityProviders", NotTaken, "not supported yet", "google")
	r.add("loginTheme", NotTaken, "themes are not supported yet")
	r.value("otpPolicyDigits", NotTaken, "8", "one-time passwords are not supported yet")
	r.add("clients", Kept, "odd", "a\nERROR forged\x1b[31m")
	for i := range shownNames + 5 {
		r.add("users.groups", NotTaken, "groups are not supported yet", fmt.Sprint("u", i))
	}
	lines := r.Lines()
	many := lines[4]
	lines = slices.Delete(lines, 4, 5)
	if want := []string{
		"identityProviders: 2 not taken (github, google): not supported yet",
		"loginTheme: not taken: themes are not supported yet",
		"otpPolicyDigits: not taken (8): one-time passwords are not supported yet",
		"clients: 1 kept (a\uFFFDERROR forged\uFFFD[31m): odd",
	}; !slices.Equal(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	if many[:34] != "users.groups: 105 not taken (u0, u" || many[len(many)-46:] != "u99, and 5 more): groups are not supported yet" {
		t.Errorf("line %q", many)
	}
	for i := range 2 * keptNames {
		r.add("users.groups", NotTaken, "groups are not supported yet", fmt.Sprint("v", i))
	}
	if i := r.Items[4]; len(i.Names) != keptNames || len(i.Names)+i.More != 2*keptNames+shownNames+5 {
		t.Errorf("%d names and %d more", len(i.Names), i.More)
	}
}
