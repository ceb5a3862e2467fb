"""How records come to be and change: every way ends in history and the current row together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.models import Citizen, CitizenIdentifier, CitizenVersion
from registry.kernel.clock import now, today
from registry.kernel.dates import PartialDate
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text
from registry.kernel.fields import Document
from registry.kernel.history import Amendment, Segment, amend, answer
from registry.kernel.text import fold, person_sort_key

_BATCH = 1000
Secrecy = Literal["none", "address", "full"]


@dataclass(frozen=True, slots=True)
class Change:
    """The whole state of one citizen from ``valid_from`` on, found by personal id."""

    document: Document
    valid_from: date


@dataclass(frozen=True, slots=True)
class Counts:
    """What a load did, in records."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


def apply_changes(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write ``changes`` in batches inside the session's transaction; return what was done.

    The same change twice does nothing the second time. Raises Conflict for a change that
    would begin in the future, since the current row is the one of today.
    """
    counts = Counts()
    stream = iter(changes)
    while batch := list(islice(stream, _BATCH)):
        counts += _apply_batch(session, batch, source, load)
    return counts


def _apply_batch(
    session: Session, batch: Sequence[Change], source: str, load: str | None
) -> Counts:
    if any(change.valid_from > today() for change in batch):
        raise Conflict(Text("Ngày hiệu lực ở tương lai.", "A change begins in the future."))
    known = _rows_by_personal_id(session, [c.document["personal_id"] for c in batch])
    fresh: dict[str, Change] = {}
    changed = unchanged = 0
    for change in batch:
        personal_id = change.document["personal_id"]
        if personal_id not in known and personal_id not in fresh:
            fresh[personal_id] = change
            continue
        if personal_id in fresh:
            # The same person twice in one batch: the first must stand before the second.
            _insert(session, [fresh.pop(personal_id)], source, load)
            known |= _rows_by_personal_id(session, [personal_id])
        if _replace_state(session, known[personal_id], change, source, load):
            changed += 1
        else:
            unchanged += 1
    added = len({c.document["personal_id"] for c in batch}) - (
        len({c.document["personal_id"] for c in batch} & known.keys())
    )
    _insert(session, list(fresh.values()), source, load)
    return Counts(added, changed, unchanged)


def _rows_by_personal_id(session: Session, values: Sequence[str]) -> dict[str, int]:
    found = session.execute(
        sa.select(CitizenIdentifier.value, CitizenIdentifier.citizen).where(
            CitizenIdentifier.type == "personal_id", CitizenIdentifier.value.in_(values)
        )
    )
    return {row[0]: row[1] for row in found}


def _insert(session: Session, changes: Sequence[Change], source: str, load: str | None) -> None:
    if not changes:
        return
    moment = now()
    rows = session.scalars(
        sa.insert(Citizen).returning(Citizen.row, sort_by_parameter_order=True),
        [{"id": new_id(), "version": 1, **_columns(c.document)} for c in changes],
    ).all()
    session.execute(
        sa.insert(CitizenVersion),
        [
            _version(row, Segment(c.valid_from, None, moment, c.document, source, load))
            for row, c in zip(rows, changes, strict=True)
        ],
    )
    session.execute(
        sa.insert(CitizenIdentifier),
        [
            {"value": value, "type": kind, "citizen": row}
            for row, c in zip(rows, changes, strict=True)
            for kind, value in _identifiers(c.document)
        ],
    )


def _columns(document: Document) -> dict[str, Any]:
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
        "document": document,
    }


def _identifiers(document: Document) -> set[tuple[str, str]]:
    listed = {(entry["type"], entry["value"]) for entry in document.get("identifiers", ())}
    personal_id = document.get("personal_id")
    return listed | ({("personal_id", personal_id)} if personal_id else set())


def _version(row: int, segment: Segment) -> dict[str, Any]:
    return {
        "citizen": row,
        "valid_from": segment.valid_from,
        "valid_to": segment.valid_to,
        "recorded_at": segment.recorded_at,
        "superseded_at": segment.superseded_at,
        "document": segment.document,
        "source": segment.source,
        "load": segment.load,
        "wrong": segment.wrong,
    }


def segments(session: Session, row: int) -> dict[int, Segment]:
    """Return the history of one record by version key, oldest first."""
    found = session.scalars(
        sa.select(CitizenVersion)
        .where(CitizenVersion.citizen == row)
        .order_by(CitizenVersion.recorded_at, CitizenVersion.valid_from)
    )
    return {
        v.id: Segment(
            v.valid_from,
            v.valid_to,
            v.recorded_at,
            v.document,
            v.source,
            v.load,
            v.superseded_at,
            v.wrong,
        )
        for v in found
    }


def _replace_state(
    session: Session, row: int, change: Change, source: str, load: str | None
) -> bool:
    history = segments(session, row)
    held = [
        s for s in history.values() if s.believed and (s.valid_to or date.max) > change.valid_from
    ]
    if [s.document for s in held] == [change.document] and held[0].covers(change.valid_from):
        return False
    plan = amend(
        history.values(),
        lambda _: change.document,
        valid_from=change.valid_from,
        valid_to=None,
        recorded_at=now(),
        source=source,
        load=load,
    )
    _write(session, row, history, plan)
    return True


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
    """Record an event or correct the past of one record; raises NotFound.

    Nothing is overwritten: what was known before stays answerable by ``known_at``.
    """
    row = _require(session, record_id).row
    history = segments(session, row)
    plan = amend(
        history.values(),
        patch,
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_at=now(),
        source=source,
        load=load,
    )
    _write(session, row, history, plan)


def _write(session: Session, row: int, history: dict[int, Segment], plan: Amendment) -> None:
    ended = [key for key, segment in history.items() if segment in plan.ended]
    moment = plan.added[0].recorded_at
    if ended:
        session.execute(
            sa.update(CitizenVersion)
            .where(CitizenVersion.id.in_(ended))
            .values(superseded_at=moment)
        )
    session.execute(sa.insert(CitizenVersion), [_version(row, s) for s in plan.added])
    _refresh(session, row, plan.apply(history.values()))


def _refresh(session: Session, row: int, history: Iterable[Segment]) -> None:
    """Set the current row to what is believed of today, and let every number lead to it."""
    now_true = answer(history, today())
    document: Document = now_true.document if now_true else {}
    session.execute(
        sa.update(Citizen)
        .where(Citizen.row == row)
        .values(version=Citizen.version + 1, **_columns(document))
    )
    known = {
        (kind, value)
        for kind, value in session.execute(
            sa.select(CitizenIdentifier.type, CitizenIdentifier.value).where(
                CitizenIdentifier.citizen == row
            )
        )
    }
    added = _identifiers(document) - known
    if added:
        session.execute(
            sa.insert(CitizenIdentifier),
            [{"value": value, "type": kind, "citizen": row} for kind, value in added],
        )


def mark_wrong(session: Session, record_id: str, as_of: date) -> None:
    """Mark the version believed of ``as_of`` as wrong: it answers nothing, and stays for audit.

    Raises NotFound where there is none.
    """
    row = _require(session, record_id).row
    history = segments(session, row)
    wrong = answer(history.values(), as_of)
    if wrong is None:
        raise NotFound
    key = next(key for key, segment in history.items() if segment is wrong)
    session.execute(sa.update(CitizenVersion).where(CitizenVersion.id == key).values(wrong=True))
    history[key] = replace(wrong, wrong=True)
    _refresh(session, row, history.values())


def set_review(session: Session, record_id: str, path: str, *, open_: bool, source: str) -> None:
    """Open or end the investigation of one attribute; its flag rides along with every answer."""
    row = _require(session, record_id).row
    history = segments(session, row)
    first = min(segment.valid_from for segment in history.values() if segment.believed)

    def flag(document: Document) -> Document:
        flags = set(document.get("under_review", ())) - {path}
        rest = {key: value for key, value in document.items() if key != "under_review"}
        flags |= {path} if open_ else set()
        return {**rest, "under_review": sorted(flags)} if flags else rest

    amend_citizen(session, record_id, flag, valid_from=first, source=source)


def set_secrecy(session: Session, record_id: str, secrecy: Secrecy) -> None:
    """Protect a person's address, or the whole record, or lift the protection."""
    _update(session, record_id, secrecy=secrecy)


def erase(session: Session, record_id: str) -> None:
    """Suspend a record made in error: it can't be found any more, and stays for audit."""
    _update(session, record_id, state="erased")


def merge(session: Session, record_id: str, into: str | None) -> None:
    """Say that a record is the same person as ``into``, or, with None, take that back.

    Both records stay; the merged one answers that it moved. Raises Conflict for a circle.
    """
    if into is not None and (into == record_id or _require(session, into).merged_into):
        raise Conflict
    _update(session, record_id, merged_into=into)


def _update(session: Session, record_id: str, **values: Any) -> None:
    row = _require(session, record_id).row
    session.execute(
        sa.update(Citizen)
        .where(Citizen.row == row)
        .values(version=Citizen.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _require(session: Session, record_id: str) -> Citizen:
    found = session.scalar(sa.select(Citizen).where(Citizen.id == record_id))
    if found is None:
        raise NotFound
    return found
