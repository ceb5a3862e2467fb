"""Files for the tests: one row that is right, and whatever a test changes in it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.formats import Row
from datasets.specs import SPECS, Entry
from tests.people import BAY, LAN

CITIZEN = {
    "personal_id": LAN,
    "full_name": "Nguyễn Thị Lan",
    "birth_date": "17/05/1990",
    "sex": "Nữ",
}
MEMBER = {
    "household_code": "HK-1",
    "kind": "Thường trú",
    "address": "169/8A/12 đường Số 1",
    "head_id": LAN,
    "member_id": LAN,
    "relation": "Chủ hộ",
    "member_from": "2015",
}
FATHER = MEMBER | {"member_id": BAY, "relation": "Cha đẻ"}


def entries(dataset: str, *rows: Mapping[str, str]) -> list[Entry]:
    """Return what a specification makes of ``rows``, the first being line 2 of the file."""
    numbered = (Row(line, {k: v for k, v in row.items() if v}) for line, row in enumerate(rows, 2))
    return list(SPECS[dataset].read(numbered))


def found(dataset: str, *rows: Mapping[str, str]) -> list[tuple[str, int, str]]:
    """Return every finding in ``rows`` as rule, line and column."""
    return [(f.rule, f.line, f.column) for e in entries(dataset, *rows) for f in e.findings]


def write(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write ``rows`` as the CSV file that a steward would hand in."""
    with path.open("w", encoding="utf-8", newline="") as file:
        names = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path
