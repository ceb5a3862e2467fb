"""Sheets of Excel and OpenDocument to numbered rows of text, as far as a cell can say it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine

from datasets.formats.legacy import TCVN3, VNI
from datasets.formats.letters import known_encoding
from datasets.formats.mending import lowered, mended, retyped
from datasets.formats.options import Options
from datasets.formats.parts import Faults, clean_copy
from datasets.formats.rows import BLANK, Header, Row, number_text, question, read_header, refusal
from datasets.formats.texts import typed_for
from registry.kernel.errors import Text

_LOOKED_AT = 200
_BROKEN = Text("Bảng tính không đọc được.", "The workbook can't be read.")
_PASSWORD = Text("Bảng tính có mật khẩu: hãy bỏ mật khẩu.", "Take the password off the workbook.")
_EMPTY = Text("Bảng tính không có trang nào có dữ liệu.", "No sheet of the workbook has data.")
_SHEET = Text("Bảng tính có nhiều trang: hãy chọn một.", "The workbook has several sheets.")
_MERGED = Text(
    "Dòng tên cột có ô gộp: hãy bỏ gộp ô và đặt tên từng cột.",
    "The row of names has merged cells: split them, and name each column.",
)
_FONT = Text(
    "Chữ gõ theo phông cũ: hãy cho biết bảng mã.", "Typed for an old font: say the encoding."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows from the first to the last that is filled, header included."""

    name: str
    hidden: bool
    rows: int


class Workbook:
    """An open workbook, and what its parts say that the values no longer do."""

    def __init__(self, book: calamine.CalamineWorkbook, faults: Faults) -> None:
        self._book = book
        self._faults = faults
        self._read: dict[str, calamine.CalamineSheet] = {}

    def _sheet(self, name: str) -> calamine.CalamineSheet:
        # Each time the library is asked, it reads the sheet anew.
        if name not in self._read:
            self._read[name] = self._book.get_sheet_by_name(name)
        return self._read[name]

    def sheets(self) -> list[Sheet]:
        """Return the sheets that hold anything."""
        visible = calamine.SheetVisibleEnum.Visible
        found = (
            (told, self._sheet(told.name))
            for told in self._book.sheets_metadata
            if told.typ == calamine.SheetTypeEnum.WorkSheet
        )
        return [
            Sheet(told.name, told.visible != visible, sheet.height)
            for told, sheet in found
            if sheet.start is not None
        ]

    def choose(self, told: str | None) -> str:
        """Return the name of the sheet that is meant; raises Invalid where that is open.

        A hidden sheet is meant only where it is told.
        """
        found = self.sheets()
        if told is not None and told in {sheet.name for sheet in found}:
            return told
        shown = [sheet.name for sheet in found if not sheet.hidden]
        if not found:
            raise refusal("sheet_missing", _EMPTY)
        if len(shown) != 1 or told is not None:
            raise question("sheet", "sheet_open", _SHEET, [sheet.name for sheet in found])
        return shown[0]

    def rows(self, name: str) -> Iterator[tuple[int, list[Any]]]:
        """Yield the rows of a sheet with their numbers, from the first that is filled."""
        sheet = self._sheet(name)
        first = sheet.start[0] if sheet.start else 0
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if number > first:
                yield number, cells

    def merged(self, name: str, number: int) -> bool:
        """Tell whether cells of a row are merged with one another or with those below."""
        ranges = self._sheet(name).merged_cell_ranges or []
        return any(start[0] <= number - 1 <= end[0] for start, end in ranges)

    def errors(self, name: str) -> dict[int, list[int]]:
        """Return the cells that show an error such as #N/A, as indexes of columns by row."""
        sheet = self._sheet(name)
        left = sheet.start[1] if sheet.start else 0
        found: dict[int, list[int]] = {}
        for row, column in self._faults.errors.get(name, ()):
            found.setdefault(row, []).append(column - left)
        return found

    def has_formulas(self, name: str) -> bool:
        """Tell whether cells are computed, as far as the format lets it be seen."""
        return name in self._faults.formulas


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """Give a workbook, read from a copy of its harmless parts; raises Invalid."""
    with tempfile.TemporaryDirectory() as folder:
        copied, faults = clean_copy(path, Path(folder) / "book")
        with _reading():
            book = calamine.CalamineWorkbook.from_path(copied)
        yield Workbook(book, faults)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except calamine.PasswordError:
        raise refusal("workbook_password", _PASSWORD) from None
    except (calamine.CalamineError, OSError, ValueError, OverflowError):
        raise refusal("workbook_broken", _BROKEN) from None
    except BaseException as error:
        # What the library did not foresee in a broken file is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise refusal("workbook_broken", _BROKEN) from None


def read_workbook(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the rows of one sheet below its header, numbered as Excel shows them.

    Raises Invalid, before any row, for a sheet that is not chosen, and as `read_header` does.
    """
    with open_workbook(path) as book, _reading():
        name = book.choose(options.sheet)
        rows = book.rows(name)
        number, first = next(rows)
        raw = [cell_text(cell) for cell in first]
        if book.merged(name, number):
            raise refusal("header_merged", _MERGED)
        header = read_header(raw, columns, required, options.names)
        table = _table(book, name, options)
        errors = book.errors(name)
        for number, cells in rows:
            row = _row(number, cells, header, name, errors.get(number, ()))
            if table is not None and not row.blank:
                row = lowered(retyped(row, table), table)
            yield mended(row)


def _table(book: Workbook, name: str, options: Options) -> str | None:
    """Return the old table that cells were typed for; raises Invalid where it is open."""
    if options.encoding is not None:
        told = known_encoding(options.encoding)
        return told if told in {TCVN3, VNI} else None
    looked = zip(range(_LOOKED_AT), book.rows(name), strict=False)
    texts = (cell for _, (_, cells) in looked for cell in cells if isinstance(cell, str))
    if guesses := typed_for(" ".join(texts)):
        raise question("encoding", "encoding_unknown", _FONT, [*guesses, "utf-8"])
    return None


def _row(
    number: int, cells: Sequence[Any], header: Header, part: str, errors: Sequence[int]
) -> Row:
    texts = [cell_text(cell) for cell in cells]
    filled = header.filled(texts)
    numeric = frozenset(
        column
        for column, cell in zip(header.names, cells, strict=False)
        if column and isinstance(cell, int | float) and not isinstance(cell, bool)
    )
    wrong = tuple(
        ("error_cell", column)
        for at in errors
        if 0 <= at < len(header.names) and (column := header.names[at])
    )
    if not filled and not wrong and not any(texts):
        return Row(number, filled, part=part, notes=BLANK)
    return Row(number, filled, header.ragged(texts), part, wrong, numeric)


def cell_text(cell: Any) -> str:
    """Return a cell as a person here would write it; dates are dd/mm/yyyy.

    >>> cell_text(1.0), cell_text(date(1990, 5, 17)), cell_text(True)
    ('1', '17/05/1990', 'true')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        return number_text(cell)
    return _time_text(cell)


def _time_text(cell: date | time | timedelta) -> str:
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}".removesuffix(":00")
    if isinstance(cell, time):
        return cell.strftime("%H:%M:%S").removesuffix(":00")
    day = f"{cell.day:02}/{cell.month:02}/{cell.year:04}"
    if not isinstance(cell, datetime) or cell.time() == time():
        return day
    return f"{day} {_time_text(cell.time())}"
