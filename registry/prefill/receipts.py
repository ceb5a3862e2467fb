"""The receipt of a prefill: signed by us, and checked by anybody with our public keys alone.

It names no value. Of each field it has a digest that only who has the value and its salt can
make again, as in a disclosure of an SD-JWT (RFC 9901 section 4.2); the salts go to the form.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from registry.kernel.errors import Invalid, Text

TYPE = "sogoc-prefill+jwt"
_ALGORITHMS = ["ES256"]
_SALT_BYTES = 16
# Some five hundred fields; what is longer is not parsed at all.
_LONGEST = 1 << 17
_NOT_OURS = Text(
    "Biên nhận điền sẵn không hợp lệ: hãy gửi đúng chuỗi đã nhận.",
    "This is no prefill receipt of ours: send the very text that was received.",
)

Sign = Callable[[str, Mapping[str, Any]], str]
"""Signs claims as a JWT of the header type named first: `auth.keys.KeyRing.sign`."""


@dataclass(frozen=True, slots=True)
class Given:
    """One field of a receipt: where its value came from, and the digest that proves it.

    ``digest`` is empty where no value was given, as ``state`` says; ``version`` counts what the
    registry wrote of the record, None where it keeps no copy of it.
    """

    digest: str
    state: str
    lock: str
    register: str
    record: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says; ``issued_at`` and ``expires_at`` in seconds since 1970.

    ``subject`` is the person as the client knows them, empty where nobody stands behind it.
    """

    issuer: str
    client_id: str
    subject: str
    prefill_id: str
    issued_at: int
    expires_at: int
    procedure: str
    profile: str
    profile_version: str
    case: str
    fields: Mapping[str, Given]


def new_salt() -> str:
    """Return 128 random bits in base64url: without the salt a digest can't be guessed at."""
    return secrets.token_urlsafe(_SALT_BYTES)


def digest(salt: str, key: str, text: str) -> str:
    """Return base64url(SHA-256) of the JSON array [salt, key, canonical text], without padding.

    The array is written without spaces and with every letter as itself, in UTF-8.

    >>> digest("c2FsdA", "owner.full_name", "Nguyễn Thị Lan")
    'o-UHRs65QWmcqTtAq2X7nUcyBitemq9B1U9rRwAq7Yg'
    """
    array = json.dumps([salt, key, text], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(array.encode()).digest()).rstrip(b"=").decode()


def make_receipt(sign: Sign, receipt: Receipt) -> str:
    """Return ``receipt`` as a compact JWS (RFC 7515) of the type ``sogoc-prefill+jwt``."""
    claims: dict[str, Any] = {
        "iss": receipt.issuer,
        "aud": receipt.client_id,
        "jti": receipt.prefill_id,
        "iat": receipt.issued_at,
        "exp": receipt.expires_at,
        "procedure": receipt.procedure,
        "profile": receipt.profile,
        "profile_version": receipt.profile_version,
        "case": receipt.case,
        "fields": {key: asdict(given) for key, given in receipt.fields.items()},
    }
    return sign(TYPE, claims | ({"sub": receipt.subject} if receipt.subject else {}))


def read_receipt(keys: KeySet, token: str) -> Receipt:
    """Return what a receipt of ours says, one that is over too; raises Invalid for any other.

    ``keys`` are those whose signature is believed (`auth.keys.KeyRing.verifying`). Who asks about
    it, and whether it is open, is for the row of the prefill to say.
    """
    if len(token) > _LONGEST:
        raise Invalid(_NOT_OURS)
    try:
        decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        raise Invalid(_NOT_OURS) from None
    if decoded.header.get("typ") != TYPE:
        raise Invalid(_NOT_OURS)
    claims = decoded.claims
    return Receipt(
        claims["iss"],
        claims["aud"],
        claims.get("sub", ""),
        claims["jti"],
        claims["iat"],
        claims["exp"],
        claims["procedure"],
        claims["profile"],
        claims["profile_version"],
        claims["case"],
        {key: Given(**given) for key, given in claims["fields"].items()},
    )
