package account_test

import (
	"testing"

	"latchkey/internal/servertest"
)

// Any node serves any request of the console, and a session that is ended on
// one is over on the others with the next request.
func TestNodes(t *testing.T) {
	nodes := servertest.Nodes(t, 3)
	w := &world{t: t, s: nodes[0], b: nodes[0].Browser()}
	w.sees(w.signIn(w.b, ""), 200, "Personal info")
	other := nodes[1].Browser()
	w.sees(w.signIn(other, ""), 200, "Personal info")
	for _, node := range nodes {
		w.sees(w.b.Via(node).Get(w.url("groups")), 200, "You are in no group.")
		w.sees(other.Via(node).Get(w.url("activity")), 200, "You signed in")
	}
	p := w.b.Via(nodes[2]).Get(w.url("account-security/device-activity?end=others"))
	w.sees(p.FormWith("end").Press("Sign out everywhere else"), 200, "Signed out everywhere else.")
	for _, node := range nodes {
		if p := other.Via(node).Get(w.url("")); p.Has("Personal info") {
			t.Errorf("R-092: a node still serves a session that was ended: %s", p.Text())
		}
		w.sees(w.b.Via(node).Get(w.url("")), 200, "Personal info")
	}
}
