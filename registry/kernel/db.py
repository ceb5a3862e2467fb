"""The database: tables' base, column types, and the two ways to use a session.

`Database.transaction` is the only place in the product that commits. It takes the write lock at
once on SQLite, where a transaction that reads first and writes later could fail half-way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
import uuid_utils
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Session

from registry.kernel.rendered import Rendered, render

_WRITES = "sogoc_writes"
# How long a statement waits for a lock before the caller hears that we are unavailable.
_LOCK_SECONDS = 5.0
_CONNECT_SECONDS = 5
_SQLITE_MAPPED_BYTES = 1 << 34
# PostgreSQL's lock_not_available, deadlock_detected and serialization_failure.
_LOCKED = frozenset({"55P03", "40P01", "40001"})
_IN_USE: ContextVar[Session | None] = ContextVar("sogoc_session", default=None)


class Base(DeclarativeBase):
    """Base of every table; constraints get names by rule, so that migrations can find them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime, UTC on the way in and out, on both databases."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware ``value`` into UTC; raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment must be an aware datetime")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the stored moment as an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class JsonText(sa.types.TypeDecorator[Any]):
    """A JSON value kept as compact text with sorted keys: the very bytes that were written."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Render ``value``; the same value always gives the same text."""
        del dialect
        return None if value is None else render(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Return the value behind the stored text."""
        del dialect
        return None if value is None else orjson.loads(value)


class DocumentText(JsonText):
    """As `JsonText`, but read as `Rendered`: parsed only where somebody looks inside."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Return the document behind the stored text."""
        del dialect
        return None if value is None else Rendered(value)


def is_busy(error: sa.exc.DBAPIError) -> bool:
    """Say whether nothing but another's lock was in the way, so that trying again can help."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in _LOCKED


def new_id() -> str:
    """Return a new opaque record id: a UUIDv7 (RFC 9562) as text; later ids sort later."""
    return str(uuid_utils.uuid7())


def session_in_use() -> Session | None:
    """Return the session in whose block the calling code runs, the innermost one, or None."""
    return _IN_USE.get()


class Database:
    """One primary database, SQLite or PostgreSQL, by its SQLAlchemy URL."""

    def __init__(
        self,
        url: str,
        *,
        synchronous: str = "FULL",
        pool_size: int = 8,
        lock_seconds: float = _LOCK_SECONDS,
    ) -> None:
        # What is bound to a statement may be personal, and errors end up in logs.
        if url.startswith("sqlite"):
            self.engine = sa.create_engine(
                url, hide_parameters=True, connect_args={"timeout": lock_seconds}
            )
            _prepare_sqlite(self.engine, synchronous)
        else:
            self.engine = sa.create_engine(
                url,
                hide_parameters=True,
                pool_size=pool_size,
                pool_pre_ping=True,
                pool_timeout=lock_seconds,
                connect_args=_limits(url, lock_seconds),
            )

    @property
    def dialect(self) -> str:
        """Return "sqlite" or "postgresql"."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self, *, snapshot: bool = False) -> Iterator[Session]:
        """Give a session whose work is kept as a whole at the end, or not at all on an error.

        With ``snapshot`` its statements all see the database of one moment, for whoever reads
        something and writes down that it was read; PostgreSQL lets each see its own otherwise.
        """
        engine = self.engine.execution_options(**{_WRITES: True})
        if snapshot and self.dialect == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with self._session(engine) as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one snapshot; what it would write is never kept."""
        engine = self.engine
        if self.dialect == "postgresql":
            engine = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with self._session(engine) as session:
            yield session

    @contextmanager
    def _session(self, engine: sa.Engine) -> Iterator[Session]:
        before = _IN_USE.get()
        with Session(engine, expire_on_commit=False, info={"database": self}) as session:
            _IN_USE.set(session)
            try:
                yield session
            finally:
                _IN_USE.set(before)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _limits(url: str, lock_seconds: float) -> dict[str, Any]:
    """Return the connection's time limits, beside the options that the address itself gives."""
    given = sa.make_url(url).query.get("options", "")
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "options": f"{given} -c lock_timeout={int(lock_seconds * 1000)}".strip(),
    }


def _prepare_sqlite(engine: sa.Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction control is off: it would begin too late, at the first write.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        # Pages come from the system's cache, shared by all connections, without a copy each.
        connection.execute(f"PRAGMA mmap_size={_SQLITE_MAPPED_BYTES}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
