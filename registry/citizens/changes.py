"""How the records of citizens come to be and change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.models import Citizen, CitizenIdentifier, CitizenVersion
from registry.kernel.clock import now
from registry.kernel.dates import PartialDate
from registry.kernel.errors import Conflict, NotFound
from registry.kernel.fields import Document
from registry.kernel.history import Segment
from registry.kernel.ledger import Change, Counts, Ledger
from registry.kernel.text import fold, person_sort_key

Secrecy = Literal["none", "address", "full"]


def _find(session: Session, personal_ids: Sequence[str]) -> dict[str, int]:
    found = session.execute(
        sa.select(CitizenIdentifier.value, CitizenIdentifier.citizen).where(
            CitizenIdentifier.type == "personal_id", CitizenIdentifier.value.in_(personal_ids)
        )
    )
    return {row[0]: row[1] for row in found}


def _project(document: Document) -> dict[str, Any]:
    """Return the columns of the current row, all of them projections of the document."""
    name = document.get("name", {}).get("full", "")
    birth = document.get("birth_date")
    day = PartialDate.parse(birth["value"]) if birth else None
    residence = document.get("residence", {}).get("permanent", {})
    commune = residence.get("address", {}).get("current", {}).get("commune", {})
    return {
        "name_fold": fold(name),
        "name_sort": person_sort_key(name),
        "birth_first": day and day.first,
        "birth_last": day and day.last,
        "sex": document.get("sex", {}).get("code"),
        "commune": commune.get("code"),
    }


def _link(session: Session, written: Sequence[tuple[int, Document]]) -> None:
    """Let every number of a document lead to its record; none is ever taken away."""
    known: set[tuple[str, str, int]] = {
        (row[0], row[1], row[2])
        for row in session.execute(
            sa.select(
                CitizenIdentifier.type, CitizenIdentifier.value, CitizenIdentifier.citizen
            ).where(CitizenIdentifier.citizen.in_([row for row, _ in written]))
        )
    }
    named = {(*pair, row) for row, document in written for pair in _identifiers(document)}
    fresh = sorted(named - known)
    if fresh:
        session.execute(
            sa.insert(CitizenIdentifier),
            [{"type": kind, "value": value, "citizen": row} for kind, value, row in fresh],
        )


def _identifiers(document: Document) -> set[tuple[str, str]]:
    listed = {(entry["type"], entry["value"]) for entry in document.get("identifiers", ())}
    personal_id = document.get("personal_id")
    return listed | ({("personal_id", personal_id)} if personal_id else set())


LEDGER = Ledger(
    Citizen,
    CitizenVersion,
    key=lambda document: str(document["personal_id"]),
    find=_find,
    project=_project,
    link=_link,
)


def apply_changes(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write the states of citizens, found by personal id (`Ledger.apply`)."""
    return LEDGER.apply(session, changes, source=source, load=load)


def amend_citizen(  # noqa: PLR0913 - the interval and the origin belong to the act
    session: Session,
    record_id: str,
    patch: Callable[[Document], Document],
    *,
    valid_from: date,
    valid_to: date | None = None,
    source: str,
    load: str | None = None,
) -> None:
    """Record an event or correct the past of one citizen (`Ledger.amend`); raises NotFound."""
    when = Segment(valid_from, valid_to, now(), {}, source, load)
    LEDGER.amend(session, _require(session, record_id).row, patch, when)


def mark_wrong(session: Session, record_id: str, as_of: date) -> None:
    """Mark the version believed of ``as_of`` as wrong (`Ledger.mark_wrong`)."""
    LEDGER.mark_wrong(session, _require(session, record_id).row, as_of)


def set_review(session: Session, record_id: str, path: str, *, open_: bool, source: str) -> None:
    """Open or end the investigation of one attribute; its flag rides along with every answer."""
    row = _require(session, record_id).row
    believed = (s for s in LEDGER.segments(session, row).values() if s.believed)
    first = min(segment.valid_from for segment in believed)

    def flag(document: Document) -> Document:
        flags = set(document.get("under_review", ())) - {path}
        rest = {key: value for key, value in document.items() if key != "under_review"}
        flags |= {path} if open_ else set()
        return {**rest, "under_review": sorted(flags)} if flags else rest

    LEDGER.amend(session, row, flag, Segment(first, None, now(), {}, source))


def set_secrecy(session: Session, record_id: str, secrecy: Secrecy) -> None:
    """Protect a person's address, or the whole record, or lift the protection."""
    LEDGER.touch(session, _require(session, record_id).row, secrecy=secrecy)


def erase(session: Session, record_id: str) -> None:
    """Suspend a record made in error: it can't be found any more, and stays for audit."""
    LEDGER.touch(session, _require(session, record_id).row, state="erased")


def merge(session: Session, record_id: str, into: str | None) -> None:
    """Say that a record is the same person as ``into``, or, with None, take that back.

    Both records stay; the merged one answers that it moved. Raises Conflict for a circle.
    """
    if into is not None and (into == record_id or _require(session, into).merged_into):
        raise Conflict
    LEDGER.touch(session, _require(session, record_id).row, merged_into=into)


def _require(session: Session, record_id: str) -> Citizen:
    found = session.scalar(sa.select(Citizen).where(Citizen.id == record_id))
    if found is None:
        raise NotFound
    return found
