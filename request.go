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
}

// Prompts says whether the request's prompt holds the value.
func (r *AuthorizationRequest) Prompts(value string) bool {
	for _, p := range r.Prompt {
		if p == value {
			return true
		}
	}
	return false
}
