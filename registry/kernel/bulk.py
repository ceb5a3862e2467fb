"""Many rows into one table at once, by the fastest way that each database has.

SQLAlchemy still says how each column's values are written; only its work per statement is left out.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session


@contextmanager
def uncollected() -> Iterator[None]:
    """Run a load without the collector of cycles, which would walk all rows again, in vain."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def among(
    session: Session, column: sa.ColumnElement[Any] | Any, values: Iterable[Any]
) -> sa.ColumnElement[bool]:
    """Return "``column`` is one of ``values``" with all of them, maybe thousands, as one parameter.

    With a parameter each, the statement would be written and read anew for every number of them.
    """
    told, dialect = list(values), session.get_bind().dialect
    if dialect.name == "postgresql":
        bound = sa.bindparam(None, told, type_=ARRAY(column.type), unique=True)
        return cast("sa.ColumnElement[bool]", column == sa.any_(bound))
    write = column.type.dialect_impl(dialect).bind_processor(dialect)
    told = [write(value) for value in told] if write else told
    listed = sa.func.json_each(orjson.dumps(told).decode()).table_valued("value")
    return cast("sa.ColumnElement[bool]", column.in_(sa.select(listed.c.value)))


def reserve_rows(session: Session, mapped: type[Any], count: int) -> list[int]:
    """Return ``count`` row numbers of a register's table that nobody has or will get."""
    if session.get_bind().dialect.name == "postgresql":
        series = sa.func.generate_series(1, count).table_valued("n")
        sequence = sa.func.pg_get_serial_sequence(mapped.__tablename__, "row")
        return list(session.scalars(sa.select(sa.func.nextval(sequence)).select_from(series)))
    # SQLite has one writer at a time, and gives rows after the last one itself.
    last = session.scalar(sa.select(sa.func.max(mapped.row))) or 0
    return list(range(last + 1, last + 1 + count))


def insert_rows(
    session: Session, mapped: type[Any], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert ``rows``, each with the values of the columns ``names``, in the transaction.

    A column that is not named gets its constant default, or what the database itself gives it.
    """
    # What the rows refer to may still wait in the session.
    session.flush()
    table = cast("sa.Table", mapped.__table__)
    connection = session.connection()
    dialect = connection.dialect
    columns = [table.c[name] for name in names]
    defaults = [(c, _default(c)) for c in table.c if c.name not in names and _default(c)]
    constants = tuple(value for _, value in defaults)
    columns += [column for column, _ in defaults]
    written = _written(columns, dialect, ((*row, *constants) for row in rows))
    quote = dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(quote(column.name) for column in columns)})"
    if dialect.name == "postgresql":
        _copy(connection, target, written)
        return
    marks = ", ".join("?" * len(columns))
    if values := list(map(tuple, written)):
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({marks})", values)  # noqa: S608 - names of our own tables


def _copy(connection: sa.Connection, target: str, rows: Iterable[Sequence[Any]]) -> None:
    fault = connection.dialect.loaded_dbapi.Error
    try:
        driver = cast("Any", connection.connection.dbapi_connection)
        with driver.cursor().copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except fault as error:
        # As every other statement of SQLAlchemy would say it.
        raise sa.exc.DBAPIError.instance(f"COPY {target}", None, error, fault) from error


def _written(
    columns: Iterable[sa.Column[Any]], dialect: sa.Dialect, rows: Iterable[Sequence[Any]]
) -> Iterator[list[Any]]:
    """Yield the rows as the driver wants them."""
    writers = [_writer(column, dialect) for column in columns]
    changing = [(index, write) for index, write in enumerate(writers) if write]
    for row in rows:
        values = list(row)
        for index, write in changing:
            if values[index] is not None:
                values[index] = write(values[index])
        yield values


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    return default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else None


def _writer(column: sa.Column[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == "postgresql" and isinstance(column.type, sa.Uuid):
        return None  # COPY takes the text
    return column.type.dialect_impl(dialect).bind_processor(dialect)
