package token

import (
	"encoding/json"
	"strings"
)

// ClaimedIssuer is the issuer that a JWT says it is of; empty when it says
// none. Nothing is verified: it only tells which realm's keys to verify by.
func ClaimedIssuer(raw string) string {
	if len(raw) > maxToken {
		return ""
	}
	_, rest, _ := strings.Cut(raw, ".")
	payload, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	body, err := strictBase64.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(body, &claims) != nil {
		return ""
	}
	return claims.Issuer
}
