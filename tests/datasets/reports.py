"""Reports as a steward mends them: opened, changed in some cells, and saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from python_calamine import CalamineWorkbook

from datasets.exports import write_xlsx

Cells = dict[str, str]


def read_report(path: Path) -> list[Cells]:
    """Return the rows of a report, its key included."""
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]


def mend(path: Path, change: Callable[[Cells], Cells], back: Path) -> Path:
    """Write the rows of a report as ``change`` makes them; return where."""
    rows = [change(row) for row in read_report(path)]
    header = list(dict.fromkeys(name for row in rows for name in row))
    write_xlsx(back, header, ([row[name] for name in header] for row in rows))
    return back
