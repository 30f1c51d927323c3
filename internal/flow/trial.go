package flow

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// TrialTime is how long the address of a trial is good.
const TrialTime = 10 * time.Minute

// TrialParam is the parameter of an authorization request that has a flow tried
// which is not bound.
const TrialParam = "latchkey_trial"

// trialPurpose is what trials are sealed for.
const trialPurpose = "flow-trial"

type trial struct {
	FlowID string `json:"f"`
	Until  int64  `json:"u"` // unix seconds
}

// Trial gives the value of [TrialParam] by which one browser may go through a
// flow of the realm before it is bound. Only who may bind flows is given one:
// whoever holds it is let in by that flow, as they would be when it is bound.
func Trial(k *secret.Keyring, f *latchkey.Flow, now time.Time) (string, error) {
	plain, err := json.Marshal(trial{f.ID, now.Add(TrialTime).Unix()})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(k.Seal(trialPurpose, f.RealmID, plain)), nil
}

// Tried gives the flow that a value of [TrialParam] lets be tried; nil when it
// is none, is over, or was made for another realm.
func Tried(k *secret.Keyring, snap *latchkey.Snapshot, value string, now time.Time) *latchkey.Flow {
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || value == "" {
		return nil
	}
	plain, err := k.Open(trialPurpose, snap.Realm.ID, sealed)
	if err != nil {
		return nil
	}
	var t trial
	if json.Unmarshal(plain, &t) != nil || !now.Before(time.Unix(t.Until, 0)) {
		return nil
	}
	return snap.Flow(t.FlowID)
}
