"""Geographic files to numbered rows of text: GeoJSON, GeoPackage, zipped Shapefile.

Each feature is a row whose properties are cells. Its outline is the cell ``geometry``, as the file
has it: GeoJSON, or WKB in hexadecimal; ``srid`` is the system that the file names. Nothing is
turned into another system and nothing is repaired, so that what is wrong can be reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from pyproj import CRS
from pyproj.exceptions import CRSError

from datasets.formats import Options, Row, check_header, rename
from registry.kernel.errors import Invalid, Text

GEOMETRY, SRID = "geometry", "srid"
DATABASE = b"SQLite format 3\0"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WGS84 = 4326
_LONGITUDE, _LATITUDE = 180, 90
# How sure PROJ must be that a description without a code is that of an EPSG system.
_SURE = 90


def read_geojson(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the features of a GeoJSON file.

    RFC 7946 knows longitude and latitude only, so another system is the one that the options
    name. A file that names it too, in the member ``crs`` of the older draft, must agree; alone
    that member is no answer. Raises Invalid, before any row, for a file that can't be read.
    """
    content = _geojson(path)
    features = content["features"]
    keys = list(dict.fromkeys(key for feature in features for key in _properties(feature)))
    header = _header([*keys, GEOMETRY, SRID], columns, required, options)
    srid = _geojson_srid(content, options)
    for line, feature in enumerate(features, 1):
        cells = _properties(feature)
        shape = feature.get("geometry")
        if shape is not None:
            cells = {**cells, GEOMETRY: orjson.dumps(shape).decode()}
        if srid is not None and (srid != _WGS84 or options.crs or _is_wgs84(shape)):
            cells = {**cells, SRID: srid}
        yield Row(line, _cells([*keys, GEOMETRY, SRID], header, cells))


def _geojson(path: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(path.read_bytes().removeprefix(_BYTE_ORDER_MARK))
    except ValueError:
        content = None
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise Invalid(
            Text("Không phải FeatureCollection GeoJSON.", "Not a GeoJSON FeatureCollection.")
        )
    return dict(content)


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _geojson_srid(content: Mapping[str, Any], options: Options) -> int | None:
    """Return the system of the coordinates, None where it has to be asked for."""
    member = content.get("crs")
    if member is None:
        return options.crs or _WGS84
    named = _epsg(str(((member or {}).get("properties") or {}).get("name", "")))
    if named == _WGS84:
        return _agreed(named, options)
    return _agreed(named, options) if options.crs else None


def _is_wgs84(shape: Any) -> bool:
    """Say whether a first point is a longitude and a latitude."""
    point = shape.get("coordinates") if isinstance(shape, dict) else None
    while isinstance(point, list) and point and isinstance(point[0], list):
        point = point[0]
    try:
        x, y, *_ = (float(value) for value in point or ())
    except (TypeError, ValueError):
        return True  # No point at all: that is reported of the outline.
    return abs(x) <= _LONGITUDE and abs(y) <= _LATITUDE


def read_layer(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the features of a GeoPackage or a zipped Shapefile, of its one layer of outlines.

    Raises Invalid, before any row, for a file that can't be read, that holds several layers or
    that names another system than the options.
    """
    meta, ids, shapes, values = _layer(path)
    keys = [*meta["fields"], GEOMETRY, SRID]
    header = _header(keys, columns, required, options)
    srid = _agreed(_epsg(meta["crs"] or ""), options)
    for line, (shape, *cells) in enumerate(zip(shapes, *values, strict=True), 1):
        filled = dict(zip(meta["fields"], cells, strict=True))
        if shape is not None:
            filled[GEOMETRY] = shape.hex()
        if srid is not None:
            filled[SRID] = srid
        number = int(ids[line - 1]) if ids is not None else line
        yield Row(number, _cells(keys, header, filled))


def _layer(path: Path) -> tuple[dict[str, Any], Any, Any, list[Any]]:
    try:
        from pyogrio import errors, list_layers, raw  # noqa: PLC0415 - apart from the core
    except ImportError:
        raise Invalid(
            Text(
                "Máy chủ chưa cài bộ đọc GPKG và Shapefile (requirements/geo.txt).",
                "The reader of GPKG and Shapefile is not installed (requirements/geo.txt).",
            )
        ) from None
    with TemporaryDirectory() as folder:
        # Kept files have no suffix, and the reader tells a kind by it too.
        source = Path(folder) / ("file.gpkg" if _is_database(path) else "file.shp.zip")
        source.symlink_to(path.resolve())
        try:
            layers = [str(name) for name, kind in list_layers(source) if kind is not None]
            _check_layers(layers)
            meta, ids, shapes, values = raw.read(
                source, layer=layers[0], return_fids=_is_database(path)
            )
        except (errors.DataSourceError, errors.DataLayerError, UnicodeDecodeError):
            raise Invalid(
                Text("Tệp địa lý không đọc được.", "The geographic file can't be read.")
            ) from None
    return meta, ids, shapes, values


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def _check_layers(layers: Sequence[str]) -> None:
    if len(layers) != 1:
        listed = ", ".join(layers) or "0"
        raise Invalid(
            Text(
                f"Tệp phải có đúng một lớp hình, đang có: {listed}.",
                f"A file has just one layer of outlines, this one: {listed}.",
            )
        )


def _header(
    keys: Sequence[str], columns: Sequence[str], required: Sequence[str], options: Options
) -> list[str | None]:
    header = rename(keys, options.names)
    check_header(header, columns, required)
    return header


def _cells(
    keys: Sequence[str], header: Sequence[str | None], values: Mapping[str, Any]
) -> dict[str, str]:
    named = ((name, _text(values.get(key))) for key, name in zip(keys, header, strict=True))
    return {name: text for name, text in named if text and name is not None}


def _text(value: Any) -> str:
    """Return a typed value as it would stand in a Vietnamese table: 1234,5 and 2015-03-01."""
    if value is None or value != value or str(value) == "NaT":  # noqa: PLR0124 - not a number
        return ""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        # A decimal point before three digits would be read as a thousand's.
        return format(Decimal(repr(value)), "f").removesuffix(".0").replace(".", ",")
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return str(value)


def _epsg(name: str) -> int | None:
    """Return the EPSG code of a system by its name or its description, None if that is not one."""
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        return None
    if crs.to_authority() == ("OGC", "CRS84"):
        return _WGS84
    return crs.to_epsg(_SURE)


def _agreed(named: int | None, options: Options) -> int | None:
    """Return the one system that file and options name; raises Invalid where they differ."""
    if named is not None and options.crs is not None and named != options.crs:
        raise Invalid(
            Text(
                f"Tệp ghi EPSG:{named}, tùy chọn lại là EPSG:{options.crs}.",
                f"The file says EPSG:{named}, the option EPSG:{options.crs}.",
            )
        )
    return named if named is not None else options.crs


def outlines(path: Path) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield the ``code`` and the GeoJSON geometry of each feature of a file of outlines.

    Raises Invalid for a file that can't be read.
    """
    for feature in _geojson(path)["features"]:
        code = _properties(feature).get("code") or feature.get("id")
        if code and isinstance(feature.get("geometry"), dict):
            yield str(code), feature["geometry"]
