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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import orjson
import psycopg
from psycopg.pq import ExecStatus

from registry.kernel.access_log import Context, Outcome, keep_context
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Unavailable

Found = TypeVar("Found")
Row = tuple[Any, ...]
Told = tuple[Outcome, str | None]
"""The outcome of one access row, and its subject as the rows have it."""
Digest = Callable[[Sequence[Row]], tuple[Found, Iterable[Told]]]

_COLUMNS = "at, context_id, case_number, trace_id, subject_id, outcome, reason"
_WAIT_SECONDS = 5.0
_CONTEXTS = 10_000
_ONE, _MANY = b"look_up_one", b"look_up_many"
# Without the quotation marks and the offset: SQLite keeps UTC, and our connections speak in it.
_MOMENT = slice(1, -len('+00:00"'))


class Asking(NamedTuple):
    """What the access rows of one request share."""

    context: Context
    case: str
    trace_id: str

    def begin(self) -> Row:
        """Return the columns that all rows of the request begin with, up to the subject."""
        # Several times faster than the moment's own way to tell itself.
        at = orjson.dumps(now()).decode()[_MOMENT].replace("T", " ")
        return (at, self.context.id, self.case, self.trace_id)


class HotPath(Protocol):
    """Reads by identifier values, and logs what the digest of the rows says was told."""

    def run(self, values: Sequence[str], asking: Asking, digest: Digest[Found]) -> Found:
        """Return what ``digest`` makes of the rows for ``values``, its access rows durable.

        ``values`` are digits only. Columns come as text, and as None where they have no value;
        the last one comes as bytes. ``digest`` may be asked twice, so it does nothing else.
        """

    def close(self) -> None:
        """End the connections of this path."""


@dataclass(frozen=True, slots=True)
class Source:
    """What to read: ``columns``, the subject first, of the rows of ``tables`` by ``key``.

    Several values cost several times as much as a comparison with one, on either database.
    """

    columns: tuple[str, ...]
    tables: str
    key: str


def open_hot_path(database: Database, source: Source) -> HotPath:
    """Return the path for ``database``."""
    if database.dialect == "sqlite":
        return _Sqlite(database, source)
    return _Postgresql(database, source)


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


class _Teller:
    """The function that SQLite's statement asks, with the row it found, for the outcome to log.

    It answers None, which the log does not take, where that is not all there is to it: a second
    row, another subject, an error.
    """

    __slots__ = ("asked", "digest", "found")

    digest: Digest[Any]
    found: Any
    asked: int

    def __call__(self, *row: Any) -> Outcome | None:
        self.asked += 1
        try:
            self.found, told = self.digest([row])
            [(outcome, subject)] = told
        except Exception:
            return None
        return outcome if self.asked == 1 and subject == row[0] else None


class _Sqlite:
    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._local = threading.local()
        self._contexts = _Contexts(database)
        *columns, last = source.columns
        # As text, the driver would decode it, and its reader encode it again.
        told = ", ".join((*columns, f"CAST({last} AS BLOB)"))
        of = f"FROM {source.tables} WHERE {source.key}"
        self._insert = f"INSERT INTO access_event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, NULL)"  # noqa: S608 - no input in it
        self._at_once = (
            f"INSERT INTO access_event ({_COLUMNS})"
            f" SELECT ?, ?, ?, ?, {columns[0]}, told({told}), NULL {of} = ?"
        )
        self._read = f"SELECT {told} {of} IN (SELECT value FROM json_each(?))"  # noqa: S608 - no input in it

    def run(self, values: Sequence[str], asking: Asking, digest: Digest[Found]) -> Found:
        self._contexts.keep(asking.context)
        try:
            connection, teller = self._connection()
            if len(values) == 1:
                teller.asked, teller.digest = 0, digest
                try:
                    # A statement on its own is a transaction of its own.
                    connection.execute(self._at_once, (*asking.begin(), values[0]))
                except sqlite3.IntegrityError:
                    teller.asked = 0
                if teller.asked:
                    found: Found = teller.found
                    return found
            return self._one_after_the_other(connection, values, asking, digest)
        except sqlite3.Error as error:
            self.close()
            raise Unavailable from error

    def _one_after_the_other(
        self,
        connection: sqlite3.Connection,
        values: Sequence[str],
        asking: Asking,
        digest: Digest[Found],
    ) -> Found:
        # The values are digits, so nothing needs escaping.
        array = '["' + '","'.join(values) + '"]'
        found, told = digest(connection.execute(self._read, (array,)).fetchall())
        connection.execute("BEGIN IMMEDIATE")
        begun = asking.begin()
        rows = [(*begun, subject, outcome) for outcome, subject in told]
        connection.executemany(self._insert, rows)
        connection.execute("COMMIT")
        return found

    def _connection(self) -> tuple[sqlite3.Connection, _Teller]:
        held: tuple[sqlite3.Connection, _Teller] | None = getattr(self._local, "connection", None)
        if held is None:
            pooled = self._database.engine.raw_connection()
            # The pool's owner set it up; from here on it is this thread's alone.
            connection = cast("sqlite3.Connection", pooled.dbapi_connection)
            pooled.detach()
            teller = _Teller()
            connection.create_function("told", -1, teller)
            held = self._local.connection = connection, teller
        return held

    def close(self) -> None:
        held = getattr(self._local, "connection", None)
        self._local.connection = None
        if held is not None:
            held[0].close()


class _Postgresql:
    def __init__(self, database: Database, source: Source) -> None:
        self._address = database.engine.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        )
        told = f"SELECT {', '.join(source.columns)} FROM {source.tables} WHERE {source.key}"  # noqa: S608 - names of our own tables
        self._statements = {_ONE: f"{told} = $1".encode(), _MANY: f"{told} = ANY($1)".encode()}
        self._local = threading.local()
        self._contexts = _Contexts(database)
        self._committer = _GroupCommitter(self._address)

    def run(self, values: Sequence[str], asking: Asking, digest: Digest[Found]) -> Found:
        self._contexts.keep(asking.context)
        try:
            rows = self._read_again(values)
        except psycopg.Error as error:
            self._forget()
            raise Unavailable from error
        found, told = digest(rows)
        begun = asking.begin()
        self._committer.keep([(*begun, subject, outcome, None) for outcome, subject in told])
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

    def __init__(self, events: Sequence[Row]) -> None:
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

    def keep(self, events: Sequence[Row]) -> None:
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


def _line(event: Row) -> str:
    """Return one row in the text format of COPY."""
    cells = ("\\N" if v is None else str(v).translate(_COPY_ESCAPES) for v in event)
    return "\t".join(cells) + "\n"
