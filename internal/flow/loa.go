package flow

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"latchkey"
)

// The configuration of the condition that gives a sub-flow its level of
// authentication, as in Keycloak.
const (
	keyLevel       = "loa-condition-level"
	keyLevelMaxAge = "loa-max-age"
	// defaultLevelMaxAge is how long a level holds whose condition does not say:
	// ten hours, as long as a session of Keycloak's.
	defaultLevelMaxAge = 36000 * time.Second
)

// ConfiguredLevel reads the level of a condition; 0 when there is none.
func ConfiguredLevel(config map[string]string) int {
	return max(latchkey.ParseLevel(config[keyLevel]), 0)
}

// levelMaxAge is how long the condition's level holds in a session; 0: in the
// login that reached it alone.
func levelMaxAge(config map[string]string) time.Duration {
	n, err := strconv.ParseInt(config[keyLevelMaxAge], 10, 32)
	if err != nil || n < 0 {
		return defaultLevelMaxAge
	}
	return time.Duration(n) * time.Second
}

// levelsOf lists the levels that the flow's conditions reach, each with how
// long it holds; where two conditions have one level, the shorter time counts.
func levelsOf(snap *latchkey.Snapshot, flowID string) map[int]time.Duration {
	out := map[int]time.Duration{}
	for _, e := range executionsOf(snap, flowID, latchkey.ConditionLevel, 0) {
		var config map[string]string
		if c := snap.Config(e.ConfigID); c != nil {
			config = c.Config
		}
		level, age := ConfiguredLevel(config), levelMaxAge(config)
		if before, twice := out[level]; !twice || age < before {
			out[level] = age
		}
	}
	return out
}

// HighestLevel is the highest level of authentication that a login by the
// flow can amount to. Without a condition it is 1: a sign-in.
func HighestLevel(snap *latchkey.Snapshot, flowID string) int {
	levels := levelsOf(snap, flowID)
	if len(levels) == 0 {
		return 1
	}
	return slices.Max(slices.Collect(maps.Keys(levels)))
}

// HasLevels says whether the flow has conditions on the level of
// authentication.
func HasLevels(snap *latchkey.Snapshot, flowID string) bool { return len(levelsOf(snap, flowID)) > 0 }

// WantedLevel is the level of authentication that the login's request comes to
// in its flow; -1 when it wants none. What is asked for beside a must is
// answered by the best that the flow has (OpenID Connect Core 5.5.1.1).
func WantedLevel(snap *latchkey.Snapshot, l *latchkey.Login) int {
	want := -1
	if l.Request.Level != nil && HasLevels(snap, l.FlowID) {
		want = min(*l.Request.Level, HighestLevel(snap, l.FlowID))
	}
	if l.Request.RequiredLevel != nil {
		want = max(want, *l.Request.RequiredLevel)
	}
	return want
}

// KnownLevels gives the levels of the session that still hold in the flow: from
// the lowest up to the first one whose time is over, which those above it
// stand on.
func KnownLevels(snap *latchkey.Snapshot, flowID string, s *latchkey.UserSession, now time.Time) map[int]time.Time {
	ages := levelsOf(snap, flowID)
	known := map[int]time.Time{}
	for _, level := range slices.Sorted(maps.Keys(s.Levels)) {
		age, here := ages[level]
		if !here {
			continue
		}
		if !now.Before(s.Levels[level].Add(age)) {
			break
		}
		known[level] = s.Levels[level]
	}
	return known
}

// unmet says whether the login, whose flow is through, falls short of what its
// request requires.
func (r *Run) unmet() bool {
	must := r.Login.Request.RequiredLevel
	return must != nil && r.Login.Level() < *must
}

// CodeUnmet is the error of a login that did not reach what its request
// requires (OpenID Connect Core Error Code unmet_authentication_requirements).
const CodeUnmet = "unmet_authentication_requirements"

// The configuration of any execution that says what its passing is called in
// amr, and how long that counts, as in Keycloak.
const (
	keyReference       = "default.reference.value"
	keyReferenceMaxAge = "default.reference.maxAge"
)

// refer adds what the passed execution is called by configuration.
func (r *Run) refer(e *latchkey.Execution) {
	c := r.Realm.Config(e.ConfigID)
	if c == nil || c.Config[keyReference] == "" {
		return
	}
	value := c.Config[keyReference]
	r.Login.AddAMR(value)
	if n, err := strconv.ParseInt(c.Config[keyReferenceMaxAge], 10, 32); err == nil && n >= 0 {
		if r.Login.AMRUntil == nil {
			r.Login.AMRUntil = map[string]time.Time{}
		}
		r.Login.AMRUntil[value] = r.Now.Add(time.Duration(n) * time.Second)
	}
}
