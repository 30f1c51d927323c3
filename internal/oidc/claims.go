package oidc

import (
	"encoding/json"
	"slices"
)

// claimsRequest is what of the claims parameter is acted on (OpenID Connect
// Core 5.5): the authentication that the application wants, and who it must
// be. Which other claims a token has is for scopes and mappers to say.
type claimsRequest struct {
	essential []string // values of acr, one of which must be reached
	voluntary []string
	subject   string
}

// claimRequest is one member: null, or what is asked of the claim (5.5.1).
type claimRequest struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

// parseClaims reads the parameter; it is false when the text is no claims
// request. Members that are not known are passed over.
func parseClaims(text string) (c claimsRequest, ok bool) {
	var members struct {
		IDToken  map[string]*claimRequest `json:"id_token"`
		Userinfo map[string]*claimRequest `json:"userinfo"`
	}
	if text == "" || text[0] != '{' || json.Unmarshal([]byte(text), &members) != nil {
		return c, false
	}
	if acr := members.IDToken["acr"]; acr != nil {
		values, ok := acr.texts()
		if !ok {
			return c, false
		}
		if acr.Essential {
			c.essential = values
		} else {
			c.voluntary = values
		}
	}
	for _, asked := range []*claimRequest{members.IDToken["sub"], members.Userinfo["sub"]} {
		if asked == nil || len(asked.Value) == 0 {
			continue
		}
		values, ok := asked.texts()
		if !ok || len(values) != 1 || (c.subject != "" && c.subject != values[0]) {
			return c, false
		}
		c.subject = values[0]
	}
	return c, true
}

// texts are the values that are asked for, which are texts for the claims that
// are acted on.
func (r *claimRequest) texts() ([]string, bool) {
	raw := r.Values
	if len(r.Value) > 0 && string(r.Value) != "null" {
		raw = append(slices.Clone(raw), r.Value)
	}
	var out []string
	for _, v := range raw {
		var s string
		if json.Unmarshal(v, &s) != nil || s == "" {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
