package browsertest

import "testing"

// On gives the page to another test.
func On(t testing.TB, p *Page) *Page {
	q := *p
	q.t = t
	return &q
}
