"""Tables that people take away: CSV, JSON lines and Excel in which no cell is a command.

A cell that begins like a formula would be run by a spreadsheet. CSV can't say that it is text, so
it gets an apostrophe before it; Excel is told so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson
import xlsxwriter

from datasets.formats.rows import refusal
from registry.kernel.errors import Text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_576
_KEY = "_key"
_BATCH = 1000

_TOO_LONG = Text(
    "Có ô dài quá 32.767 ký tự: Excel không chứa được, hãy dùng CSV.",
    "A cell is longer than 32,767 characters: Excel can't hold it, use CSV.",
)
_TOO_MANY = Text(
    "Quá 1.048.576 dòng: Excel không chứa được, hãy dùng CSV.",
    "More than 1,048,576 rows: Excel can't hold them, use CSV.",
)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("Lan")
    ("'=1+1", 'Lan')
    """
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a table as CSV in UTF-8 with the mark by which Excel knows it (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(map(harmless, header))
    for number, row in enumerate(rows, 1):
        writer.writerow(map(harmless, row))
        if number % _BATCH == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def json_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a table as one JSON object a line; cells stay as they are, empty ones are left out."""
    for row in rows:
        filled = {name: cell for name, cell in zip(header, row, strict=True) if cell}
        yield orjson.dumps(filled, option=orjson.OPT_APPEND_NEWLINE)


def write_xlsx(
    target: Path | BinaryIO,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    sheet: str = "Data",
    keys: Iterable[str] | None = None,
) -> None:
    """Write a table as an Excel sheet, every cell as text, in constant memory.

    ``keys``, one a row, become a hidden first column named ``_key``, by which rows that come back
    corrected are known. Raises Invalid for what a sheet can't hold: nothing is cut off.
    """
    safe = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(target, safe) as book:
        page = book.add_worksheet(sheet)
        as_text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        page.freeze_panes(1, 0)
        names, table = list(header), iter(rows)
        if keys is not None:
            names.insert(0, _KEY)
            table = ([key, *row] for key, row in zip(keys, rows, strict=True))
            page.set_column(0, 0, None, None, {"hidden": True})
        # As text too where nothing is yet: what a person adds there keeps its zeros.
        page.set_column(1 if keys is not None else 0, len(names) - 1, 18, as_text)
        _write(page, 0, names, bold)
        for number, row in enumerate(table, 1):
            if number >= MOST_ROWS:
                raise refusal("too_many_rows", _TOO_MANY)
            _write(page, number, row, as_text)


def _write(
    page: xlsxwriter.worksheet.Worksheet, number: int, row: Sequence[str], form: object
) -> None:
    for column, cell in enumerate(row):
        if len(cell) > LONGEST_CELL:
            raise refusal("cell_too_long", _TOO_LONG)
        if cell:
            page.write_string(number, column, cell, form)
