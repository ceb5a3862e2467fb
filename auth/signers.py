"""Whoever makes signatures: a key of the file, or a device that never gives its key out."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

# The library's implementations, by name: its registry warns of "EdDSA", which RFC 9864 renames and
# FAPI 2.0 still says.
_ALGORITHMS: Mapping[str, Any] = jws.JWSRegistry.algorithms


class Signer(Protocol):
    """One signing key. A PKCS#11 device is put behind this, and nothing else changes."""

    @property
    def kid(self) -> str:
        """The key's RFC 7638 thumbprint."""

    @property
    def alg(self) -> str:
        """``ES256`` or ``EdDSA``."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data`` in the form of JWS (RFC 7518 section 3.4)."""


class KeySigner:
    """Signs with a private key that is in memory."""

    def __init__(self, key: ECKey | OKPKey, alg: str) -> None:
        self._key = key
        self.kid = key.thumbprint()
        self.alg = alg

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``."""
        signature: bytes = _ALGORITHMS[self.alg].sign(data, self._key)
        return signature


def sign_compact(signer: Signer, kind: str, claims: Mapping[str, Any]) -> str:
    """Return ``claims`` as a JWT of the header type ``kind`` (RFC 7515 section 3.1)."""
    header = {"alg": signer.alg, "typ": kind, "kid": signer.kid}
    said = b".".join(map(_encoded, (orjson.dumps(header), orjson.dumps(claims))))
    return b".".join((said, _encoded(signer.sign(said)))).decode()


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
