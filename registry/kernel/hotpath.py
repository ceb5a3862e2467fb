"""Read and log without the object layer: the same promise as a transaction, at a tenth the cost.

One look-up is one statement, and its access rows are durable before anything is returned:

- SQLite: the rows are committed on a connection of the thread's own, which has just read.
- PostgreSQL: the read is a prepared statement; the rows of all requests that wait go to disk in
  one COPY (group commit), and each request waits for the one that holds its rows.

If the rows can't be kept, `Unavailable` is raised and the caller has nothing to answer with.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import orjson
import psycopg
from psycopg.pq import ExecStatus

from registry.kernel.access_log import Context, Outcome, keep_context
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Unavailable

Found = TypeVar("Found")
Event = tuple[Any, ...]
Digest = Callable[[Sequence[tuple[Any, ...]]], tuple[Found, Sequence[Event]]]

_COLUMNS = "at, context_id, case_number, trace_id, subject_id, outcome, reason"
_WAIT_SECONDS = 5.0
_CONTEXTS = 10_000
_ONE, _MANY = b"look_up_one", b"look_up_many"
# Without the quotation marks and the offset: SQLite keeps UTC, and our connections speak in it.
_MOMENT = slice(1, -len('+00:00"'))


def event(
    context: Context, case: str, trace_id: str, outcome: Outcome, subject_id: str | None
) -> Event:
    """Return an access row as the columns of ``access_event``.

    ``subject_id`` is a record id as the rows have it.
    """
    # Several times faster than the moment's own way to tell itself.
    at = orjson.dumps(now()).decode()[_MOMENT].replace("T", " ")
    return (at, context.id, case, trace_id, subject_id, outcome, None)


class HotPath(Protocol):
    """Reads by identifier values, and keeps what the digest of the rows says must be logged."""

    def run(self, values: Sequence[str], context: Context, digest: Digest[Found]) -> Found:
        """Return what ``digest`` makes of the rows for ``values``, its events durable.

        ``values`` are digits only, and ``context`` is that of all events. Columns come as text,
        and as None where they have no value; the last one comes as bytes.
        """

    def close(self) -> None:
        """End the connections of this path."""


@dataclass(frozen=True, slots=True)
class Statements:
    """One SELECT in the dialects, each with one parameter: for one value, and for several.

    For several, ``?`` on SQLite is a JSON array for ``json_each``, and ``$1`` on PostgreSQL an
    array of text; either costs several times as much as a comparison with one value.
    """

    sqlite_one: str
    sqlite: str
    postgresql_one: str
    postgresql: str


def open_hot_path(database: Database, statements: Statements) -> HotPath:
    """Return the path for ``database``."""
    if database.dialect == "sqlite":
        return _Sqlite(database, statements)
    return _Postgresql(database, statements)


class _Contexts:
    """Sees to it that a context stands in the database before the first row that names it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: set[str] = set()

    def keep(self, context: Context) -> None:
        if context.id in self._kept:
            return
        with self._database.transaction() as session:
            keep_context(session, context)
        if len(self._kept) >= _CONTEXTS:
            self._kept.clear()
        self._kept.add(context.id)


class _Sqlite:
    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._one, self._many = statements.sqlite_one, statements.sqlite
        self._local = threading.local()
        self._contexts = _Contexts(database)
        marks = ", ".join("?" * (_COLUMNS.count(",") + 1))
        self._insert = f"INSERT INTO access_event ({_COLUMNS}) VALUES ({marks})"  # noqa: S608 - no input in it

    def run(self, values: Sequence[str], context: Context, digest: Digest[Found]) -> Found:
        self._contexts.keep(context)
        connection = self._connection()
        try:
            if len(values) == 1:
                rows = connection.execute(self._one, (values[0],)).fetchall()
            else:
                # The values are digits, so nothing needs escaping.
                array = '["' + '","'.join(values) + '"]'
                rows = connection.execute(self._many, (array,)).fetchall()
            found, events = digest(rows)
            self._keep(connection, events)
        except sqlite3.Error as error:
            self.close()
            raise Unavailable from error
        return found

    def _keep(self, connection: sqlite3.Connection, rows: Sequence[Event]) -> None:
        if len(rows) == 1:
            # A statement on its own is a transaction of its own.
            connection.execute(self._insert, rows[0])
        else:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(self._insert, rows)
            connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is None:
            pooled = self._database.engine.raw_connection()
            # The pool's owner set it up; from here on it is this thread's alone.
            held = cast("sqlite3.Connection", pooled.dbapi_connection)
            pooled.detach()
            self._local.connection = held
        return held

    def close(self) -> None:
        held = getattr(self._local, "connection", None)
        self._local.connection = None
        if held is not None:
            held.close()


class _Postgresql:
    def __init__(self, database: Database, statements: Statements) -> None:
        self._address = database.engine.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        )
        self._statements = {
            _ONE: statements.postgresql_one.encode(),
            _MANY: statements.postgresql.encode(),
        }
        self._local = threading.local()
        self._contexts = _Contexts(database)
        self._committer = _GroupCommitter(self._address)

    def run(self, values: Sequence[str], context: Context, digest: Digest[Found]) -> Found:
        self._contexts.keep(context)
        try:
            rows = self._read_again(values)
        except psycopg.Error as error:
            self._forget()
            raise Unavailable from error
        found, events = digest(rows)
        self._committer.keep(events)
        return found

    def _read_again(self, values: Sequence[str]) -> list[tuple[str | bytes | None, ...]]:
        """Read, once more on a new connection if the one at hand was lost while it was idle."""
        held: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        try:
            return self._read(values)
        except psycopg.Error:
            if held is None or not held.closed:
                raise
            self._forget()
            return self._read(values)

    def _read(self, values: Sequence[str]) -> list[tuple[str | bytes | None, ...]]:
        # Below the driver's cursors: the answer is text that is handed on, not values to adapt.
        one = len(values) == 1
        value = values[0] if one else "{" + ",".join(values) + "}"
        found = self._connection().pgconn.exec_prepared(_ONE if one else _MANY, [value.encode()])
        if found.status != ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError("the look-up's statement failed")
        last = found.nfields - 1
        get = found.get_value
        return [
            (*(_text(get(row, column)) for column in range(last)), get(row, last))
            for row in range(found.ntuples)
        ]

    def _connection(self) -> psycopg.Connection[Any]:
        held: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if held is None:
            held = _connect(self._address)
            for name, statement in self._statements.items():
                made = held.pgconn.prepare(name, statement)
                if made.status != ExecStatus.COMMAND_OK:
                    held.close()
                    raise psycopg.OperationalError("the look-up's statement can't be prepared")
            self._local.connection = held
        return held

    def _forget(self) -> None:
        held = getattr(self._local, "connection", None)
        self._local.connection = None
        if held is not None:
            held.close()

    def close(self) -> None:
        self._committer.close()
        self._forget()


def _connect(address: str) -> psycopg.Connection[Any]:
    # The statements search by key whatever the values are, so planning them again is waste.
    limits = f"-c statement_timeout={int(_WAIT_SECONDS * 1000)}"
    return psycopg.connect(
        address,
        autocommit=True,
        client_encoding="utf-8",
        options=f"{limits} -c plan_cache_mode=force_generic_plan -c timezone=UTC",
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


class _Waiting:
    """One request's rows on their way to disk; ``kept`` is None until that is decided."""

    __slots__ = ("events", "kept")

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.kept: bool | None = None


class _GroupCommitter:
    """Keeps the rows of every waiting request in one commit.

    Whoever gets the lock commits for all that have queued up meanwhile; the others find, once
    they get it, that it is done.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._connection: psycopg.Connection[Any] | None = None

    def keep(self, events: Sequence[Event]) -> None:
        """Return when ``events`` are durable; raises Unavailable if they could not be kept."""
        waiting = _Waiting(events)
        self._queue.append(waiting)
        if not self._lock.acquire(timeout=_WAIT_SECONDS):
            # The rows may still be kept: a row without an answer is allowed, not the reverse.
            raise Unavailable
        try:
            if waiting.kept is None:
                self._commit()
        finally:
            self._lock.release()
        if not waiting.kept:
            raise Unavailable

    def _commit(self) -> None:
        group: list[_Waiting] = []
        while self._queue:
            group.append(self._queue.popleft())
        kept = self._copied(group)
        for waiting in group:
            waiting.kept = kept

    def _copied(self, group: Sequence[_Waiting]) -> bool:
        """Copy, once more on a new connection if the one at hand was lost while it was idle.

        Rows that were kept before the connection broke are in the way of their second copy: that
        fails, and nobody is answered.
        """
        held = self._connection
        try:
            self._copy(group)
        except psycopg.Error:
            # Closing it ourselves makes it look lost, so ask before.
            lost = held is not None and held.broken
            self.close()
            return lost and self._copied(group)
        return True

    def _copy(self, group: Sequence[_Waiting]) -> None:
        if self._connection is None:
            # A COPY outside a transaction is one of its own: durable when it returns.
            self._connection = _connect(self._address)
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY access_event ({_COLUMNS}) FROM STDIN".encode()) as copy,
        ):
            copy.write("".join(_line(event) for waiting in group for event in waiting.events))

    def close(self) -> None:
        """Let go of the connection."""
        held, self._connection = self._connection, None
        if held is not None:
            held.close()


_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _line(event: Event) -> str:
    """Return one row in the text format of COPY."""
    cells = ("\\N" if v is None else str(v).translate(_COPY_ESCAPES) for v in event)
    return "\t".join(cells) + "\n"
