"""A proof of possession by RFC 9449 section 4.3: what it must say, without any framework."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.util import urlsafe_b64encode

from auth.oauth.signatures import SignatureRegistry
from registry.kernel.clock import now
from registry.kernel.errors import Text

ALGORITHMS = ("ES256", "EdDSA", "Ed25519")
TYPE = "dpop+jwt"
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_LONGEST = 4096
_LONGEST_JTI = 256
_OLD_SECONDS = 60
_AHEAD_SECONDS = 10
_PORTS = {"http": 80, "https": 443}
# Names that are not known must be ignored (section 4.3), which the library would refuse.
_REGISTRY = SignatureRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class ProofRefused(Exception):
    """A proof is not valid; ``error`` is the code of RFC 9449 sections 5 and 8, ``reason`` why."""

    def __init__(self, vi: str, en: str, error: str = "invalid_dpop_proof") -> None:
        super().__init__(en)
        self.reason = Text(vi, en)
        self.error = error


@dataclass(frozen=True, slots=True)
class Proof:
    """What a valid proof says.

    ``thumbprint`` is that of its key (RFC 7638), ``until`` when it is refused for its age, in
    seconds since 1970.
    """

    thumbprint: str
    jti: str
    until: float
    nonce: str | None


def read_proof(
    text: str, method: str, url: str, token: str | None, *, alias: str | None = None
) -> Proof:
    """Check the one DPoP header of a request, except whether its nonce and id are fresh.

    ``url`` is the request's own address as clients know it, ``alias`` another that leads to the
    same (RFC 8705 section 5); ``token`` the access token that comes with it, None at the token
    endpoint. Raises ProofRefused.
    """
    if not text or len(text) > _LONGEST:
        raise ProofRefused("Thiếu bằng chứng hoặc quá dài.", "the proof is missing or too long")
    try:
        signed = jws.extract_compact(text.encode("ascii"))
        header = signed.headers()
        key = _key(header)
        if not jws.validate_compact(signed, key, registry=_REGISTRY):
            raise ProofRefused("Chữ ký sai.", "the signature is wrong")
        claims = orjson.loads(signed.payload)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        raise ProofRefused(
            "Cần đúng một bằng chứng DPoP là JWT hợp lệ.",
            "exactly one proof is needed, a valid JWT",
        ) from None
    if not isinstance(claims, dict):
        raise ProofRefused("Bằng chứng không phải JWT.", "the proof is no JWT")
    _check_request(claims, method, filter(None, (url, alias)))
    if token is not None:
        _check_token(claims.get("ath"), token)
    until = _checked_time(claims.get("iat"))
    return Proof(key.thumbprint(), _jti(claims.get("jti")), until, _nonce(claims))


def _key(header: Mapping[str, Any]) -> ECKey | OKPKey:
    """Return the key that a proof brings along, which is public and of a kind that is believed."""
    if header.get("typ") != TYPE or header.get("alg") not in ALGORITHMS:
        raise ProofRefused("Sai typ hoặc alg.", "wrong typ or alg")
    jwk = header.get("jwk")
    # No extension is understood, so none may be critical (RFC 7515 section 4.1.11).
    if "crit" in header or not isinstance(jwk, dict):
        raise ProofRefused("Thiếu khóa hoặc có crit.", "no jwk, or a crit")
    curve = _CURVES.get(str(jwk.get("kty")))
    if curve is None or jwk.get("crv") != curve or any(name in jwk for name in _PRIVATE):
        raise ProofRefused(
            "Khóa phải là P-256 hoặc Ed25519, công khai.",
            "the key must be a public one, P-256 or Ed25519",
        )
    return (ECKey if curve == "P-256" else OKPKey).import_key(jwk)


def _check_request(claims: Mapping[str, Any], method: str, urls: Iterable[str]) -> None:
    if claims.get("htm") != method:
        raise ProofRefused("htm không khớp.", "htm is not the method of this request")
    htu = claims.get("htu")
    address = _address(htu) if isinstance(htu, str) else None
    if address is None or address not in map(_address, urls):
        raise ProofRefused("htu không khớp.", "htu is not the address of this request")


def _address(url: str) -> tuple[str, str, int, str] | None:
    """Return scheme, host, port and decoded path (RFC 3986 sections 6.2.2 and 6.2.3).

    None for what is no address of the web.
    """
    try:
        parts = urlsplit(url)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port, unquote(parts.path) or "/"


def _check_token(ath: Any, token: str) -> None:
    digest = urlsafe_b64encode(hashlib.sha256(token.encode("latin-1")).digest())
    if not isinstance(ath, str) or not hmac.compare_digest(ath.encode("utf-8", "replace"), digest):
        raise ProofRefused("ath không khớp mã truy cập.", "ath is not the digest of the token")


def _checked_time(issued: Any) -> float:
    numeric = isinstance(issued, int | float) and not isinstance(issued, bool)
    moment = now().timestamp()
    if not numeric or not moment - _OLD_SECONDS <= issued <= moment + _AHEAD_SECONDS:
        raise ProofRefused("iat quá cũ hoặc ở tương lai.", "iat is too old or in the future")
    # The clock of another worker may be behind, and would still take the proof then.
    return float(issued) + _OLD_SECONDS + _AHEAD_SECONDS


def _jti(jti: Any) -> str:
    if not isinstance(jti, str) or not 1 <= len(jti) <= _LONGEST_JTI:
        raise ProofRefused("Thiếu jti hoặc quá dài.", "jti is missing or too long")
    return jti


def _nonce(claims: Mapping[str, Any]) -> str | None:
    nonce = claims.get("nonce")
    if "nonce" in claims and not isinstance(nonce, str):
        raise ProofRefused("nonce sai.", "nonce is no text")
    return nonce
