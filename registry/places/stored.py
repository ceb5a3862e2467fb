"""The loaded facts as the database has them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.places.loaded import Fact
from registry.places.models import PlaceFact, PlaceGeneration


def generation(session: Session) -> int:
    """Return the number of loads so far; what was made under another number is stale."""
    return session.scalar(sa.select(PlaceGeneration.number)) or 0


def believed_facts(session: Session, known_at: datetime | None = None) -> list[Fact]:
    """Return the facts that hold, or those that were believed at the moment ``known_at``.

    Withdrawn ones are among them, each telling that its unit never was.
    """
    table = PlaceFact
    ended = table.superseded_at
    believed: sa.ColumnElement[bool] = ended.is_(None)
    if known_at is not None:
        believed = sa.and_(table.recorded_at <= known_at, sa.or_(ended.is_(None), ended > known_at))
    found = session.scalars(sa.select(table.document).where(believed).order_by(table.id))
    return [Fact.from_document(document) for document in found]
