"""Findings and entries: what a check tells of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from datasets.formats import Row
from datasets.specs.rules import RULES
from datasets.specs.unique import Seen
from registry.kernel.ledger import Change


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, where the steward sees it: the part, line and column of the file.

    ``part`` is the sheet, the layer or the file of an archive; empty where there is only one.
    """

    rule: str
    line: int
    column: str
    part: str = ""


Key = tuple[str, str, str | int]
"""What no other row may say: the rule that a second one breaks, the column, and the value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What some rows say together: a change, or none where an error forbids it.

    ``line`` and ``part`` are where the first of the rows stands, ``ward`` the commune's code by
    which the load is reconciled: the present one where it is certain, else as the file has it.
    A ``skipped`` row is blank: neither valid nor rejected. ``keys`` are held against other rows.
    """

    rows: int
    change: Change | None
    findings: tuple[Finding, ...]
    line: int = 0
    part: str = ""
    ward: str = ""
    skipped: bool = False
    keys: tuple[Key, ...] = ()


def blank(row: Row) -> Entry:
    """Return the entry of a row without any filled cell."""
    part = row.part
    found = Finding("blank_row", row.line, "", part)
    return Entry(1, None, (found,), row.line, part, skipped=True)


def unique(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries, each held against the keys of those before it."""
    seen = Seen()
    for entry in entries:
        again = [key for key in entry.keys if not seen.add(key[1], key[2])]
        yield noted(entry, ((rule, column) for rule, column, _ in again)) if again else entry


def noted(entry: Entry, rules: Iterable[tuple[str, str]]) -> Entry:
    """Return the entry with more findings, as (rule, column); an error takes its change away."""
    findings = list(entry.findings)
    for rule, column in rules:
        found = Finding(rule, entry.line, column, entry.part)
        if found not in findings:
            findings.append(found)
    if len(findings) == len(entry.findings):
        return entry
    change = None if has_error(findings) else entry.change
    return replace(entry, change=change, findings=tuple(findings))


def has_error(findings: Iterable[Finding]) -> bool:
    """Say whether any of the findings forbids the change."""
    return any(RULES[finding.rule].severity == "error" for finding in findings)


def ward_of(address: Mapping[str, Any] | None) -> str:
    """Return the code of an address's commune: the present one where it is certain, else ""."""
    commune = (address or {}).get("current", {}).get("commune", {})
    return str(commune.get("code", ""))
