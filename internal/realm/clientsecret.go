package realm

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"latchkey"
)

// executorRotation is the executor of client profiles that gives a client's
// secrets an end, and lets the one before be good for a while: the one that is
// acted on.
const executorRotation = "secret-rotation"

// whyPolicies is said of client policies.
const whyPolicies = "of client policies, only the rotation of secrets is supported yet"

// rotation says how long the secrets of a client are good, in seconds.
type rotation struct{ secret, rotated int64 }

// The periods that Keycloak has where a profile does not say: 29 and 2 days.
const (
	secretPeriod  = 29 * 24 * 3600
	rotatedPeriod = 2 * 24 * 3600
)

// RenewSecret gives a client of the snapshot, a copy that is not shared yet,
// another secret. Where a client policy of the realm rotates its secrets, the
// one that it had stays good for as long as that says; else it is good for
// nothing any more.
func RenewSecret(snap *latchkey.Snapshot, c *latchkey.Client, fresh latchkey.Secret, now time.Time) {
	had, since := c.Secret, c.Attribute(latchkey.AttributeSecretCreated)
	DropRotatedSecret(c)
	c.Secret = fresh
	c.Attributes[latchkey.AttributeSecretCreated] = strconv.FormatInt(now.Unix(), 10)
	delete(c.Attributes, latchkey.AttributeSecretExpires)
	r := rotationFor(snap.Realm, c)
	if r == nil {
		return
	}
	c.Attributes[latchkey.AttributeSecretExpires] = strconv.FormatInt(now.Unix()+r.secret, 10)
	if had == "" || r.rotated <= 0 {
		return
	}
	c.RotatedSecret = had
	if since != "" {
		c.Attributes[latchkey.AttributeRotatedCreated] = since
	}
	c.Attributes[latchkey.AttributeRotatedExpires] = strconv.FormatInt(now.Unix()+r.rotated, 10)
}

// DropRotatedSecret ends the secret that a client, a copy that is not shared
// yet, had before.
func DropRotatedSecret(c *latchkey.Client) {
	c.Attributes = maps.Clone(c.Attributes)
	if c.Attributes == nil {
		c.Attributes = map[string]string{}
	}
	c.RotatedSecret = ""
	delete(c.Attributes, latchkey.AttributeRotatedCreated)
	delete(c.Attributes, latchkey.AttributeRotatedExpires)
}

// rotationFor is what the realm's client policies say of the client's secrets;
// nil when nothing. A policy that has a condition which is not known here holds
// for nobody.
func rotationFor(realm *latchkey.Realm, c *latchkey.Client) *rotation {
	var policies struct {
		Policies []struct {
			Enabled    *bool
			Profiles   []string
			Conditions []struct {
				Condition     string
				Configuration map[string]any
			}
		}
	}
	var profiles struct {
		Profiles []struct {
			Name      string
			Executors []struct {
				Executor      string
				Configuration map[string]any
			}
		}
	}
	if json.Unmarshal(realm.Kept["clientPolicies"], &policies) != nil || json.Unmarshal(realm.Kept["clientProfiles"], &profiles) != nil {
		return nil
	}
	for _, p := range policies.Policies {
		holds := p.Enabled != nil && *p.Enabled && len(p.Conditions) > 0
		for _, one := range p.Conditions {
			holds = holds && conditionHolds(one.Condition, one.Configuration, c)
		}
		for _, profile := range profiles.Profiles {
			for _, e := range profile.Executors {
				if holds && e.Executor == executorRotation && slices.Contains(p.Profiles, profile.Name) {
					return &rotation{seconds(e.Configuration, "expiration-period", secretPeriod), seconds(e.Configuration, "rotated-expiration-period", rotatedPeriod)}
				}
			}
		}
	}
	return nil
}

func conditionHolds(condition string, configuration map[string]any, c *latchkey.Client) bool {
	if negative := configuration["is-negative-logic"]; negative == true || negative == "true" {
		return false
	}
	switch condition {
	case "any-client":
		return true
	case "client-access-type":
		kinds, _ := configuration["type"].([]any)
		return slices.Contains(kinds, any("confidential")) && !c.PublicClient && !c.BearerOnly
	}
	return false
}

// seconds reads a number that may be written as a text.
func seconds(configuration map[string]any, name string, fallback int64) int64 {
	value, ok := configuration[name]
	if !ok {
		return fallback
	}
	n, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil || n < 0 || n > 100*365*24*3600 {
		return fallback
	}
	return int64(n)
}
