"""How the records of citizens come to be and change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any, Literal, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.attributes import CATALOGUE
from registry.citizens.models import (
    Citizen,
    CitizenIdentifier,
    CitizenNumberUndone,
    CitizenVersion,
)
from registry.citizens.projection import as_claimed, carry, lay_over
from registry.kernel.bulk import among, insert_rows
from registry.kernel.clock import now
from registry.kernel.columns import require_record
from registry.kernel.dates import PartialDate
from registry.kernel.db import JsonText
from registry.kernel.errors import Conflict, FieldError, Invalid, Text
from registry.kernel.fields import Document
from registry.kernel.history import Edit, Segment
from registry.kernel.identifiers import mask
from registry.kernel.ledger import Change, Counts, Ledger
from registry.kernel.text import fold, match_key, person_sort_key
from registry.upstream.modes import require_copies

Secrecy = Literal["none", "address", "full"]
_Number = tuple[str, str]
_Dates = tuple[date | None, date | None]
_NUMBERS = cast("sa.Table", CitizenIdentifier.__table__)
_COLUMNS = ("type", "value", "citizen", "valid_from", "valid_to")
_IN_USE = Text("Số này đang thuộc về người khác.", "This number belongs to somebody else.")

_UNEQUAL = Text(
    "Hai bản ghi có mức bảo vệ khác nhau: hãy làm cho giống nhau trước khi hợp nhất.",
    "The two records are protected unequally: make them equal before the merge.",
)


def _find(session: Session, personal_ids: Sequence[str]) -> dict[str, int]:
    found = session.execute(
        sa.select(CitizenIdentifier.value, CitizenIdentifier.citizen).where(
            CitizenIdentifier.type == "personal_id",
            among(session, CitizenIdentifier.value, personal_ids),
        )
    )
    known = {row[0]: row[1] for row in found}
    absent = set(personal_ids) - known.keys()
    return {**_emptied(session, absent), **known} if absent else known


def _emptied(session: Session, personal_ids: Collection[str]) -> dict[str, int]:
    """Return the records whose only load was taken back: the same people come back in them.

    So that whatever refers to one of them finds the person again.
    """
    undone = CitizenNumberUndone
    found = session.execute(
        sa.select(undone.value, undone.citizen)
        .join(Citizen, Citizen.row == undone.citizen)
        .where(
            undone.type == "personal_id",
            undone.value.in_(personal_ids),
            Citizen.document == sa.literal({}, JsonText),
        )
        .order_by(undone.citizen)
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
        **_keys_of(name),
        "birth_first": day and day.first,
        "birth_last": day and day.last,
        "sex": document.get("sex", {}).get("code"),
        "commune": commune.get("code"),
    }


# A load meets most names more than once.
@lru_cache(maxsize=50_000)
def _keys_of(name: str) -> Mapping[str, str]:
    """Return by what a name is found and sorted."""
    return {
        "name_match": match_key(name),
        "name_fold": fold(name),
        "name_sort": person_sort_key(name),
    }


def _link(session: Session, written: Sequence[tuple[int, Document]]) -> None:
    """Let every number of a document lead to its record; none is ever taken away.

    Raises Invalid for a number that leads to somebody else: one number can't name two people.
    """
    named = [
        (number, row, dates)
        for row, document in written
        for number, dates in numbers_of(document).items()
    ]
    owners = _owners(session, {value for (_, value), _, _ in named})
    fresh: list[tuple[Any, ...]] = []
    taken: list[_Number] = []
    for number, row, dates in named:
        owner = owners.get(number)
        if owner is None:
            fresh.append((*number, row, *dates))
            owners[number] = _Owner(row, dates, free=False, moved=False)
        elif owner.free or (owner.row == row and owner.dates != dates):
            _redirect(session, number, row, dates)
        elif owner.row != row and not owner.moved:
            taken.append(number)
    if taken:
        raise Invalid(_IN_USE, errors=[_in_use(*number) for number in sorted(taken)])
    insert_rows(session, CitizenIdentifier, _COLUMNS, fresh)


class _Owner(NamedTuple):
    """Whom a number leads to: ``free`` a record made in error, ``moved`` one that was merged."""

    row: int
    dates: _Dates
    free: bool
    moved: bool


def _owners(session: Session, values: Collection[str]) -> dict[_Number, _Owner]:
    if not values:
        return {}
    of = _NUMBERS.c
    found = session.execute(
        sa.select(
            of.type,
            of.value,
            of.citizen,
            of.valid_from,
            of.valid_to,
            Citizen.state,
            Citizen.merged_into,
        )
        .join(Citizen, Citizen.row == of.citizen)
        .where(among(session, of.value, values))
    )
    return {
        (kind, value): _Owner(row, (first, end), state == "erased", merged is not None)
        for kind, value, row, first, end, state, merged in found
    }


def _redirect(session: Session, number: _Number, row: int, dates: _Dates) -> None:
    first, end = dates
    session.execute(
        sa.update(_NUMBERS)
        .where(_NUMBERS.c.type == number[0], _NUMBERS.c.value == number[1])
        .values(citizen=row, valid_from=first, valid_to=end)
    )


def _in_use(kind: str, value: str) -> FieldError:
    return FieldError(f"/{kind}/{mask(value)}", "identifier_in_use", _IN_USE)


def numbers_of(document: Document) -> dict[_Number, _Dates]:
    """Return every number of a document, with the days between which it was one."""
    found: dict[_Number, _Dates] = {
        (entry["type"], entry["value"]): (_first(entry, "valid_from"), _first(entry, "valid_to"))
        for entry in document.get("identifiers", ())
    }
    personal_id = document.get("personal_id")
    if personal_id:
        found.setdefault(("personal_id", personal_id), (None, None))
    return found


def _first(entry: Document, bound: str) -> date | None:
    return PartialDate.parse(entry[bound]["value"]).first if bound in entry else None


LEDGER = Ledger(
    Citizen,
    CitizenVersion,
    key=lambda document: str(document["personal_id"]),
    find=_find,
    project=_project,
    link=_link,
    carry=carry,
)


def apply_changes(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write the states of citizens, found by personal id (`Ledger.apply`).

    What acts of civil status decided of a person stands over what a state says of it. Raises
    NotInMode where no copies may be kept.
    """
    require_copies(session, CATALOGUE.register)
    return LEDGER.apply(session, changes, source=source, load=load)


View = tuple[date, date | None, Mapping[str, Any]]
"""Of which days (first, first day after), and what acts decide of them (`projection.lay_over`)."""


def project(
    session: Session,
    views: Mapping[str, Sequence[View]],
    *,
    source: str,
    load: str | None,
) -> int:
    """Write what acts decide of people, by record id, as versions; return how many changed.

    The views of a person don't overlap. On days that no view names, acts decide nothing, and what
    they decided before is taken back. Nothing is written where nothing changes.
    """
    found = session.execute(
        sa.select(Citizen.row, Citizen.id).where(among(session, Citizen.id, views.keys()))
    )
    edits = {row: list(_edits(views[key])) for row, key in found}
    return LEDGER.rewrite(session, edits, source=source, load=load)


def _edits(views: Sequence[View]) -> Iterator[Edit]:
    reached = date.min
    for first, after, values in sorted(views, key=lambda view: view[0]):
        if reached < first:
            yield Edit(reached, first, as_claimed)
        yield Edit(first, after, partial(lay_over, values=values))
        reached = after or date.max
    if reached < date.max:
        yield Edit(reached, None, as_claimed)


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
    LEDGER.amend(session, require_record(session, Citizen, record_id).row, patch, when)


def mark_wrong(session: Session, record_id: str, as_of: date) -> None:
    """Mark the version believed of ``as_of`` as wrong (`Ledger.mark_wrong`)."""
    LEDGER.mark_wrong(session, require_record(session, Citizen, record_id).row, as_of)


def set_review(session: Session, record_id: str, path: str, *, open_: bool, source: str) -> None:
    """Open or end the investigation of one attribute; its flag rides along with every answer."""
    row = require_record(session, Citizen, record_id).row

    def flag(document: Document) -> Document:
        flags = set(document.get("under_review", ())) - {path}
        rest = {key: value for key, value in document.items() if key != "under_review"}
        flags |= {path} if open_ else set()
        return {**rest, "under_review": sorted(flags)} if flags else rest

    moment = now()
    for held in LEDGER.segments(session, row).values():
        # Each on its own, so that days of which nothing is known stay so.
        if held.believed:
            when = Segment(held.valid_from, held.valid_to, moment, {}, source)
            LEDGER.amend(session, row, flag, when)


def set_secrecy(session: Session, record_id: str, secrecy: Secrecy) -> None:
    """Protect a person's address, or the whole record, or lift the protection."""
    LEDGER.touch(session, require_record(session, Citizen, record_id).row, secrecy=secrecy)


def erase(session: Session, record_id: str) -> None:
    """Suspend a record made in error: it can't be found any more, and stays for audit."""
    LEDGER.touch(session, require_record(session, Citizen, record_id).row, state="erased")


def merge(session: Session, record_id: str, into: str | None) -> None:
    """Say that a record is the same person as ``into``, or, with None, take that back.

    Both records stay; the merged one answers that it moved. Raises Conflict for a circle, and
    where one is protected and the other is not: whoever merges decides that first, or the
    survivor would tell what the merged record had to withhold.
    """
    record = require_record(session, Citizen, record_id)
    survivor = require_record(session, Citizen, into) if into else None
    if survivor and (survivor is record or survivor.merged_into):
        raise Conflict
    if survivor and survivor.secrecy != record.secrecy:
        raise Conflict(_UNEQUAL)
    LEDGER.touch(session, record.row, merged_into=into)
