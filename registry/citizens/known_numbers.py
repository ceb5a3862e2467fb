"""To whom numbers led that lead there no more, since a load was undone: questions of the past."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.models import Citizen, CitizenNumberUndone


def known_by(session: Session, values: Collection[str], known_at: datetime) -> dict[str, Citizen]:
    """Return by number the records to which ``values`` led at a moment; not logged."""
    undone = CitizenNumberUndone
    found = session.execute(
        sa.select(undone.value, Citizen)
        .join(Citizen, Citizen.row == undone.citizen)
        .where(undone.value.in_(values), *_led(known_at))
    )
    return {row[0]: row[1] for row in found}


def known_of(
    session: Session, record_ids: Collection[str], types: Collection[str], known_at: datetime
) -> set[str]:
    """Return the numbers of some types that led to one of ``record_ids`` at a moment."""
    undone = CitizenNumberUndone
    found = session.scalars(
        sa.select(undone.value)
        .join(Citizen, Citizen.row == undone.citizen)
        .where(undone.type.in_(types), Citizen.id.in_(record_ids), *_led(known_at))
    )
    return set(found)


def _led(known_at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return CitizenNumberUndone.since <= known_at, CitizenNumberUndone.until > known_at
