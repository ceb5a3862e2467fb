"""A first look at a file: what it is, what it leaves open, and what its columns may mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from datasets.formats.delimited import find_delimiter, read_table
from datasets.formats.documents import flat
from datasets.formats.drawings import Drawing
from datasets.formats.geo import look as look_at_map
from datasets.formats.kinds import WORKBOOKS, Kind, recognise
from datasets.formats.legacy import TCVN3, VNI, converted
from datasets.formats.letters import decode
from datasets.formats.options import AS_IT_IS, Options
from datasets.formats.parquet import parquet_columns, preview_parquet
from datasets.formats.texts import candidates_of, open_lines, sample_lines
from datasets.formats.workbooks import Sheet, cell_text, open_workbook
from registry.kernel.errors import Invalid
from registry.kernel.text import fold

_ROWS, _SAMPLES, _LONGEST = 5, 3, 200
_HEAD = 1 << 14


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding that a file may be in, and three of its names if it is."""

    name: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What can be said of a file before it is read.

    ``open`` names the options that must be answered first, each with its stable code. ``rows``
    are the first five below the header, as text. ``mapping`` leads from names of the file to
    columns that they probably mean. ``notes`` are codes of what a steward should know: formulas,
    hidden sheets, text that came in small letters only.
    """

    kind: str
    file_name: str = ""
    open: Mapping[str, str] = field(default_factory=dict)
    encodings: tuple[Encoding, ...] = ()
    delimiter: str | None = None
    sheets: tuple[Sheet, ...] = ()
    layers: Mapping[str, int] = field(default_factory=dict)
    text_layers: Mapping[str, int] = field(default_factory=dict)
    crs: int | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as data; rows and samples hold personal data and belong in no log."""
        return asdict(self)


def inspect(
    path: Path,
    file_name: str = "",
    labels: Mapping[str, Sequence[str]] | None = None,
    options: Options = AS_IT_IS,
) -> Inspection:
    """Return what a file is and leaves open, in the light of what ``options`` already say.

    ``labels`` are the columns of the dataset, each with its labels. Raises Invalid for a file that
    can't be read whatever is answered.
    """
    kind = recognise(path)
    if kind in WORKBOOKS:
        seen = _workbook(path, options)
    elif kind == Kind.DELIMITED:
        seen = _delimited(path, options)
    elif kind == Kind.DOCUMENTS:
        seen = _documents(path, options)
    elif kind == Kind.PARQUET:
        header, rows = [name for name, _ in parquet_columns(path)], preview_parquet(path, _ROWS)
        seen = _table(header, rows)
    elif kind == Kind.DRAWING:
        seen = _drawing(path, options)
    else:
        seen = look_at_map(path, options, _ROWS)
    mapping = suggest(seen.get("header", ()), labels or {})
    return Inspection(str(kind), file_name, mapping=mapping, **seen)


def suggest(header: Iterable[str], labels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the columns that names of a file mean, by name or label, accents aside.

    A column that two names may mean is left to the steward.

    >>> suggest(["Họ và tên", "CCCD"], {"full_name": ("Họ và tên",), "sex": ("Giới tính",)})
    {'Họ và tên': 'full_name'}
    """
    meanings: dict[str, set[str]] = {}
    for column, known in labels.items():
        for label in (column, *known):
            meanings.setdefault(fold(label.replace("_", " ")), set()).add(column)
    found = {
        name: min(meant)
        for name in header
        if len(meant := meanings.get(fold(name.replace("_", " ")), set())) == 1
    }
    exact = {name for name in found if name in labels}
    taken = list(found.values())
    return {
        name: column for name, column in found.items() if name in exact or taken.count(column) == 1
    }


def _table(header: Iterable[str], rows: Iterable[Sequence[str]]) -> dict[str, Any]:
    return {
        "header": tuple(header),
        "rows": tuple(tuple(cell[:_LONGEST] for cell in row) for row in islice(rows, _ROWS)),
    }


def _opened(error: Invalid) -> dict[str, str]:
    """Return the questions of an error; raises it where it asks none."""
    asked = {told.pointer[1:]: told.code for told in error.errors if told.pointer != "/file"}
    if not asked:
        raise error
    return asked


def _delimited(path: Path, options: Options) -> dict[str, Any]:
    try:
        lines = open_lines(path, options.encoding)
        table = list(islice(read_table(path, options), _ROWS + 1))
        first = next(next(lines.blocks(), iter(())), "")
    except Invalid as error:
        return {"open": _opened(error), "encodings": _asked(path, error)}
    [header, *rows] = table
    seen = _table(header, rows)
    strange = sample_lines(path)
    if strange and options.encoding is None and not _is_text(strange, lines.encoding):
        seen["open"], seen["encodings"] = {"encoding": "encoding_unknown"}, _encodings(path)
    shown = " ".join(" ".join(row) for row in seen["rows"])
    small = lines.legacy == TCVN3 and not shown.isascii() and shown.islower()
    return {
        **seen,
        "delimiter": options.delimiter or find_delimiter(first),
        "notes": ("lower_case_text",) if small else (),
    }


def _is_text(lines: Iterable[bytes], encoding: str) -> bool:
    try:
        return encoding != "utf-8" or bool([decode(line, encoding) for line in lines])
    except UnicodeDecodeError:
        return False


def _asked(path: Path, error: Invalid) -> tuple[Encoding, ...]:
    """Return the encodings that an error asks for, none where it asks for something else."""
    if "encoding" not in _opened(error):
        return ()
    names = error.members.get("candidates", [])
    if any(name.startswith("utf-16") for name in names):
        with path.open("rb") as file:
            head = file.read(_HEAD)
        return _shown({name: head.decode(name, "ignore").splitlines() for name in names})
    return _encodings(path)


def _encodings(path: Path) -> tuple[Encoding, ...]:
    """Return the candidates, the likeliest first, each with the same three names as it has them."""
    taken = sample_lines(path)
    lines = taken[: _SAMPLES * 20]
    return _shown({name: [_as(line, name) for line in lines] for name in candidates_of(taken)})


def _shown(readings: Mapping[str, Sequence[str]]) -> tuple[Encoding, ...]:
    found = []
    for name, texts in readings.items():
        cells = [
            cell.strip(" \t\r\n\"'")
            for text in texts
            for cell in text.replace(";", ",").replace("\t", ",").replace("|", ",").split(",")
        ]
        names = [cell[:_LONGEST] for cell in cells if not cell.isascii()]
        # Names of people have several words, and no digits.
        names.sort(key=lambda cell: " " not in cell or any(map(str.isdigit, cell)))
        found.append(Encoding(name, tuple(dict.fromkeys(names))[:_SAMPLES]))
    return tuple(found)


def _as(line: bytes, encoding: str) -> str:
    if encoding in {TCVN3, VNI}:
        try:
            return converted(line.decode(), encoding)
        except UnicodeDecodeError:
            pass
    return decode(line, encoding)


def _documents(path: Path, options: Options) -> dict[str, Any]:
    try:
        first = next(open_lines(path, options.encoding).blocks(), iter(()))
    except Invalid as error:
        return {"open": _opened(error), "encodings": _asked(path, error)}
    except UnicodeDecodeError:
        return {"open": {"encoding": "encoding_unknown"}, "encodings": _encodings(path)}
    objects = [
        flat(line, number)
        for number, line in enumerate(islice(first, _ROWS), 1)
        if not line.isspace()
    ]
    header = list(dict.fromkeys(name for cells in objects for name in cells))
    return _table(header, ([str(cells.get(name, "")) for name in header] for cells in objects))


def _workbook(path: Path, options: Options) -> dict[str, Any]:
    with open_workbook(path) as book:
        sheets = tuple(book.sheets())
        notes = ["hidden_sheet"] if any(sheet.hidden for sheet in sheets) else []
        try:
            name = book.choose(options.sheet)
        except Invalid as error:
            return {"open": _opened(error), "sheets": sheets, "notes": tuple(notes)}
        if book.has_formulas(name):
            notes.append("formula_cell")
        rows = islice(book.rows(name), _ROWS + 1)
        [header, *below] = [[cell_text(cell) for cell in cells] for _, cells in rows]
    return {**_table(header, below), "sheets": sheets, "notes": tuple(notes)}


def _drawing(path: Path, options: Options) -> dict[str, Any]:
    drawing = Drawing(path)
    layers, texts = drawing.layers(), drawing.text_layers()
    asked = {
        "crs": "crs_missing" if options.crs is None else None,
        "layer": "layer_open" if len(layers) > 1 and options.layer not in layers else None,
        "text_layer": (
            "text_layer_open" if len(texts) > 1 and options.text_layer not in texts else None
        ),
    }
    return {
        "open": {option: code for option, code in asked.items() if code},
        "layers": layers,
        "text_layers": texts,
        "crs": options.crs,
        "header": ("number", "geometry"),
    }
