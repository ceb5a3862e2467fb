"""Clients and agreements: making, finding and ending them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from sqlalchemy.orm import Session

from auth.models import AgreementRow, Client, Generation
from auth.principals import Agreement
from auth.scopes import SCOPES
from registry.kernel.clock import now, today
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text

# What stands in a Basic header and in a log must not need any quoting.
_CLIENT_ID = re.compile(r"[0-9A-Za-z._~-]{1,100}")
_SHORTEST_RSA = 2048
# Larger ones would make each signature a burden, and no client needs so many.
_LONGEST_RSA = 8192
_MOST_KEYS = 20
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
    tls_subject_dn: str | None = None,
    tls_san_dns: str | None = None,
    tls_self_signed: bool = False,
) -> NewClient:
    """Register a client: by its public keys, by certificate, or without either by secret.

    A certificate (RFC 8705) is known by its subject (RFC 4514) or by a DNS name of its, or with
    ``tls_self_signed`` by its key or ``x5c`` in ``jwks``. A secret is for the sandbox. Raises
    Invalid for a malformed id, an unknown scope, keys that are private, weak or of a kind that
    can't authenticate, and for more than one way; Conflict if the id is taken.
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
    method = _method(jwks, tls_subject_dn, tls_san_dns, self_signed=tls_self_signed)
    secret = secrets.token_urlsafe(32) if method == "client_secret_basic" else None
    session.add(
        Client(
            id=client_id,
            name=name,
            auth_method=method,
            secret_sha256=digest(secret) if secret else None,
            jwks=None if jwks is None else _public(jwks),
            tls_subject_dn=None if tls_subject_dn is None else _subject(tls_subject_dn),
            tls_san_dns=tls_san_dns,
            scopes=sorted(scopes),
            created_at=now(),
        )
    )
    _changed(session)
    return NewClient(client_id, secret)


def _method(
    jwks: Mapping[str, Any] | None, subject: str | None, dns: str | None, *, self_signed: bool
) -> str:
    """Return the one way in which a client authenticates that is registered with these."""
    if sum(each is not None for each in (jwks, subject, dns)) > 1 or (self_signed and jwks is None):
        text = Text(
            "Chọn một: tập khóa, chủ thể hoặc tên DNS của chứng thư; chứng thư tự ký cần tập khóa.",
            "Choose one: keys, a certificate's subject or its DNS name; self-signed needs keys.",
        )
        raise Invalid(text, errors=[FieldError("/auth_method", "auth_method", text)])
    if jwks is not None:
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
    if len(keys) != len(given) or not all(map(_strong, keys)):
        raise _bad_keys(
            "Khóa phải là P-256, Ed25519 hoặc RSA từ 2048 đến 8192 bit.",
            "Keys must be P-256, Ed25519, or RSA of 2048 to 8192 bits.",
            "weak_key",
        )
    return dict(jwks)


def _strong(key: Key) -> bool:
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
    client = _require(session, client_id)
    if client.secret_sha256 is None:
        raise Conflict(Text("Ứng dụng này dùng khóa.", "This client authenticates by key."))
    secret = secrets.token_urlsafe(32)
    client.secret_sha256 = digest(secret)
    _changed(session)
    return secret


def disable_client(session: Session, client_id: str) -> None:
    """Disable a client: its tokens end within a second on every worker."""
    _require(session, client_id).disabled_at = now()
    _changed(session)


def create_agreement(session: Session, agreement: Agreement) -> str:
    """Keep an agreement; return its id. Raises NotFound for an unknown client."""
    _require(session, agreement.client_id)
    row = AgreementRow(
        id=agreement.id or new_id(),
        client_id=agreement.client_id,
        procedure=agreement.procedure,
        attributes={key: sorted(paths) for key, paths in agreement.attributes.items()},
        search={key: sorted(names) for key, names in agreement.search.items()},
        legal_basis=agreement.legal_basis,
        valid_from=agreement.valid_from,
        valid_to=agreement.valid_to,
    )
    session.add(row)
    _changed(session)
    return row.id


def end_agreement(session: Session, agreement_id: str, on: date | None = None) -> None:
    """End an agreement: ``on`` (today if None) is the first day without it. Raises NotFound."""
    row = session.get(AgreementRow, agreement_id)
    if row is None:
        raise NotFound
    row.valid_to = on or today()
    _changed(session)


def list_agreements(session: Session, client_id: str | None = None) -> list[Agreement]:
    """Return the agreements of one client, or of all, the newest last."""
    query = sa.select(AgreementRow).order_by(AgreementRow.valid_from, AgreementRow.id)
    if client_id is not None:
        query = query.where(AgreementRow.client_id == client_id)
    return [_agreement(row) for row in session.scalars(query)]


def _agreement(row: AgreementRow) -> Agreement:
    return Agreement(
        id=row.id,
        client_id=row.client_id,
        procedure=row.procedure,
        attributes={key: frozenset(paths) for key, paths in row.attributes.items()},
        search={key: frozenset(names) for key, names in row.search.items()},
        legal_basis=row.legal_basis,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def generation(session: Session) -> int:
    """Return the number of changes so far; a cache made under another number is stale."""
    counted = sa.select(Generation.number).where(Generation.id == _COUNTED)
    return session.scalar(counted) or 0


def _changed(session: Session) -> None:
    session.flush()
    counted = (
        sa.update(Generation)
        .where(Generation.id == _COUNTED)
        .values(number=Generation.number + 1)
        .returning(Generation.id)
    )
    if session.scalar(counted) is None:
        session.add(Generation(id=_COUNTED, number=1))


def _require(session: Session, client_id: str) -> Client:
    client = session.get(Client, client_id)
    if client is None:
        raise NotFound
    return client
