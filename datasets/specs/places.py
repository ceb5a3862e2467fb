"""The file of administrative units: one row a unit in an interval, and what it was made of.

The rows of a file belong together, since a unit ends where another begins: one wrong row holds
all of them back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import cast

from sqlalchemy.orm import Session

from datasets.formats import Options, Row
from datasets.specs.base import Column, Entry, Finding, Reading, Spec
from datasets.specs.rules import RULES
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.ledger import Change
from registry.places.changes import apply_changes, preview
from registry.places.loaded import Fact, Key, Predecessor
from registry.places.names import split_type
from registry.places.overlay import Problem
from registry.places.units import REFORM, Level, Unit

# The example is a row that is in force: a file of it changes nothing that is known.
COLUMNS = (
    Column("code", "Mã đơn vị", "26740", required=True),
    Column("level", "Cấp", "Cấp xã", required=True),
    Column("name", "Tên kèm loại", "Phường Sài Gòn", required=True),
    Column("parent", "Mã đơn vị cấp trên", "79"),
    Column("valid_from", "Có từ ngày", "01/07/2025"),
    Column("valid_to", "Hết từ ngày (ngày đầu không còn)"),
    Column(
        "predecessors",
        "Hình thành từ: mã@ngày:whole (toàn bộ) hoặc partial (một phần)",
        "26740@01/07/2025:whole; 26737@01/07/2025:partial; 26746@01/07/2025:partial",
    ),
    Column("legal_number", "Số nghị quyết", "1685/NQ-UBTVQH15", required=True),
    Column("legal_date", "Ngày nghị quyết", "16/06/2025", required=True),
    Column("state", "Ghi nhận hoặc rút lại điều đã nạp", "Ghi nhận"),
)
_LENGTHS = {"province": 2, "district": 3, "commune": 5}
_TYPES = {
    "province": {"Tỉnh", "Thành phố"},
    "district": {"Quận", "Huyện", "Thị xã", "Thành phố"},
    "commune": {"Phường", "Xã", "Thị trấn", "Đặc khu"},
}
_CODE = re.compile(r"[0-9]{2}|[0-9]{3}|[0-9]{5}")
_PREDECESSOR = re.compile(r"([0-9]{2,5})@([^:]+):(whole|partial)")
# A load needs a day; a unit of which nobody knows since when it was is as old as any.
_ALWAYS = date(1900, 1, 1)


def read(rows: Iterable[Row]) -> Iterator[Entry]:
    """Yield one entry a row, with its change wherever the row says which unit it is about.

    An entry with an error keeps its change only until `against` has compared it with the others.
    """
    seen: set[Key] = set()
    for row in rows:
        reading = Reading(row)
        fact = _fact(reading)
        if fact is not None:
            if fact.key in seen:
                reading.note("repeated_record", "code")
            seen.add(fact.key)
        yield Entry(
            1,
            Change(fact.to_document(), fact.unit.valid_from or _ALWAYS) if fact else None,
            tuple(reading.findings),
            line=row.line,
            part=row.part,
            ward=fact.unit.code if fact and fact.unit.level == "commune" else "",
        )


def _fact(reading: Reading) -> Fact | None:
    """Return the fact of a row, or None where its unit can't be told."""
    code, parent = _code(reading, "code"), _code(reading, "parent")
    reading.text("level", required=True)
    level = cast("Level | None", (reading.code("level", "place_level") or {}).get("code"))
    name = reading.text("name", required=True)
    began, ended = _day(reading, "valid_from"), _day(reading, "valid_to")
    if not reading.text("valid_from") and not reading.text("valid_to"):
        reading.note("required", "valid_from")
    if began and ended and ended <= began:
        reading.note("interval_order", "valid_to")
    predecessors = _predecessors(reading)
    number = reading.text("legal_number", required=True)
    reading.text("legal_date", required=True)
    signed = _day(reading, "legal_date", ahead=False)
    state = (reading.code("state", "place_fact_state") or {}).get("code")
    if level and code and name:
        _check_level(reading, level, code, name, began)
    if not (level and code and name and (began or ended)):
        return None
    unit = Unit(code, level, name, parent, began, ended)
    return Fact(unit, predecessors, number or "", signed, state == "withdrawn")


def _code(reading: Reading, column: str) -> str | None:
    value = reading.text(column, required=column == "code")
    if value is not None and not _CODE.fullmatch(value):
        reading.note("place_code", column)
        return None
    return value


def _day(reading: Reading, column: str, *, ahead: bool = True) -> date | None:
    """Return the cell as a day; what is decided may begin or end in the future."""
    told = reading.date(column, ahead=ahead)
    if told is not None and told.day is None:
        reading.note("date_day_needed", column)
        return None
    return told.first if told else None


def _predecessors(reading: Reading) -> tuple[Predecessor, ...]:
    found: dict[tuple[str, date], Predecessor] = {}
    for part in reading.listed("predecessors"):
        match = _PREDECESSOR.fullmatch(part.replace(" ", ""))
        day = _told_day(match[2]) if match else None
        if not match or day is None or not _CODE.fullmatch(match[1]) or (match[1], day) in found:
            reading.note("place_predecessor_form", "predecessors")
            continue
        found[match[1], day] = Predecessor(match[1], day, match[3] == "whole")
    return tuple(found.values())


def _told_day(text: str) -> date | None:
    try:
        told = PartialDate.from_text(text)
    except DateError:
        return None
    return told.first if told.day else None


def _check_level(reading: Reading, level: Level, code: str, name: str, began: date | None) -> None:
    if len(code) != _LENGTHS[level]:
        reading.note("place_level", "code")
    if level == "district" and began is not None and began >= REFORM:
        reading.note("place_level", "level")
    try:
        kind, _ = split_type(name)
    except ValueError:
        reading.note("place_type", "name")
    else:
        if kind not in _TYPES[level]:
            reading.note("place_level", "name")


def against(session: Session, entries: Iterable[Entry], options: Options) -> Iterator[Entry]:
    """Yield the entries with what does not fit together; an error holds all of them back."""
    del options
    told = [(entry, _told(entry)) for entry in entries]
    found = _compared(session, [fact for _, fact in told if fact])
    first = next((fact.key for _, fact in told if fact), None)
    noted = [
        (entry, [*entry.findings, *_findings(entry, fact, found, first)]) for entry, fact in told
    ]
    held = any(_is_error(finding) for _, findings in noted for finding in findings)
    for entry, findings in noted:
        if not held:
            yield replace(entry, findings=tuple(findings))
            continue
        if not any(map(_is_error, findings)):
            findings.append(Finding("places_held", entry.line, "code", entry.part))
        yield replace(entry, change=None, findings=tuple(findings))


def _told(entry: Entry) -> Fact | None:
    return Fact.from_document(entry.change.document) if entry.change else None


def _is_error(finding: Finding) -> bool:
    return RULES[finding.rule].severity == "error"


def _compared(session: Session, facts: list[Fact]) -> dict[Key | None, list[Problem]]:
    """Return what does not fit by the fact of the file at which it is told.

    What a file breaks in earlier loads is told at the fact about that unit; None: at the first.
    """
    laid, loaded = preview(session, facts)
    keys = {fact.key for fact in facts}
    by_code = {fact.unit.code: fact.key for fact in facts}
    found: dict[Key | None, list[Problem]] = {}
    for problem in laid.errors:
        if problem.key in keys:
            found.setdefault(problem.key, []).append(problem)
        else:
            key = by_code.get(problem.about or "") or by_code.get(problem.key[0])
            breaks = Problem("place_breaks_loaded", "code", problem.key)
            found.setdefault(key, []).append(breaks)
    for problem in laid.warnings:
        if problem.key in keys:
            found.setdefault(problem.key, []).append(problem)
    for fact in facts:
        if fact.withdrawn and fact.key not in loaded:
            unknown = Problem("place_not_loaded", "state", fact.key)
            found.setdefault(fact.key, []).append(unknown)
    return found


def _findings(
    entry: Entry, fact: Fact | None, found: dict[Key | None, list[Problem]], first: Key | None
) -> list[Finding]:
    if fact is None:
        return []
    told = [*found.get(fact.key, ()), *(found.get(None, ()) if fact.key == first else ())]
    return list(dict.fromkeys(Finding(p.rule, entry.line, p.column, entry.part) for p in told))


PLACES = Spec("places", "Đơn vị hành chính", COLUMNS, read, apply_changes, against)
