"""Tables of pushed requests, grants, codes and refresh tokens.

Nothing that opens a door is kept as such: of every code, token and request address there is the
SHA-256 alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime


class PushedRequest(Base):
    """An authorization request that a client pushed (RFC 9126).

    ``jkt`` is the key that its code will be bound to, ``browser`` the digest of the one browser
    that has opened it.
    """

    __tablename__ = "pushed_request"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    jkt: Mapped[str | None] = mapped_column(sa.Text)
    browser: Mapped[str | None] = mapped_column(sa.Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    consumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Grant(Base):
    """What one person let one client do, once: everything that is issued rests on it.

    ``person_id`` is a citizen's record id or a staff member's id, ``subject`` what the client
    knows the person by. ``details`` are the authorization details (RFC 9396), ``actor`` who acts
    for the person (RFC 8693 section 4.1): ``by`` an `auth.principals.Actor`, on what ``ground``.
    ``people`` are the record ids that the person has chosen for roles such as a child, which no
    client is told, and ``case`` the one case that the grant serves, None before it has one.
    """

    __tablename__ = "oauth_grant"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    person_id: Mapped[str] = mapped_column(sa.Text, index=True)
    subject: Mapped[str] = mapped_column(sa.Text)
    scopes: Mapped[list[str]] = mapped_column(JsonText)
    details: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    people: Mapped[dict[str, list[str]] | None] = mapped_column(JsonText)
    case: Mapped[str | None] = mapped_column("case_number", sa.Text)
    actor: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    auth_time: Mapped[datetime] = mapped_column(UtcDateTime)
    acr: Mapped[str] = mapped_column(sa.Text)
    amr: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (sa.Index("ix_oauth_grant_client_id", "client_id"),)


class AuthorizationCode(Base):
    """A code on its way from the browser to the client: 60 seconds, one use."""

    __tablename__ = "authorization_code"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    grant_id: Mapped[str] = mapped_column(sa.ForeignKey("oauth_grant.id"))
    redirect_uri: Mapped[str] = mapped_column(sa.Text)
    code_challenge: Mapped[str] = mapped_column(sa.Text)
    jkt: Mapped[str | None] = mapped_column(sa.Text)
    nonce: Mapped[str | None] = mapped_column(sa.Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    consumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RefreshToken(Base):
    """A refresh token, bound to the client of its grant and to a key or certificate.

    ``binding`` is the confirmation method and its value, such as ``jkt:…`` (RFC 7800).
    ``consumed_at`` is set only where a client still rotates.
    """

    __tablename__ = "refresh_token"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    grant_id: Mapped[str] = mapped_column(sa.ForeignKey("oauth_grant.id"), index=True)
    binding: Mapped[str | None] = mapped_column(sa.Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    consumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PairwiseSubject(Base):
    """What the clients of one sector know a person by (OpenID Connect Core section 8.1)."""

    __tablename__ = "pairwise_subject"

    sector: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, unique=True)
