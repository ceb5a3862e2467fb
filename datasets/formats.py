"""Bytes to numbered rows of text. Nothing is typed here: an id keeps its leading zeros."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.kernel.errors import Invalid, Text

_BYTE_ORDER_MARK = "utf-8-sig"
# The outline of a long road has thousands of points, more than a cell may hold by default.
csv.field_size_limit(1 << 24)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line number that a spreadsheet shows, and its filled cells as written.

    ``ragged`` tells that the row had more or fewer cells than the header; ``part`` is the sheet
    or layer that it stands in.
    """

    line: int
    cells: Mapping[str, str]
    ragged: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How a steward wants a file read; what is not said here is never guessed.

    ``names`` leads from the file's column names to the specification's, or to "" for a column
    to leave out. ``crs`` is the EPSG code of outlines that don't name their own; ``layer`` and
    ``encoding`` answer what a geographic file leaves open. ``outlines`` is a GeoJSON file of
    commune outlines to hold parcels against.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    crs: int | None = None
    layer: str | None = None
    encoding: str | None = None
    outlines: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what was said, for the record of the submission."""
        said = {
            "names": dict(self.names),
            "crs": self.crs,
            "layer": self.layer,
            "encoding": self.encoding,
            "outlines": self.outlines and self.outlines.name,
        }
        return {key: value for key, value in said.items() if value}


def read_rows(
    path: Path,
    columns: Sequence[str],
    required: Sequence[str],
    names: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield the rows of a CSV file in UTF-8, comma-separated, with a header.

    Raises Invalid, before any row, for another encoding, a header with unknown or repeated
    columns, or one that lacks a ``required`` column.
    """
    try:
        with path.open(encoding=_BYTE_ORDER_MARK, newline="") as file:
            reader = csv.reader(file, strict=True)
            header = rename([name.strip() for name in next(reader, [])], names or {})
            check_header(header, columns, required)
            # Rows are numbered as a spreadsheet does: blank ones count, broken lines don't.
            for number, cells in enumerate(reader, 2):
                if cells:
                    ragged = len(cells) != len(header)
                    # Most cells of a wide file are empty, and an absent one says the same.
                    filled = {
                        n: c for n, c in zip(header, cells, strict=False) if c and n is not None
                    }
                    yield Row(number, filled, ragged)
    except UnicodeDecodeError:
        raise Invalid(
            Text(
                "Tệp không phải UTF-8: hãy lưu lại dạng CSV UTF-8.",
                "The file is not UTF-8: save it as CSV UTF-8.",
            )
        ) from None
    except csv.Error:
        raise Invalid(
            Text(f"Dòng {reader.line_num} không đọc được.", f"Line {reader.line_num} is broken.")
        ) from None


def rename(header: Sequence[str], names: Mapping[str, str]) -> list[str | None]:
    """Return a header in the specification's names, None for what is left out.

    Raises Invalid for a name that the file lacks.

    >>> rename(["idu", "feuille"], {"idu": "code", "feuille": ""})
    ['code', None]
    """
    absent = sorted(set(names) - set(header))
    if absent:
        listed = ", ".join(absent)
        raise Invalid(
            Text(f"Tệp không có cột để đổi tên: {listed}.", f"No such columns to map: {listed}.")
        )
    return [(names[name] or None) if name in names else name for name in header]


def check_header(
    header: Sequence[str | None], columns: Sequence[str], required: Sequence[str]
) -> None:
    """Refuse a header with unknown or repeated columns, or without a ``required`` one.

    Raises Invalid; None is a column that is left out.
    """
    named = [name for name in header if name is not None]
    unknown = sorted(set(named) - set(columns))
    missing = sorted(set(required) - set(named))
    repeated = sorted({name for name in named if named.count(name) > 1})
    for names, vi, en in (
        (unknown, "Cột không có trong đặc tả", "Columns that the specification lacks"),
        (missing, "Thiếu cột", "Missing columns"),
        (repeated, "Cột lặp lại", "Repeated columns"),
    ):
        if names:
            listed = ", ".join(name[:50] for name in names)
            raise Invalid(Text(f"{vi}: {listed}.", f"{en}: {listed}."))
