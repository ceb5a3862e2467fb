"""The look-up of the present: the one question asked a thousand times more than any other.

The same rules as `registry.citizens.records`, over plain rows instead of objects. Every door that
answers a look-up without ``as_of`` and ``known_at`` comes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import orjson

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE
from registry.citizens.records import (
    Lookup,
    lookup_citizens,
    lookup_result,
    outcomes,
    select_fields,
)
from registry.citizens.rules import DATED
from registry.kernel.access_log import Context, context_of
from registry.kernel.db import Database
from registry.kernel.errors import Refused
from registry.kernel.fields import Document, Selection
from registry.kernel.hotpath import Asking, Row, Source, Told, open_hot_path
from registry.kernel.identifiers import kind_of
from registry.kernel.ledger import Moment

_SOURCE = Source(
    ("c.id", "i.type", "i.value", "c.secrecy", "c.state", "c.merged_into", "c.document"),
    "citizen_identifier i JOIN citizen c ON c.row = i.citizen",
    "i.value",
)
# Asking the database for these costs it more than what it finds besides, which is rare.
_TYPES = frozenset({"personal_id", "origin_certificate", "cancelled_id", "nine_digit_id"})
_HEX_DIGITS = 32
_PRESENT = Moment()
_NOBODY = "not_found"
_ENCODE = msgspec.json.Encoder().encode


class _Row(NamedTuple):
    """A number and the current row it leads to, as the statement gives them."""

    key: str
    type: str
    value: str
    secrecy: str
    state: str
    merged_into: str | None
    document: bytes

    @property
    def id(self) -> str:
        """The opaque record id as it is told."""
        key = self.key
        # Slicing costs a tenth of what making a UUID and printing it would.
        return (
            f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
            if len(key) == _HEX_DIGITS
            else key
        )


Observer = Callable[[str, Iterable[tuple[str, bool]]], None]
"""Takes note of a client's look-ups: each number, and whether it led to nobody."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one client may ask of anybody under one agreement: checked once, asked many times."""

    selection: Selection
    read: Callable[[bytes], Document]
    numbers: frozenset[str]
    context: Context


class HotLookup:
    """Looks citizens up by identifier, as they are now."""

    def __init__(self, database: Database, observer: Observer | None = None) -> None:
        self._database = database
        self._observer = observer
        self._path = open_hot_path(database, _SOURCE)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._path.close()

    def lookup(
        self, principal: Principal, identifiers: Sequence[str], fields: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        """Answer each identifier in order; every person told of has a durable access row.

        ``identifiers`` have been checked for their form. Raises Malformed, Refused, Unavailable.
        A merged record is rare and needs more than its own row, and so does a client that may be
        told of one person alone: `lookup_citizens` answers then.
        """
        told = None
        if principal.whose is None:
            asker = principal.asker
            question = self.question(principal, fields)
            told = self.ask(question, identifiers, asker.case, asker.trace_id)
        if told is None:
            with self._database.transaction(snapshot=True) as session:
                found = lookup_citizens(session, principal, Lookup(identifiers, fields))
            return self.observed(principal.client_id, found)
        results: list[dict[str, Any]] = orjson.loads(told)["results"]
        return results

    def observed(self, client_id: str, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the results of a look-up that was answered elsewhere, when note is taken."""
        if self._observer:
            looked = [(r["identifier"], r["status"] == _NOBODY) for r in results]
            self._observer(client_id, looked)
        return results

    @staticmethod
    def question(principal: Principal, fields: tuple[str, ...]) -> Question:
        """Return the question for ``fields``, which is one about anybody.

        Raises Malformed, and Refused too for a principal that may not ask about anybody.
        """
        if principal.whose is not None:
            raise Refused
        selection = select_fields(principal, fields)
        numbers = principal.search(CATALOGUE.register)
        return Question(
            selection, _reader(selection), numbers, context_of(principal.asker, selection.paths)
        )

    def ask(
        self, question: Question, identifiers: Sequence[str], case: str, trace_id: str
    ) -> bytes | None:
        """Return the whole answer as JSON, of what `lookup` returns.

        None, with nothing logged, where a record was merged.
        """
        missing = {kind_of(value) for value in identifiers} - question.numbers
        if missing:
            raise Refused(attributes=sorted(missing))
        selection, read = question.selection, question.read
        looked: list[tuple[str, bool]] = []

        def digest(rows: Sequence[Row]) -> tuple[bytes | None, Iterable[Told]]:
            found = {row.value: row for row in _last_wins(rows)}
            looked.clear()
            results, told = [], []
            for identifier in identifiers:
                record = found.get(identifier)
                if record and record.merged_into:
                    return None, ()
                document = read(record.document) if record else None
                result = lookup_result(record, document, selection, _PRESENT)
                results.append({"identifier": identifier, **result})
                told.append((result["status"], record.key if record else None))
                looked.append((identifier, result["status"] == _NOBODY))
            return _ENCODE({"results": results}), outcomes(told)

        answer = self._path.run(identifiers, Asking(question.context, case, trace_id), digest)
        if answer is not None and self._observer:
            self._observer(question.context.client_id, looked)
        return answer


@lru_cache(maxsize=4096)
def _reader(selection: Selection) -> Callable[[bytes], Document]:
    return selection.reader(DATED)


def _last_wins(rows: Sequence[Row]) -> list[_Row]:
    """Return the rows of each number so that the one that answers comes last.

    That is a record that stands over one made in error, then a number in force over the same
    number cancelled on another record.
    """
    known = [row for row in map(_Row._make, rows) if row.type in _TYPES]
    if len(known) > 1:
        known.sort(key=lambda row: (row.state == "active", row.type))
    return known
