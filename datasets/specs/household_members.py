"""Whether the members of a household are registered: without them it can't be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice

from sqlalchemy.orm import Session

from datasets.formats import Options, Row
from datasets.specs.base import Entry, Finding, Spec
from registry.citizens.records import find_record_ids

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class HouseholdEntry(Entry):
    """What the rows of one household say, with the line of each."""

    lines: tuple[int, ...] = ()


def with_registered_members(spec: Spec) -> Spec:
    """Return the specification of households that also asks the register of citizens."""

    def read(rows: Iterable[Row]) -> Iterator[Entry]:
        lines: deque[int] = deque()

        def passing() -> Iterator[Row]:
            for row in rows:
                lines.append(row.line)
                yield row

        # Entries come in the order of their rows, so the first lines that wait are theirs.
        for entry in spec.read(passing()):
            told = {field.name: getattr(entry, field.name) for field in fields(entry)}
            own = tuple(lines.popleft() for _ in range(entry.rows))
            yield HouseholdEntry(**told, lines=own)

    return replace(spec, read=read, against=_against)


def _against(session: Session, entries: Iterable[Entry], options: Options) -> Iterator[Entry]:
    """Yield the entries; one that names somebody unknown is held back whole."""
    del options
    stream = iter(entries)
    while batch := list(islice(stream, _BATCH)):
        named = {number for entry in batch for number in _members(entry)}
        known = find_record_ids(session, named) if named else {}
        for entry in batch:
            unknown = [n for n, number in enumerate(_members(entry)) if number not in known]
            yield _held(entry, unknown) if unknown else entry


def _members(entry: Entry) -> list[str]:
    """Return the number of each row's member; the head is one of them."""
    if entry.change is None:
        return []
    return [member["personal_id"] for member in entry.change.document["members"]]


def _held(entry: Entry, unknown: list[int]) -> Entry:
    lines = entry.lines if isinstance(entry, HouseholdEntry) else ()
    found = tuple(
        Finding("unknown_member", line, "member_id", entry.part)
        if number in unknown
        else Finding("row_of_rejected", line, "household_code", entry.part)
        for number, line in enumerate(lines)
    )
    return replace(entry, change=None, findings=(*entry.findings, *found))
