"""What a file is, told by what it holds. What can't be read is named, with the way out."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from datasets.formats.archives import opened
from datasets.formats.rows import refusal
from registry.kernel.errors import Invalid, Text


class Kind(StrEnum):
    """The formats that are read."""

    DELIMITED = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    DOCUMENTS = "jsonl"
    PARQUET = "parquet"
    GEOPACKAGE = "gpkg"
    SHAPEFILE = "shp"
    GEOJSON = "geojson"
    DRAWING = "dxf"


WORKBOOKS = frozenset({Kind.XLSX, Kind.XLS, Kind.ODS})
MAPS = frozenset({Kind.GEOPACKAGE, Kind.SHAPEFILE, Kind.GEOJSON, Kind.DRAWING})

_HEAD = 1 << 16
_LARGEST_ARCHIVE = 1 << 30
_SECTOR, _MOST_SECTORS = 512, 256
_SECTOR_SIZES = {b"\x09\x00": 512, b"\x0c\x00": 4096}
_LAST_SECTOR = 1 << 28
"""A workbook of Excel 97 has no more: two gigabytes are its limit."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DXF = re.compile(rb"(?:999\r?\n[^\n]*\n\s*)*0\s*\r?\n\s*SECTION\b|AutoCAD Binary DXF\r\n\x1a\x00")
_DWG = re.compile(rb"AC(?:1\.\d|2\.\d|10\d\d)|MC0\.0")
_DGN7 = re.compile(rb"[\x08\xc8]\x05\xfe\x02|\x08\x05\x17\x00")
_FEATURES = re.compile(rb'"type"\s*:\s*"(?:FeatureCollection|Topology)"|"features"\s*:\s*\[')
_GEOMETRY = re.compile(rb'"type"\s*:\s*"Feature"')
_OTHERS = (
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ"), "archive_unknown"),
    (re.compile(rb"%PDF|\x89PNG|\xff\xd8\xff|GIF8|II\*\x00|MM\x00\*"), "file_picture"),
    (re.compile(rb"(?i)<(?:\?xml|!doctype|html|table|meta|head)"), "file_markup"),
)
_BEFORE_ZIP_END = b"PK\x05\x06"

_REFUSED = {
    "dwg": Text(
        "Tệp DWG không đọc được: hãy xuất sang DXF hoặc GeoPackage.",
        "DWG can't be read: export it as DXF or GeoPackage.",
    ),
    "dgn": Text(
        "Tệp DGN không đọc được: hãy xuất sang DXF hoặc GeoPackage (MicroStation: File > Export).",
        "DGN can't be read: export it as DXF or GeoPackage (MicroStation: File > Export).",
    ),
    "ole_unknown": Text(
        "Tệp Office cũ này không phải bảng tính XLS.", "This old Office file is no XLS workbook."
    ),
    "shapefile_parts": Text(
        "Shapefile gồm nhiều tệp: hãy nén .shp, .shx, .dbf, .prj thành một tệp zip.",
        "A Shapefile is several files: zip .shp, .shx, .dbf and .prj together.",
    ),
    "archive_unknown": Text(
        "Tệp nén không chứa bảng tính hay Shapefile: hãy giải nén rồi nộp tệp bên trong.",
        "The archive is no workbook and holds no Shapefile: unpack it and submit what is inside.",
    ),
    "xlsb": Text(
        "Tệp XLSB không đọc được: hãy lưu lại dạng .xlsx.", "XLSB can't be read: save it as .xlsx."
    ),
    "file_picture": Text(
        "Đây là ảnh hoặc PDF: hãy nộp bảng số liệu.", "This is a picture or PDF: submit a table."
    ),
    "file_markup": Text(
        "Đây là HTML hoặc XML (có thể mang đuôi .xls): hãy mở bằng Excel rồi lưu dạng .xlsx.",
        "This is HTML or XML (perhaps named .xls): open it in Excel and save it as .xlsx.",
    ),
    "database_unknown": Text(
        "Cơ sở dữ liệu SQLite này không phải GeoPackage.", "This SQLite database is no GeoPackage."
    ),
    "json_not_lines": Text(
        "JSON phải ghi mỗi dòng một đối tượng (JSON Lines), hoặc là GeoJSON.",
        "Write JSON as one object a line (JSON Lines), or as GeoJSON.",
    ),
}


def recognise(path: Path) -> Kind:
    """Return what a file is; raises Invalid, with the way out, for what is not read."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"PK\x03\x04", _BEFORE_ZIP_END)):
        return _packed(path)
    if head.startswith(_OLE):
        return _compound(path)
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    if head.startswith(b"SQLite format 3\0"):
        if head[68:72] in {b"GPKG", b"GP10"}:
            return Kind.GEOPACKAGE
        raise _refused("database_unknown")
    if head.startswith(b"\x00\x00\x27\x0a"):
        raise _refused("shapefile_parts")
    if _DWG.match(head):
        raise _refused("dwg")
    if _DGN7.match(head):
        raise _refused("dgn")
    return _text(head)


def _text(head: bytes) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _DXF.match(start):
        return Kind.DRAWING
    for mark, code in _OTHERS:
        if mark.match(start):
            raise _refused(code)
    if start.startswith(b"{"):
        return _json(start)
    if re.match(rb"\[\s*[\[{\]]", start):
        raise _refused("json_not_lines")
    return Kind.DELIMITED


def _json(start: bytes) -> Kind:
    first, _, rest = start.partition(b"\n")
    if _FEATURES.search(start):
        return Kind.GEOJSON
    # Several lines that are an object each; of one object, only a feature is read otherwise.
    if rest.strip():
        if re.match(rb'\{\s*["}]', rest.lstrip()) and first.rstrip().endswith(b"}"):
            return Kind.DOCUMENTS
        return Kind.GEOJSON
    return Kind.GEOJSON if _GEOMETRY.search(first) else Kind.DOCUMENTS


def _packed(path: Path) -> Kind:
    with opened(path, _LARGEST_ARCHIVE) as (archive, entries):
        names = {info.filename.lower() for info in entries}
        if "xl/workbook.xml" in names:
            return Kind.XLSX
        if "xl/workbook.bin" in names:
            raise _refused("xlsb")
        if "mimetype" in names and _is_spreadsheet(archive):
            return Kind.ODS
        if any(name.endswith(".shp") for name in names):
            return Kind.SHAPEFILE
    raise _refused("archive_unknown")


def _is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    with archive.open("mimetype") as told:
        return told.read(100).startswith(b"application/vnd.oasis.opendocument.spreadsheet")


def _compound(path: Path) -> Kind:
    """Tell a workbook from a drawing of MicroStation V8: both are OLE containers."""
    with path.open("rb") as file:
        names = set(_streams(file))
    if names & {"workbook", "book"}:
        return Kind.XLS
    raise _refused("dgn" if any(name.startswith("dgn") for name in names) else "ole_unknown")


def _streams(file: BinaryIO) -> Iterator[str]:
    """Yield the names in the directory of an OLE container ([MS-CFB] 2.2 and 2.6)."""
    header = file.read(_SECTOR)
    size = _SECTOR_SIZES.get(header[30:32], 0)
    if len(header) < _SECTOR or not size:
        return
    (sector,) = struct.unpack_from("<I", header, 48)
    tables = struct.unpack_from("<109I", header, 76)
    for _ in range(_MOST_SECTORS):
        if sector > _LAST_SECTOR:
            return
        file.seek((sector + 1) * size)
        block = file.read(size)
        for at in range(0, len(block), 128):
            entry = block[at : at + 64]
            yield entry.decode("utf-16-le", "ignore").partition("\0")[0].lower()
        table, place = divmod(sector, size // 4)
        if len(block) < size or table >= len(tables):
            return
        file.seek((tables[table] + 1) * size + place * 4)
        sector = int.from_bytes(file.read(4).ljust(4, b"\xff"), "little")


def _refused(code: str) -> Invalid:
    return refusal(code, _REFUSED[code])
