"""What a provider says of itself (OpenID Connect Discovery 1.0), and its keys, remembered briefly.

Keys are asked for again when a token names one that is not known, so a rotation at the provider
needs nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from auth.signin.outbound import Outbound, ProviderFailed, is_safe

_FRESH_SECONDS = 3600
_KEYS_FRESH_SECONDS = 600
# No sooner than this are keys asked for again because a token names an unknown one.
_AGAIN_SECONDS = 2
_SHORTEST_RSA = 2048
_MOST_KEYS = 50
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Provider:
    """The parts of a provider's metadata that are used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    names_itself: bool
    """Whether every answer to the browser carries ``iss`` (RFC 9207)."""
    takes_claims: bool
    """Whether single claims can be asked for (OpenID Connect Core section 5.5)."""


class Discovery:
    """The metadata and keys of one issuer."""

    def __init__(self, issuer: str, outbound: Outbound) -> None:
        self._issuer = issuer
        self._outbound = outbound
        self._lock = Lock()
        self._provider: tuple[Provider, float] | None = None
        self._keys: list[Mapping[str, Any]] = []
        self._keys_at = float("-inf")

    def provider(self) -> Provider:
        """Return the provider's metadata, at most an hour old; raises ProviderFailed."""
        held = self._provider
        if held and time.monotonic() - held[1] < _FRESH_SECONDS:
            return held[0]
        told = self._outbound.get(get_well_known_url(self._issuer, external=True))
        found = read_metadata(self._issuer, told)
        self._provider = found, time.monotonic()
        return found

    def key(self, alg: str, kid: str | None) -> Key:
        """Return the one key that may have signed by ``alg`` under ``kid``.

        Raises ProviderFailed if there is none or more than one, also after asking anew.
        """
        with self._lock:
            age = time.monotonic() - self._keys_at
            if age >= _KEYS_FRESH_SECONDS:
                self._fetch_keys()
                age = 0
            found = matching(self._keys, alg, kid)
            if not found and age >= _AGAIN_SECONDS:
                self._fetch_keys()
                found = matching(self._keys, alg, kid)
        if len(found) != 1:
            raise ProviderFailed("no key, or more than one, fits the signature")
        return found[0]

    def _fetch_keys(self) -> None:
        told = self._outbound.get(self.provider().jwks_uri).get("keys")
        if not isinstance(told, list) or len(told) > _MOST_KEYS:
            raise ProviderFailed("the keys are no JWK set")
        self._keys = [key for key in told if isinstance(key, dict)]
        self._keys_at = time.monotonic()


def read_metadata(issuer: str, told: Mapping[str, Any]) -> Provider:
    """Return the metadata that ``issuer`` tells, checked (Discovery section 4.3).

    Raises ProviderFailed for another's metadata, an unsafe endpoint, or a provider without PKCE.
    """
    if told.get("issuer") != issuer:
        raise ProviderFailed("the metadata is another issuer's")
    loopback = is_safe(issuer, loopback=True) and issuer.startswith("http:")
    userinfo = told.get("userinfo_endpoint")
    endpoints = [told.get(name) for name in _ENDPOINTS] + ([userinfo] if userinfo else [])
    if not all(isinstance(url, str) and is_safe(url, loopback=loopback) for url in endpoints):
        raise ProviderFailed("an endpoint is missing, or not under https")
    if "code" not in told.get("response_types_supported", ()):
        raise ProviderFailed("the provider gives no codes")
    if "S256" not in told.get("code_challenge_methods_supported", ["S256"]):
        raise ProviderFailed("the provider has no PKCE by S256")
    return Provider(
        issuer,
        told["authorization_endpoint"],
        told["token_endpoint"],
        told["jwks_uri"],
        userinfo,
        told.get("authorization_response_iss_parameter_supported") is True,
        told.get("claims_parameter_supported") is True,
    )


def matching(keys: list[Mapping[str, Any]], alg: str, kid: str | None) -> list[Key]:
    """Return the keys of a JWK set that may have signed by ``alg`` under ``kid`` (RFC 7517).

    A key of another kind than the algorithm's never fits, so no public key becomes an HMAC secret.
    """
    found = []
    for told in keys:
        if kid is not None and told.get("kid") != kid:
            continue
        if told.get("use", "sig") != "sig" or told.get("alg", alg) != alg:
            continue
        try:
            key = JWKRegistry.import_key(dict(told))
        except (JoseError, ValueError, TypeError):
            continue
        if _fits(key, alg):
            found.append(key)
    return found


def _fits(key: Key, alg: str) -> bool:
    if alg in {"RS256", "PS256"}:
        return isinstance(key, RSAKey) and key.public_key.key_size >= _SHORTEST_RSA
    if alg == "ES256":
        return isinstance(key, ECKey) and key.curve_name == "P-256"
    return isinstance(key, OKPKey) and key.curve_name == "Ed25519"
