"""Tables of who signs in by which provider, of sign-ins under way, and of sessions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base, JsonText, UtcDateTime


class StaffMember(Base):
    """A steward or operator: signs in as anybody does, and holds roles.

    ``roles`` are scopes, such as ``datasets:approve``, that a client may be granted for the
    person; the person is known by the provider's issuer and subject.
    """

    __tablename__ = "staff_member"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    issuer: Mapped[str] = mapped_column(sa.Text)
    subject: Mapped[str] = mapped_column(sa.Text)
    roles: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)


class ProviderSubject(Base):
    """Which citizen's record a subject of a provider stands for, found at the first sign-in."""

    __tablename__ = "provider_subject"

    issuer: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.Text)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInAttempt(Base):
    """A sign-in that has gone to the provider; its ``state`` comes back to the same browser once.

    ``browser`` is the digest of that browser's own value, ``return_to`` a path of ours.
    """

    __tablename__ = "sign_in_attempt"

    state_sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    browser: Mapped[str] = mapped_column(sa.Text)
    nonce: Mapped[str] = mapped_column(sa.Text)
    verifier: Mapped[str] = mapped_column(sa.Text)
    return_to: Mapped[str] = mapped_column(sa.Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class WebSession(Base):
    """A signed-in browser, known by the SHA-256 of its cookie.

    ``person_id`` is a citizen's record id or a staff member's id; ``staff`` tells which.
    """

    __tablename__ = "web_session"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.Text, index=True)
    staff: Mapped[bool]
    name: Mapped[str] = mapped_column(sa.Text)
    auth_time: Mapped[datetime] = mapped_column(UtcDateTime)
    acr: Mapped[str] = mapped_column(sa.Text)
    amr: Mapped[list[str]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
