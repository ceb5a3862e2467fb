"""Which parcels lie in a rectangle, without any extension: the one file that knows how.

SQLite has its own R*Tree, a table beside the parcels that the writer keeps; it rounds to 32 bits
outwards. PostgreSQL has a GiST index on a box made of the columns; it compares with a tolerance.
Both find a little too much, so the columns decide.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
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
MOST_HITS = 10_000
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


def within(  # noqa: PLR0913, PLR0917 - a place, and a page of it
    session: Session,
    columns: tuple[Any, ...],
    box: Box,
    after: int,
    limit: int,
    most: int = MOST_HITS,
) -> list[sa.Row[Any]]:
    """Return ``columns`` of the parcels whose sides meet ``box``, in order of row from ``after``.

    At most ``limit`` of them. With more than ``most`` hits the page is found by walking.
    """
    near, count, walk = _statements(session.get_bind().dialect.name, columns)
    west, south, east, north = box
    asked = {"west": west, "south": south, "east": east, "north": north}
    asked |= {"after": after, "limit": limit, "most": most + 1}
    found = list(session.execute(near, asked))
    hits = found[0].hits if found else session.scalar(count, asked) or 0
    return found if hits <= most else list(session.execute(walk, asked))


@lru_cache(maxsize=16)
def _statements(
    dialect: str, columns: tuple[Any, ...]
) -> tuple[sa.Select[Any], sa.Select[Any], sa.Select[Any]]:
    """Return the page through the index, the number of its hits, and the page by walking."""
    found = sa.text(_FIND[dialect]).columns(sa.column("row_id", sa.BigInteger))
    hits = found.cte("hits").prefix_with("MATERIALIZED")
    count = sa.select(sa.func.count()).select_from(hits)
    after: sa.BindParameter[int] = sa.bindparam("after", type_=sa.BigInteger)
    # What was found leads, and the table follows: asked for rows from `after` on, a planner
    # would walk the table instead.
    chosen = sa.select(hits.c.row_id).where(hits.c.row_id > after)
    page = _page(columns)
    near = page.add_columns(count.scalar_subquery().label("hits")).where(Parcel.row.in_(chosen))
    return near, count, page.where(Parcel.row > after)


def _page(columns: tuple[Any, ...]) -> sa.Select[Any]:
    side: dict[str, sa.BindParameter[float]] = {
        name: sa.bindparam(name, type_=sa.Double) for name in ("west", "south", "east", "north")
    }
    return (
        sa.select(*columns)
        .select_from(Parcel)
        .where(
            Parcel.min_x <= side["east"],
            Parcel.max_x >= side["west"],
            Parcel.min_y <= side["north"],
            Parcel.max_y >= side["south"],
        )
        .order_by(Parcel.row)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
