package realm

import (
	"slices"
	"strings"
)

// promise is an attribute that means something to Keycloak which is not built.
type promise struct {
	key string // one that ends in a dot stands for all that begin so
	why string
	// without are the values that promise nothing: those of Keycloak where
	// nobody has chosen. The empty value and false never do.
	without []string
	// plain values are shown: they are no secrets.
	plain bool
}

func (p promise) kept(value string) bool {
	value = strings.TrimSpace(value)
	return value == "" || value == "false" || slices.Contains(p.without, value)
}

func promiseOf(list []promise, key string) (promise, bool) {
	i := slices.IndexFunc(list, func(p promise) bool {
		return p.key == key || strings.HasSuffix(p.key, ".") && strings.HasPrefix(key, p.key)
	})
	if i < 0 {
		return promise{}, false
	}
	return list[i], true
}

const (
	whyNoSuchMail  = "no such mail is sent yet"
	whyNoLogout    = "applications are told of a logout by the back channel alone"
	whyNotBound    = "tokens are not bound: whoever holds one can use it"
	whyNoCIBA      = "backchannel sign-in (CIBA) is not built"
	whyNoDevice    = "the device grant is not built"
	whyNoPushed    = "requests cannot be pushed: plain ones are accepted"
	whyNoObjects   = "request objects are not built: plain requests are accepted"
	whyNoEncrypted = "tokens are signed and not encrypted"
	whyNotSigned   = "this answer is plain JSON"
	whyNotShown    = "pages do not show it"
)

var realmPromises = []promise{
	{key: "frontendUrl", why: "the issuer is the --hostname of the server: applications that expect this one refuse its tokens", plain: true},
	{key: "cibaBackchannelTokenDeliveryMode", why: whyNoCIBA, without: []string{"poll"}, plain: true},
	{key: "cibaExpiresIn", why: whyNoCIBA, without: []string{"120"}, plain: true},
	{key: "cibaInterval", why: whyNoCIBA, without: []string{"5"}, plain: true},
	{key: "cibaAuthRequestedUserHint", why: whyNoCIBA, without: []string{"login_hint"}, plain: true},
	{key: "parRequestUriLifespan", why: whyNoPushed, without: []string{"60"}, plain: true},
	{key: "oauth2DeviceCodeLifespan", why: whyNoDevice, without: []string{"600"}, plain: true},
	{key: "oauth2DevicePollingInterval", why: whyNoDevice, without: []string{"5"}, plain: true},
	{key: "shortVerificationUri", why: whyNoDevice, plain: true},
	{key: "actionTokenGeneratedByUserLifespan.idp-verify-account-via-email", why: whyNoSuchMail, plain: true},
	{key: "actionTokenGeneratedByUserLifespan.execute-actions", why: whyNoSuchMail, plain: true},
	{key: "client-policies.", why: whyPolicies},
}

var clientPromises = []promise{
	{key: "frontchannel.logout.url", why: whyNoLogout},
	{key: "tls.client.certificate.bound.access.tokens", why: whyNotBound},
	{key: "dpop.bound.access.tokens", why: whyNotBound},
	{key: "require.pushed.authorization.requests", why: whyNoPushed},
	{key: "request.object.required", why: whyNoObjects, without: []string{"not required"}},
	{key: "request.object.signature.alg", why: whyNoObjects, without: []string{"any"}},
	{key: "request.object.encryption.alg", why: whyNoObjects, without: []string{"any"}},
	{key: "request.object.encryption.enc", why: whyNoObjects, without: []string{"any"}},
	{key: "request.uris", why: whyNoObjects},
	{key: "oauth2.device.authorization.grant.enabled", why: whyNoDevice},
	{key: "oidc.ciba.grant.enabled", why: whyNoCIBA},
	{key: "standard.token.exchange.enabled", why: "the token exchange is not built"},
	{key: "oauth2.jwt.authorization.grant.enabled", why: "the grant of signed assertions is not built"},
	{key: "client_credentials.use_refresh_token", why: "client credentials give no refresh token"},
	{key: "token.response.type.bearer.lower-case", why: "token_type is Bearer"},
	{key: "id.token.as.detached.signature", why: "there is no hybrid flow"},
	{key: "exclude.session.state.from.auth.response", why: "every answer has session_state"},
	{key: "exclude.issuer.from.auth.response", why: "every answer has iss (RFC 9207)"},
	{key: "id.token.encrypted.response.alg", why: whyNoEncrypted},
	{key: "id.token.encrypted.response.enc", why: whyNoEncrypted},
	{key: "authorization.signed.response.alg", why: whyNotSigned},
	{key: "authorization.encrypted.response.alg", why: whyNoEncrypted},
	{key: "authorization.encrypted.response.enc", why: whyNoEncrypted},
	{key: "user.info.encrypted.response.alg", why: whyNoEncrypted},
	{key: "user.info.encrypted.response.enc", why: whyNoEncrypted},
	{key: "pkce.code.challenge.method", why: "acted on as S256", without: []string{"S256"}},
	{key: "client.secret.rotated", why: "a client has one secret: the former one is refused"},
	{key: "client.secret.expiration.time", why: "secrets do not expire"},
	{key: "login_theme", why: "themes are not supported yet"},
	{key: "logoUri", why: whyNotShown},
	{key: "policyUri", why: whyNotShown},
	{key: "tosUri", why: whyNotShown},
}

var scopePromises = []promise{
	{key: "is.dynamic.scope", why: "scopes with a parameter are not built"},
	{key: "dynamic.scope.regexp", why: "scopes with a parameter are not built"},
}
