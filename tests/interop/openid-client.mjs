// The whole way with the certified package openid-client: everything it knows of the server, it
// has from the server's metadata (RFC 8414).
import assert from 'node:assert/strict';

import * as client from 'openid-client';

import { aSecond, done, fromElsewhere, given, isTheRecord, key, visit, withoutIssuer } from './talk.mjs';

const { issuer, clientId, callback, details, lookup, body, purpose } = given;
const config = await client.discovery(
  new URL(issuer), clientId, {}, client.PrivateKeyJwt(await key(given.jwk)),
  { algorithm: 'oauth2' },
);
assert.equal(config.serverMetadata().issuer, issuer);

const pair = await client.randomDPoPKeyPair(given.proofs);
const DPoP = client.getDPoPHandle(config, pair);

function ask(token, handle = DPoP) {
  const headers = new Headers({ ...purpose, 'Content-Type': 'application/json' });
  return client.fetchProtectedResource(
    config, token, new URL(lookup), 'POST', JSON.stringify(body), headers, { DPoP: handle },
  );
}

const own = await client.clientCredentialsGrant(config, { scope: 'citizens:read' }, { DPoP });
assert.equal(own.token_type, 'dpop');
await isTheRecord(await ask(own.access_token));

const verifier = client.randomPKCECodeVerifier();
const checks = {
  pkceCodeVerifier: verifier,
  expectedState: client.randomState(),
  expectedNonce: client.randomNonce(),
  idTokenExpected: true,
};
const address = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: callback,
  scope: 'openid citizens:read',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  authorization_details: JSON.stringify(details),
}, { DPoP });
assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);

const answer = await visit(address);
for (const wrong of [fromElsewhere(answer), withoutIssuer(answer)]) {
  const error = await client.authorizationCodeGrant(config, wrong, checks, {}, { DPoP })
    .then(() => null, (reason) => reason);
  assert.match(error?.cause?.message ?? error?.message ?? '', /iss/);
}
const tokens = await client.authorizationCodeGrant(config, answer, checks, {}, { DPoP });
assert.equal(tokens.token_type, 'dpop');
assert.equal(tokens.claims().aud, clientId);
assert.deepEqual(tokens.authorization_details[0].attributes, details[0].attributes);
await isTheRecord(await ask(tokens.access_token));

const again = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP });
await isTheRecord(await ask(again.access_token));
const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP: thief }));
await assert.rejects(ask(again.access_token, thief));

const told = await client.tokenIntrospection(config, again.access_token);
assert.equal(told.active, true);
assert.equal(told.client_id, clientId);
assert.ok(told.cnf.jkt);

await client.tokenRevocation(config, again.access_token);
await aSecond();
assert.deepEqual(await client.tokenIntrospection(config, again.access_token), { active: false });
await assert.rejects(ask(again.access_token));

await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: 'refresh_token' });
const refused = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP })
  .then(() => null, (reason) => reason);
assert.equal(refused?.error, 'invalid_grant');
done();
