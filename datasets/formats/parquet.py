"""Parquet to numbered rows of text, by a database that may open this one file and no other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datasets.formats.mending import mended
from datasets.formats.options import Options
from datasets.formats.rows import BLANK, Row, number_text, read_header, refusal
from registry.kernel.errors import Text

_BATCH = 2000
_MEMORY = "512MB"
_WHOLE = frozenset(
    f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")
) | {"INTEGER", "UINTEGER"}
_BROKEN = Text("Tệp Parquet không đọc được.", "The Parquet file can't be read.")
_NO_LIBRARY = Text(
    "Máy này chưa đọc được Parquet: pip install -r requirements/parquet.txt",
    "This installation can't read Parquet: pip install -r requirements/parquet.txt",
)


@contextmanager
def _connection(path: Path) -> Iterator[tuple[Any, str]]:
    """Give a database that reads ``path`` only, and the name that it knows it by."""
    try:
        import duckdb  # noqa: PLC0415 - an extra: only who reads Parquet needs it
    except ImportError:
        raise refusal("library_missing", _NO_LIBRARY) from None
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": _MEMORY,
        "threads": 1,
    }
    # Under a name of our own: characters of a path may mean several files.
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config=settings) as connection:
        known = Path(folder) / "file.parquet"
        known.symlink_to(path.resolve())
        connection.execute(f"SET temp_directory = '{folder}/spill'")
        connection.execute(f"SET allowed_paths = ['{known}']")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            yield connection, str(known)
        except duckdb.Error:
            raise refusal("parquet_broken", _BROKEN) from None


def parquet_columns(path: Path) -> list[tuple[str, str]]:
    """Return the name and the type of every column; raises Invalid."""
    with _connection(path) as (connection, known):
        told = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [known])
        return [(name, kind) for name, kind, *_ in told.fetchmany(10_000)]


def preview_parquet(path: Path, count: int) -> list[list[str]]:
    """Return the first rows as text."""
    told = parquet_columns(path)
    rows = _values(path, [kind for _, kind in told], count)
    return [list(texts) for texts in rows]


def read_parquet(
    path: Path, columns: Sequence[str], required: Sequence[str], options: Options
) -> Iterator[Row]:
    """Yield the rows of a Parquet file; the first is row 1.

    Raises Invalid for a file that can't be read, and as `read_header` does.
    """
    told = parquet_columns(path)
    header = read_header([name for name, _ in told], columns, required, options.names)
    kinds = [kind for _, kind in told]
    numeric = frozenset(
        name
        for name, kind in zip(header.names, kinds, strict=False)
        if name and (kind in _WHOLE or _is_broken_number(kind))
    )
    for number, texts in enumerate(_values(path, kinds), 1):
        cells = header.filled(texts)
        if cells or any(texts):
            yield mended(Row(number, cells, numeric=numeric & cells.keys()))
        else:
            yield Row(number, cells, notes=BLANK)


def _values(path: Path, kinds: Sequence[str], most: int | None = None) -> Iterator[list[str]]:
    """Yield the rows as text, ``most`` of them."""
    # By position, so that no name of the file is a part of the command.
    names = [f"c{at}" for at, _ in enumerate(kinds)]
    texts = ", ".join(map(_as_text, names, kinds))
    command = f"SELECT {texts} FROM read_parquet(?) AS t({', '.join(names)})"  # noqa: S608
    with _connection(path) as (connection, known):
        limit = "" if most is None else f" LIMIT {most}"
        rows = connection.execute(command + limit, [known])
        while batch := rows.fetchmany(_BATCH):
            for values in batch:
                yield [_text(*pair) for pair in zip(values, kinds, strict=True)]


def _as_text(name: str, kind: str) -> str:
    form = {"DATE": "%d/%m/%Y", "TIMESTAMP": "%d/%m/%Y %H:%M:%S"}.get(kind)
    return f"strftime({name}, '{form}')" if form else f"{name}::VARCHAR"


def _is_broken_number(kind: str) -> bool:
    return kind in {"FLOAT", "DOUBLE"} or kind.startswith("DECIMAL")


def _text(value: str | None, kind: str) -> str:
    if value is None or (kind in {"FLOAT", "DOUBLE"} and value in {"nan", "inf", "-inf"}):
        return ""
    if kind in {"FLOAT", "DOUBLE"}:
        return number_text(float(value))
    return value.replace(".", ",") if kind.startswith("DECIMAL") else value
