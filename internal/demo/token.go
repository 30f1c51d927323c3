package demo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decoded is a token as people can read it; its signature is left out, so that
// nothing on the page can be used.
type decoded struct {
	Name, Use string
	Head      string // algorithm and key
	Claims    []claim
}

// claim is one row: a name, its value, and what a time means.
type claim struct{ Name, Value, Meaning string }

// first are the claims that a person looks for, in this order.
var first = []string{"name", "email", "email_verified", "preferred_username", "given_name", "family_name", "sub", "iss", "aud", "azp", "exp", "iat", "auth_time", "acr", "amr", "sid", "scope"}

func (a *App) tokens(n *session) []decoded {
	list := []decoded{{Name: "ID token", Use: "says to this application who signed in"}, {Name: "Access token", Use: "opens APIs"}, {Name: "Refresh token", Use: "gets new tokens"}}
	for i, raw := range []string{n.idToken, n.token.AccessToken, n.token.RefreshToken} {
		list[i].read(raw, a.opts.Now())
	}
	return slices.DeleteFunc(list, func(d decoded) bool { return d.Head == "" })
}

// read decodes a JWT without checking it: that was done when it came.
func (d *decoded) read(raw string, now time.Time) {
	if raw == "" {
		return
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		d.Head = fmt.Sprintf("%d characters that only Latchkey can read", len(raw))
		return
	}
	var head struct{ Alg, Kid, Typ string }
	if b, err := base64.RawURLEncoding.DecodeString(parts[0]); err != nil || json.Unmarshal(b, &head) != nil {
		d.Head = "not readable"
		return
	}
	d.Head = strings.TrimSpace(head.Alg + " " + head.Kid)
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]json.RawMessage
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return
	}
	for name, value := range claims {
		d.Claims = append(d.Claims, claim{Name: name, Value: plain(value), Meaning: meaning(name, value, now)})
	}
	slices.SortFunc(d.Claims, func(x, y claim) int {
		if c := place(x.Name) - place(y.Name); c != 0 {
			return c
		}
		return strings.Compare(x.Name, y.Name)
	})
}

func place(name string) int {
	if i := slices.Index(first, name); i >= 0 {
		return i
	}
	return len(first)
}

// plain shows strings without quotes and everything else as JSON.
func plain(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	var short, long bytes.Buffer
	if json.Compact(&short, value) == nil && short.Len() <= 60 {
		return short.String()
	}
	if json.Indent(&long, value, "", "  ") != nil {
		return string(value)
	}
	return long.String()
}

// meaning says a time in words.
func meaning(name string, value json.RawMessage, now time.Time) string {
	if name != "exp" && name != "iat" && name != "auth_time" && name != "nbf" {
		return ""
	}
	seconds, err := strconv.ParseFloat(string(value), 64)
	if err != nil || seconds <= 0 || seconds > 1e11 {
		return ""
	}
	at := time.Unix(int64(seconds), 0).UTC()
	d := at.Sub(now).Round(time.Second)
	when := "now"
	if d > 0 {
		when = "in " + span(d)
	} else if d < 0 {
		when = span(-d) + " ago"
	}
	return at.Format("2 January 2006, 15:04:05") + " UTC, " + when
}

// span says roughly how long: "45 seconds", "5 minutes", "3 hours", "2 days".
func span(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := int(d.Round(unit.size) / unit.size); {
		case d >= 2*unit.size || (d >= unit.size && n > 1):
			return fmt.Sprintf("%d %ss", n, unit.name)
		case d >= unit.size:
			return "1 " + unit.name
		}
	}
	return "a moment"
}
