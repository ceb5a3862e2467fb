// How a script of the tests hears what to do, and asks for the person who sits at a browser: a
// line of JSON each way. Its one argument is JSON too.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

export const given = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Sends the person to `address`; gives the address at which they come back.
export async function visit(address) {
  console.log(JSON.stringify({ visit: String(address) }));
  const { value } = await lines.next();
  return new URL(value);
}

export function key(jwk) {
  const ways = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    Ed25519: { name: 'Ed25519' },
    PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  };
  const { kid, alg, ...plain } = jwk;
  return crypto.subtle
    .importKey('jwk', plain, ways[alg], false, ['sign'])
    .then((made) => ({ key: made, kid }));
}

// What another server would send back instead: RFC 9207 is there to refuse it.
export function fromElsewhere(answer) {
  const other = new URL(answer);
  other.searchParams.set('iss', 'https://elsewhere.example.vn');
  return other;
}

export function withoutIssuer(answer) {
  const other = new URL(answer);
  other.searchParams.delete('iss');
  return other;
}

export async function isTheRecord(response) {
  assert.equal(response.status, 200);
  const { results } = await response.json();
  assert.equal(results[0].record.name.full, given.name);
}

// As long as a revocation may take until every worker knows of it.
export function aSecond() {
  return new Promise((go) => setTimeout(go, 1100));
}

export function done() {
  console.log(JSON.stringify({ done: true }));
  process.exit(0);
}
