"""The parts of a workbook, looked at before a library reads them: no entities, no endless sheets.

A workbook is copied without its pictures and other attachments, and what was looked at is what is
read: an archive may say one thing to one program and another to the next.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET
from xml.parsers import expat

from datasets.formats.archives import Budget, opened, unpacked
from datasets.formats.rows import refusal
from registry.kernel.errors import Text

LARGEST_BOOK = 1 << 29
MOST_CELLS = 16_000_000
_MOST_ERRORS = 100_000
_LARGEST_INDEX = 16 << 20
_KEPT = frozenset({".xml", ".rels", ""})
_LONGEST_TAG, _TAIL = 1 << 16, 512
_ODS_CONTENT = "content.xml"
_INDEX = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")

_ENTITIES = Text(
    "Bảng tính có khai báo thực thể XML: không nhận.", "The workbook declares XML entities."
)
_BROKEN = Text("Bảng tính không đọc được.", "The workbook can't be read.")
_ENDLESS = Text(
    "Trang tính quá lớn: hãy xóa dòng, cột trống ở cuối rồi lưu lại, hoặc nộp CSV.",
    "The sheet is too large: delete empty rows and columns at its end, or submit CSV.",
)
_ERRORS = Text(
    "Trang tính có quá 100.000 ô báo lỗi (#N/A …): hãy sửa công thức.",
    "Over 100,000 cells of the sheet show errors (#N/A …): mend the formulas.",
)
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_LINE = re.compile(rb"<(?:\w+:)?row[\s/>]")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt\s*=\s*["']e["'])[^>]*\br\s*=\s*["']([A-Z]+)(\d+)"""
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


@dataclass(slots=True)
class Faults:
    """What stands in the parts and not in the values: by sheet, places counted from 1 and 0."""

    errors: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    formulas: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Extent:
    """How large a sheet becomes, which is stored by its places and read with all between them."""

    rows: int = 0
    columns: int = 0
    placed: int = 0
    cells: int = 0
    lines: int = 0
    errors: set[tuple[int, int]] = field(default_factory=set)
    formulas: bool = False

    def see(self, block: bytes) -> None:
        """Count what a block of the part holds; raises Invalid once it is too much."""
        places = _PLACE.findall(block)
        letters = {name for name, _ in places}
        self.rows = max(self.rows, max((int(row[:9]) for _, row in places), default=0))
        self.columns = max(self.columns, max(map(column_index, letters), default=-1) + 1)
        self.placed += sum(1 for name, _ in places if name)
        self.cells += len(_CELL.findall(block))
        self.lines += len(_LINE.findall(block))
        self.formulas = self.formulas or _FORMULA.search(block) is not None
        if b"e" in block:
            self.errors.update(
                (int(row), column_index(name)) for name, row in _ERROR.findall(block)
            )
        if len(self.errors) > _MOST_ERRORS:
            raise refusal("error_cells", _ERRORS)
        _check_size(self.size)

    @property
    def size(self) -> int:
        """Return the number of cells, empty ones between them included."""
        # A cell that doesn't say its place may stand in any row, beside all others of its kind.
        return max(self.rows, self.lines) * max(self.columns, self.cells - self.placed)


def _check_size(cells: int) -> None:
    if cells > MOST_CELLS:
        raise refusal("sheet_too_large", _ENDLESS)


def column_index(letters: bytes) -> int:
    """Return the index of a column from 0, -1 for no letters.

    >>> column_index(b"A"), column_index(b"AA")
    (0, 26)
    """
    index = 0
    for letter in letters.upper()[:4]:
        index = index * 26 + letter - 64
    return index - 1


def clean_copy(path: Path, copied: Path, largest: int = LARGEST_BOOK) -> tuple[Path, Faults]:
    """Copy the parts of a workbook that are read; return the copy and what was seen in them.

    Raises Invalid for parts that declare entities, and for sheets that become too large.
    """
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    if not packed:
        # XLS: its sheets are bounded by the format.
        shutil.copyfile(path, copied)
        return copied, Faults()
    budget = Budget(largest)
    extents: dict[str, _Extent] = {}
    with opened(path, largest) as (archive, entries), zipfile.ZipFile(copied, "w") as copy:
        for info in entries:
            if PurePosixPath(info.filename).suffix.lower() in _KEPT:
                extent = extents[info.filename] = _Extent()
                with (
                    closing(unpacked(archive, info, budget)) as blocks,
                    copy.open(zipfile.ZipInfo(info.filename), "w", force_zip64=True) as out,
                ):
                    out.writelines(_seen(blocks, extent))
                _check_size(sum(seen.size for seen in extents.values()))
    with zipfile.ZipFile(copied) as copy:
        if _ODS_CONTENT in copy.namelist():
            _check_repeats(copy)
            return copied, Faults()
        return copied, _faults(copy, extents)


def _seen(blocks: Iterable[bytes], extent: _Extent) -> Iterator[bytes]:
    """Pass a part on, block by block, each looked at up to its last whole tag."""
    rest = b""
    for block in blocks:
        whole = rest + block
        if not rest and whole[:2] in {b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"}:
            raise refusal("workbook_broken", _BROKEN)  # nobody writes these, but to hide
        cut = max(whole.rfind(b"<"), 0)
        _look(whole[:cut], extent)
        rest = whole[cut:]
        if len(rest) > _LONGEST_TAG:
            _look(rest, extent)
            rest = rest[-_TAIL:]
        yield block
    _look(rest, extent)


def _look(block: bytes, extent: _Extent) -> None:
    if _DECLARED.search(block):
        raise refusal("xml_entities", _ENTITIES)
    extent.see(block)


def _faults(copy: zipfile.ZipFile, extents: dict[str, _Extent]) -> Faults:
    """Tell of which sheets the parts are."""
    faults = Faults()
    names = set(copy.namelist())
    if not names >= set(_INDEX):
        return faults
    if max(map(attrgetter("file_size"), map(copy.getinfo, _INDEX))) > _LARGEST_INDEX:
        raise refusal("workbook_broken", _BROKEN)
    try:
        book = ET.fromstring(copy.read(_INDEX[0]))  # noqa: S314 - it declares nothing
        links = ET.fromstring(copy.read(_INDEX[1]))  # noqa: S314 - the same
    except ET.ParseError:
        raise refusal("workbook_broken", _BROKEN) from None
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in book.iter():
        if sheet.tag.rpartition("}")[2] != "sheet":
            continue
        link = next((value for key, value in sheet.items() if key.endswith("}id")), None)
        target = targets.get(link, "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if (extent := extents.get(part)) is not None:
            name = sheet.get("name", "")
            faults.errors[name] = extent.errors
            if extent.formulas:
                faults.formulas.add(name)
    return faults


class _Repeats:
    """Measures sheets of OpenDocument, whose cells and rows say how often they are repeated."""

    def __init__(self) -> None:
        self._row = self._filled_rows = self._columns = self._widest = self._before = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "table":
            self._before += self._filled_rows * self._widest
            self._row = self._filled_rows = self._widest = 0
        elif kind == "table-row":
            self._row += _count(attributes, "rows-repeated")
            self._columns = 0
        elif kind in {"table-cell", "covered-table-cell"}:
            self._columns += _count(attributes, "columns-repeated")
        if kind == "p" or any(name.endswith("value-type") for name in attributes):
            self._filled_rows = self._row
            self._widest = max(self._widest, self._columns)
        _check_size(self._before + self._filled_rows * self._widest)


def _count(attributes: dict[str, str], name: str) -> int:
    told = next((value for key, value in attributes.items() if key.endswith(name)), "1")
    return int(told[:9]) if told.isdecimal() else 1


def _check_repeats(copy: zipfile.ZipFile) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = _Repeats().start
    try:
        with copy.open(_ODS_CONTENT) as part:
            parser.ParseFile(part)
    except expat.ExpatError:
        raise refusal("workbook_broken", _BROKEN) from None
