"""The rows in which something was found, as a file that a steward mends and sends back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import tee
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.orm import Session

from datasets.exports import csv_lines, json_lines, write_xlsx
from datasets.findings import FoundRow, found_places, found_rows, used_columns
from datasets.models import Submission
from datasets.specs import RULES, Spec
from datasets.specs.report import report
from registry.kernel.access_log import Asker

FOUND, REPAIR, PART, LINE = "Lỗi", "Cách sửa", "Phần", "Dòng"
ADDED = (FOUND, REPAIR, PART, LINE)
"""Columns that the report has beside those of the file; they come back unread."""
FORMS = ("csv", "json", "xlsx", "frictionless")
_MOST_TOLD = 10_000


def row_key(submission: Submission, part: str, line: int) -> str:
    """Return the key by which a corrected row is known when it comes back."""
    return f"{submission.id}:{line}:{part}"


def write_report(  # noqa: PLR0913, PLR0917 - what to write, for whom, where and how
    session: Session, submission: Submission, spec: Spec, asker: Asker, path: Path, form: str
) -> None:
    """Write the rows with findings to ``path`` in one of `FORMS`; the reading is logged first.

    Each row has what is wrong and how to mend it beside its cells; JSON has one object a line.
    A Frictionless report has places alone, so it can be passed on.
    Raises Invalid for what a workbook can't hold.
    """
    if form == "frictionless":
        path.write_bytes(orjson.dumps(_frictionless(session, submission, spec)))
        return
    used = used_columns(session, submission)
    columns = [column.name for column in spec.columns if column.name in used]
    header = [*ADDED, *columns]
    rows = found_rows(session, submission, asker)
    if form == "xlsx":
        keys, cells = _apart(submission, rows, columns)
        write_xlsx(path, header, cells, sheet="Dòng cần sửa", keys=keys)
        return
    table = (_cells(row, columns) for row in rows)
    lines = csv_lines(header, table) if form == "csv" else json_lines(header, table)
    with path.open("wb") as file:
        file.writelines(lines)


def _frictionless(session: Session, submission: Submission, spec: Spec) -> dict[str, Any]:
    names = {ours: theirs for theirs, ours in submission.options.get("names", {}).items() if ours}
    return report(
        spec,
        found_places(session, submission),
        place=submission.file_name,
        rows=submission.rows_read or 0,
        sha256=submission.sha256,
        size=submission.size,
        names=names,
        limit=_MOST_TOLD,
    )


def _apart(
    submission: Submission, rows: Iterator[FoundRow], columns: Sequence[str]
) -> tuple[Iterator[str], Iterator[list[str]]]:
    """Return the keys and the cells of rows, each row read once."""
    one, other = tee(rows)
    keys = (row_key(submission, row.part, row.line) for row in one)
    return keys, (_cells(row, columns) for row in other)


def _cells(row: FoundRow, columns: Sequence[str]) -> list[str]:
    told = list(_told(row))
    return [
        "; ".join(wrong for wrong, _ in told),
        "; ".join(dict.fromkeys(repair for _, repair in told)),
        row.part,
        str(row.line),
        *(row.cells.get(name, "") for name in columns),
    ]


def _told(row: FoundRow) -> Iterator[tuple[str, str]]:
    for rule, column in row.found:
        known = RULES[rule]
        yield f"{column}: {known.text.vi}" if column else known.text.vi, known.repair.vi
