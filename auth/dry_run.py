"""Which calls of late an agreement would refuse, found out before it is approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Agreement
from registry.kernel.access_log import AccessContext, AccessEvent

DAYS = 30
"""How far back the log is looked at."""

# Says whether an agreement lets its client read an attribute, by the catalogues of the registers.
Permits = Callable[[Agreement, str], bool]


@dataclass(frozen=True, slots=True)
class RefusedCalls:
    """Calls for the same attributes, of which ``lacking`` would be refused.

    ``calls`` are requests, however many people each was about; ``last_at`` is the latest.
    """

    attributes: tuple[str, ...]
    lacking: tuple[str, ...]
    calls: int
    last_at: datetime


def refused_calls(
    session: Session, agreement: Agreement, since: datetime, day: date, permits: Permits
) -> list[RefusedCalls]:
    """Return the calls answered ``since`` that would be refused if ``agreement`` held alone.

    Most calls first. Those count that its client made for its procedure and that were answered,
    also with "not found". Where the agreement isn't in force on ``day``, every call would be
    refused. The log names attributes without their register, so one that several registers have
    counts as permitted if any of them permits it.
    """
    found = [
        RefusedCalls(attributes, attributes if not agreement.in_force(day) else lacking, calls, at)
        for attributes, calls, at in _answered(session, agreement, since)
        if (lacking := tuple(a for a in attributes if not permits(agreement, a)))
        or not agreement.in_force(day)
    ]
    return sorted(found, key=lambda each: (-each.calls, each.attributes))


def _answered(
    session: Session, agreement: Agreement, since: datetime
) -> Iterator[tuple[tuple[str, ...], int, datetime]]:
    query = (
        sa.select(
            AccessContext.attributes,
            sa.func.count(sa.distinct(AccessEvent.trace_id)),
            sa.func.max(AccessEvent.at),
        )
        .join(AccessContext, AccessContext.id == AccessEvent.context_id)
        .where(
            AccessContext.client_id == agreement.client_id,
            AccessContext.procedure == agreement.procedure,
            AccessEvent.at >= since,
            AccessEvent.outcome != "refused",
        )
        .group_by(AccessContext.attributes)
    )
    for attributes, calls, at in session.execute(query):
        yield tuple(attributes.split()), calls, at
