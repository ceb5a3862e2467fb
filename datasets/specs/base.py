"""The parts of a specification: its columns, and the reading of one row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - a reading has a method `date`
from typing import Any, Protocol, cast

from orjson import Fragment
from sqlalchemy.orm import Session

from datasets.formats import Options, Row
from datasets.specs.addresses import UNRESOLVED, located, written
from datasets.specs.cells import DIGITS, Read, coded, coded_list, dated, past, reader, shown
from datasets.specs.entries import (
    Entry,
    Finding,
    Key,
    blank,
    has_error,
    noted,
    unique,
    ward_of,
)
from registry.kernel.clock import today
from registry.kernel.dates import PartialDate
from registry.kernel.ledger import Change, Counts

__all__ = [
    "Apply",
    "Column",
    "Entry",
    "Finding",
    "Key",
    "Readers",
    "Reading",
    "Spec",
    "blank",
    "by_row",
    "located",
    "noted",
    "present",
    "unique",
    "ward_of",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file; ``example`` fills the template.

    ``kind`` is how its cells are read (`datasets.specs.cells.reader`).
    """

    name: str
    vi: str
    example: str = ""
    required: bool = False
    kind: str = "text"


class Apply(Protocol):
    """A register's verb that writes changes."""

    def __call__(
        self, session: Session, changes: Iterable[Change], *, source: str, load: str | None
    ) -> Counts:
        """Write ``changes``."""


class Against(Protocol):
    """A check of entries by one another, by the registers and by what the steward gave."""

    def __call__(
        self, session: Session, entries: Iterable[Entry], options: Options
    ) -> Iterator[Entry]:
        """Yield each entry, with what more was found; the order may change."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One dataset: its columns, how rows become entries, and the register that takes them.

    ``row`` reads one row by itself, for files in which each row is an entry; ``read`` must then
    be `by_row` of it. ``against`` checks what no row can tell by itself.
    """

    name: str
    vi: str
    columns: tuple[Column, ...]
    read: Callable[[Iterable[Row]], Iterator[Entry]]
    apply: Apply
    against: Against | None = None
    row: Callable[[Row], Entry] | None = None


def by_row(row: Callable[[Row], Entry]) -> Callable[[Iterable[Row]], Iterator[Entry]]:
    """Return the reading of a file in which each row is an entry by itself."""
    return lambda rows: unique(row(each) if each.cells else blank(each) for each in rows)


class _Address(dict[str, tuple[str, str]]):
    """By the prefix of an address: the columns of its commune and of the day of writing."""

    def __missing__(self, prefix: str) -> tuple[str, str]:
        self[prefix] = f"{prefix}_commune", f"{prefix}_on"
        return self[prefix]


_ADDRESS = _Address()


class Readers:
    """How the cells of some columns are read on the day of a check, made once for all rows."""

    def __init__(self, columns: Iterable[Column], today: Day) -> None:
        columns = tuple(columns)
        self.read: dict[str, Read] = {c.name: reader(c.kind, today) for c in columns}
        self.required = tuple(c.name for c in columns if c.required)
        self.digits = frozenset(c.name for c in columns if c.kind in DIGITS)


class Reading:
    """Reads the cells of one row, and gathers what is wrong with them.

    ``day`` is the day of the check, against which dates are future ones.
    """

    __slots__ = ("_cells", "_numeric", "day", "findings", "part", "row")

    def __init__(self, row: Row, day: Day | None = None) -> None:
        self.row = row
        self.part = row.part
        self.findings: list[Finding] = []
        self.day = day or today()
        self._cells = row.cells
        self._numeric = row.numeric
        if row.ragged:
            self.note("ragged_row", "")
        for rule, column in row.notes:
            self.note(rule, column)

    @property
    def rejected(self) -> bool:
        """True once an error was found."""
        return bool(self.findings) and has_error(self.findings)

    def note(self, rule: str, column: str) -> None:
        """Add a finding; a cell that is read twice is reported once."""
        found = Finding(rule, self.row.line, column, self.part)
        if found not in self.findings:
            self.findings.append(found)

    def values(self, readers: Readers) -> dict[str, Any]:
        """Return every filled cell as its column is read, by name.

        A cell that is wrong, or says nothing, is there as None.
        """
        read = readers.read
        values: dict[str, Any] = {}
        for column, raw in self._cells.items():
            values[column], wrong = read[column](raw)
            if wrong:
                for rule in wrong:
                    self.note(rule, column)
            elif self._numeric and column in self._numeric and column in readers.digits:
                self.note("numeric_cell", column)
        for column in readers.required:
            if values.get(column) is None and all(f.column != column for f in self.findings):
                self.note("required", column)
        return values

    def text(self, column: str, *, required: bool = False, digits: bool = False) -> str | None:
        """Return the cell in display form, None where it is empty.

        ``digits`` tells that it holds a number that is a name, such as a personal id: a file
        that kept it as an amount may have lost zeros in front.
        """
        raw = self._cells.get(column)
        if raw is None and not required:
            return None
        if digits and column in self._numeric:
            self.note("numeric_cell", column)
        value, hidden = shown(raw or "")
        if not value:
            if required:
                self.note("required", column)
            return None
        if hidden:
            self.note("hidden_character", column)
        return value

    def listed(self, column: str) -> list[str]:
        """Return the values of a cell that separates them by semicolons."""
        if column not in self._cells:
            return []
        parts = (self.text(column) or "").split(";")
        return [part.strip() for part in parts if part.strip()]

    def date(self, column: str, *, ahead: bool = False) -> PartialDate | None:
        """Return the cell as a partial date, None where it is empty or wrong.

        It must have begun, unless it may lie ``ahead``.
        """
        raw = self._cells.get(column)
        if raw is None:
            return None
        found, wrong = dated(raw) if ahead else past(self.day)(raw)
        for rule in wrong:
            self.note(rule, column)
        return found.day if found else None

    def order(self, first: PartialDate | None, last: PartialDate | None, column: str) -> None:
        """Report in ``column`` an end that is certainly before the beginning."""
        if first is not None and last is not None and last.certainly_before(first):
            self.note("interval_order", column)

    def code(self, column: str, codes: str) -> dict[str, str] | None:
        """Return the cell, a code or a label of the list ``codes``, as code and label."""
        raw = self._cells.get(column)
        if raw is None:
            return None
        leaf, wrong = coded(codes, raw)
        for rule in wrong:
            self.note(rule, column)
        return cast("dict[str, str] | None", leaf)

    def codes(self, column: str, codes: str) -> list[dict[str, str]]:
        """Return every value of the cell as code and label."""
        leaves, wrong = coded_list(codes, self._cells.get(column, ""))
        for rule in wrong:
            self.note(rule, column)
        return cast("list[dict[str, str]]", leaves)

    def address(self, prefix: str) -> dict[str, Any] | None:
        """Return the address in ``prefix``, ``prefix_commune`` and ``prefix_on``.

        The text stays as recorded. The commune's code means what it meant on that day, and
        becomes a present commune only where that is certain.
        """
        text = self.text(prefix)
        commune = self.text(f"{prefix}_commune", digits=True)
        if text is None and commune is None:
            return None
        on = self.date(f"{prefix}_on")
        found: Mapping[str, Any] = UNRESOLVED
        if commune is not None:
            rule, found = located(commune, on.first if on else None)
            if rule:
                self.note(rule, f"{prefix}_commune")
        return {"as_recorded": text or "", **found}

    def placed(self, prefix: str, values: Mapping[str, Any]) -> tuple[str, Fragment] | None:
        """Return an `address` from ``values``: its commune's code, and all of it as JSON.

        The code is the present one where that is certain, else what the file has.
        """
        at, since = _ADDRESS[prefix]
        text, commune = values.get(prefix), values.get(at)
        if text is None and commune is None:
            return None
        on = values.get(since)
        rule, ward, told = written(text or "", commune, on.first if on else None)
        if rule:
            self.note(rule, at)
        return ward or commune or "", told


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is not known: absent, never null."""
    return {key: value for key, value in values.items() if value}
