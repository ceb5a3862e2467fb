"""Read and log without the object layer: the same promise as a transaction, at a tenth the cost.

One look-up is one statement, and its access rows are durable before anything is returned:

- SQLite: the read and its rows are one transaction on a connection of the thread's own.
- PostgreSQL: the read is a prepared statement; the rows go to one writer thread, which copies the
  rows of all waiting requests in one transaction (group commit), and the request waits for it.

If the rows can't be kept, `Unavailable` is raised and the caller has nothing to answer with.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar, cast

import psycopg

from registry.kernel.access_log import Asker, Outcome
from registry.kernel.clock import now
from registry.kernel.db import Database, new_id
from registry.kernel.errors import Unavailable

Found = TypeVar("Found")
Event = tuple[Any, ...]
Digest = Callable[[Sequence[tuple[Any, ...]]], tuple[Found, Sequence[Event]]]

_COLUMNS = (
    "id, at, client_id, person_id, procedure, case_number, legal_basis, trace_id, subject_id,"
    " attributes, outcome, reason"
)
_WAIT_SECONDS = 5.0


def event(asker: Asker, outcome: Outcome, attributes: str, subject_id: str | None) -> Event:
    """Return an access row as the columns of ``access_event``; ``attributes`` are sorted text."""
    return (
        new_id(),
        now(),
        asker.client_id,
        asker.person_id,
        asker.procedure,
        asker.case,
        asker.legal_basis,
        asker.trace_id,
        subject_id,
        attributes,
        outcome,
        None,
    )


class HotPath(Protocol):
    """Reads by identifier values, and keeps what the digest of the rows says must be logged."""

    def run(self, values: Sequence[str], digest: Digest[Found]) -> Found:
        """Return what ``digest`` makes of the rows for ``values``, its events durable."""

    def close(self) -> None:
        """End the threads and connections of this path."""


def open_hot_path(database: Database, sqlite: str, postgresql: str) -> HotPath:
    """Return the path for ``database``; each text is a SELECT with one parameter for all values.

    On SQLite the parameter is a JSON array for ``json_each``, on PostgreSQL an array.
    """
    if database.dialect == "sqlite":
        return _Sqlite(database, sqlite)
    return _Postgresql(database, postgresql)


class _Sqlite:
    def __init__(self, database: Database, select: str) -> None:
        self._database = database
        self._select = select
        self._local = threading.local()
        marks = ", ".join("?" * (_COLUMNS.count(",") + 1))
        self._insert = f"INSERT INTO access_event ({_COLUMNS}) VALUES ({marks})"  # noqa: S608 - no input in it

    def run(self, values: Sequence[str], digest: Digest[Found]) -> Found:
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            rows = connection.execute(self._select, (_json_array(values),)).fetchall()
            found, events = digest(rows)
            connection.executemany(self._insert, map(_for_sqlite, events))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._forget()
            raise Unavailable from error
        except BaseException:
            self._forget()
            raise
        return found

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is None:
            pooled = self._database.engine.raw_connection()
            # The pool's owner set it up; from here on it is this thread's alone.
            held = cast("sqlite3.Connection", pooled.dbapi_connection)
            pooled.detach()
            self._local.connection = held
        return held

    def _forget(self) -> None:
        held = getattr(self._local, "connection", None)
        self._local.connection = None
        if held is not None:
            held.close()

    def close(self) -> None:
        self._forget()


def _json_array(values: Sequence[str]) -> str:
    # The values are digits only, checked by their kind, so nothing needs escaping.
    return '["' + '","'.join(values) + '"]'


def _for_sqlite(event: Event) -> Event:
    key, at, *rest = event
    subject = rest[6]
    rest[6] = subject and subject.replace("-", "")
    return (key.replace("-", ""), f"{at:%Y-%m-%d %H:%M:%S.%f}", *rest)


class _Postgresql:
    def __init__(self, database: Database, select: str) -> None:
        self._address = database.engine.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        )
        self._select = select.encode()
        self._local = threading.local()
        self._committer = _GroupCommitter(self._address)

    def run(self, values: Sequence[str], digest: Digest[Found]) -> Found:
        try:
            rows = self._cursor().execute(self._select, (list(values),)).fetchall()
        except psycopg.Error as error:
            self._local.cursor = None
            raise Unavailable from error
        found, events = digest(rows)
        self._committer.keep(events)
        return found

    def _cursor(self) -> psycopg.Cursor[Any]:
        held: psycopg.Cursor[Any] | None = getattr(self._local, "cursor", None)
        if held is None:
            connection = psycopg.connect(self._address, autocommit=True, prepare_threshold=0)
            held = connection.cursor()
            self._local.cursor = held
        return held

    def close(self) -> None:
        self._committer.close()
        held = getattr(self._local, "cursor", None)
        if held is not None:
            held.connection.close()
            self._local.cursor = None


class _Waiting:
    """One request's rows on their way to disk."""

    __slots__ = ("done", "events", "failed")

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.failed = False
        self.done = threading.Lock()
        self.done.acquire()


class _GroupCommitter:
    """One thread that keeps the rows of every waiting request in one commit, again and again."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="access-log", daemon=True)
        self._thread.start()

    def keep(self, events: Sequence[Event]) -> None:
        """Return when ``events`` are durable; raises Unavailable if they could not be kept."""
        waiting = _Waiting(events)
        self._queue.put(waiting)
        if not waiting.done.acquire(timeout=_WAIT_SECONDS) or waiting.failed:
            raise Unavailable

    def close(self) -> None:
        """Finish what is waiting and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while (first := self._queue.get()) is not None:
            group, closing = self._gather(first)
            try:
                connection = connection or psycopg.connect(self._address)
                self._copy(connection, group)
            except psycopg.Error:
                connection = None
                for waiting in group:
                    waiting.failed = True
            for waiting in group:
                waiting.done.release()
            if closing:
                break
        if connection is not None:
            connection.close()

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        group = [first]
        while not self._queue.empty():
            waiting = self._queue.get()
            if waiting is None:
                return group, True
            group.append(waiting)
        return group, False

    @staticmethod
    def _copy(connection: psycopg.Connection[Any], group: Sequence[_Waiting]) -> None:
        with (
            connection.transaction(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY access_event ({_COLUMNS}) FROM STDIN".encode()) as copy,
        ):
            for waiting in group:
                for event in waiting.events:
                    copy.write_row(event)
