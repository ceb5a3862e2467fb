"""Tables of consents: one row a question, one event a change of its state, and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime

State = Literal["REQUESTED", "APPROVED", "DECLINED", "EXPIRED", "REVOKED", "INAPPLICABLE"]
Via = Literal["browser", "invitation", "counter", "legal_task"]


def _one_of(column: str, names: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(name) for name in names)})"


class ConsentRecord(Base):
    """What one person was asked once, and what they decided (ISO/IEC TS 27560).

    ``origin`` is the digest of the pushed request or the id of the invitation that asked: one
    question has one row for each person. ``details`` and ``people`` are what was asked for until
    the decision, and afterwards what was agreed to. ``agreement_id`` and ``legal_basis`` are those
    of the client's agreement on the day of the decision.
    """

    __tablename__ = "consent_record"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    origin: Mapped[str] = mapped_column(sa.Text)
    person_id: Mapped[str] = mapped_column(sa.Text, index=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"), index=True)
    procedure: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    grant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("oauth_grant.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JsonText)
    details: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    people: Mapped[dict[str, list[str]]] = mapped_column(JsonText)
    agreement_id: Mapped[str | None] = mapped_column(sa.Text)
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    notice_version: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    via: Mapped[str] = mapped_column(sa.Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        sa.UniqueConstraint("origin", "person_id"),
        sa.CheckConstraint(_one_of("state", get_args(State)), name="state"),
        sa.CheckConstraint(_one_of("via", get_args(Via)), name="via"),
        sa.CheckConstraint("state <> 'APPROVED' OR grant_id IS NOT NULL", name="approved"),
        sa.CheckConstraint("(state = 'REVOKED') = (withdrawn_at IS NOT NULL)", name="revoked"),
    )


class ConsentEvent(Base):
    """One change of a consent's state; rows are added and never changed.

    ``number`` grows in the order in which the changes are committed, so that whoever has read to
    one number has missed none below it.
    """

    __tablename__ = "consent_event"

    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    consent_id: Mapped[str] = mapped_column(sa.ForeignKey("consent_record.id"), index=True)
    client_id: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (sa.Index("ix_consent_event_client_id_number", "client_id", "number"),)


class ConsentInvitation(Base):
    """A question that waits for whoever types its code: another adult, or a citizen at a counter.

    ``code_key`` is derived from the code, which is kept nowhere. ``inviting_grant_id`` is the
    consent of the person whose form needs the other, None at a counter, where ``invited_by`` is
    the officer. ``grant_id`` is what was granted, None where it was declined.
    """

    __tablename__ = "consent_invitation"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    code_key: Mapped[str] = mapped_column(sa.Text, unique=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("client.id"))
    procedure: Mapped[str] = mapped_column(sa.Text)
    case: Mapped[str] = mapped_column("case_number", sa.Text)
    role: Mapped[str] = mapped_column(sa.Text)
    scopes: Mapped[list[str]] = mapped_column(JsonText)
    details: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    via: Mapped[str] = mapped_column(sa.Text)
    inviting_grant_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("oauth_grant.id"), index=True
    )
    invited_by: Mapped[str] = mapped_column(sa.Text)
    expected_person_id: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person_id: Mapped[str | None] = mapped_column(sa.Text)
    grant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("oauth_grant.id"))

    __table_args__ = (
        sa.CheckConstraint(_one_of("via", ("invitation", "counter")), name="via"),
        sa.CheckConstraint(
            "(via = 'invitation') = (inviting_grant_id IS NOT NULL)", name="inviting"
        ),
        sa.CheckConstraint("(person_id IS NULL) = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("grant_id IS NULL OR person_id IS NOT NULL", name="granted"),
    )
