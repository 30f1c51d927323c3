package latchkey

import "log/slog"

const redacted = "[redacted]"

// Secret is text that must not reach a log, an error or an answer by
// accident: every way of printing it gives "[redacted]". Reveal is the
// one way to the text itself.
type Secret string

// Reveal gives the text itself.
func (s Secret) Reveal() string { return string(s) }

// String, GoString, LogValue, MarshalJSON and MarshalText hide the text.
func (s Secret) String() string { return redacted }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return redacted }

// LogValue hides the text from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON hides the text from encoding/json.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the text from text encoders and from map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
