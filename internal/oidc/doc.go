// Package oidc is the application's door: OpenID Connect and OAuth 2.0 with
// Keycloak's URLs, claims and errors.
//
// Its routes, below /realms/{realm}:
//
//	GET       (the realm itself)                          public key and addresses
//	GET       .well-known/openid-configuration            discovery
//	GET       .well-known/oauth-authorization-server      the same for OAuth (RFC 8414)
//	GET       protocol/openid-connect/certs               the realm's public keys
//	GET POST  protocol/openid-connect/auth                the authorization request
//	POST      protocol/openid-connect/token               code, refresh token, client credentials, password
//	POST      protocol/openid-connect/token/introspect    what a token is worth (RFC 7662)
//	POST      protocol/openid-connect/revoke              takes a token back (RFC 7009)
//	GET POST  protocol/openid-connect/userinfo            claims, as JSON or signed
//	GET       protocol/openid-connect/login-status-iframe.html, its /init
//	GET       protocol/openid-connect/3p-cookies/step1.html, step2.html
//	GET POST  protocol/openid-connect/logout              RP-initiated logout
//	POST      protocol/openid-connect/logout/logout-confirm
//	POST      clients-registrations/openid-connect        a client registers itself (RFC 7591)
//	GET PUT DELETE clients-registrations/openid-connect/{client}, with its registration access token (RFC 7592)
//	          clients-registrations/default               the same in Keycloak's representation
//	GET       clients-registrations/install/{client}      keycloak.json
//
// and, beside it, GET /.well-known/oauth-authorization-server/realms/{realm}
// (RFC 8414 3). What scripts of applications read (discovery, certs, token,
// userinfo, introspection, revocation) also answers OPTIONS, by the clients' web origins.
//
// An authorization request runs through a table of small checks that ends in
// an error page, an error to the application, or a login, which holds the whole
// request and which the person's door begins (People). When that login is over,
// that door has Answer make what the application is told, in the transaction
// in which the login ends, once. docs/protocol.md says what is followed, chosen and done otherwise.
//
// Nevers: it decides nothing about a person; it never starts a session or
// signs a token itself; it never answers an address that is not registered
// a token request is one transaction, and what it refuses commits;
// without a token that an administrator made nobody registers a client.
package oidc
