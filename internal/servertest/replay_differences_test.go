package servertest_test

// difference is how an answer differs from the recorded one, and why.
type difference struct{ what, why string }

// What several recordings have in common.
var (
	ownRefresh = difference{"lacks refresh_token claim aud_x, refresh_token claim prov; adds id_token claim amr, refresh_token claim acr, refresh_token claim amr, refresh_token claim auth_time, refresh_token claim cst",
		"a refresh token is read by the server alone; the ID token says how the person proved themselves (RFC 8176)"}
	noObjects  = "the registered error, to the application (OpenID Connect Core 3.1.2.6), instead of a page"
	discovered = difference{"Cache-Control: no-cache, not \"no-cache, must-revalidate, no-transform, no-store\"; lacks authorization_encryption_alg_values_supported, authorization_encryption_enc_values_supported, authorization_signing_alg_values_supported, backchannel_authentication_endpoint, backchannel_authentication_request_signing_alg_values_supported, backchannel_token_delivery_modes_supported, device_authorization_endpoint, dpop_signing_alg_values_supported, frontchannel_logout_session_supported, id_token_encryption_alg_values_supported, id_token_encryption_enc_values_supported, mtls_endpoint_aliases, pushed_authorization_request_endpoint, request_object_encryption_alg_values_supported, request_object_encryption_enc_values_supported, request_object_signing_alg_values_supported, require_pushed_authorization_requests, require_request_uri_registration, tls_client_certificate_bound_access_tokens, userinfo_encryption_alg_values_supported, userinfo_encryption_enc_values_supported",
		"the document says what is built and nothing else; it may be kept by who asks again before using it"}
	byAZP = difference{"adds acr, allowed-origins, aud, auth_time, azp, client_id, email, email_verified, exp, iat, iss, jti, preferred_username, realm_access, resource_access, scope, sid, sub, token_type, typ, username",
		"the client that a token was made for may ask about it, too"}
)

// differences are all that there are, by the name of the recording.
var differences = map[string]difference{
	"oidc-discovery":               discovered,
	"oidc-oauth-metadata":          discovered,
	"oidc-jwks":                    {"lacks keys[] x5t", "it is a SHA-1 digest; x5t#S256 is there"},
	"token-code":                   ownRefresh,
	"token-bad-client-secret":      {`WWW-Authenticate: Basic realm="bench", not ""`, "RFC 6749 5.2 asks for it where the client came with Basic"},
	"token-refresh":                ownRefresh,
	"token-refresh-narrower-scope": ownRefresh,
	"token-refresh-wider-scope": {"400, not 200; lacks access_token, expires_in, id_token, not-before-policy, refresh_expires_in, refresh_token, scope, session_state, token_type; adds error, error_description",
		"more scope than was granted is `invalid_scope` (RFC 6749 6)"},
	"token-code-public":  ownRefresh,
	"token-code-offline": ownRefresh,
	"token-code-no-openid": {"lacks refresh_token claim aud_x, refresh_token claim prov; adds refresh_token claim acr, refresh_token claim amr, refresh_token claim auth_time, refresh_token claim cst",
		ownRefresh.why},
	"token-code-own-audience":        {ownRefresh.what + ", refresh_token claim reuse_id", ownRefresh.why},
	"token-rotation-first":           ownRefresh,
	"auth-bad-request-object":        {"302, not 400; no Content-Type; Location: http://127.0.0.1:9999/cb?error=request_not_supported&iss&state=s, not \"\"", noObjects},
	"auth-bad-request-uri":           {"302, not 400; no Content-Type; Location: http://127.0.0.1:9999/cb?error=request_uri_not_supported&iss&state=s, not \"\"", noObjects},
	"introspect-not-in-audience":     byAZP,
	"introspect-not-in-audience-jwt": byAZP,
	"revoke-unknown-token":           {"no Content-Type; no JSON", "revoking what is unknown is an empty 200 (RFC 7009 2.2); Keycloak's has an error in it"},
	"revoke-access-token-userinfo": {`WWW-Authenticate: Bearer realm="bench", error="invalid_token", error_description="user_session_not_found", not "Bearer realm=\"bench\", error=\"invalid_token\", error_description=\"Token verification failed\""`,
		"another wording of the same refusal"},
	"logout-confirmed": {"303, not 302", "a POST is never followed by a POST (RFC 9700 4.12)"},
}
