package login

import "testing"

// TestPollsOfANetworkAreBounded: one network cannot hold long polls without
// end, and takes none from another; nothing is kept of who has gone
//
func TestPollsOfANetworkAreBounded(t *testing.T) {
	var p polls
	var leaves []func()
	for range maxPolls {
		leave, ok := p.enter("192.0.2.1/32")
		if !ok {
			t.Fatalf("only %d", len(leaves))
		}
		leaves = append(leaves, leave)
	}
	if _, ok := p.enter("192.0.2.1/32"); ok {
		t.Error("one more is held")
	}
	leave, ok := p.enter("192.0.2.2/32")
	if !ok {
		t.Fatal("another network is refused")
	}
	leave()
	leaves[0]()
	if leave, ok = p.enter("192.0.2.1/32"); !ok {
		t.Fatal("the place of one that has gone is not given")
	}
	leave()
	for _, leave := range leaves[1:] {
		leave()
	}
	if len(p.held) != 0 {
		t.Errorf("%v is kept", p.held)
	}
}
