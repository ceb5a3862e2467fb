"""Opens a submitted file as what it is, told by its first bytes: kept files have no suffix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from datasets.formats import Options, Row, check_header, read_rows
from datasets.formats_geo import GEOMETRY, SRID, Answers, read_geo_rows
from registry.kernel.errors import Invalid, Text

_SQLITE, _ZIP, _SHAPEFILE = b"SQLite format 3\0", b"PK\x03\x04", b"\x00\x00\x27\x0a"
_HEAD = 64
_OUR_SRID = "srid"


def read_file(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the rows of a CSV, GeoJSON, GeoPackage or zipped Shapefile.

    Only a dataset with a column of outlines takes the geographic ones. Raises Invalid for a file
    that can't be read by ``options``.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_SHAPEFILE):
        raise Invalid(
            Text(
                "Shapefile gồm nhiều tệp: hãy nén .shp, .shx, .dbf, .prj thành một tệp zip.",
                "A Shapefile is several files: zip .shp, .shx, .dbf and .prj together.",
            )
        )
    if GEOMETRY not in columns:
        return read_rows(path, columns, required, options.names)
    brace = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    if brace or head.startswith((_SQLITE, _ZIP)):
        answers = Answers(options.crs, options.layer, options.encoding)
        return _named(read_geo_rows(path, answers), columns, options)
    return _surveyed(read_rows(path, columns, required, options.names), options)


def _named(rows: Iterable[Row], columns: Sequence[str], options: Options) -> Iterator[Row]:
    """Give the properties of features the names of the specification; raises Invalid."""
    names = {**{name: name for name in columns}, SRID: _OUR_SRID, **options.names}
    for row in rows:
        check_header([names.get(name, name) or None for name in row.cells], columns, ())
        cells = {ours: cell for name, cell in row.cells.items() if (ours := names[name])}
        yield Row(row.line, cells)


def _surveyed(rows: Iterable[Row], options: Options) -> Iterator[Row]:
    """Fill in the system of outlines that don't name theirs."""
    for row in rows:
        if options.crs is not None and GEOMETRY in row.cells and _OUR_SRID not in row.cells:
            yield Row(row.line, {**row.cells, _OUR_SRID: str(options.crs)}, row.ragged)
        else:
            yield row
