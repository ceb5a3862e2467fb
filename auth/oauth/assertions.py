"""Client authentication by a signed assertion: RFC 7523 as FAPI 2.0 section 5.3.2.1 has it.

Authlib's own takes an array as audience, any life, and algorithms that FAPI forbids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.client_keys import ClientKeys
from auth.oauth.clients import KnownClient
from auth.oauth.metadata import ASSERTION_ALGORITHMS
from auth.oauth.signatures import SignatureRegistry
from auth.once import use_once
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.settings import Settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION = 4096
_ASSERTION_SECONDS = 300
_AHEAD_SECONDS = 10


_REGISTRY = SignatureRegistry(algorithms=ASSERTION_ALGORITHMS)


def by_assertion(
    settings: Settings, database: Database
) -> Callable[[Any, Any], KnownClient | None]:
    """Return the way of authentication that Authlib registers as ``private_key_jwt``."""
    held = ClientKeys(settings)

    def authenticate(find: Callable[[str], KnownClient | None], request: Any) -> KnownClient | None:
        form = request.form
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        text = form.get("client_assertion", "")
        subject, kid = _claimed(text)
        client = find(subject)
        keys = held.keys_of(client.row, kid) if client else None
        if client is None or keys is None:
            return None
        claims = _checked(text, client, keys, settings.issuer)
        if claims is None or form.get("client_id", client.client_id) != client.client_id:
            return None
        fresh = use_once(database, "assertion", client.client_id, claims["jti"], claims["exp"])
        return client if fresh else None

    return authenticate


def _claimed(text: str) -> tuple[str, str | None]:
    """Return whose key to try, and which; nothing else is believed of an unchecked assertion."""
    try:
        if len(text) > _LONGEST_ASSERTION:
            return "", None
        parts = jws.extract_compact(text.encode())
        subject, kid = orjson.loads(parts.payload)["sub"], parts.headers().get("kid")
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        return "", None
    return subject if isinstance(subject, str) else "", kid if isinstance(kid, str) else None


def _checked(text: str, client: KnownClient, keys: KeySet, issuer: str) -> Mapping[str, Any] | None:
    """Check an assertion by RFC 7523 and FAPI 2.0: our issuer alone as audience, a short life."""
    try:
        decoded = jwt.decode(text, keys, registry=_REGISTRY)
        claims, moment = decoded.claims, now().timestamp()
        # It need not say when it was issued (RFC 7523 section 3); its life counts from now then.
        issued, expires = _seconds(claims.get("iat", moment)), _seconds(claims["exp"])
        earliest = _seconds(claims.get("nbf", issued))
        jti = claims["jti"]
    except (JoseError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    fine = (
        # No extension is understood, so none may be critical (RFC 7515 section 4.1.11).
        "crit" not in decoded.header
        and claims.get("iss") == client.client_id
        and claims.get("sub") == client.client_id
        and claims.get("aud") == issuer
        and isinstance(jti, str)
        and bool(jti)
        and issued <= moment + _AHEAD_SECONDS
        and earliest <= moment + _AHEAD_SECONDS
        and moment < expires <= issued + _ASSERTION_SECONDS
    )
    return claims if fine else None


def _seconds(value: Any) -> float:
    """Return a NumericDate; raises TypeError for what merely looks like one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
