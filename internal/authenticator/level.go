package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
)

// levelOfAuthentication lets its sub-flow run when its level is asked for and
// not reached yet; when the sub-flow passes, the login has the level.
type levelOfAuthentication struct{}

func (levelOfAuthentication) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionLevel, DisplayName: "Condition - Level of Authentication", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when the level is asked for (acr) and was not reached yet. Passing the sub-flow reaches it.", Configurable: true,
		Properties: []flow.Property{
			{Name: "loa-condition-level", Label: "Level of Authentication (LoA)", Type: "String", Number: &flow.Range{}, HelpText: "A number, 0 or more. acr.loa.map of the realm or the client gives it names."},
			{Name: "loa-max-age", Label: "Max Age", Type: "String", Default: "36000", Number: &flow.Range{}, HelpText: "For how many seconds the level holds in a session; 0: for one sign-in only."},
		},
	}
}

// noteReached marks a condition whose sub-flow passed in this login.
const noteReached = "reached"

// Matches holds as in Keycloak: for the first level of a login that has none,
// whatever is asked for, and above it for what is asked for and not reached.
func (levelOfAuthentication) Matches(c *flow.Context) (bool, error) {
	l, level := c.Login, flow.ConfiguredLevel(c.Config)
	if c.Note(noteReached) != "" || len(l.Levels) == 0 {
		return true, nil
	}
	if flow.WantedLevel(c.Realm, l) < level {
		return false, nil
	}
	if _, reached := l.Levels[level]; reached {
		l.LoA = max(l.LoA, level)
		return false, nil
	}
	return true, nil
}

// Passed records the level, once.
func (levelOfAuthentication) Passed(c *flow.Context) error {
	if c.Note(noteReached) == "" {
		c.Login.Reach(flow.ConfiguredLevel(c.Config), c.Now)
		c.SetNote(noteReached, "true")
	}
	return nil
}

func (levelOfAuthentication) Authenticate(*flow.Context) (flow.Outcome, error) { return attempted, nil }
func (levelOfAuthentication) Action(*flow.Context) (flow.Outcome, error)       { return attempted, nil }
