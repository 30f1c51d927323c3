package representation

import "latchkey"

// UserConsent is what a user said yes to, as exports hold it. Dates are unix
// milliseconds.
type UserConsent struct {
	ClientID            string   `json:"clientId"`
	GrantedClientScopes []string `json:"grantedClientScopes"` // names
	CreatedDate         *int64   `json:"createdDate,omitzero"`
	LastUpdatedDate     *int64   `json:"lastUpdatedDate,omitzero"`
}

// UserConsentOf shows a consent; client is whom it was given to.
func UserConsentOf(s *latchkey.Snapshot, c *latchkey.Consent, client *latchkey.Client) UserConsent {
	return UserConsent{ClientID: client.ClientID, GrantedClientScopes: scopeNames(s, c.Scopes),
		CreatedDate: new(c.CreatedAt.UnixMilli()), LastUpdatedDate: new(c.UpdatedAt.UnixMilli())}
}
