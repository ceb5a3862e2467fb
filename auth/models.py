"""Tables of clients, agreements and of what may happen once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime


class Client(Base):
    """An OAuth client: an agency system that authenticates by a key or a certificate, or in the
    sandbox by a secret. The names are those of RFC 7591 and RFC 8705 where these have one.

    ``sector`` is whose pairwise subjects it sees (OpenID Connect Core section 8.1), its own if
    None. ``rotates_refresh`` is for one that moves over from rotated refresh tokens (FAPI 2.0
    section 5.3.2.1-9 asks for none). ``button_origins`` are the origins whose pages may carry the
    prefill button in its name.
    """

    __tablename__ = "client"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    auth_method: Mapped[str] = mapped_column(sa.Text)
    secret_sha256: Mapped[str | None] = mapped_column(sa.Text)
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    jwks_uri: Mapped[str | None] = mapped_column(sa.Text)
    tls_subject_dn: Mapped[str | None] = mapped_column(sa.Text)
    tls_san_dns: Mapped[str | None] = mapped_column(sa.Text)
    scopes: Mapped[list[str]] = mapped_column(JsonText)
    grant_types: Mapped[list[str]] = mapped_column(JsonText, default=lambda: ["client_credentials"])
    redirect_uris: Mapped[list[str]] = mapped_column(JsonText, default=list)
    sector: Mapped[str | None] = mapped_column(sa.Text)
    id_token_alg: Mapped[str] = mapped_column(sa.Text, default="ES256")
    userinfo_alg: Mapped[str | None] = mapped_column(sa.Text)
    userinfo_encryption: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    rotates_refresh: Mapped[bool] = mapped_column(default=False)
    calls_per_minute: Mapped[int | None] = mapped_column(sa.Integer)
    contact: Mapped[str | None] = mapped_column(sa.Text)
    button_origins: Mapped[list[str]] = mapped_column(JsonText, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        sa.CheckConstraint(
            "(auth_method = 'client_secret_basic' AND secret_sha256 IS NOT NULL)"
            " OR (auth_method = 'private_key_jwt'"
            " AND (jwks IS NULL) <> (jwks_uri IS NULL))"
            " OR (auth_method = 'tls_client_auth'"
            " AND (tls_subject_dn IS NULL) <> (tls_san_dns IS NULL))"
            " OR (auth_method = 'self_signed_tls_client_auth' AND jwks IS NOT NULL)",
            name="auth_method",
        ),
    )


class AgreementRow(Base):
    """One version of a data-sharing agreement: client x procedure, its rights, basis and dates.

    ``series`` is what all versions of one agreement share. Only an approved version is ever in
    force, and who approves is not who proposed. ``note`` is why a draft was rejected;
    ``legal_task`` a task by law that needs no consent.
    """

    __tablename__ = "agreement"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    procedure: Mapped[str] = mapped_column(sa.Text)
    attributes: Mapped[dict[str, list[str]]] = mapped_column(JsonText)
    search: Mapped[dict[str, list[str]]] = mapped_column(JsonText)
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    series: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False))
    version: Mapped[int] = mapped_column(sa.Integer)
    state: Mapped[str] = mapped_column(sa.Text)
    proposed_by: Mapped[str] = mapped_column(sa.Text)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(sa.Text)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rejected_by: Mapped[str | None] = mapped_column(sa.Text)
    rejected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(sa.Text)
    legal_task: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        sa.Index("ix_agreement_client_id_procedure", "client_id", "procedure"),
        sa.UniqueConstraint("series", "version"),
        sa.CheckConstraint("state IN ('draft', 'approved', 'rejected')", name="state"),
        # Never unknown, which a database would let pass: two persons, or no approval.
        sa.CheckConstraint(
            "(state = 'approved') = (approved_by IS NOT NULL AND approved_at IS NOT NULL"
            " AND approved_by <> proposed_by)",
            name="approved",
        ),
        sa.CheckConstraint(
            "(state = 'rejected')"
            " = (rejected_by IS NOT NULL AND rejected_at IS NOT NULL AND note IS NOT NULL)",
            name="rejected",
        ),
    )


class UsedOnce(Base):
    """What may be used once and was: an assertion or a proof; its key forbids a second use.

    ``holder`` is the client or the key whose own it is, ``value`` the digest of its ``jti``.
    """

    __tablename__ = "used_once"

    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    holder: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SharedSecret(Base):
    """A random value that every worker must know, made by the first that needs it."""

    __tablename__ = "auth_secret"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[bytes] = mapped_column(sa.LargeBinary)


class Revocation(Base):
    """A token (by its ``jti``) or a grant that no longer counts, kept until it would be over."""

    __tablename__ = "revocation"

    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CallCount(Base):
    """How many calls of a window are taken: a client's own, or those for one person.

    ``subject`` is empty, or a keyed digest of whom the client asked for.
    """

    __tablename__ = "call_count"

    client_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)
    used: Mapped[int] = mapped_column(sa.Integer)


class SlowedClient(Base):
    """A client that has a part of its calls only, until a moment; one row for each, ever."""

    __tablename__ = "slowed_client"

    client_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class ClientAlert(Base):
    """What was suspicious of a client; ``detail`` has no number that was asked for."""

    __tablename__ = "client_alert"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    detail: Mapped[str] = mapped_column(sa.Text)


class Generation(Base):
    """One row for each thing that caches compare: how often it has changed so far.

    1 counts changes of clients and agreements, 2 counts revocations, 3 events of consents.
    """

    __tablename__ = "auth_generation"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.Integer)
