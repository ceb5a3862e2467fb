"""Tables of clients, agreements and used assertions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime


class Client(Base):
    """An OAuth client: an agency system that authenticates by a key, or in the sandbox a secret."""

    __tablename__ = "client"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    auth_method: Mapped[str] = mapped_column(sa.Text)
    secret_sha256: Mapped[str | None] = mapped_column(sa.Text)
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    scopes: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        sa.CheckConstraint(
            "(auth_method = 'client_secret_basic' AND secret_sha256 IS NOT NULL)"
            " OR (auth_method = 'private_key_jwt' AND jwks IS NOT NULL)",
            name="auth_method",
        ),
    )


class AgreementRow(Base):
    """A data-sharing agreement: client x procedure, with its rights, basis and dates."""

    __tablename__ = "agreement"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    procedure: Mapped[str] = mapped_column(sa.Text)
    attributes: Mapped[dict[str, list[str]]] = mapped_column(JsonText)
    search: Mapped[dict[str, list[str]]] = mapped_column(JsonText)
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)

    __table_args__ = (sa.Index("ix_agreement_client_id_procedure", "client_id", "procedure"),)


class UsedAssertion(Base):
    """A client assertion that was used; its key makes a second use impossible."""

    __tablename__ = "used_assertion"

    client_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    jti: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Generation(Base):
    """One row that counts the changes of clients and agreements, for caches to compare."""

    __tablename__ = "auth_generation"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.Integer)
