"""The parts of a specification: columns, findings, and the reading of one row."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 - a reading has a method `date`
from datetime import timedelta
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy.orm import Session

from datasets.formats import Options, Row
from datasets.specs.rules import RULES
from registry.kernel.clock import today
from registry.kernel.codes import load as load_codes
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.ledger import Change, Counts
from registry.kernel.text import clean, suggest_spacing
from registry.places.catalogue import Unit, catalogue


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, where the steward sees it: the line and column of the file."""

    rule: str
    line: int
    column: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What some rows say together: a change, or none where an error forbids it.

    ``line`` and ``part`` (a sheet, a layer) are where the first of the rows stands, ``ward`` the
    code of the commune by which they are counted. A row that says nothing is ``skipped``.
    """

    rows: int
    change: Change | None
    findings: tuple[Finding, ...]
    line: int = 0
    part: str = ""
    ward: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file; ``example`` fills the template."""

    name: str
    vi: str
    example: str = ""
    required: bool = False


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

    ``against`` checks what no row can tell by itself.
    """

    name: str
    vi: str
    columns: tuple[Column, ...]
    read: Callable[[Iterable[Row]], Iterator[Entry]]
    apply: Apply
    against: Against | None = None


@dataclass(slots=True)
class Reading:
    """Reads the cells of one row, and gathers what is wrong with them."""

    row: Row
    findings: list[Finding] = field(default_factory=list)
    day: Day = field(default_factory=today)
    """The day of the check, against which dates are future ones."""

    def __post_init__(self) -> None:
        """Report a row that does not fit the header."""
        if self.row.ragged:
            self.note("ragged_row", "")

    @property
    def rejected(self) -> bool:
        """True once an error was found."""
        return any(RULES[finding.rule].severity == "error" for finding in self.findings)

    def note(self, rule: str, column: str) -> None:
        """Add a finding; a cell that is read twice is reported once."""
        found = Finding(rule, self.row.line, column)
        if found not in self.findings:
            self.findings.append(found)

    def text(self, column: str, *, required: bool = False) -> str | None:
        """Return the cell in display form, None where it is empty."""
        raw = self.row.cells.get(column)
        if raw is None and not required:
            return None
        value, hidden = _shown(raw or "")
        if not value:
            if required:
                self.note("required", column)
            return None
        if hidden:
            self.note("hidden_character", column)
        return value

    def listed(self, column: str) -> list[str]:
        """Return the values of a cell that separates them by semicolons."""
        parts = (self.text(column) or "").split(";")
        return [part.strip() for part in parts if part.strip()]

    def date(self, column: str, *, ahead: bool = False) -> PartialDate | None:
        """Return the cell as a partial date, None where it is empty or wrong.

        It must have begun, unless it may lie ``ahead``.
        """
        value = self.text(column)
        if value is None:
            return None
        try:
            day = _date(value)
        except DateError as error:
            self.note(f"date_{error.code}", column)
            return None
        if not ahead and day.first > self.day:
            self.note("date_future", column)
        return day

    def order(self, first: PartialDate | None, last: PartialDate | None, column: str) -> None:
        """Report in ``column`` an end that is certainly before the beginning."""
        if first is not None and last is not None and last.certainly_before(first):
            self.note("interval_order", column)

    def code(self, column: str, codes: str) -> dict[str, str] | None:
        """Return the cell, a code or a label of the list ``codes``, as code and label."""
        value = self.text(column)
        if value is None:
            return None
        leaf = _leaf(codes, value)
        if leaf is None:
            self.note("unknown_code", column)
        return leaf

    def codes(self, column: str, codes: str) -> list[dict[str, str]]:
        """Return every value of the cell as code and label."""
        leaves = [_leaf(codes, value) for value in self.listed(column)]
        if None in leaves:
            self.note("unknown_code", column)
        return [leaf for leaf in leaves if leaf]

    def address(self, prefix: str) -> dict[str, Any] | None:
        """Return the address in ``prefix``, ``prefix_commune`` and ``prefix_on``.

        The text stays as recorded. The commune's code means what it meant on that day, and
        becomes a present commune only where that is certain.
        """
        text = self.text(prefix)
        commune = self.text(f"{prefix}_commune")
        if text is None and commune is None:
            return None
        on = self.date(f"{prefix}_on")
        found: Mapping[str, Any] = {"method": "unresolved", "confidence": 0}
        if commune is not None:
            rule, found = located(commune, on.first if on else None)
            if rule:
                self.note(rule, f"{prefix}_commune")
        return {"as_recorded": text or "", **found}


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is not known: absent, never null."""
    return {key: value for key, value in values.items() if value}


@lru_cache(maxsize=50_000)
def _shown(raw: str) -> tuple[str, bool]:
    """Return the display form, and whether an invisible character hides something in it."""
    hidden = not raw.isprintable() and (
        suggest_spacing(raw) is not None or any(map(_is_control, raw))
    )
    return clean(raw), hidden


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and not character.isspace()


@lru_cache(maxsize=100_000)
def _date(text: str) -> PartialDate:
    return PartialDate.from_text(text)


@lru_cache(maxsize=10_000)
def _leaf(codes: str, value: str) -> dict[str, str] | None:
    known = load_codes(codes)
    if value in known:
        return known.leaf(value)
    found = known.find_by_label(value)
    return known.leaf(found.code) if found else None


def located(code: str, on: Day | None) -> tuple[str | None, Mapping[str, Any]]:
    """Return the finding, if any, and the coded part of an address written ``on`` some day."""
    places = catalogue()
    unit = places.unit(code, on) if on else None
    if unit is None:
        return _converted(places.version, code, on)
    # Whatever the day, one unit became the same; only the day itself is told as written.
    began = unit.valid_from or _last_day(unit) or on
    rule, coded = _converted(places.version, code, began)
    if on and "legacy" in coded:
        return rule, {**coded, "legacy": {**coded["legacy"], "as_of": on.isoformat()}}
    return rule, coded


@lru_cache(maxsize=50_000)
def _converted(facts: str, code: str, on: Day | None) -> tuple[str | None, Mapping[str, Any]]:
    del facts  # what was made of other facts is kept under their version
    places = catalogue()
    conversion = places.convert(code, on)
    if not conversion.sources:
        return "unknown_commune", {"method": "unresolved", "confidence": 0}
    coded: dict[str, Any] = {}
    source = conversion.sources[0]
    ended = _last_day(source)
    if len(conversion.sources) == 1 and ended is not None:
        day = on or ended
        line = {unit.level: unit.code for unit in places.line(code, day)}
        coded["legacy"] = {**line, "as_of": day.isoformat()}
    if conversion.outcome != "exact":
        candidates = [candidate.unit.code for candidate in conversion.candidates]
        return "split_commune", {
            **coded,
            "candidates": candidates,
            "method": "unresolved",
            "confidence": 0,
        }
    return None, {
        **coded,
        "current": _current(conversion.candidates[0].unit),
        "method": "exact",
        "confidence": 1,
    }


def _last_day(unit: Unit) -> Day | None:
    return unit.valid_to and unit.valid_to - timedelta(days=1)


def _current(unit: Unit) -> dict[str, dict[str, str]]:
    places = catalogue()
    # By its names of today: the province may be another, or be called otherwise, than at first.
    line = places.line(unit.code, max(unit.valid_from or Day.min, places.day))
    return {place.level: {"code": place.code, "label": place.name} for place in line}
