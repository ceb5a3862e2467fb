"""JSON lines to numbered rows of text: one object a line, numbered as an editor shows them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from datasets.formats.mending import lowered, mended
from datasets.formats.options import Options
from datasets.formats.rows import BLANK, MOST_COLUMNS, Row, check_header, refusal
from datasets.formats.texts import open_lines, undecodable
from registry.kernel.errors import Invalid, Text

_DEEPEST = 16


class _Number(str):
    """A number as it is written in the file."""

    __slots__ = ()


def read_documents(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the objects of a file, one a line; ``a.b`` is within ``a``, ``a.0`` its first item.

    Raises Invalid at the line where it is, for what is no object, nested too deeply, says a name
    twice or has one that the specification lacks; and for a first object without ``required``.
    """
    lines = open_lines(path, options.encoding)
    named = _Names(columns, options)
    try:
        for number, line in enumerate(chain.from_iterable(lines.blocks()), 1):
            lines.row = number
            if line.isspace():
                yield Row(number, {}, notes=BLANK)
                continue
            cells = flat(line, number)
            if named.first:
                check_header([named.of(name) for name in cells], columns, required)
                named.first = False
            named_cells = {ours: cell for name, cell in cells.items() if (ours := named.of(name))}
            filled = {name: str(cell) for name, cell in named_cells.items() if cell}
            numeric = frozenset(n for n, c in named_cells.items() if isinstance(c, _Number))
            row = Row(number, filled, numeric=numeric)
            yield mended(lowered(row, lines.legacy)) if lines.doubtful else row
    except UnicodeDecodeError:
        raise undecodable(path, options.encoding) from None


class _Names:
    """Leads from names of the file to columns, each looked at once."""

    def __init__(self, columns: Sequence[str], options: Options) -> None:
        self.first = True
        self._known: dict[str, str | None] = {name: name for name in columns}
        self._known |= {name: ours or None for name, ours in options.names.items()}
        self._columns = columns

    def of(self, name: str) -> str | None:
        if name not in self._known:
            written = unicodedata.normalize("NFC", name)
            self._known[name] = self._known.get(written, written)
        ours = self._known[name]
        if not self.first and ours is not None and ours not in self._columns:
            check_header([ours], self._columns, ())
        return ours


def flat(line: str, number: int) -> dict[str, str]:
    """Return the cells of one line, numbers as they are written; raises Invalid.

    >>> flat('{"name": {"full": "Lan"}, "ids": ["01", 2], "alive": true, "note": null}', 1)
    {'name.full': 'Lan', 'ids.0': '01', 'ids.1': '2', 'alive': 'true', 'note': ''}
    """
    try:
        value = json.loads(
            line,
            object_pairs_hook=_unrepeated,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
        )
    except RecursionError:
        raise _deep(number) from None
    except _Repeated:
        raise refusal("json_repeated", _repeated(number)) from None
    except ValueError:
        raise refusal("json_broken", _broken(number)) from None
    if not isinstance(value, dict):
        raise refusal("json_broken", _broken(number))
    cells: dict[str, str] = {}
    _flatten("", value, cells, number, 0)
    return cells


def _flatten(name: str, value: Any, cells: dict[str, str], number: int, depth: int) -> None:
    if depth > _DEEPEST:
        raise _deep(number)
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            _flatten(f"{name}.{key}" if name else str(key), inner, cells, number, depth + 1)
        return
    if name in cells:
        raise refusal("json_repeated", _repeated(number))
    if len(cells) >= MOST_COLUMNS:
        raise refusal("too_many_columns", _wide(number))
    cells[name] = value if isinstance(value, str) else _WORDS[value]


_WORDS = {None: "", True: "true", False: "false"}


class _Repeated(Exception):
    """An object says one name twice."""


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _Repeated
    return made


def _deep(line: int) -> Invalid:
    text = Text(f"Dòng {line}: JSON lồng quá sâu.", f"Line {line}: JSON is nested too deeply.")
    return refusal("json_too_deep", text)


def _broken(line: int) -> Text:
    return Text(
        f"Dòng {line} không phải một đối tượng JSON: mỗi dòng một đối tượng.",
        f"Line {line} is no JSON object: write one object a line.",
    )


def _repeated(line: int) -> Text:
    return Text(f"Dòng {line}: tên lặp lại.", f"Line {line}: a name is repeated.")


def _wide(line: int) -> Text:
    return Text(f"Dòng {line}: quá nhiều tên.", f"Line {line}: too many names.")
