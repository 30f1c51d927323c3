package representation

import (
	"encoding/json"
	"strconv"
	"strings"

	"latchkey"
)

// AttributeSMTPFallbacks is the realm attribute that shows the fallback
// relays: a JSON list of objects with the relay keys of smtpServer. It is
// Latchkey's own; Keycloak knows one server.
const AttributeSMTPFallbacks = "latchkey.smtp.fallbacks"

// SMTPKeys are the keys of smtpServer that are acted on; an import names the
// others.
var SMTPKeys = map[string]bool{
	"from": true, "fromDisplayName": true, "replyTo": true, "replyToDisplayName": true, "envelopeFrom": true,
	"host": true, "port": true, "ssl": true, "starttls": true, "auth": true, "user": true, "password": true,
	"authType": true, "authTokenUrl": true, "authTokenScope": true, "authTokenClientId": true,
	"authTokenClientSecret": true, "allowutf8": true, "connectionTimeout": true, "timeout": true, "writeTimeout": true,
}

// smtpOf shows a realm's mail configuration: texts, the secrets masked.
func smtpOf(s *latchkey.SMTP) map[string]string {
	m := map[string]string{}
	if len(s.Relays) > 0 {
		m = relayOf(&s.Relays[0])
	}
	put(m, "from", s.From)
	put(m, "fromDisplayName", s.FromDisplayName)
	put(m, "replyTo", s.ReplyTo)
	put(m, "replyToDisplayName", s.ReplyToDisplayName)
	put(m, "envelopeFrom", s.EnvelopeFrom)
	putSwitch(m, "allowutf8", s.AllowUTF8)
	return m
}

func put(m map[string]string, key, value string) {
	if value != "" {
		m[key] = value
	}
}

func putSwitch(m map[string]string, key string, on bool) {
	if on {
		m[key] = "true"
	}
}

func putNumber(m map[string]string, key string, n int) {
	if n != 0 {
		m[key] = strconv.Itoa(n)
	}
}

func relayOf(r *latchkey.Relay) map[string]string {
	m := map[string]string{}
	put(m, "host", r.Host)
	putNumber(m, "port", r.Port)
	putSwitch(m, "ssl", r.SSL)
	putSwitch(m, "starttls", r.StartTLS)
	putSwitch(m, "auth", r.Auth)
	put(m, "authType", r.AuthType)
	put(m, "user", r.User)
	if r.Password != "" {
		m["password"] = Masked
	}
	put(m, "authTokenUrl", r.AuthTokenURL)
	put(m, "authTokenScope", r.AuthTokenScope)
	put(m, "authTokenClientId", r.AuthTokenClientID)
	if r.AuthTokenClientSecret != "" {
		m["authTokenClientSecret"] = Masked
	}
	putNumber(m, "connectionTimeout", r.ConnectionTimeout)
	putNumber(m, "timeout", r.Timeout)
	putNumber(m, "writeTimeout", r.WriteTimeout)
	return m
}

// applySMTP replaces the mail configuration as a whole, but for its fallbacks
// and for secrets that came back masked.
func applySMTP(m map[string]string, to *latchkey.SMTP) error {
	var old latchkey.Relay
	var fallbacks []latchkey.Relay
	if len(to.Relays) > 0 {
		old, fallbacks = to.Relays[0], to.Relays[1:]
	}
	relay, err := relayFrom(m, old, "smtpServer")
	if err != nil {
		return err
	}
	utf8, err := switchOf(m, "allowutf8", "smtpServer")
	if err != nil {
		return err
	}
	next := latchkey.SMTP{From: strings.TrimSpace(m["from"]), FromDisplayName: m["fromDisplayName"],
		ReplyTo: strings.TrimSpace(m["replyTo"]), ReplyToDisplayName: m["replyToDisplayName"],
		EnvelopeFrom: strings.TrimSpace(m["envelopeFrom"]), AllowUTF8: utf8}
	if relay != (latchkey.Relay{}) || len(fallbacks) > 0 {
		next.Relays = append([]latchkey.Relay{relay}, fallbacks...)
	}
	*to = next
	return nil
}

// relayFrom reads the keys of one relay. old is whose secrets a masked value
// stands for.
func relayFrom(m map[string]string, old latchkey.Relay, path string) (latchkey.Relay, error) {
	none := latchkey.Relay{}
	for key, value := range m {
		if strings.ContainsAny(value, "\r\n\x00") {
			return none, latchkey.Invalid(join(path, key), "A line break cannot stand here.")
		}
	}
	r := latchkey.Relay{Host: strings.TrimSpace(m["host"]), AuthType: m["authType"], User: m["user"],
		Password: latchkey.Secret(m["password"]), AuthTokenURL: m["authTokenUrl"], AuthTokenScope: m["authTokenScope"],
		AuthTokenClientID: m["authTokenClientId"], AuthTokenClientSecret: latchkey.Secret(m["authTokenClientSecret"])}
	if err := keepSecrets(m, &r, old, path); err != nil {
		return none, err
	}
	switch r.AuthType {
	case "", "basic", "token":
	default:
		return none, latchkey.Invalid(join(path, "authType"), "Expected basic or token.")
	}
	for key, dst := range map[string]*bool{"ssl": &r.SSL, "starttls": &r.StartTLS, "auth": &r.Auth} {
		on, err := switchOf(m, key, path)
		if err != nil {
			return none, err
		}
		*dst = on
	}
	for key, dst := range map[string]*int{"port": &r.Port, "connectionTimeout": &r.ConnectionTimeout,
		"timeout": &r.Timeout, "writeTimeout": &r.WriteTimeout} {
		n, ok := intOf(m[key])
		if !ok || n < 0 || n > 1<<31-1 || key == "port" && n > 65535 {
			return none, latchkey.Invalid(join(path, key), "Expected a number, such as 587 for a port or 10000 for milliseconds.")
		}
		*dst = int(n)
	}
	return r, nil
}

// keepSecrets gives masked secrets back, but only to the server that had them:
// else whoever may change the host could have the password sent to their own.
func keepSecrets(m map[string]string, r *latchkey.Relay, old latchkey.Relay, path string) error {
	const again = "Type this secret again: it was kept for another server."
	if IsMasked(m["password"]) {
		if old.Password != "" && !strings.EqualFold(r.Host, old.Host) {
			return latchkey.Invalid(join(path, "password"), again)
		}
		r.Password = old.Password
	}
	if IsMasked(m["authTokenClientSecret"]) {
		if old.AuthTokenClientSecret != "" && r.AuthTokenURL != old.AuthTokenURL {
			return latchkey.Invalid(join(path, "authTokenClientSecret"), again)
		}
		r.AuthTokenClientSecret = old.AuthTokenClientSecret
	}
	return nil
}

func switchOf(m map[string]string, key, path string) (bool, error) {
	on, ok := boolOf(m[key])
	if !ok {
		return false, latchkey.Invalid(join(path, key), "Expected true or false.")
	}
	return on, nil
}

// attributesOf shows a realm's attributes; the fallback relays are one of them.
func attributesOf(r *latchkey.Realm) map[string]string {
	m := map[string]string{}
	for k, v := range r.Attributes {
		m[k] = v
	}
	if len(r.SMTP.Relays) > 1 {
		var all []map[string]string
		for i := range r.SMTP.Relays[1:] {
			all = append(all, relayOf(&r.SMTP.Relays[1+i]))
		}
		if text, err := json.Marshal(all); err == nil {
			m[AttributeSMTPFallbacks] = string(text)
		}
	}
	return m
}

// applyAttributes replaces the attributes as a whole, as Keycloak does.
func applyAttributes(m map[string]string, to *latchkey.Realm) error {
	path := join("attributes", AttributeSMTPFallbacks)
	var relays []latchkey.Relay
	if text := strings.TrimSpace(m[AttributeSMTPFallbacks]); text != "" {
		var all []map[string]string
		if _, err := Decode([]byte(text), &all); err != nil {
			return &latchkey.Error{Code: latchkey.CodeInvalid, Field: path,
				Message: "Expected a JSON list of relays.", Err: err}
		}
		for _, one := range all {
			relay, err := relayFrom(one, sameRelay(to.SMTP.Relays, one), path)
			if err != nil {
				return err
			}
			if relay.Host == "" {
				return latchkey.Invalid(path, "A fallback relay needs a host.")
			}
			relays = append(relays, relay)
		}
	}
	first := latchkey.Relay{}
	if len(to.SMTP.Relays) > 0 {
		first = to.SMTP.Relays[0]
	}
	switch {
	case len(relays) > 0 || first != (latchkey.Relay{}):
		to.SMTP.Relays = append([]latchkey.Relay{first}, relays...)
	default:
		to.SMTP.Relays = nil
	}
	to.Attributes = map[string]string{}
	for k, v := range m {
		if k != AttributeSMTPFallbacks {
			to.Attributes[k] = v
		}
	}
	return nil
}

// sameRelay finds the relay that a shown one was, for its masked secrets.
func sameRelay(relays []latchkey.Relay, shown map[string]string) latchkey.Relay {
	if len(relays) < 2 {
		return latchkey.Relay{}
	}
	for _, r := range relays[1:] {
		if r.Host == strings.TrimSpace(shown["host"]) && r.User == shown["user"] {
			return r
		}
	}
	return latchkey.Relay{}
}
