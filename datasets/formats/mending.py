"""Single cells that went through a wrong table on their way: repaired where it is certain."""

from __future__ import annotations

import re

import ftfy
from ftfy.badness import is_bad

from datasets.formats.legacy import TCVN3, converted
from datasets.formats.rows import Row
from datasets.formats.syllables import share_of_vietnamese

# UTF-8 that was read as Windows-1252: the two characters that Vietnamese letters become. The
# second form finds them in bytes from which ASCII was taken out, where they are rare.
_SECOND = "[\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]"
MOJIBAKE = re.compile(f"[ÄÅÆ]|[ÃÌ]{_SECOND}|á[ºª»]")
MOJIBAKE_BYTES = re.compile(
    rb"\xc3(?:[\x84-\x86]|[\x83\x8c](?:\xc2|\xcb|\xe2|\xc6\x92|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe])"
    rb"|\xa1\xc2[\xba\xbb])"
)
_CERTAIN = 1.0


def mended(row: Row) -> Row:
    """Return a row with its mojibake repaired and noted; what can't be repaired stays, noted.

    >>> mended(Row(2, {"full_name": "Nguyá»…n Thá»‹ HÃ²a"}))[1:5:3]
    ({'full_name': 'Nguyễn Thị Hòa'}, (('repaired_text', 'full_name'),))
    """
    cells, notes = dict(row.cells), list(row.notes)
    for name, cell in row.cells.items():
        if cell.isascii() or not MOJIBAKE.search(cell):
            continue
        repaired = ftfy.fix_encoding(cell)
        if repaired != cell and share_of_vietnamese(repaired) == _CERTAIN:
            cells[name] = repaired
            notes.append(("repaired_text", name))
        elif is_bad(cell):
            notes.append(("broken_text", name))
    return row._replace(cells=cells, notes=tuple(notes)) if len(notes) > len(row.notes) else row


def retyped(row: Row, table: str) -> Row:
    """Return a row whose cells were typed for a font of ``table`` in real letters."""
    return row._replace(cells={name: converted(cell, table) for name, cell in row.cells.items()})


def lowered(row: Row, table: str | None) -> Row:
    """Note the cells that TCVN3 gives in small letters only: its capitals are a font (.VnTimeH)."""
    if table != TCVN3:
        return row
    small = tuple(
        ("lower_case_text", name)
        for name, cell in row.cells.items()
        if not cell.isascii() and " " in cell and cell.islower()
    )
    return row._replace(notes=row.notes + small) if small else row
