package latchkey

import "encoding/json"

// Kept is what a representation says of a noun that Latchkey does not act on:
// its members by name, as canonical JSON. An export gives them back as they
// came. Nobody knows what they mean, so they are sealed in the store.
//
// A setting that comes to be acted on leaves it: it gets a field in the noun
// and in the representation, and from then on is read into that.
type Kept map[string]json.RawMessage
