"""Which parcels lie in a rectangle, without any extension: the one file that knows how.

SQLite has its own R*Tree, a table beside the parcels that the writer keeps; it rounds to 32 bits
outwards. PostgreSQL has a GiST index on a box made of the columns; it compares with a tolerance.
Both find a little too much, so the columns decide.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.parcels.crs import Box
from registry.parcels.models import Parcel

OWN = frozenset(
    {"parcel_box", "parcel_box_node", "parcel_box_rowid", "parcel_box_parent", "ix_parcel_box"}
)
"""Tables and indexes of this file, which no model declares."""

# Above so many hits it is cheaper to walk the parcels in order than to sort all that was found.
_MOST_HITS = 10_000
_BOX = "box(point(min_x, min_y), point(max_x, max_y))"
_FIND = {
    "sqlite": (
        "SELECT id AS row_id FROM parcel_box WHERE min_x <= :east AND max_x >= :west"
        " AND min_y <= :north AND max_y >= :south LIMIT :most"
    ),
    "postgresql": (
        f"SELECT row AS row_id FROM parcel WHERE {_BOX}"  # noqa: S608 - constants
        " && box(point(:west, :south), point(:east, :north)) LIMIT :most"
    ),
}


def create(connection: sa.Connection) -> None:
    """Make the index; the columns must be there."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE parcel_box USING rtree(id, min_x, max_x, min_y, max_y)"
        )
    else:
        connection.exec_driver_sql(f"CREATE INDEX ix_parcel_box ON parcel USING gist ({_BOX})")


def refresh(session: Session, rows: Collection[int]) -> None:
    """Bring the index to what the columns of these rows say now."""
    if session.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL keeps its index itself.
    chosen: sa.BindParameter[list[int]] = sa.bindparam("rows", expanding=True)
    for text in (
        "DELETE FROM parcel_box WHERE id IN :rows",
        "INSERT INTO parcel_box SELECT row, min_x, max_x, min_y, max_y FROM parcel"
        " WHERE row IN :rows AND min_x IS NOT NULL",
    ):
        session.execute(sa.text(text).bindparams(chosen), {"rows": list(rows)})


def within(
    session: Session, columns: Collection[Any], box: Box, after: int, limit: int
) -> list[sa.Row[Any]]:
    """Return ``columns`` of the parcels whose sides meet ``box``, in order of row from ``after``.

    At most ``limit`` of them.
    """
    text = sa.text(_FIND[session.get_bind().dialect.name]).bindparams(
        west=box[0], south=box[1], east=box[2], north=box[3], most=_MOST_HITS + 1
    )
    hits = text.columns(sa.column("row_id", sa.BigInteger)).cte("hits").prefix_with("MATERIALIZED")
    count = sa.select(sa.func.count()).select_from(hits).scalar_subquery()
    query = _page(columns, box, after, limit).add_columns(count.label("hits"))
    found = list(session.execute(query.join(hits, hits.c.row_id == Parcel.row)))
    counted = found[0].hits if found else session.scalar(sa.select(count)) or 0
    if counted <= _MOST_HITS:
        return found
    return list(session.execute(_page(columns, box, after, limit)))


def _page(columns: Collection[Any], box: Box, after: int, limit: int) -> sa.Select[Any]:
    west, south, east, north = box
    return (
        sa.select(*columns)
        .select_from(Parcel)
        .where(
            Parcel.row > after,
            Parcel.min_x <= east,
            Parcel.max_x >= west,
            Parcel.min_y <= north,
            Parcel.max_y >= south,
        )
        .order_by(Parcel.row)
        .limit(limit)
    )
