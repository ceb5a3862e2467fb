"""Checking an ID token, claim by claim (OpenID Connect Core 1.0 section 3.1.3.7)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from registry.kernel.clock import now

ALGORITHMS = ("ES256", "PS256", "RS256", "EdDSA", "Ed25519")
_LONGEST_TOKEN = 16_384
_LONGEST_SUBJECT = 255
# How far the provider's clock may be ahead of ours, and how old a token fresh from it may be.
_AHEAD_SECONDS = 10
_OLDEST_SECONDS = 600


class NotBelieved(Exception):
    """The token is not what it must be; the message names the part and no value."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say: who made it, for whom, and in answer to which sign-in."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a believed token says of a person and of how they proved who they are."""

    subject: str
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime
    claims: Mapping[str, Any]


class _Signatures(jws.JWSRegistry):
    max_header_length = 2048

    def get_alg(self, name: str) -> Any:
        # The older name of Ed25519, without the library's warning.
        return self.algorithms[name] if name == "EdDSA" else super().get_alg(name)


_REGISTRY = _Signatures(algorithms=ALGORITHMS, strict_check_header=False)


def check(text: Any, find_key: Callable[[str, str | None], Key], expected: Expected) -> Proof:
    """Return what the ID token ``text`` says; raises NotBelieved, or what ``find_key`` raises.

    ``find_key(alg, kid)`` returns the provider's one key for a signature.
    """
    if not isinstance(text, str) or not text.isascii() or len(text) > _LONGEST_TOKEN:
        raise NotBelieved("no token, or too long")
    claims = _verified(text, find_key)
    _check_parties(claims, expected)
    moment = now().timestamp()
    issued, until = _number(claims, "iat"), _number(claims, "exp")
    if not moment - _OLDEST_SECONDS <= issued <= moment + _AHEAD_SECONDS:
        raise NotBelieved("iat")
    if until <= moment:
        raise NotBelieved("exp")
    if "nbf" in claims and _number(claims, "nbf") > moment + _AHEAD_SECONDS:
        raise NotBelieved("nbf")
    auth_time = _number(claims, "auth_time") if "auth_time" in claims else issued
    if not 0 <= auth_time <= moment + _AHEAD_SECONDS:
        raise NotBelieved("auth_time")
    acr, amr = claims.get("acr", ""), claims.get("amr", [])
    if not isinstance(acr, str):
        raise NotBelieved("acr")
    if not isinstance(amr, list) or not all(isinstance(method, str) for method in amr):
        raise NotBelieved("amr")
    return Proof(claims["sub"], acr, tuple(amr), datetime.fromtimestamp(auth_time, UTC), claims)


def _verified(text: str, find_key: Callable[[str, str | None], Key]) -> dict[str, Any]:
    try:
        header = jws.extract_compact(text.encode(), registry=_REGISTRY).headers()
        alg, kid = header.get("alg"), header.get("kid")
        # Before any key is looked for: "none" and HMAC need none, or would take a public one.
        if alg not in ALGORITHMS or not isinstance(kid, str | None) or "crit" in header:
            raise NotBelieved("header")
        if str(header.get("typ", "JWT")).upper() != "JWT":
            raise NotBelieved("typ")
        found = jws.deserialize_compact(text, find_key(str(alg), kid), registry=_REGISTRY)
        claims = orjson.loads(found.payload or b"")
    except (JoseError, ValueError, TypeError, KeyError):
        raise NotBelieved("signature") from None
    if not isinstance(claims, dict):
        raise NotBelieved("payload")
    return claims


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise NotBelieved("iss")
    aud = claims.get("aud")
    audience = aud if isinstance(aud, list) else [aud]
    if expected.client_id not in audience:
        raise NotBelieved("aud")
    # A token for others too must say that we are the one it was given to.
    needed = len(audience) > 1 or "azp" in claims
    if needed and claims.get("azp") != expected.client_id:
        raise NotBelieved("azp")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(), expected.nonce.encode()
    ):
        raise NotBelieved("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise NotBelieved("sub")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise NotBelieved(name)
    return value
