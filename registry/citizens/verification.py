"""When each held citizen was last confirmed by the source, and keeping what the source says.

A confirmation that changes nothing is one date in one row, never a version: history tells what
changed, not how often somebody looked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.changes import apply_changes, numbers_of
from registry.citizens.models import Citizen, CitizenIdentifier, CitizenVerification
from registry.citizens.records import find_by_identifiers
from registry.kernel.bulk import insert_rows
from registry.kernel.clock import today
from registry.kernel.fields import Document
from registry.kernel.ledger import Change


@dataclass(frozen=True, slots=True)
class Held:
    """A held record: its row, and when the source last said whether it exists."""

    row: int
    merged: bool
    verified_at: datetime | None = None
    found: bool = True


def find_held(session: Session, identifiers: Collection[str]) -> dict[str, Held]:
    """Return the record that each identifier leads to; reads no data."""
    citizens = find_by_identifiers(session, identifiers)
    rows = {citizen.row for citizen in citizens.values()}
    verified = {
        v.citizen: v
        for v in session.scalars(
            sa.select(CitizenVerification).where(CitizenVerification.citizen.in_(rows))
        )
    }
    held = {}
    for identifier, citizen in citizens.items():
        told = verified.get(citizen.row)
        merged = citizen.merged_into is not None
        held[identifier] = (
            Held(citizen.row, merged, told.verified_at, told.found)
            if told
            else Held(citizen.row, merged)
        )
    return held


def verified_at(session: Session, record_ids: Iterable[str]) -> dict[str, datetime]:
    """Return by record id when the source last confirmed it, where it ever did."""
    found = session.execute(
        sa.select(Citizen.id, CitizenVerification.verified_at)
        .join(CitizenVerification, CitizenVerification.citizen == Citizen.row)
        .where(Citizen.id.in_(set(record_ids)))
    )
    return {row[0]: row[1] for row in found}


def keep(
    session: Session, told: Mapping[str, Document | None], source: str, moment: datetime
) -> set[str]:
    """Keep what the source said of each identifier at ``moment``; return those that were kept.

    A document must carry its identifier (`carries`). A changed one becomes a version that begins
    today: the source says what is, not since when. An identifier that leads to another record here
    than there is not among those kept, since only a steward can say which is right. Raises Invalid
    as `apply_changes` does.
    """
    _lock(session, told)
    held = find_by_identifiers(session, told)
    absent = {held[key].row: False for key in told if told[key] is None and key in held}
    documents = {key: document for key, document in told.items() if document is not None}
    changes = {
        str(document["personal_id"]): Change(_flagged(document, held.get(key)), today())
        for key, document in documents.items()
    }
    # Always in one order, or two servers with the same new people could wait for each other.
    ordered = [changes[number] for number in sorted(changes)]
    apply_changes(session, ordered, source=source, load=None)
    kept = _settled(session, documents)
    _stamp(session, absent | dict.fromkeys(kept.values(), True), moment)
    return kept.keys() | told.keys() - documents.keys()


def _lock(session: Session, identifiers: Collection[str]) -> None:
    """Lock the records: of two servers that hear of one change, the second finds nothing new."""
    led = sa.select(CitizenIdentifier.citizen).where(CitizenIdentifier.value.in_(identifiers))
    locked = sa.select(Citizen.row).where(Citizen.row.in_(led)).order_by(Citizen.row)
    session.execute(locked.with_for_update())


def carries(document: Document, identifier: str) -> bool:
    """Say whether the document is about whoever has ``identifier``."""
    return any(value == identifier for _, value in numbers_of(document))


def _flagged(document: Document, held: Citizen | None) -> Document:
    """Return the document with what is under review here: a fetch ends no investigation."""
    flags = held.document.get("under_review") if held else None
    return {**document, "under_review": flags} if flags else document


def _settled(session: Session, documents: Mapping[str, Document]) -> dict[str, int]:
    """Return the row of each identifier that leads where its document was written."""
    numbers = {str(document["personal_id"]) for document in documents.values()}
    leads = find_by_identifiers(session, numbers | documents.keys())
    return {
        identifier: leads[identifier].row
        for identifier, document in documents.items()
        # A passport's digits lead nowhere here, and an older paper may lead to somebody else.
        if identifier in leads and leads[identifier].row == leads[str(document["personal_id"])].row
    }


def _stamp(session: Session, rows: Mapping[int, bool], moment: datetime) -> None:
    table = CitizenVerification
    session.execute(
        sa.delete(table)
        .where(table.citizen.in_(rows.keys()))
        .execution_options(synchronize_session=False)
    )
    insert_rows(
        session,
        table,
        ("citizen", "verified_at", "found"),
        ((row, moment, found) for row, found in rows.items()),
    )


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the held records are; ``denied`` are those that the source says don't exist."""

    records: int
    verified: int
    denied: int
    oldest: datetime | None
    newest: datetime | None


def freshness(session: Session) -> Freshness:
    """Return how many records are held and confirmed, with the oldest and newest confirmation."""
    table = CitizenVerification
    counted: Any = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(sa.case((table.found, 0), else_=1)),
            sa.func.min(table.verified_at),
            sa.func.max(table.verified_at),
        ).select_from(table)
    ).one()
    records = session.scalar(sa.select(sa.func.count()).select_from(Citizen)) or 0
    denied = counted[1] or 0
    return Freshness(records, counted[0] - denied, denied, counted[2], counted[3])
