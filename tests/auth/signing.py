"""A client that authenticates by its key, the assertions that it signs, and its proofs."""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from werkzeug.test import TestResponse

from auth.clients import create_client
from auth.keys import list_keys
from auth.oauth.assertions import ASSERTION_TYPE
from auth.scopes import SCOPES
from registry.kernel.clock import now
from registry.kernel.db import new_id
from tests.conftest import ISSUER, Service

AGENCY = "tax-office"
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
# What the agency proves to hold with each request, by RFC 9449.
HOLDER = ECKey.generate_key("P-256")


def register(service: Service) -> None:
    """Give the agency its three public keys."""
    with service.database.transaction() as session:
        create_client(session, AGENCY, "Chi cục thuế", sorted(SCOPES), public(EC, ED, RSA))


def public(*keys: Key) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


def assertion(
    key: Key = EC, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """Return a fine assertion except for what is given; a claim or header of None is left out."""
    moment = int(now().timestamp())
    fine = {
        "iss": AGENCY,
        "sub": AGENCY,
        "aud": ISSUER,
        "iat": moment,
        "exp": moment + 60,
        "jti": new_id(),
    }
    head = {"alg": alg, "kid": key.kid} | (header or {})
    return _signed(_given(head), _given(fine | claims), key)


class _AnyHeader(jws.JWSRegistry):
    """Lets a header be as wrong as a test needs it."""

    def check_header(self, header: dict[str, Any]) -> None:
        del header


def _signed(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
    registry = _AnyHeader(algorithms=[header["alg"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA
        return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)


def proof(
    key: Key = HOLDER,
    alg: str = "ES256",
    header: dict[str, Any] | None = None,
    token: str | None = None,
    **claims: Any,
) -> str:
    """Return a fine proof except for what is given; a claim or header of None is left out.

    For the token endpoint, or with a ``token`` for the look-up of citizens.
    """
    path = "/oauth/token" if token is None else "/v1/citizens/lookup"
    fine: dict[str, Any] = {
        "jti": new_id(),
        "htm": "POST",
        "htu": f"{ISSUER}{path}",
        "iat": int(now().timestamp()),
        "ath": None if token is None else ath(token),
    }
    head = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False)} | (header or {})
    return _signed(_given(head), _given(fine | claims), key)


def ath(token: str) -> str:
    """Return the digest of a token by which a proof names it."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def ask(
    service: Service, text: str, headers: dict[str, str] | None = None, **form: str
) -> TestResponse:
    """Ask for a token with an assertion, and with a proof unless other headers are given."""
    whole = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": text,
    }
    sent = {"DPoP": proof()} if headers is None else headers
    return service.app.test_client().post("/oauth/token", data=whole | form, headers=sent)


def own_key(service: Service) -> ECKey:
    """Return the key by which the server signs access tokens now."""
    path = Path(service.app.extensions["sogoc"].settings.key_file)
    [key] = [k for k in list_keys(path) if (k.alg, k.state) == ("ES256", "current")]
    return ECKey.import_key({**key.key.as_dict(private=True), "kid": key.kid})
