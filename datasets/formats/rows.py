"""What every reader yields, and how a header becomes the columns of a specification."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import compress
from typing import Any, NamedTuple

from registry.kernel.errors import FieldError, Invalid, Text

MOST_COLUMNS = 1000
_ID_DIGITS = 9
BLANK = (("blank_row", ""),)
_NO_NAMES: frozenset[str] = frozenset()


class Row(NamedTuple):
    """One row: the number that a spreadsheet or map program shows, and its filled cells.

    ``ragged`` tells that the row had more or fewer cells than the header. ``part`` is the sheet or
    layer that it came from. ``notes`` are findings of the reading, rule and column, that are not
    to be seen in the cells any more; ``numeric`` names the cells that the file holds as numbers,
    which have lost their leading zeros if they had any. A tuple, since a load makes millions.
    """

    line: int
    cells: Mapping[str, str]
    ragged: bool = False
    part: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    numeric: frozenset[str] = _NO_NAMES

    @property
    def blank(self) -> bool:
        """True for a row of the sheet in which no cell is filled."""
        return self.notes == BLANK


class Header:
    """The columns of a table, in the specification's names, and how rows fit them."""

    def __init__(self, names: Sequence[str | None], width: int) -> None:
        self.names = tuple(names)
        self.width = width
        self.trimmed = len(names) < width
        self._leaves_out = None in names

    def filled(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the cells that are not empty; an absent one says the same as an empty one."""
        filled: dict[Any, str] = dict(
            zip(compress(self.names, cells), filter(None, cells), strict=False)
        )
        if self._leaves_out:
            filled.pop(None, None)
        return filled

    def ragged(self, cells: Sequence[str]) -> bool:
        """Tell whether a row has more or fewer cells than there are columns."""
        return len(cells) != self.width or (self.trimmed and any(cells[len(self.names) :]))


def read_header(
    raw: Sequence[str], columns: Sequence[str], required: Sequence[str], names: Mapping[str, str]
) -> Header:
    """Return the header whose cells are ``raw``; empty cells at its end are no columns.

    Raises Invalid for names that the specification lacks, or that are repeated, blank or missing.
    """
    if len(raw) > MOST_COLUMNS:
        raise refusal(
            "too_many_columns",
            Text(
                f"Quá {MOST_COLUMNS} cột: hãy kiểm tra dấu phân cách.",
                f"More than {MOST_COLUMNS} columns: check the delimiter.",
            ),
        )
    written = [unicodedata.normalize("NFC", name).strip() for name in raw]
    while written and not written[-1]:
        written.pop()
    renamed = rename(written, names)
    check_header(renamed, columns, required)
    return Header(renamed, len(raw))


def rename(header: Sequence[str], names: Mapping[str, str]) -> list[str | None]:
    """Return a header in the specification's names, None for what is left out.

    Raises Invalid for a name that the file lacks.

    >>> rename(["idu", "feuille"], {"idu": "code", "feuille": ""})
    ['code', None]
    """
    absent = sorted(set(names) - set(header))
    if absent:
        listed = ", ".join(absent)
        raise question(
            "names",
            "column_absent",
            Text(f"Tệp không có cột để đổi tên: {listed}.", f"No such columns to map: {listed}."),
        )
    return [(names[name] or None) if name in names else name for name in header]


def check_header(
    header: Sequence[str | None], columns: Sequence[str], required: Sequence[str]
) -> None:
    """Refuse a header with unknown, blank or repeated columns, or without a ``required`` one.

    Raises Invalid with an error for each; None is a column that is left out.
    """
    named = [name for name in header if name is not None]
    unknown = sorted(set(named) - set(columns) - {""})
    if any(sum(map(str.isdigit, name)) >= _ID_DIGITS for name in unknown):
        # Not listed: these are the values of a person, not names of columns.
        raise refusal("header_missing", _NO_HEADER)
    found = [
        ("column_unknown", unknown, "Cột không có trong đặc tả", "Columns the specification lacks"),
        ("column_missing", sorted(set(required) - set(named)), "Thiếu cột", "Missing columns"),
        (
            "column_repeated",
            sorted({name for name in named if name and named.count(name) > 1}),
            "Cột lặp lại",
            "Repeated columns",
        ),
        (
            "column_blank",
            [f"#{at}" for at, name in enumerate(header, 1) if name == ""],
            "Cột không có tên",
            "Columns without a name",
        ),
    ]
    errors = [
        FieldError("/names", code, Text(f"{vi}: {listed}.", f"{en}: {listed}."))
        for code, names, vi, en in found
        if (listed := ", ".join(name[:50] for name in names))
    ]
    if errors:
        vi = " ".join(error.text.vi for error in errors)
        raise Invalid(Text(vi, " ".join(error.text.en for error in errors)), errors=errors)


_NO_HEADER = Text(
    "Dòng đầu không phải tên cột: hãy thêm một dòng tên cột.",
    "The first row holds no names of columns: add such a row.",
)


def refusal(code: str, text: Text) -> Invalid:
    """Return what refuses a whole file, named by a stable ``code``."""
    return Invalid(text, errors=[FieldError("/file", code, text)])


def question(option: str, code: str, text: Text, candidates: Iterable[Any] = ()) -> Invalid:
    """Return what asks the steward to answer by ``option``, among ``candidates`` if any."""
    error = FieldError(f"/{option}", code, text)
    return Invalid(text, errors=[error], candidates=list(candidates))


def number_text(value: float) -> str:
    """Return a number as people here write it: 12.345 with a dot could be twelve thousand.

    >>> number_text(79988000001.0), number_text(29.16)
    ('79988000001', '29,16')
    """
    written = repr(value)
    if "e" in written:
        written = format(Decimal(written), "f")
    return written.removesuffix(".0").replace(".", ",")
