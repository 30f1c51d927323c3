package latchkey

import (
	"strconv"
	"time"
)

// The attributes that say when a client's secrets were made and until when
// they are good, in unix seconds; where there is no end, it is good until it
// is changed. Exports of Keycloak have the rotated secret among them.
const (
	AttributeSecretCreated  = "client.secret.creation.time"
	AttributeSecretExpires  = "client.secret.expiration.time"
	AttributeRotatedSecret  = "client.secret.rotated"
	AttributeRotatedCreated = "client.secret.rotated.creation.time"
	AttributeRotatedExpires = "client.secret.rotated.expiration.time"
)

// Secrets are the secrets that the client can prove itself with at that time:
// its own, and the one before it as long as that is good.
func (c *Client) Secrets(now time.Time) []Secret {
	var good []Secret
	if end, ok := c.attributeTime(AttributeSecretExpires); c.Secret != "" && (!ok || now.Before(end)) {
		good = append(good, c.Secret)
	}
	// A rotated secret without an end is none: nobody would know when to stop.
	if end, ok := c.attributeTime(AttributeRotatedExpires); c.RotatedSecret != "" && ok && now.Before(end) {
		good = append(good, c.RotatedSecret)
	}
	return good
}

// attributeTime reads an attribute of unix seconds; ok is false when it says
// no time.
func (c *Client) attributeTime(key string) (at time.Time, ok bool) {
	seconds, err := strconv.ParseInt(c.Attribute(key), 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}
