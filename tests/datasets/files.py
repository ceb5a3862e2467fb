"""Files as other programs make them, for the tests of their reading."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from datasets.formats import AS_IT_IS, Options, Row
from datasets.sources import read_file
from registry.kernel.errors import Invalid

COLUMNS = ("personal_id", "full_name", "phone", "birth_date", "area")


def read(path: Path, options: Options = AS_IT_IS, columns: Sequence[str] = COLUMNS) -> list[Row]:
    """Return the rows of a file that has any of ``columns``."""
    return list(read_file(path, columns, (), options))


def refusal(
    path: Path, options: Options = AS_IT_IS, columns: Sequence[str] = COLUMNS
) -> tuple[list[tuple[str, str]], Invalid]:
    """Return where and by which codes a file is refused, and the error."""
    with pytest.raises(Invalid) as caught:
        read(path, options, columns)
    error = caught.value
    assert error.detail.vi
    return [(told.pointer, told.code) for told in error.errors], error


def codes(path: Path, options: Options = AS_IT_IS, columns: Sequence[str] = COLUMNS) -> list[str]:
    """Return the codes by which a file is refused."""
    return [code for _, code in refusal(path, options, columns)[0]]


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zipped(path: Path, parts: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)


def ods(path: Path, rows: str, before: str = "") -> Path:
    """Write an OpenDocument sheet whose rows are given as XML."""
    content = (
        f'<?xml version="1.0"?>{before}<office:document-content xmlns:office="{_OFFICE}"'
        f' xmlns:table="{_TABLE}" xmlns:text="{_TEXT}"><office:body><office:spreadsheet>'
        f'<table:table table:name="Trang 1">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    parts = {
        "mimetype": _MIME,
        "META-INF/manifest.xml": _MANIFEST,
        "content.xml": content.encode(),
    }
    return zipped(path, parts)


def ods_cell(text: str, repeated: int = 1) -> str:
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def xls(path: Path, rows: Sequence[Sequence[str | float]], stream: str = "Workbook") -> Path:
    """Write a workbook of Excel 97 ([MS-XLS], [MS-CFB]): one sheet of texts and numbers."""
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 1996, 0, 6)
    sheet_bof = struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 1996, 0, 6)
    cells = b""
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = struct.pack("<HHH", at, column, 0)
            if isinstance(cell, str):
                text = cell.encode("utf-16-le")
                body = place + struct.pack("<HB", len(cell), 1) + text
                cells += _record(0x0204, body)
            else:
                cells += _record(0x0203, place + struct.pack("<d", cell))
    name = b"\x06\x00Trang1"
    head = _record(0x0809, bof)
    bound_size = 4 + 4 + 2 + len(name)
    offset = len(head) + bound_size + 4
    head += _record(0x0085, struct.pack("<IBB", offset, 0, 0) + name) + _record(0x000A, b"")
    book = head + _record(0x0809, sheet_bof) + cells + _record(0x000A, b"")
    return compound(path, stream, book)


def compound(path: Path, stream: str, content: bytes) -> Path:
    """Write an OLE container with one stream: header, FAT, directory, then the stream."""
    content = content.ljust(4096, b"\0")
    content += bytes(-len(content) % 512)
    count = len(content) // 512
    chain = [*range(3, 2 + count), 0xFFFFFFFE]
    fat = struct.pack(f"<{2 + count}I", 0xFFFFFFFD, 0xFFFFFFFE, *chain).ljust(512, b"\xff")
    difat = struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
        + difat
    )
    path.write_bytes(
        header
        + fat
        + _entry("Root Entry", 5, 0xFFFFFFFE, 0, 1)
        + _entry(stream, 2, 2, len(content))
        + bytes(256)
        + content
    )
    return path


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    text = name.encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text) + 2, kind, 1)
        + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
