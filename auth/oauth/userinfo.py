"""UserInfo, OpenID Connect Core section 5.3: plain, signed, or signed and then encrypted."""

from __future__ import annotations

from typing import Any

from joserfc import jwe
from joserfc.jwk import ECKey, KeySet

from auth.keys import KeyRing
from auth.models import Client
from auth.principals import Authentication

MEDIA_TYPE = "application/jwt"
ENCRYPTION_ALGORITHMS = ("ECDH-ES+A256KW",)
ENCRYPTION_METHODS = ("A256GCM",)
_REGISTRY = jwe.JWERegistry(algorithms=[*ENCRYPTION_ALGORITHMS, *ENCRYPTION_METHODS])


def userinfo(person: Authentication) -> dict[str, Any]:
    """Return what the scope ``openid`` lets a client know: who it is to them, and how proved."""
    return {"sub": person.subject, **person.claims}


def userinfo_jwt(keys: KeyRing, issuer: str, client: Client, person: Authentication) -> str | None:
    """Return it as the client has registered for it; None for one that wants it plain.

    What is encrypted is always signed inside (RFC 7519 section 11.2). Raises LookupError for a
    client that wants it encrypted and has registered no key for that: it is never told plainly.
    """
    if client.userinfo_alg is None and client.userinfo_encryption is None:
        return None
    claims = {"iss": issuer, "aud": client.id, **userinfo(person)}
    signed = keys.sign("JWT", claims, client.userinfo_alg or client.id_token_alg)
    if client.userinfo_encryption is None:
        return signed
    key = encryption_key(client)
    if key is None:
        raise LookupError(f"{client.id} has no key to encrypt for")
    header = {
        "alg": client.userinfo_encryption["alg"],
        "enc": client.userinfo_encryption["enc"],
        "kid": key.kid,
        "cty": "JWT",
    }
    kept = {name: value for name, value in header.items() if value is not None}
    return jwe.encrypt_compact(kept, signed.encode(), key, registry=_REGISTRY)


def encryption_key(client: Client) -> ECKey | None:
    """Return the key that the client has registered to be encrypted for, if it has any."""
    if client.jwks is None:
        return None
    keys = KeySet.import_key_set(client.jwks).keys  # type: ignore[arg-type]
    for key in keys:
        if isinstance(key, ECKey) and key.get("use") == "enc":
            return key
    return None
