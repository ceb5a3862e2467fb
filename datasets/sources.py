"""Opens a submitted file as what it is: kept files have no suffix, and a name proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from datasets.formats.delimited import read_rows
from datasets.formats.documents import read_documents
from datasets.formats.drawings import read_drawing
from datasets.formats.geo import GEOMETRY, SRID, read_geo_rows
from datasets.formats.kinds import MAPS, WORKBOOKS, Kind, recognise
from datasets.formats.mending import mended
from datasets.formats.options import Options
from datasets.formats.parquet import read_parquet
from datasets.formats.rows import Row, check_header, refusal
from datasets.formats.workbooks import read_workbook
from registry.kernel.errors import Text

_OUR_SRID = "srid"
_NO_MAP = Text(
    "Bộ dữ liệu này không có hình: hãy nộp bảng (CSV, Excel, JSON Lines, Parquet).",
    "This dataset has no outlines: submit a table (CSV, Excel, JSON Lines, Parquet).",
)


def read_file(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the rows of a file of any kind that `Kind` names.

    Only a dataset with a column of outlines takes the geographic ones. Raises Invalid for a file
    that can't be read by ``options``; its errors point to ``/file``, or to the option that answers
    what is open.
    """
    kind = recognise(path)
    if kind in MAPS:
        if GEOMETRY not in columns:
            raise refusal("kind_not_for_dataset", _NO_MAP)
        drawn = kind == Kind.DRAWING
        rows = read_drawing(path, options) if drawn else read_geo_rows(path, options)
        return _named(map(mended, rows), columns, options)
    if kind in WORKBOOKS:
        rows = read_workbook(path, columns, required, options)
    elif kind == Kind.DOCUMENTS:
        rows = read_documents(path, columns, required, options)
    elif kind == Kind.PARQUET:
        rows = read_parquet(path, columns, required, options)
    else:
        rows = read_rows(path, columns, required, options)
    return _surveyed(rows, options) if GEOMETRY in columns else rows


def _named(rows: Iterable[Row], columns: Sequence[str], options: Options) -> Iterator[Row]:
    """Give the properties of features the names of the specification; raises Invalid."""
    names = {**{name: name for name in columns}, SRID: _OUR_SRID, **options.names}
    for row in rows:
        check_header([names.get(name, name) or None for name in row.cells], columns, ())
        cells = {ours: cell for name, cell in row.cells.items() if (ours := names[name])}
        notes = tuple((rule, names.get(name, name)) for rule, name in row.notes)
        numeric = frozenset(ours for name in row.numeric if (ours := names[name]))
        yield row._replace(cells=cells, notes=notes, numeric=numeric)


def _surveyed(rows: Iterable[Row], options: Options) -> Iterator[Row]:
    """Fill in the system of outlines that don't name theirs."""
    for row in rows:
        if options.crs is not None and GEOMETRY in row.cells and _OUR_SRID not in row.cells:
            yield row._replace(cells={**row.cells, _OUR_SRID: str(options.crs)})
        else:
            yield row
