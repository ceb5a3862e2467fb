"""Opens a submitted file as what it is, told by its first bytes: kept files have no suffix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets.formats import Options, Row, read_rows
from datasets.formats_geo import DATABASE, SRID, read_geojson, read_layer
from registry.kernel.errors import Invalid, Text

_LAYERS = (DATABASE, b"PK\x03\x04")
_SHAPEFILE = b"\x00\x00\x27\x0a"
_HEAD = 64


def read_file(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the rows of a CSV, GeoJSON, GeoPackage or zipped Shapefile.

    Only a dataset with a column of outlines takes the geographic ones. Raises Invalid, before any
    row, for a file that can't be read by ``options``.
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
    if SRID not in columns:
        return read_rows(path, columns, required, options.names)
    if head.startswith(_LAYERS):
        return read_layer(path, columns, required, options)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return read_geojson(path, columns, required, options)
    return _surveyed(read_rows(path, columns, required, options.names), options)


def _surveyed(rows: Iterator[Row], options: Options) -> Iterator[Row]:
    """Fill in the system of outlines that don't name theirs."""
    for row in rows:
        if options.crs is not None and SRID not in row.cells:
            row = Row(row.line, {**row.cells, SRID: str(options.crs)}, row.ragged)  # noqa: PLW2901
        yield row
