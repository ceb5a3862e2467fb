"""Clients: making, finding and disabling them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from sqlalchemy.orm import Session

from auth.models import Client, Generation, SlowedClient
from auth.scopes import SCOPES
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text
from registry.kernel.reach import NotAllowed, Reach

# What stands in a Basic header and in a log must not need any quoting.
_CLIENT_ID = re.compile(r"[0-9A-Za-z._~-]{1,100}")
# A longer key would make each check of a signature dear, and no client needs more keys.
_SHORTEST_RSA, _LONGEST_RSA = 2048, 8192
_MOST_KEYS = 20
_NOWHERE = Reach()
# The row of `auth_generation` that counts changes of clients and agreements.
_COUNTED = 1


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client as just made; ``secret`` is shown once and kept only as a digest."""

    id: str
    secret: str | None


def digest(secret: str) -> str:
    """Return the digest of a machine secret: 256 random bits need no slow password hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_client(  # noqa: PLR0913 - one parameter for each part of a client
    session: Session,
    client_id: str,
    name: str,
    scopes: Sequence[str],
    jwks: Mapping[str, Any] | None = None,
    *,
    jwks_uri: str | None = None,
    reach: Reach = _NOWHERE,
    tls_subject_dn: str | None = None,
    tls_san_dns: str | None = None,
    tls_self_signed: bool = False,
) -> NewClient:
    """Register a client: by its public keys, by certificate, or without either by secret.

    The keys are given or fetched from ``jwks_uri``. A certificate (RFC 8705) is known by its
    subject (RFC 4514) or by a DNS name of its, or with ``tls_self_signed`` by its key or ``x5c``
    in ``jwks``. A secret is for the sandbox. Raises Invalid for a malformed id, an unknown scope,
    keys that are private, weak or of a kind that can't authenticate, an address beyond ``reach``,
    and for more than one way; Conflict if the id is taken.
    """
    if not may_be_client_id(client_id):
        text = Text(
            "Mã ứng dụng gồm 1 đến 100 chữ không dấu, chữ số hoặc . _ ~ -.",
            "A client id is 1 to 100 ASCII letters, digits or . _ ~ -.",
        )
        raise Invalid(text, errors=[FieldError("/id", "client_id", text)])
    _check_scopes(scopes)
    if session.get(Client, client_id):
        raise Conflict(Text("Mã ứng dụng đã có.", "The client id is taken."))
    if jwks_uri is not None:
        _check_jwks_uri(jwks_uri, jwks, reach)
    method = _method(
        jwks_uri if jwks is None else jwks,
        tls_subject_dn,
        tls_san_dns,
        self_signed=tls_self_signed,
    )
    secret = secrets.token_urlsafe(32) if method == "client_secret_basic" else None
    session.add(
        Client(
            id=client_id,
            name=name,
            auth_method=method,
            secret_sha256=digest(secret) if secret else None,
            jwks=None if jwks is None else _public(jwks),
            jwks_uri=jwks_uri,
            tls_subject_dn=None if tls_subject_dn is None else _subject(tls_subject_dn),
            tls_san_dns=tls_san_dns,
            scopes=sorted(scopes),
            created_at=now(),
        )
    )
    count_change(session)
    return NewClient(client_id, secret)


def _method(
    keys: Mapping[str, Any] | str | None,
    subject: str | None,
    dns: str | None,
    *,
    self_signed: bool,
) -> str:
    """Return the one way in which a client authenticates that is registered with these."""
    lacking = self_signed and not isinstance(keys, Mapping)
    if sum(each is not None for each in (keys, subject, dns)) > 1 or lacking:
        text = Text(
            "Chọn một: tập khóa, chủ thể hoặc tên DNS của chứng thư; chứng thư tự ký cần tập khóa.",
            "Choose one: keys, a certificate's subject or its DNS name; self-signed needs keys.",
        )
        raise Invalid(text, errors=[FieldError("/auth_method", "auth_method", text)])
    if keys is not None:
        return "self_signed_tls_client_auth" if self_signed else "private_key_jwt"
    return "client_secret_basic" if subject is None and dns is None else "tls_client_auth"


def _subject(name: str) -> str:
    """Return a distinguished name as certificates' subjects are written to be compared."""
    try:
        found = x509.Name.from_rfc4514_string(name)
    except ValueError:
        found = x509.Name([])
    if not list(found):
        text = Text("Không phải tên phân biệt (RFC 4514).", "Not a distinguished name (RFC 4514).")
        raise Invalid(text, errors=[FieldError("/tls_subject_dn", "distinguished_name", text)])
    return found.rfc4514_string()


def _check_scopes(scopes: Sequence[str]) -> None:
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown:
        text = Text(
            f"Không có phạm vi: {', '.join(unknown)}.", f"No such scope: {', '.join(unknown)}."
        )
        raise Invalid(text, errors=[FieldError("/scopes", "scope", text)])


def _check_jwks_uri(jwks_uri: str, jwks: Mapping[str, Any] | None, reach: Reach) -> None:
    """RFC 7591 section 2: keys or their address, never both."""
    reason = "give either the keys or their address"
    try:
        reach.target(jwks_uri)
        if jwks is None:
            return
    except NotAllowed as error:
        reason = str(error)
    text = Text(
        "jwks_uri phải là https://… của máy chủ có trong SOGOC_JWKS_HOSTS, và thay cho jwks.",
        f"jwks_uri must be https://… of a host in SOGOC_JWKS_HOSTS, instead of jwks: {reason}.",
    )
    raise Invalid(text, errors=[FieldError("/jwks_uri", "jwks_uri", text)])


def may_be_client_id(text: str) -> bool:
    """Say whether ``text`` has the form of a client id, before anybody is asked for it."""
    return _CLIENT_ID.fullmatch(text) is not None


def _public(jwks: Mapping[str, Any]) -> dict[str, Any]:
    try:
        given = list(jwks["keys"])
        if len(given) > _MOST_KEYS:
            raise _bad_keys(
                f"Nhiều nhất {_MOST_KEYS} khóa.", f"At most {_MOST_KEYS} keys.", "too_many_keys"
            )
        keys = KeySet.import_key_set({"keys": given}).keys
    except (JoseError, ValueError, KeyError, TypeError):
        raise _bad_keys("Không phải tập khóa JWK.", "Not a JWK set.", "jwks") from None
    if any(key.is_private for key in keys):
        raise _bad_keys("Chỉ gửi khóa công khai.", "Send public keys only.", "private_key")
    if len(keys) != len(given) or not all(map(is_strong, keys)):
        raise _bad_keys(
            "Khóa phải là P-256, Ed25519 hoặc RSA từ 2048 đến 8192 bit.",
            "Keys must be P-256, Ed25519, or RSA of 2048 to 8192 bits.",
            "weak_key",
        )
    return dict(jwks)


def is_strong(key: Key) -> bool:
    """Say whether a key can make one of the signatures that are believed."""
    if isinstance(key, RSAKey):
        return _SHORTEST_RSA <= key.public_key.key_size <= _LONGEST_RSA
    return isinstance(key, ECKey | OKPKey) and key.curve_name in {"P-256", "Ed25519"}


def _bad_keys(vi: str, en: str, code: str) -> Invalid:
    text = Text(vi, en)
    return Invalid(text, errors=[FieldError("/jwks", code, text)])


def list_clients(session: Session) -> Sequence[Client]:
    """Return every client in order of id."""
    return session.scalars(sa.select(Client).order_by(Client.id)).all()


def renew_secret(session: Session, client_id: str) -> str:
    """Give a sandbox client a new secret and return it; the old one ends at once."""
    client = require_client(session, client_id)
    if client.secret_sha256 is None:
        raise Conflict(Text("Ứng dụng này dùng khóa.", "This client authenticates by key."))
    secret = secrets.token_urlsafe(32)
    client.secret_sha256 = digest(secret)
    count_change(session)
    return secret


def disable_client(session: Session, client_id: str) -> None:
    """Disable a client: its tokens end within a second on every worker."""
    require_client(session, client_id).disabled_at = now()
    count_change(session)


def slowed_clients(session: Session) -> dict[str, float]:
    """Return until when each client is or was slowed, in seconds since 1970."""
    rows = session.scalars(sa.select(SlowedClient))
    return {row.client_id: row.until.timestamp() for row in rows}


def generation(session: Session) -> int:
    """Return the number of changes so far; a cache made under another number is stale."""
    counted = sa.select(Generation.number).where(Generation.id == _COUNTED)
    return session.scalar(counted) or 0


def count_change(session: Session) -> None:
    """Count a change of clients or agreements, so that every worker reads them again."""
    session.flush()
    counted = (
        sa.update(Generation)
        .where(Generation.id == _COUNTED)
        .values(number=Generation.number + 1)
        .returning(Generation.id)
    )
    if session.scalar(counted) is None:
        session.add(Generation(id=_COUNTED, number=1))


def require_client(session: Session, client_id: str) -> Client:
    """Return the client. Raises NotFound."""
    client = session.get(Client, client_id)
    if client is None:
        raise NotFound
    return client
