"""CSV and its kin to numbered rows: any delimiter, any line end, any of the encodings."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from datasets.formats.mending import lowered, mended
from datasets.formats.options import AS_IT_IS, DELIMITERS, Options
from datasets.formats.rows import BLANK, Header, Row, question, read_header, refusal
from datasets.formats.texts import LONGEST_LINE, Lines, open_lines, undecodable
from registry.kernel.errors import Text

# The outline of a long road has thousands of points, more than a cell may hold by default.
csv.field_size_limit(LONGEST_LINE)
_QUOTED = re.compile(r'"(?:[^"]|"")*("|$)')
# Excel writes this above the header, and doesn't count it as a row.
_TOLD_DELIMITER = re.compile(r'"?sep=(.)"?\r?\n?')
_NO_DELIMITER = Text(
    "Dấu phân cách phải là một trong: , ; | tab.", "The delimiter is one of: , ; | tab."
)


def read_rows(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options = AS_IT_IS
) -> Iterator[Row]:
    """Yield the rows of a delimited file with a header, numbered as Excel shows them.

    Raises Invalid, before any row, for a header with unknown, blank or repeated columns or one
    that lacks a ``required`` column, and for an encoding that is open; at the row where it is, for
    a line that is broken or endless.
    """
    lines = open_lines(path, options.encoding)
    with _legible(lines, options):
        reader, number, raw = _start(lines, options)
        header = read_header(raw, columns, required, options.names)
        yield from _rows(reader, number + 1, header, lines)


def read_table(path: Path, options: Options) -> Iterator[list[str]]:
    """Yield the header and the rows below it as they are, for a look at the file; may raise."""
    lines = open_lines(path, options.encoding)
    with _legible(lines, options):
        reader, _, raw = _start(lines, options)
        yield raw
        yield from reader


@contextmanager
def _legible(lines: Lines, options: Options) -> Iterator[None]:
    """Say what is wrong with bytes and quotes; raises Invalid."""
    try:
        yield
    except UnicodeDecodeError:
        raise undecodable(lines.path, options.encoding) from None
    except csv.Error as error:
        if "field larger" in str(error):
            raise refusal("line_too_long", _long(lines.row + 1)) from None
        raise refusal("row_broken", _broken(lines.row + 1)) from None


def _start(lines: Lines, options: Options) -> tuple[Any, int, list[str]]:
    """Return the reader behind the header, the header's number, and its cells."""
    source = chain.from_iterable(lines.blocks())
    number = 1
    first = next(source, "")
    told = _TOLD_DELIMITER.fullmatch(first)
    if told:
        first = next(source, "")
    while first and not first.strip():
        first, number = next(source, ""), number + 1
    delimiter = options.delimiter or (told[1] if told else find_delimiter(first))
    if delimiter not in DELIMITERS:
        raise question("delimiter", "delimiter_unknown", _NO_DELIMITER, [",", ";", "|", "\t"])
    reader = csv.reader(chain([first], source), strict=True, delimiter=DELIMITERS[delimiter])
    return reader, number, next(reader, [])


def find_delimiter(header: str) -> str:
    r"""Return the delimiter of a header line: the one that is there most often outside quotes.

    >>> find_delimiter('"so, to";so_thua;dien_tich\n')
    ';'
    """
    bare = _QUOTED.sub("", header)
    return max(",;\t|", key=bare.count)


def _rows(reader: Any, start: int, header: Header, lines: Lines) -> Iterator[Row]:
    filled_of, ragged_of = header.filled, header.ragged
    lines.row = start - 1
    for number, cells in enumerate(reader, start):
        lines.row = number
        filled = filled_of(cells)
        if not filled and not any(cells):
            yield Row(number, filled, notes=BLANK)
        elif lines.doubtful:
            yield mended(lowered(Row(number, filled, ragged_of(cells)), lines.legacy))
        else:
            yield Row(number, filled, ragged_of(cells))


def _broken(line: int) -> Text:
    return Text(
        f"Dòng {line} không đọc được: kiểm tra dấu nháy.", f"Row {line} is broken: check quotes."
    )


def _long(line: int) -> Text:
    return Text(f"Dòng {line} dài quá 16 MiB.", f"Row {line} is longer than 16 MiB.")
