// The whole way with oauth4webapi, which leaves every step to its caller and checks every answer.
import assert from 'node:assert/strict';

import * as oauth from 'oauth4webapi';

import { aSecond, done, fromElsewhere, given, isTheRecord, key, visit, withoutIssuer } from './talk.mjs';

const { clientId, callback, details, lookup, body, purpose } = given;
const issuer = new URL(given.issuer);
const server = await oauth
  .discoveryRequest(issuer, { algorithm: 'oauth2' })
  .then((response) => oauth.processDiscoveryResponse(issuer, response));
const resource = await oauth
  .resourceDiscoveryRequest(issuer)
  .then((response) => oauth.processResourceDiscoveryResponse(issuer, response));
assert.deepEqual(resource.authorization_servers, [given.issuer]);

const client = { client_id: clientId };
const how = oauth.PrivateKeyJwt(await key(given.jwk));
const pair = await oauth.generateKeyPair(given.proofs);
const DPoP = oauth.DPoP(client, pair);

// As the package's own examples have it: the first refusal for want of a nonce brings one along.
async function withNonce(request) {
  try {
    return await request();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return request();
  }
}

function post(send, read) {
  return withNonce(async () => read(await send()));
}

function ask(token, handle = DPoP) {
  const headers = new Headers({ ...purpose, 'Content-Type': 'application/json' });
  return withNonce(() => oauth.protectedResourceRequest(
    token, 'POST', new URL(lookup), headers, JSON.stringify(body), { DPoP: handle },
  ));
}

const own = await post(
  () => oauth.clientCredentialsGrantRequest(
    server, client, how, new URLSearchParams({ scope: 'citizens:read' }), { DPoP }),
  (response) => oauth.processClientCredentialsResponse(server, client, response),
);
assert.equal(own.token_type, 'dpop');
await isTheRecord(await ask(own.access_token));

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const wanted = new URLSearchParams({
  redirect_uri: callback,
  response_type: 'code',
  scope: 'openid citizens:read',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
  authorization_details: JSON.stringify(details),
});
const pushed = await post(
  () => oauth.pushedAuthorizationRequest(server, client, how, wanted, { DPoP }),
  (response) => oauth.processPushedAuthorizationResponse(server, client, response),
);
const address = new URL(server.authorization_endpoint);
address.searchParams.set('client_id', clientId);
address.searchParams.set('request_uri', pushed.request_uri);

const answer = await visit(address);
for (const wrong of [fromElsewhere(answer), withoutIssuer(answer)]) {
  assert.throws(() => oauth.validateAuthResponse(server, client, wrong, state), /iss/);
}
const said = oauth.validateAuthResponse(server, client, answer, state);
const tokens = await post(
  () => oauth.authorizationCodeGrantRequest(
    server, client, how, said, callback, verifier, { DPoP }),
  async (response) => {
    const found = await oauth.processAuthorizationCodeResponse(
      server, client, response, { expectedNonce: nonce, requireIdToken: true });
    await oauth.validateApplicationLevelSignature(server, response);
    return found;
  },
);
assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, clientId);
await isTheRecord(await ask(tokens.access_token));

function refresh(handle = DPoP) {
  return post(
    () => oauth.refreshTokenGrantRequest(
      server, client, how, tokens.refresh_token, { DPoP: handle }),
    (response) => oauth.processRefreshTokenResponse(server, client, response),
  );
}
const again = await refresh();
await isTheRecord(await ask(again.access_token));
const thief = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
await assert.rejects(refresh(thief), { error: 'invalid_grant' });

// Plain, and signed for us alone (RFC 9701).
for (const requestJwtResponse of [false, true]) {
  const response = await oauth.introspectionRequest(
    server, client, how, again.access_token, { requestJwtResponse });
  const type = response.headers.get('content-type');
  assert.equal(type.includes('token-introspection+jwt'), requestJwtResponse);
  const told = await oauth.processIntrospectionResponse(server, client, response);
  if (requestJwtResponse) await oauth.validateApplicationLevelSignature(server, response);
  assert.equal(told.active, true);
  assert.ok(told.cnf.jkt);
}

async function revoke(token) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, how, token));
}
await revoke(again.access_token);
await aSecond();
await assert.rejects(ask(again.access_token), { status: 401 });
await revoke(tokens.refresh_token);
await assert.rejects(refresh(), { error: 'invalid_grant' });
done();
