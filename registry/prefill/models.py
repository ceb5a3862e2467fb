"""Tables of prefills and of what became of them; imported by nothing outside this folder."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.access_log import LONGEST_CASE
from registry.kernel.columns import RowId
from registry.kernel.db import Base, JsonText, UtcDateTime


class Prefill(Base):
    """One release of data to one form: what was given from where, without any value.

    ``fields`` has of each field of the profile a `registry.prefill.kept.Kept`. ``seen`` is a tag
    of all used record versions as the watch last saw them, ``told`` the digests of changed values
    that it last told of. ``actor_id`` is who acted for the person.
    """

    __tablename__ = "prefill"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(sa.Text, index=True)
    actor_id: Mapped[str | None] = mapped_column(sa.Text)
    grant_id: Mapped[str | None] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("oauth_grant.id"), index=True
    )
    procedure: Mapped[str] = mapped_column(sa.Text)
    profile: Mapped[str] = mapped_column(sa.Text)
    profile_version: Mapped[str] = mapped_column(sa.Text)
    case: Mapped[str] = mapped_column("case_number", sa.String(LONGEST_CASE))
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fields: Mapped[dict[str, Any]] = mapped_column(JsonText)
    seen: Mapped[str] = mapped_column(sa.Text)
    told: Mapped[dict[str, str]] = mapped_column(JsonText)
    verifications: Mapped[int] = mapped_column(sa.Integer)

    __table_args__ = (
        # What the watch walks through, in the order of ids.
        sa.Index(
            "ix_prefill_open",
            "id",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )


class PrefillVerification(Base):
    """One comparison of what came back with what was given; ``results`` has no values."""

    __tablename__ = "prefill_verification"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    prefill_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("prefill.id"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid: Mapped[bool] = mapped_column(sa.Boolean)
    results: Mapped[dict[str, Any]] = mapped_column(JsonText)


class PrefillCorrection(Base):
    """The correction that one declared value opened, once: it is known by its salted digest."""

    __tablename__ = "prefill_correction"

    prefill_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("prefill.id"), primary_key=True
    )
    key: Mapped[str] = mapped_column("field", sa.Text, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    correction_id: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date] = mapped_column(sa.Date)


class PrefillEvent(Base):
    """A signed notice that used values have changed, waiting for its client; without values.

    ``signed`` is a security event token (RFC 8417). ``attempts`` counts how often it was handed
    out, ``delivered_at`` is when the client asked for what comes after it.
    """

    __tablename__ = "prefill_event"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    prefill_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("prefill.id"), index=True
    )
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    keys: Mapped[list[str]] = mapped_column("fields", JsonText)
    signed: Mapped[str] = mapped_column(sa.Text)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(sa.Integer)

    __table_args__ = (sa.Index("ix_prefill_event_client_id", "client_id", "id"),)


class ButtonVisit(Base):
    """A press of the button that has not come back yet; used once, by the browser that began.

    ``sha256`` is the digest of the state that comes back, ``browser`` that of a cookie.
    """

    __tablename__ = "button_visit"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    browser: Mapped[str] = mapped_column(sa.Text)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    procedure: Mapped[str] = mapped_column(sa.Text)
    case: Mapped[str] = mapped_column("case_number", sa.Text)
    origin: Mapped[str] = mapped_column(sa.Text)
    page_state: Mapped[str] = mapped_column(sa.Text)
    return_path: Mapped[str] = mapped_column(sa.Text)
    code_verifier: Mapped[str] = mapped_column(sa.Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
