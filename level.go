package latchkey

import (
	"encoding/json"
	"strconv"
	"time"
)

// ConditionLevel is the provider id of the condition that gives a sub-flow its
// level of authentication.
const ConditionLevel = "conditional-level-of-authentication"

// The attributes that name levels of authentication, as in Keycloak.
const (
	// AttributeLevels of a realm or a client is a JSON object that maps names
	// of authentication context classes (acr) to levels.
	AttributeLevels = "acr.loa.map"
	// AttributeDefaultACR of a client is what its requests ask for that name
	// no acr themselves ("##" between several).
	AttributeDefaultACR = "default.acr.values"
	// AttributeMinimumACR of a client is what its sign-ins must reach.
	AttributeMinimumACR = "minimum.acr.value"
)

// Level is the level of authentication that the login amounts to: the highest
// that its flow's conditions reached, else, in a flow without such conditions,
// 1 for a sign-in and 0 for an old session that was used again (Keycloak's
// values).
func (l *Login) Level() int {
	switch {
	case len(l.Levels) > 0:
		return l.LoA
	case l.FromCookie:
		return 0
	}
	return 1
}

// Reach records that the login reached the level at that time.
func (l *Login) Reach(level int, at time.Time) {
	if l.Levels == nil {
		l.Levels = map[int]time.Time{}
	}
	if len(l.Levels) == 0 || level > l.LoA {
		l.LoA = level
	}
	l.Levels[level] = at
}

// Become says whose login it is. What was proven before as somebody else is
// worth nothing for them.
func (l *Login) Become(userID string) {
	if l.UserID != "" && l.UserID != userID {
		l.Levels, l.LoA, l.AMR, l.AMRUntil, l.Carried = nil, 0, nil, nil, false
	}
	l.UserID = userID
}

// LevelMap gives the levels by their names: the client's own, else the
// realm's. A text that is no such map counts as none.
func LevelMap(realm *Realm, client *Client) map[string]int {
	for _, text := range []string{client.Attribute(AttributeLevels), realm.Attributes[AttributeLevels]} {
		if m := parseLevels(text); len(m) > 0 {
			return m
		}
	}
	return nil
}

func parseLevels(text string) map[string]int {
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil {
		return nil
	}
	m := map[string]int{}
	for name, value := range raw {
		n := ParseLevel(stripQuotes(string(value)))
		if n < 0 || name == "" {
			continue
		}
		m[name] = n
	}
	return m
}

func stripQuotes(s string) string {
	if len(s) >= 2 && s[0] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// ParseLevel reads a level; -1 when the text is none.
func ParseLevel(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxLevel {
		return -1
	}
	return n
}

// maxLevel bounds levels: whatever an operator counts, it is not thousands.
const maxLevel = 10_000

// LevelOf gives the level that an acr value names: by the map, else as a
// number; -1 when it is neither.
func LevelOf(levels map[string]int, acr string) int {
	if n, ok := levels[acr]; ok {
		return n
	}
	return ParseLevel(acr)
}

// ACRName names a level to an application: by the highest value that is not
// above it, among those that the request asked for, else among all of the
// map, else by the number itself. It never claims more than was reached
//
func ACRName(levels map[string]int, asked []string, level int) string {
	best, name := -1, ""
	consider := func(acr string, n int) {
		if n >= 0 && n <= level && (n > best || (n == best && acr < name)) {
			best, name = n, acr
		}
	}
	for _, acr := range asked {
		if n, ok := levels[acr]; ok {
			consider(acr, n)
		}
	}
	if name != "" {
		return name
	}
	for acr, n := range levels {
		consider(acr, n)
	}
	if name != "" {
		return name
	}
	return strconv.Itoa(level)
}
