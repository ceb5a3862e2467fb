// An OpenID provider made of the certified package, with two accounts and no passwords: whoever
// opens an interaction with ?account=… is signed in as that account. Its one argument is JSON.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { port, client, alg, accounts, inUserinfo } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const kinds = { ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519', {}] };
const rsa = ['rsa', { modulusLength: 2048 }];

function key(name) {
  const made = generateKeyPairSync(...(kinds[name] ?? rsa)).privateKey.export({ format: 'jwk' });
  return { ...made, use: 'sig', alg: name };
}

const provider = new Provider(issuer, {
  clients: [{ ...client, id_token_signed_response_alg: alg, subject_type: 'pairwise' }],
  jwks: { keys: [key(alg)] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  cookies: { keys: ['made up'] },
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (ctx, id, { clientId }) =>
    createHash('sha256').update(`${clientId}\0${id}`).digest('hex'),
  acrValues: ['urn:example:low', 'urn:example:high'],
  claims: {
    openid: ['sub', 'personal_id'], profile: ['name'], acr: null, amr: null, auth_time: null,
  },
  conformIdTokenClaims: inUserinfo,
  features: { devInteractions: { enabled: false }, claimsParameter: { enabled: !inUserinfo } },
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id].claims }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile');
    grant.addOIDCClaims(['acr', 'amr', 'auth_time', 'personal_id']);
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith('/interaction/')) return answer(request, response);
  const account = url.searchParams.get('account');
  const result = account
    ? { login: { accountId: account, acr: accounts[account].acr, amr: accounts[account].amr } }
    : { error: 'access_denied', error_description: 'the person went away' };
  return provider.interactionFinished(request, response, result);
});
server.listen(port, '127.0.0.1', () => console.log('ready'));
