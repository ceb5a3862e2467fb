"""The look-up of the present: the one question asked a thousand times more than any other.

The same rules as `registry.citizens.records`, over plain rows instead of objects. Every door that
answers a look-up without ``as_of`` and ``known_at`` comes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from auth.principals import Principal
from registry.citizens.records import (
    Lookup,
    lookup_citizens,
    lookup_result,
    outcomes,
    require_search,
    select_fields,
)
from registry.kernel.db import Database
from registry.kernel.hotpath import Event, Statements, event, open_hot_path
from registry.kernel.identifiers import kind_of
from registry.kernel.ledger import Moment

_SELECT = (
    "SELECT c.state = 'active', i.type, i.value, c.row, c.id, c.secrecy, c.state, c.merged_into,"
    " c.document FROM citizen_identifier i JOIN citizen c ON c.row = i.citizen"
    " WHERE {values} AND {type}"
    " IN ('personal_id', 'origin_certificate', 'cancelled_id', 'nine_digit_id')"
)
_STATEMENTS = Statements(
    # The plus keeps SQLite from searching for each type: a number rarely has more than one.
    sqlite_one=_SELECT.format(values="i.value = ?", type="+i.type"),
    sqlite=_SELECT.format(values="i.value IN (SELECT value FROM json_each(?))", type="+i.type"),
    postgresql_one=_SELECT.format(values="i.value = $1", type="i.type"),
    postgresql=_SELECT.format(values="i.value = ANY($1)", type="i.type"),
)
_PRESENT = Moment()
Results = list[dict[str, Any]]


class _Row(NamedTuple):
    """A current row as the statement gives it."""

    row: int
    id: str
    secrecy: str
    state: str
    merged_into: str | None
    document: Any


class HotLookup:
    """Looks citizens up by identifier, as they are now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._path = open_hot_path(database, _STATEMENTS)
        self._key = _from_hex if database.dialect == "sqlite" else str

    def close(self) -> None:
        """Let go of threads and connections."""
        self._path.close()

    def lookup(
        self, principal: Principal, identifiers: Sequence[str], fields: tuple[str, ...]
    ) -> Results:
        """Answer each identifier in order; every person told of has a durable access row.

        ``identifiers`` have been checked for their form. Raises Malformed, Refused, Unavailable.
        A merged record is rare and needs more than its own row: `lookup_citizens` answers then.
        """
        selection = select_fields(principal, fields)
        require_search(principal, {kind_of(value) or "personal_id" for value in identifiers})
        attributes = " ".join(selection.paths)
        asker = principal.asker

        def digest(rows: Sequence[tuple[Any, ...]]) -> tuple[Results | None, list[Event]]:
            found = {row[2]: self._record(row) for row in _last_wins(rows)}
            if any(record.merged_into for record in found.values()):
                return None, []
            results, told = [], []
            for identifier in identifiers:
                record = found.get(identifier)
                document = record.document if record else None
                result = lookup_result(record, document, selection, _PRESENT)
                results.append({"identifier": identifier, **result})
                told.append((result["status"], record.id if record else None))
            return results, [event(asker, o, attributes, s) for o, s in outcomes(told)]

        results = self._path.run(identifiers, digest)
        if results is None:
            with self._database.transaction() as session:
                return lookup_citizens(session, principal, Lookup(identifiers, fields))
        return results

    def _record(self, row: tuple[Any, ...]) -> _Row:
        _, _, _, number, key, secrecy, state, merged_into, document = row
        return _Row(
            number,
            self._key(key),
            secrecy,
            state,
            self._key(merged_into) if merged_into else None,
            orjson.loads(document),
        )


def _last_wins(rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Return the rows of each number so that the one that answers comes last.

    That is a record that stands over one made in error, then a number in force over the same
    number cancelled on another record.
    """
    return rows if len(rows) < 2 else sorted(rows, key=lambda row: row[:2])  # noqa: PLR2004


def _from_hex(key: str) -> str:
    # Slicing costs a tenth of what making a UUID and printing it would.
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
