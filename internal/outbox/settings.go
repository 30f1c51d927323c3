package outbox

import (
	"net"
	"regexp"

	"latchkey"
)

// hostName is a name as resolvers take it, in any script.
var hostName = regexp.MustCompile(`^[\pL\pN_]([\pL\pN_-]*[\pL\pN_])?(\.[\pL\pN_]([\pL\pN_-]*[\pL\pN_])?)*\.?$`)

// CheckSender refuses addresses of a sender that no relay takes, unless the
// realm had them before: an import keeps them. The errors have the code
// "invalid" and name the member of smtpServer.
func CheckSender(now, before *latchkey.SMTP) []error {
	var faults []error
	for _, m := range []struct{ field, is, was string }{
		{"from", now.From, before.From}, {"replyTo", now.ReplyTo, before.ReplyTo}, {"envelopeFrom", now.EnvelopeFrom, before.EnvelopeFrom},
	} {
		if m.is == "" || m.is == m.was {
			continue
		}
		if _, err := senderAddress(m.field, m.is); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// CheckRelay refuses a relay that cannot be reached by what it says, as
// [CheckSender] does.
func CheckRelay(now, before latchkey.Relay) []error {
	var faults []error
	if now.Host != "" && now.Host != before.Host && net.ParseIP(now.Host) == nil && (len(now.Host) > 253 || !hostName.MatchString(now.Host)) {
		faults = append(faults, latchkey.Invalid("host", "Type the host name of the e-mail server, such as mail.example.com."))
	}
	if now.AuthTokenURL != "" && now.AuthTokenURL != before.AuthTokenURL && checkTokenURL(now.AuthTokenURL) != nil {
		faults = append(faults, latchkey.Invalid("authTokenUrl", "Type the address of the token endpoint. It starts with https://."))
	}
	return faults
}
