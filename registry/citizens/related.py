"""What registers that build upon citizens ask of this one; nothing here answers a client."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.changes import LEDGER
from registry.citizens.models import Citizen
from registry.citizens.rules import true_on
from registry.citizens.standings import standings
from registry.kernel import columns
from registry.kernel.bulk import among
from registry.kernel.clock import today
from registry.kernel.fields import Document
from registry.kernel.history import Segment
from registry.kernel.ledger import Moment


def histories(session: Session, record_ids: Collection[str]) -> dict[str, list[Segment]]:
    """Return by record id what is believed of each interval, oldest first; not logged."""
    rows = _rows(session, record_ids)
    found = LEDGER.histories(session, rows)
    return {
        rows[row]: sorted((s for s in history.values() if s.believed), key=lambda s: s.valid_from)
        for row, history in found.items()
    }


def documents(
    session: Session, record_ids: Collection[str], moment: Moment
) -> Mapping[str, Document]:
    """Return by record id what is known at ``moment``; the caller logs whom it tells of."""
    found = session.scalars(sa.select(Citizen).where(among(session, Citizen.id, record_ids))).all()
    known = LEDGER.documents(session, found, moment)
    return {citizen.id: known[citizen.row] for citizen in found if citizen.row in known}


def identities(session: Session, record_ids: Collection[str]) -> set[str]:
    """Return the ids with those of every record that is the same person by a merge."""
    known = set(record_ids) | {s.id for s in standings(session, record_ids).values()}
    fresh = known
    while fresh:
        found = session.scalars(
            sa.select(Citizen.id).where(among(session, Citizen.merged_into, fresh))
        )
        fresh = set(found) - known
        known = known | fresh
    return known


def versions_of(session: Session, record_ids: Collection[str]) -> dict[str, int]:
    """Return by record id how often the record was written; reads no data."""
    return columns.versions_of(session, Citizen, record_ids)


def present(session: Session, record_ids: Collection[str]) -> dict[str, Document]:
    """Return by record id what is true today of whoever may be told of; not logged.

    Who is hidden, protected or merged into another is left out.
    """
    known = standings(session, record_ids)
    open_ = [key for key, who in known.items() if who.id == key and not who.protected]
    found = documents(session, open_, Moment())
    return {key: true_on(document, today()) for key, document in found.items()}


def closed(session: Session, people: Collection[str]) -> set[str]:
    """Return those of ``people``, by record id, who are hidden or protected; reads no data."""
    known = standings(session, people)
    return {key for key, who in known.items() if who.hidden or who.protected}


def _rows(session: Session, record_ids: Collection[str]) -> dict[int, str]:
    found = session.execute(
        sa.select(Citizen.row, Citizen.id).where(among(session, Citizen.id, record_ids))
    )
    return {row[0]: row[1] for row in found}
