package doctor

import (
	"fmt"
	"time"
)

// Level says how much a finding matters.
type Level string

// The levels of a finding.
const (
	// Weakness works, and protects less than it could.
	Weakness Level = "weakness"
	// Fault stops people from signing in, or mails from arriving.
	Fault Level = "fault"
)

// NoRelay is the finding that a realm's mails have nowhere to go, and
// [Waiting] that no relay takes them.
const NoRelay = "no-mail-relay"

// Waiting is the finding that mails wait which no relay takes, by what the relay
// said at last.
func Waiting(realm string, waiting int, since time.Time, relay, words string) Finding {
	f := findings{realm: realm}
	f.add(Fault, "mail-waiting", relay, "No relay takes mail: %d wait, the first one since %s. The last try ended with: %s", waiting, since.UTC().Format(time.RFC3339), words)
	return f.list[0]
}

// Finding is one thing that the doctor has to say.
type Finding struct {
	Level Level  `json:"level"`
	Realm string `json:"realm,omitempty"`
	Name  string `json:"name"`            // stable: redirect-wildcard, ...
	Where string `json:"where,omitempty"` // the client, flow, key or domain
	Kind  string `json:"kind,omitempty"`  // "client" or "flow": it is of the one with the ID
	ID    string `json:"id,omitempty"`
	// Params are what the text names, in order, for texts in other languages.
	Params []string `json:"params,omitempty"`
	Text   string   `json:"text"` // one sentence: what, and what to do
}

// findings collects what is said of one realm.
type findings struct {
	realm    string
	kind, id string // what it is said of
	list     []Finding
}

// of says that what follows is said of something of a kind; empty: of the realm.
func (f *findings) of(kind, id string) { f.kind, f.id = kind, id }

func (f *findings) add(level Level, name, where, format string, args ...any) {
	var params []string
	for _, a := range args {
		params = append(params, fmt.Sprint(a))
	}
	f.list = append(f.list, Finding{Params: params, Level: level, Realm: f.realm, Name: name, Where: where, Kind: f.kind, ID: f.id, Text: fmt.Sprintf(format, args...)})
}

// maxSkew is how far a node's clock may be from the database's.
const maxSkew = 5 * time.Second

// Clocks compares this machine's clock with the database server's: the life of
// a link is counted by the one and the other.
func Clocks(own, database time.Time) []Finding {
	skew := own.Sub(database).Abs()
	if skew <= maxSkew {
		return nil
	}
	var f findings
	f.add(Fault, "clock-skew", "", "This machine's clock and the database's are %s apart. Let both follow a time server.", skew.Round(time.Second))
	return f.list
}

// Outbound names what the operator lets calls go to besides public addresses
//
func Outbound(allowed []string) []Finding {
	var f findings
	for _, a := range allowed {
		f.add(Weakness, "outbound-allowed", a, "Applications can have the server call %s. Name no more than they need, for the one purpose (jwks=, backchannel-logout= or metadata= in front).", a)
	}
	return f.list
}
