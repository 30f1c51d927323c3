package oidc

import (
	"net/url"
	"strconv"
	"strings"

	"latchkey"
)

// most are the lengths in bytes that parameters of an authorization request may
// have; what is not listed is not read.
var most = map[string]int{
	"client_id": 255, "redirect_uri": latchkey.MaxRedirectURI, "response_type": 128, "response_mode": 64,
	"scope": 2048, "state": 4096, "nonce": 2048, "code_challenge": 128, "code_challenge_method": 32,
	"prompt": 128, "max_age": 16, "login_hint": 512, "acr_values": 1024, "ui_locales": 256, "id_token_hint": 16 << 10,
	"claims": 4096, "kc_action": 255, "kc_idp_hint": 255,
	"request": 64 << 10, "request_uri": 2048, "registration": 64 << 10,
}

// maxMaxAge is what a longer max_age counts as, in seconds: a century, which
// no duration overflows at.
const maxMaxAge = 100 * 365 * 24 * 60 * 60

// request is an authorization request as it was sent. Nothing of it is
// believed yet.
type request struct {
	latchkey.AuthorizationRequest
	tooLong     string // a parameter that is longer than it may be; its value is not kept
	badMaxAge   bool
	claims      claimsRequest
	badClaims   bool
	idTokenHint string
	unsupported string // a parameter that would change everything and is not supported
}

// parseRequest reads the parameters of an authorization request (OpenID
// Connect Core 3.1.2.1). They are known to be there once each.
func parseRequest(v url.Values) request {
	var r request
	get := func(name string) string {
		s := v.Get(name)
		if len(s) > most[name] {
			if r.tooLong == "" {
				r.tooLong = name
			}
			return ""
		}
		return s
	}
	r.ClientID, r.RedirectURI = get("client_id"), get("redirect_uri")
	r.ResponseType, r.ResponseMode = get("response_type"), get("response_mode")
	r.State, r.Nonce = get("state"), get("nonce")
	r.Scope = strings.Join(strings.Fields(get("scope")), " ")
	r.CodeChallenge, r.CodeChallengeMethod = get("code_challenge"), get("code_challenge_method")
	r.Prompt = strings.Fields(get("prompt"))
	r.ACRValues = strings.Fields(get("acr_values"))
	r.LoginHint, r.UILocales = get("login_hint"), get("ui_locales")
	r.idTokenHint = get("id_token_hint")
	if text := get("max_age"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			r.badMaxAge = true
		} else {
			n = min(n, maxMaxAge)
			r.MaxAge = &n
		}
	}
	if text := get("claims"); text != "" {
		var ok bool
		r.claims, ok = parseClaims(text)
		r.badClaims, r.Claims = !ok, text
	}
	r.Action, r.ActionParameter, _ = strings.Cut(get("kc_action"), ":")
	r.IDPHint = get("kc_idp_hint")
	for _, name := range []string{"request", "request_uri", "registration"} {
		if v.Get(name) != "" {
			r.unsupported = name
			break
		}
	}
	return r
}
