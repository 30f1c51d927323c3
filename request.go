package latchkey

// AuthorizationRequest is what an application asked for, whole: it stays with
// the login, so nothing of it travels in a link and nothing can be lost. The
// fields are the parameters of OpenID Connect Core 3.1.2.1 and RFC 7636.
type AuthorizationRequest struct {
	ClientID            string   `json:"clientId"` // OAuth's client_id
	RedirectURI         string   `json:"redirectUri"`
	ResponseType        string   `json:"responseType,omitempty"`
	ResponseMode        string   `json:"responseMode,omitempty"` // query (default), fragment, form_post
	Scope               string   `json:"scope,omitempty"`
	State               string   `json:"state,omitempty"`
	Nonce               string   `json:"nonce,omitempty"`
	CodeChallenge       string   `json:"codeChallenge,omitempty"`
	CodeChallengeMethod string   `json:"codeChallengeMethod,omitempty"`
	Prompt              []string `json:"prompt,omitempty"`
	MaxAge              *int64   `json:"maxAge,omitempty"` // seconds; nil when not asked for
	LoginHint           string   `json:"loginHint,omitempty"`
	ACRValues           []string `json:"acrValues,omitempty"`
	UILocales           string   `json:"uiLocales,omitempty"`
	IDTokenHintSubject  string   `json:"idTokenHintSubject,omitempty"` // sub of a valid id_token_hint
	Issuer              string   `json:"-"`
	// GrantType is [GrantPassword] where a token request runs the flow at
	// once, without a browser; empty for a request that came by a browser.
	GrantType string `json:"-"`

	// Level is the level of authentication that the request asks for, by
	// acr_values, claims or the client's default; nil when it asks for none.
	// RequiredLevel is what must be reached (an essential acr, the client's
	// minimum): else the answer is an error (OpenID Connect Core 5.5.1.1).
	Level         *int `json:"level,omitempty"`
	RequiredLevel *int `json:"requiredLevel,omitempty"`
	// Claims is the claims parameter as it was sent, for mappers (OpenID Connect
	// Core 5.5); empty when there is none.
	Claims string `json:"claims,omitempty"`
	// Action is the required action that the application asks to have run
	// (kc_action), ActionParameter what stood behind a colon.
	Action          string `json:"action,omitempty"`
	ActionParameter string `json:"actionParameter,omitempty"`
	// IDPHint names an identity provider (kc_idp_hint).
	IDPHint string `json:"idpHint,omitempty"`
}

// GrantPassword is the grant_type of a request that brings a person's name and
// password itself (RFC 6749 4.3).
const GrantPassword = "password"

// Direct says that the flow runs without a browser: no page can be shown, and
// all that its steps get is the form of the one request.
func (r *AuthorizationRequest) Direct() bool { return r.GrantType == GrantPassword }

// Prompts says whether the request's prompt holds the value.
func (r *AuthorizationRequest) Prompts(value string) bool {
	for _, p := range r.Prompt {
		if p == value {
			return true
		}
	}
	return false
}
