"""A client that authenticates by its key, and the assertions that it signs."""

from __future__ import annotations

import json
import warnings
from typing import Any

from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from werkzeug.test import TestResponse

from auth.clients import create_client
from auth.oauth.assertions import ASSERTION_TYPE
from auth.scopes import SCOPES
from registry.kernel.clock import now
from registry.kernel.db import new_id
from tests.conftest import ISSUER, Service

AGENCY = "tax-office"
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


def register(service: Service) -> None:
    """Give the agency its three public keys."""
    with service.database.transaction() as session:
        create_client(session, AGENCY, "Chi cục thuế", sorted(SCOPES), public(EC, ED, RSA))


def public(*keys: Key) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


def assertion(
    key: Key = EC, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """Return a fine assertion except for what is given; a claim of None is left out."""
    moment = int(now().timestamp())
    fine = {
        "iss": AGENCY,
        "sub": AGENCY,
        "aud": ISSUER,
        "iat": moment,
        "exp": moment + 60,
        "jti": new_id(),
    }
    whole = {name: value for name, value in (fine | claims).items() if value is not None}
    head = {"alg": alg, "kid": key.kid} | (header or {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA
        return jws.serialize_compact(head, json.dumps(whole).encode(), key, algorithms=[alg])


def ask(service: Service, text: str, **form: str) -> TestResponse:
    """Ask for a token with an assertion."""
    whole = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": text,
    }
    return service.app.test_client().post("/oauth/token", data=whole | form)
