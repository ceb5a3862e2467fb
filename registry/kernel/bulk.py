"""Many rows into one table at once, by the fastest way that each database has.

SQLAlchemy still says how each column's values are written; only its work per statement is left
out, which for thousands of small rows costs more than the database itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session


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
    if values := list(written):
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({marks})", values)  # noqa: S608 - names of our own tables


def _copy(connection: sa.Connection, target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    driver = cast("Any", connection.connection.dbapi_connection)
    fault = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor().copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except fault as error:
        # As every other statement of SQLAlchemy would say it.
        raise sa.exc.DBAPIError.instance(f"COPY {target}", None, error, fault) from error


def _written(
    columns: Iterable[sa.Column[Any]], dialect: sa.Dialect, rows: Iterable[Sequence[Any]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows as the driver wants them."""
    writers = [_writer(column, dialect) for column in columns]
    changing = [(index, write) for index, write in enumerate(writers) if write]
    for row in rows:
        values = list(row)
        for index, write in changing:
            values[index] = write(values[index])
        yield tuple(values)


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    return default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else None


def _writer(column: sa.Column[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    return column.type.dialect_impl(dialect).bind_processor(dialect)
