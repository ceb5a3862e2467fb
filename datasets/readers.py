"""A reader process: a fresh interpreter that is fed rows and tells what each of them says.

It is fed through its standard input and ends when that ends, so that none outlives whoever
started it, however that came to its own end.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
import traceback
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from datasets.formats import Row
from datasets.specs import SPECS
from datasets.specs.base import Entry, Finding, Spec, blank
from datasets.specs.unique import short
from registry.kernel.bulk import uncollected
from registry.kernel.clock import fixed, now, today
from registry.kernel.fields import Document
from registry.kernel.ledger import Change
from registry.kernel.rendered import Rendered, render
from registry.places.catalogue import catalogue, told
from registry.places.loaded import Fact

Packed = tuple[Any, ...]
"""An entry as it comes through a pipe (`unpacked`)."""
_LENGTH_BYTES = 4
_START = "from datasets.readers import serve; serve()"


class ReaderFailed(RuntimeError):
    """A reader process could not read a row, or died; says where in the code, never what row."""


def read_row(spec: Spec, row: Row) -> Entry:
    """Return what one row says, for a specification in which each row is an entry."""
    assert spec.row is not None  # noqa: S101 - the caller looked
    return spec.row(row) if row.cells else blank(row)


class Reader:
    """One reader process."""

    def __init__(self, dataset: str) -> None:
        path = [part or str(Path.cwd()) for part in sys.path]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        )
        facts = [dict(fact.to_document()) for fact in catalogue().loaded]
        self._send((dataset, now().isoformat(), facts))

    def ask(self, rows: Sequence[Row]) -> list[Packed]:
        """Return what each of ``rows`` says, packed (`unpacked`); raises ReaderFailed."""
        self._send([_packed_row(row) for row in rows])
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        answer = _receive(self._process.stdout)
        if not isinstance(answer, list):
            raise ReaderFailed(answer or "a reader process died")
        return answer

    def _send(self, content: Any) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            _send(self._process.stdin, content)
        except BrokenPipeError:
            raise ReaderFailed("a reader process died") from None

    def stop(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def serve() -> None:
    """Be a reader: take a dataset and the moment of the check, then rows, until there are none."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    start = _receive(source)
    if start is None:
        return
    dataset, moment, facts = start
    # Every row of one check is held against the same day, also of one that lasts past midnight.
    with (
        fixed(datetime.fromisoformat(moment)),
        told([Fact.from_document(fact) for fact in facts], today()),
        uncollected(),
    ):
        while (rows := _receive(source)) is not None:
            try:
                _send(sink, _answer(SPECS[dataset], rows))
            except BrokenPipeError:
                # Whoever asked is gone. Nor can what is left in the buffer be sent at the end.
                os._exit(0)


def _answer(spec: Spec, rows: Iterable[tuple[Any, ...]]) -> list[Packed] | str:
    try:
        return [_packed(read_row(spec, Row(*row))) for row in rows]
    except Exception as error:
        # Without its message, which may repeat what a row says of somebody.
        return type(error).__name__ + "\n" + "".join(traceback.format_tb(error.__traceback__))


def _send(pipe: IO[bytes], content: Any) -> None:
    packed = marshal.dumps(content)
    pipe.write(len(packed).to_bytes(_LENGTH_BYTES, "big"))
    pipe.write(packed)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """Return the next content of a pipe, None at its end."""
    head = pipe.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "big")
    packed = pipe.read(length)
    # Only what our own process wrote comes through the pipe.
    whole = len(head) == _LENGTH_BYTES and len(packed) == length
    return marshal.loads(packed) if whole else None  # noqa: S302


def _packed_row(row: Row) -> tuple[Any, ...]:
    return tuple(row if type(row.cells) is dict else row._replace(cells=dict(row.cells)))


def _packed(entry: Entry) -> Packed:
    change = entry.change
    return (
        entry.rows,
        change
        and (render(change.document), _known(change.document), change.valid_from.toordinal()),
        tuple((f.rule, f.line, f.column, f.part) for f in entry.findings),
        entry.line,
        entry.part,
        entry.ward,
        entry.skipped,
        tuple((rule, column, short(value)) for rule, column, value in entry.keys),
    )


def _known(document: Document) -> dict[str, Any]:
    """Return the key of a document, which is asked for of every one of them."""
    name = "personal_id" if "personal_id" in document else "code"
    return {name: document[name]} if name in document else {}


def unpacked(packed: Packed) -> Entry:
    """Return the entry that a reader packed."""
    rows, change, findings, *rest = packed
    if change is not None:
        text, known, day = change
        change = Change(Rendered(text, known), date.fromordinal(day))
    return Entry(rows, change, tuple(Finding(*found) for found in findings), *rest)
