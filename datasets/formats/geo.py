"""Geographic files to numbered rows of text, their outlines and coordinate systems as they came.

GeoPackage, zipped Shapefile and GeoJSON, told apart by their first bytes and never by their name:
the library below knows formats that read other files or run commands. What a file does not say
for certain, its coordinate system or the letters of its texts, is asked back and never guessed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from datasets.formats.archives import Budget, opened, unpacked
from datasets.formats.geopackages import check_geopackage
from datasets.formats.letters import Letters, decided
from datasets.formats.options import AS_IT_IS, Options
from datasets.formats.rows import Row, number_text, question, refusal
from registry.kernel.errors import Invalid, Text

GEOMETRY = "geometry"
SRID = "geometry_srid"
"""Cells that every row has beside those of the file: WKB in hexadecimal, and the EPSG code."""

LARGEST_UNPACKED = 1 << 30
_CHUNK = 20_000
_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_GPKG_MARK = slice(68, 72)
_WGS84 = 4326
_LONGITUDES_LATITUDES = (-180.0, -90.0, 180.0, 90.0)

_NO_LIBRARY = Text(
    "Máy này chưa đọc được tệp bản đồ: pip install -r requirements/geo.txt",
    "This installation can't read geographic files: pip install -r requirements/geo.txt",
)
_UNKNOWN_FILE = Text(
    "Không phải GeoPackage, Shapefile nén ZIP hay GeoJSON.",
    "Neither a GeoPackage, a zipped Shapefile nor GeoJSON.",
)
_BROKEN = Text("Tệp bản đồ không đọc được.", "The geographic file can't be read.")
_SHAPEFILES = Text(
    "Tệp nén có nhiều Shapefile: hãy nộp từng cái.",
    "The archive holds several Shapefiles: submit each by itself.",
)
_CRS_MISSING = Text(
    "Hãy cho biết hệ tọa độ (mã EPSG): tệp không nói chắc chắn.",
    "Say the coordinate system (EPSG code): the file doesn't say it for certain.",
)
_LAYER = Text("Tệp có nhiều lớp: hãy chọn một.", "The file has several layers: choose one.")
_NO_LAYER = Text("Tệp không có lớp hình nào.", "The file has no layer with outlines.")
_CLASH = Text(
    "Tệp có cột trùng tên cột hình học.", "A column of the file has the name of the geometry."
)


def read_geo_rows(
    path: Path, options: Options = AS_IT_IS, largest: int = LARGEST_UNPACKED
) -> Iterator[Row]:
    """Yield the features of a geographic file; the first is row 1.

    Every cell is text as the file has it; `GEOMETRY` is the outline, and not there where a
    feature has none. An archive is unpacked up to ``largest`` bytes.

    Raises Invalid, before any row, for a file that can't be read and for each question that it
    leaves open; ``candidates`` then names what the file itself suggests.
    """
    with _opened(path, largest) as (source, shapefile):
        layer = _layer(source, options)
        srid = _srid(source, layer, options)
        letters = _letters(source, layer, shapefile, options) if shapefile else None
        yield from _rows(source, layer, srid, letters)


def look(path: Path, options: Options, count: int) -> dict[str, Any]:
    """Return the layers, the system, the header and the first rows of a map, and what is open."""
    seen: dict[str, Any] = {"open": {}}
    with _opened(path, LARGEST_UNPACKED) as (source, shapefile):
        try:
            seen["layers"] = _counts(source)
            layer = _layer(source, options)
            seen["crs"] = _srid(source, layer, options)
            letters = _letters(source, layer, shapefile, options) if shapefile else None
        except Invalid as error:
            asked = {told.pointer[1:]: told.code for told in error.errors}
            if "file" in asked:
                raise
            return {**seen, "open": asked, "crs": options.crs}
        rows = list(islice(_rows(source, layer, seen["crs"], letters), count))
    header = list(dict.fromkeys(name for row in rows for name in row.cells))
    cells = tuple(tuple(row.cells.get(name, "")[:200] for name in header) for row in rows)
    return {**seen, "header": tuple(header), "rows": cells}


def _counts(source: str) -> dict[str, int]:
    """Return the layers with outlines and how many features each has."""
    with _reading() as library:
        names = [str(name) for name, kind in library.list_layers(source) if kind is not None]
        return {name: int(library.read_info(source, layer=name)["features"]) for name in names}


@contextmanager
def _opened(path: Path, largest: int) -> Iterator[tuple[str, Path | None]]:
    """Give what the library opens, and the main file of a Shapefile."""
    with path.open("rb") as file:
        head = file.read(_GPKG_MARK.stop)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    with tempfile.TemporaryDirectory() as folder:
        if head.startswith(b"SQLite format 3\0") and head[_GPKG_MARK] in {b"GPKG", b"GP10"}:
            # A copy: reading one in place leaves locks and journals beside it.
            copied = Path(folder) / "file.gpkg"
            shutil.copyfile(path, copied)
            check_geopackage(copied)
            yield str(copied), None
        elif head.startswith(b"PK\x03\x04"):
            shape = _unpack(path, Path(folder), largest)
            yield str(shape), shape
        elif start.startswith(b"{"):
            # Named, so that JSON which is a command to another driver stays JSON.
            yield f"GeoJSON:{path}", None
        else:
            raise refusal("map_unknown", _UNKNOWN_FILE)


def _unpack(path: Path, folder: Path, largest: int) -> Path:
    """Take the parts of one Shapefile out of an archive; return its main file."""
    budget = Budget(largest)
    with opened(path, largest) as (archive, entries):
        for info in entries:
            name = PurePosixPath(info.filename.replace("\\", "/")).name
            if PurePosixPath(name).suffix.lower() not in _PARTS or name.startswith("."):
                continue
            with (
                closing(unpacked(archive, info, budget)) as blocks,
                (folder / name.lower()).open("wb") as out,
            ):
                out.writelines(blocks)
    shapes = sorted(folder.glob("*.shp"))
    if len(shapes) > 1:
        raise refusal("several_shapefiles", _SHAPEFILES)
    if not shapes:
        raise refusal("archive_unknown", _UNKNOWN_FILE)
    return shapes[0]


def _library() -> Any:
    """Return the reader, which is an extra: it brings a hundred megabytes of formats."""
    try:
        import pyogrio.raw  # noqa: PLC0415 - only who reads geographic files needs it
    except ImportError:
        raise refusal("library_missing", _NO_LIBRARY) from None
    return pyogrio


@contextmanager
def _reading() -> Iterator[Any]:
    """Give the library; what it can't read is the file's fault, and its warnings are findings."""
    library = _library()
    with warnings.catch_warnings():
        # An unclosed ring is reported for its row, by the rule that is there for it.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            yield library
        except (
            library.errors.DataSourceError,
            library.errors.DataLayerError,
            UnicodeDecodeError,
        ):
            raise refusal("map_broken", _BROKEN) from None


def _layer(source: str, options: Options) -> str:
    with _reading() as library:
        found = [str(name) for name, kind in library.list_layers(source) if kind is not None]
    if options.layer in found:
        return options.layer
    if not found:
        raise refusal("layer_missing", _NO_LAYER)
    if len(found) > 1 or options.layer is not None:
        raise question("layer", "layer_open", _LAYER, found)
    return found[0]


def _srid(source: str, layer: str, options: Options) -> int:
    if options.crs is not None:
        return options.crs
    with _reading() as library:
        info = library.read_info(source, layer=layer, force_total_bounds=True)
    told = _epsg(info["crs"])
    if source.startswith("GeoJSON:") and not _is_rfc7946(told, info["total_bounds"]):
        # RFC 7946 knows longitude and latitude only. What its forerunner let a file say is no
        # more than a hint, and coordinates in metres without it are none at all.
        hints = [told] if told not in {None, _WGS84} else []
        raise question("crs", "crs_missing", _CRS_MISSING, hints)
    if told is None:
        raise question("crs", "crs_missing", _CRS_MISSING)
    return told


def _is_rfc7946(told: int | None, bounds: Sequence[float] | None) -> bool:
    if told != _WGS84:
        return False
    if bounds is None:
        return True
    west, south, east, north = _LONGITUDES_LATITUDES
    return west <= bounds[0] and south <= bounds[1] and bounds[2] <= east and bounds[3] <= north


def _epsg(crs: str | None) -> int | None:
    if not crs:
        return None
    try:
        found: int | None = CRS.from_user_input(crs).to_epsg()
    except CRSError:
        return None
    return found


def _letters(source: str, layer: str, shape: Path, options: Options) -> Letters:
    """Decide how the texts of a Shapefile are to be read; raises Invalid where it is open."""
    told = options.encoding
    beside = shape.with_suffix(".cpg")
    if told is None and beside.exists():
        told = beside.read_bytes()[:40].decode("ascii", "replace").strip() or None
    samples = (
        value.encode("latin-1")
        for _, columns in _chunks(source, layer, Letters.BYTES)
        for column in columns.values()
        for value in column
        if isinstance(value, str)
    )
    return decided(told, samples, certain=options.encoding is not None)


def _chunks(
    source: str, layer: str, encoding: str | None
) -> Iterator[tuple[Sequence[bytes | None], Mapping[str, Sequence[Any]]]]:
    """Yield outlines and columns, some thousand features at a time."""
    # A text format is read whole: each part would be a reading of all that stands before it.
    size = None if source.startswith("GeoJSON:") else _CHUNK
    done = 0
    while True:
        with _reading() as library:
            meta, _, outlines, columns = library.raw.read(
                source,
                layer=layer,
                encoding=encoding,
                skip_features=done,
                max_features=size,
                datetime_as_string=True,
            )
        yield outlines, dict(zip(meta["fields"], (c.tolist() for c in columns), strict=True))
        done += len(outlines)
        if size is None or len(outlines) < size:
            return


def _rows(source: str, layer: str, srid: int, letters: Letters | None) -> Iterator[Row]:
    line = 0
    for outlines, columns in _chunks(source, layer, Letters.BYTES if letters else None):
        names = [letters.read(name) if letters else str(name) for name in columns]
        if {GEOMETRY, SRID} & set(names):
            raise refusal("column_repeated", _CLASH)
        for outline, *values in zip(outlines, *columns.values(), strict=True):
            line += 1
            cells = {
                name: text
                for name, value in zip(names, values, strict=True)
                if (text := _text(value, letters))
            }
            cells[SRID] = str(srid)
            if outline is not None:
                cells[GEOMETRY] = outline.hex()
            numeric = frozenset(
                name
                for name, value in zip(names, values, strict=True)
                if isinstance(value, int | float) and name in cells
            )
            yield Row(line, cells, part=layer, numeric=numeric)


def _text(value: Any, letters: Letters | None) -> str:
    """Return a value as the file writes it; what has none is empty."""
    if value is None or value != value:  # noqa: PLR0124 - not-a-number is unlike itself
        return ""
    if isinstance(value, str):
        return letters.read(value).strip() if letters else value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
