package admin

import (
	"net/http"
	"net/url"

	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// flowTrial is where a flow can be tried.
type flowTrial struct {
	URL       string `json:"url"`
	ExpiresIn int64  `json:"expiresIn"` // seconds
}

// tryFlow gives the address of a sign-in by the flow, which ends in the account
// console: the code of its answer is left unused.
func (d *Door) tryFlow(c *call) error {
	f, err := byAlias(c.snap, c.path("alias"))
	if err != nil {
		return err
	}
	if f.ProviderID == flow.ClientFlow || !f.TopLevel {
		return answerError(http.StatusBadRequest, "Only flows by which people sign in can be tried")
	}
	value, err := flow.Trial(d.DB.Keyring(), f, d.Now())
	if err != nil {
		return err
	}
	name := c.snap.Realm.Name
	q := url.Values{"client_id": {"account-console"}, "response_type": {"code"}, "scope": {"openid"}, "prompt": {"login"},
		"redirect_uri": {d.Site.RealmURL(name, "account/")}, "state": {secret.TabID()}, "nonce": {secret.TabID()},
		"code_challenge": {secret.Token()}, "code_challenge_method": {"S256"}, flow.TrialParam: {value}}
	err = c.update(func(tx *store.Tx) error {
		return c.record(tx, act{operationAction, "AUTH_FLOW", "authentication/flows/" + c.path("alias") + "/trial", nil})
	})
	if err != nil {
		return err
	}
	return c.answer(flowTrial{d.Site.RealmURL(name, "protocol/openid-connect/auth?"+q.Encode()), int64(flow.TrialTime.Seconds())})
}
