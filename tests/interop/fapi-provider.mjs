// The reference of the differential run: the certified package with FAPI 2.0 on. Everybody is
// signed in at once and agrees to everything. Its one argument is JSON; POST /clock sets how many
// seconds its clock is ahead.
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { port, clients, scopes, account } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

let ahead = 0;
const clock = Date.now.bind(Date);
Date.now = () => clock() + ahead * 1000;

const SIGNED = ['ES256', 'PS256', 'EdDSA', 'Ed25519'];
const mayRefresh = (ctx, client) => client.grantTypeAllowed('refresh_token');
const isOwner = (ctx, client, token) => client.clientId === token.clientId;

const provider = new Provider(issuer, {
  clients: clients.map((each) => ({
    ...each,
    token_endpoint_auth_method: 'private_key_jwt',
    response_types: ['code'],
    scope: scopes.join(' '),
    dpop_bound_access_tokens: true,
    id_token_signed_response_alg: 'ES256',
  })),
  scopes,
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: SIGNED,
    dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
    idTokenSigningAlgValues: ['ES256'],
  },
  cookies: { keys: ['made up'] },
  features: {
    fapi: { enabled: true, profile: '2.0' },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: isOwner },
    revocation: { enabled: true },
    devInteractions: { enabled: false },
  },
  jwks: { keys: [await key()] },
  pkce: { required: () => true },
  // FAPI 2.0 section 5.3.2.1-9 asks for no rotation.
  rotateRefreshToken: false,
  issueRefreshToken: mayRefresh,
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope(scopes.join(' '));
    await grant.save();
    return grant;
  },
});

async function key() {
  const { generateKeyPairSync } = await import('node:crypto');
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return { ...made.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' };
}

const answer = provider.callback();
const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === '/clock') {
    ahead = Number(url.searchParams.get('ahead'));
    return response.end();
  }
  if (!url.pathname.startsWith('/interaction/')) return answer(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: account } });
});
server.listen(port, '127.0.0.1', () => console.log('ready'));
