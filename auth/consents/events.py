"""The feed of what has become of consents, for the clients that asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.consents.models import ConsentEvent, ConsentRecord, State
from auth.grants.models import Grant
from auth.models import Generation
from registry.kernel.clock import now

# The row of `auth_generation` that numbers events.
_COUNTED = 3
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a consent's state. ``number`` is the cursor to read on from.

    ``grant_id`` is what the tokens of the consent name; None where nothing was granted.
    """

    number: int
    consent_id: str
    grant_id: str | None
    procedure: str
    state: str
    at: datetime


def add_event(session: Session, consent_id: str, client_id: str, state: State) -> None:
    """Keep a change of state. Until the session commits, whoever adds another waits."""
    number = session.scalar(
        sa.update(Generation)
        .where(Generation.id == _COUNTED)
        .values(number=Generation.number + 1)
        .returning(Generation.number)
    )
    if number is None:
        raise LookupError("the row that numbers the events of consents is gone")
    session.execute(
        sa.insert(ConsentEvent).values(
            number=number, consent_id=consent_id, client_id=client_id, state=state, at=now()
        )
    )


def list_events(
    session: Session, client_id: str, after: int = 0, limit: int = 100
) -> Sequence[Event]:
    """Return the changes of a client's consents after a cursor, oldest first, at most ``limit``.

    What time or another has ended becomes an event here, so the session must be one that writes.
    """
    settle(session, client_id)
    query = (
        sa.select(
            ConsentEvent.number,
            ConsentEvent.consent_id,
            ConsentRecord.grant_id,
            ConsentRecord.procedure,
            ConsentEvent.state,
            ConsentEvent.at,
        )
        .join(ConsentRecord, ConsentRecord.id == ConsentEvent.consent_id)
        .where(ConsentEvent.client_id == client_id, ConsentEvent.number > after)
        .order_by(ConsentEvent.number)
        .limit(min(limit, _MOST))
    )
    return [Event(*row) for row in session.execute(query)]


def settle(session: Session, client_id: str) -> None:
    """Write down which consents of a client have come to their end without a decision."""
    ended = sa.select(Grant.id).where(Grant.revoked_at.is_not(None))
    over: tuple[tuple[State, sa.ColumnElement[bool]], ...] = (
        ("INAPPLICABLE", (ConsentRecord.state == "APPROVED") & ConsentRecord.grant_id.in_(ended)),
        (
            "EXPIRED",
            ConsentRecord.state.in_(("REQUESTED", "APPROVED"))
            & (ConsentRecord.expires_at <= now()),
        ),
    )
    for state, condition in over:
        found = (
            sa.select(ConsentRecord.id)
            .where(ConsentRecord.client_id == client_id, condition)
            .order_by(ConsentRecord.id)
            .with_for_update(skip_locked=True)
        )
        changed = (
            sa.update(ConsentRecord)
            .where(ConsentRecord.id.in_(found.scalar_subquery()), condition)
            .values(state=state)
            .returning(ConsentRecord.id)
        )
        for consent_id in sorted(session.scalars(changed).all()):
            add_event(session, consent_id, client_id, state)
