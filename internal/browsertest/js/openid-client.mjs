// A relying party on a server, as openid-client makes one. It speaks to the
// test by lines of JSON: it prints the authorization request, reads the URL
// that the browser came back to, and prints what it got.
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const [issuer, clientId, clientSecret, redirectUri, now] = process.argv.slice(2);
const config = await client.discovery(
  new URL(issuer), clientId, { [client.clockSkew]: Number(now) - Math.floor(Date.now() / 1000) },
  client.ClientSecretBasic(clientSecret), { execute: [client.allowInsecureRequests] },
);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const request = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri, scope: "openid email", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
});
console.log(JSON.stringify({ url: request.href }));

const lines = createInterface({ input: process.stdin });
const callback = (await lines[Symbol.asyncIterator]().next()).value;
lines.close();

const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const reused = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce,
}).then(() => "accepted", (error) => error.error);
console.log(JSON.stringify({
  email: claims.email, userinfo: userinfo.email, refreshed: refreshed.claims()?.sub === claims.sub, reused,
  logout: client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }).href,
}));
