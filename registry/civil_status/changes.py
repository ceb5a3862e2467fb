"""How acts come to be, and how what they decide reaches the people they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.changes import View, project
from registry.citizens.projection import as_claimed
from registry.citizens.records import find_record_ids
from registry.citizens.related import histories
from registry.citizens.standings import standings
from registry.civil_status.acts import effective_date, named, text_code, year_of
from registry.civil_status.coverage import (
    Book,
    covered_days,
    office_codes,
    residences_of,
    uncovered,
)
from registry.civil_status.models import (
    CivilAct,
    CivilActPerson,
    CivilActVersion,
    CivilBook,
    CivilBookVersion,
)
from registry.civil_status.quality import source_quality
from registry.civil_status.rules import Background, fold
from registry.civil_status.surroundings import (
    RIPPLING,
    parts,
    read_surroundings,
    relatives,
    targets,
)
from registry.kernel.bulk import among, insert_rows
from registry.kernel.clock import now, today
from registry.kernel.dates import PartialDate
from registry.kernel.errors import FieldError, Invalid, Text
from registry.kernel.fields import Document
from registry.kernel.history import Segment
from registry.kernel.ledger import Change, Counts, Ledger
from registry.kernel.text import match_key

_UNDATED = Text(
    "Việc hộ tịch không có ngày nào, cũng không có năm của sổ.",
    "The act has no date at all, nor the year of its book.",
)
_BATCH = 1000
_MOST_WAITING = 20_000


def number_key(number: str) -> str:
    """Return the number of an entry as it is compared: no zeros in front, no spaces.

    >>> number_key("007/2023"), number_key("00")
    ('7/2023', '0')
    """
    key = match_key(number).replace(" ", "")
    return key.lstrip("0") or key[-1:]


def book_key(book: str) -> str:
    """Return the number of a book as it is compared.

    >>> book_key("01/2023 - ks")
    '1/2023-ks'
    """
    return number_key(book)


def _find(session: Session, codes: Sequence[str]) -> dict[str, int]:
    found = session.execute(
        sa.select(CivilAct.code, CivilAct.row).where(among(session, CivilAct.code, codes))
    )
    return {row[0]: row[1] for row in found}


def _project(document: Document) -> dict[str, Any]:
    if not document:
        return {}
    number, book = document.get("number"), document.get("book")
    return {
        "code": document["code"],
        "type": text_code(document["type"]),
        "number": number_key(number) if number else None,
        "book": book_key(book) if book else None,
        "office": document.get("office", {}).get("code"),
        "year": year_of(document),
        "amends": document.get("amends"),
    }


def _link(session: Session, written: Sequence[tuple[int, Document]]) -> None:
    table = CivilActPerson
    known = {
        (row[0], row[1], row[2])
        for row in session.execute(
            sa.select(table.citizen_id, table.act, table.role).where(
                among(session, table.act, [row for row, _ in written])
            )
        )
    }
    told = {
        (entry["citizen_id"], row, role)
        for row, document in written
        for role, entry in document.get("persons", {}).items()
        if "citizen_id" in entry
    }
    insert_rows(session, table, ("citizen_id", "act", "role"), sorted(told - known))


LEDGER = Ledger(
    CivilAct,
    CivilActVersion,
    key=lambda document: str(document["code"]),
    find=_find,
    project=_project,
    link=_link,
)


def record_acts(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write acts, found by code, and what they then decide of everybody they bear on.

    People are named by personal id and become references where they are registered. An act holds
    from its effective day, whatever day a change names; one already here is replaced as a whole,
    which mends an error of its entry (a correction in law is an act of its own). Raises Invalid,
    naming the codes, for acts without any date.
    """
    counts = Counts()
    waiting: set[str] = set()
    stream = iter(changes)
    while batch := list(islice(stream, _BATCH)):
        done, people = _record(session, [change.document for change in batch], source, load)
        counts += done
        waiting |= people
        # Whoever is named by many acts of one load is told of once, by all of them.
        if len(waiting) >= _MOST_WAITING:
            _refresh(session, waiting, source, load)
            waiting = set()
    _refresh(session, waiting, source, load)
    return counts


def _record(
    session: Session, documents: Sequence[Document], source: str, load: str | None
) -> tuple[Counts, set[str]]:
    """Write one batch; return also of whom something may be true now that was not before."""
    undated = [d["code"] for d in documents if effective_date(d) is None]
    if undated:
        raise Invalid(
            _UNDATED, errors=[FieldError(f"/{code}", "undated", _UNDATED) for code in undated]
        )
    kept = resolved(session, documents)
    before = _present(session, [d["code"] for d in kept])
    changed = [d for d in kept if before.get(d["code"], (None, None))[0] != d]
    counts = LEDGER.apply(session, _dated(kept, before), source=source, load=load)
    replaced = [before[d["code"]][0] for d in changed if d["code"] in before]
    return counts, concerned(session, [*changed, *replaced])


def _dated(
    documents: Iterable[Document], before: Mapping[str, tuple[Document, date]]
) -> Iterator[Change]:
    """Yield each act from its effective day on, or from wherever its history began before that."""
    for document in documents:
        when = effective_date(document)
        day = when.first if when else date.max
        held = before.get(document["code"])
        yield Change(document, min(day, held[1]) if held else day)


def _present(session: Session, codes: Sequence[str]) -> dict[str, tuple[Document, date]]:
    """Return the acts that are here already, each with the first day of its history.

    One whose only load was taken back is not here, and begins anew.
    """
    version = CivilActVersion
    first = (
        sa.select(version.record, sa.func.min(version.valid_from).label("day"))
        .where(
            version.record.in_(sa.select(CivilAct.row).where(among(session, CivilAct.code, codes)))
        )
        .group_by(version.record)
        .subquery()
    )
    found = session.execute(
        sa.select(CivilAct.code, CivilAct.document, first.c.day).join(
            first, first.c.record == CivilAct.row
        )
    )
    return {row[0]: (row[1], row[2]) for row in found if row[1]}


def resolved(session: Session, documents: Sequence[Document]) -> list[Document]:
    """Return acts of a file as they would be kept.

    Each with a reference to everybody who is registered, and its quality.
    """
    people = find_record_ids(
        session,
        {
            entry["personal_id"]
            for document in documents
            for entry in document.get("persons", {}).values()
            if "personal_id" in entry
        },
    )
    return [_with_references(document, people) for document in documents]


def _with_references(document: Document, people: Mapping[str, str]) -> Document:
    persons: dict[str, Any] = {}
    for role, entry in document.get("persons", {}).items():
        rest = {key: value for key, value in entry.items() if key != "citizen_id"}
        found = people.get(entry.get("personal_id", ""))
        persons[role] = rest | ({"citizen_id": found} if found else {})
    return {**document, "persons": persons, "source_quality": source_quality(document)}


def concerned(session: Session, documents: Sequence[Document]) -> set[str]:
    """Return whom some acts bear on: those they name, and where they ripple, their kin."""
    amended = targets(session, {d["amends"] for d in documents if "amends" in d})
    people = {who for document in (*documents, *amended) for who in named(document)}
    rippling = {
        who
        for document in (*documents, *amended)
        if text_code(document["type"]) in RIPPLING
        for who in named(document)
    }
    return people | relatives(session, rippling)


def refresh_marital_status(
    session: Session, record_ids: Iterable[str], *, source: str, load: str | None
) -> int:
    """Write anew what acts and books decide of people; return of how many it changed.

    For whoever comes of age, moves, or lived where the coverage of the books changed.
    """
    return _refresh(session, set(record_ids), source, load)


def _refresh(session: Session, people: Collection[str], source: str, load: str | None) -> int:
    count = 0
    known: set[str] = set()
    for part in parts(people):
        known |= {standing.id for standing in standings(session, part).values()}
    for part in parts(known):
        count += project(session, _views(session, part), source=source, load=load)
    return count


def _views(session: Session, people: Sequence[str]) -> dict[str, list[View]]:
    around = read_surroundings(session, people)
    known = histories(session, people)
    states = {key: [_claimed(s) for s in history] for key, history in known.items()}
    homes = {key: residences_of(state) for key, state in states.items()}
    covered = covered_days(
        _books(session, {code for home in homes.values() for code in office_codes(home)})
    )
    views: dict[str, list[View]] = {}
    for key, state in states.items():
        document = state[-1][2] if state else {}
        birth = document.get("birth_date")
        born = PartialDate.parse(birth["value"]) if birth else None
        background = Background(
            today(),
            born,
            text_code(document.get("sex")) or None,
            state[0][0] if state else None,
            uncovered(homes[key], covered, date.min),
        )
        views[key] = _intervals(fold(around.of(key), key, background))
    return views


def view_on(session: Session, record_id: str, day: date) -> Mapping[str, Any]:
    """Return what acts and books decide of a person on a day, as they are now; nothing is kept."""
    views = _views(session, [record_id]).get(record_id, ())
    return next((v for first, end, v in views if first <= day < (end or date.max)), {})


def _claimed(segment: Segment) -> tuple[date, date | None, Document]:
    return segment.valid_from, segment.valid_to, as_claimed(segment.document)


def _intervals(timeline: Sequence[tuple[date, Mapping[str, Any]]]) -> list[View]:
    ends: list[date | None] = [day for day, _ in timeline[1:]]
    return [(day, end, values) for (day, values), end in zip(timeline, [*ends, None], strict=False)]


def _books(session: Session, offices: Collection[str]) -> list[Book]:
    found = session.execute(
        sa.select(CivilBook.office, CivilBook.as_of, CivilBook.year_from, CivilBook.year_to).where(
            CivilBook.kind == "marriage",
            CivilBook.complete.is_(True),
            among(session, CivilBook.office, sorted(offices)),
        )
    )
    return [Book(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far one office's books of one kind of act are here.

    ``as_of`` is a day on which the office's code means it, the last of ``year_from`` where None;
    ``year_to`` None: the books go on.
    """

    office: str
    office_name: str
    kind: str
    year_from: int
    year_to: int | None
    complete: bool
    as_of: date | None = None


def read_coverage(session: Session) -> list[dict[str, Any]]:
    """Return the books that are told of, each as a file would tell it."""
    told = ("office", "office_name", "kind", "year_from", "year_to", "complete")
    return [
        {name: value for name in told if (value := getattr(book, name)) is not None}
        | {"as_of": book.as_of.isoformat()}
        for book in session.scalars(sa.select(CivilBook))
    ]


def set_coverage(
    session: Session, rows: Iterable[Coverage], *, source: str, load: str | None
) -> int:
    """Say of books how far they are here; return how many rows changed.

    Nobody's status changes by it until their acts are next written or `refresh_marital_status`.
    """
    table = CivilBook
    known = {
        (book.office, book.as_of, book.kind, book.year_from): book
        for book in session.scalars(sa.select(table))
    }
    changed = 0
    moment = now()
    for row in rows:
        as_of = row.as_of or date(row.year_from, 12, 31)
        book = known.get((row.office, as_of, row.kind, row.year_from))
        told = (row.year_to, row.office_name, row.complete)
        fresh = book is None
        if book is None:
            book = table(office=row.office, as_of=as_of, kind=row.kind, year_from=row.year_from)
            known[row.office, as_of, row.kind, row.year_from] = book
            session.add(book)
        elif (book.year_to, book.office_name, book.complete) == told:
            continue
        book.year_to, book.office_name, book.complete = told
        book.source, book.load = source, load
        _remember(session, book, moment, fresh=fresh)
        changed += 1
    session.flush()
    return changed


def _remember(session: Session, book: CivilBook, moment: datetime, *, fresh: bool) -> None:
    """Keep what is said of a book beside what was said before, which ends at ``moment``."""
    table = CivilBookVersion
    if not fresh:
        session.execute(
            sa.update(table)
            .where(
                table.office == book.office,
                table.as_of == book.as_of,
                table.kind == book.kind,
                table.year_from == book.year_from,
                table.superseded_at.is_(None),
            )
            .values(superseded_at=moment)
            .execution_options(synchronize_session=False)
        )
    columns = (column.name for column in CivilBook.__table__.columns)
    told = {name: getattr(book, name) for name in columns}
    session.add(table(**told, recorded_at=moment))
