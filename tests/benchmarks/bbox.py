"""Parcels in a rectangle, made into GeoJSON, against the bare indexed query for the same rows.

Both in one process and one run, on the same connection settings, for the same rectangles; each
holds about a hundred parcels of a grid. The sides take turns, and the median of the rounds counts.

Usage: ``python -m tests.benchmarks.bbox [--parcels N] [--boxes B] [--rounds R]``.
"""

from __future__ import annotations

import argparse
import operator
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from math import isqrt
from statistics import median
from typing import Any

import numpy as np
import orjson
import shapely
import sqlalchemy as sa

import migrations
from auth.principals import Principal
from registry.kernel.bulk import insert_rows
from registry.kernel.db import Database, new_id
from registry.parcels import spatial
from registry.parcels.crs import DEFAULT, Box, to_wgs84
from registry.parcels.features import MapQuery, collection, list_features
from registry.parcels.models import Parcel
from tests.cluster import cluster

_SRID = 9210
_EAST, _NORTH, _SIDE = 580_000.0, 1_180_000.0, 20.0
_ACROSS = 9  # parcels along one side of a rectangle, so that it meets about a hundred
_LIMIT = 1000
_BATCH = 20_000
_COLUMNS = (
    "id",
    "version",
    "document",
    "code",
    "state",
    "srid",
    "geometry",
    "min_x",
    "min_y",
    "max_x",
    "max_y",
    "outline",
    "facts",
)
_FACTS = orjson.dumps(
    {
        "reference": {
            "commune": {"code": "27007", "label": "Phường Tân Hòa"},
            "sheet": "12",
            "number": "345",
        },
        "area": {"legal": 400.0, "computed": 400.0},
        "purposes": [{"purpose": {"code": "ODT", "label": "Đất ở tại đô thị"}, "area": 400.0}],
        "state": {"code": "active", "label": "Đang sử dụng"},
    }
).decode()
_RAW = {
    "sqlite": (
        "SELECT p.id, p.outline, p.facts FROM parcel_box b CROSS JOIN parcel p ON p.row = b.id"
        " WHERE b.min_x <= ? AND b.max_x >= ? AND b.min_y <= ? AND b.max_y >= ?",
        operator.itemgetter(2, 0, 3, 1),
    ),
    "postgresql": (
        "SELECT id, outline, facts FROM parcel WHERE box(point(min_x, min_y), point(max_x, max_y))"
        " && box(point(%s, %s), point(%s, %s))",
        operator.itemgetter(0, 1, 2, 3),
    ),
}


def fill(database: Database, parcels: int) -> None:
    """Make the schema and a square grid of parcels, row by row from the south-west."""
    migrations.upgrade(database)
    width = isqrt(parcels)
    for start in range(0, parcels, _BATCH):
        places = np.arange(start, min(start + _BATCH, parcels))
        west, south = _EAST + places % width * _SIDE, _NORTH + places // width * _SIDE
        surveyed = shapely.box(west, south, west + _SIDE, south + _SIDE)
        drawn = shapely.transform(surveyed, to_wgs84(_SRID).forward)
        columns = zip(
            places.tolist(),
            shapely.to_wkb(surveyed).tolist(),
            shapely.bounds(drawn).tolist(),
            shapely.to_geojson(shapely.transform(drawn, lambda xy: xy.round(8))).tolist(),
            strict=True,
        )
        with database.transaction() as session:
            rows = (
                (new_id(), 1, {}, f"B-{n}", "active", _SRID, wkb, *sides, outline, _FACTS)
                for n, wkb, sides, outline in columns
            )
            insert_rows(session, Parcel, _COLUMNS, rows)
            newest = sa.select(Parcel.row).order_by(Parcel.row.desc()).limit(len(places))
            fresh = iter(session.scalars(newest).all())
            while some := list(islice(fresh, 1000)):
                spatial.refresh(session, some)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def boxes(parcels: int, count: int) -> list[Box]:
    """Return rectangles of about a hundred parcels each, anywhere in the grid."""
    chance = random.Random(1)  # noqa: S311 - the same places in every run
    reach = (isqrt(parcels) - _ACROSS) * _SIDE
    found = []
    for _ in range(count):
        west, south = _EAST + chance.random() * reach, _NORTH + chance.random() * reach
        side = _ACROSS * _SIDE
        corners = np.array([[west, south], [west + side, south + side]])
        (min_x, min_y), (max_x, max_y) = to_wgs84(_SRID).forward(corners).tolist()
        found.append((min_x, min_y, max_x, max_y))
    return found


def ours(database: Database, places: Sequence[Box]) -> int:
    """Answer every rectangle as the product does; return the number of features."""
    principal = Principal("bench", frozenset(), "")
    told = 0
    for box in places:
        with database.transaction() as session:
            page = list_features(session, principal, MapQuery(box, DEFAULT, _LIMIT))
        collection(page.features, [], "")
        told += len(page.features)
    return told


def raw(database: Database, places: Sequence[Box]) -> int:
    """Ask the driver itself for the same columns of the same rows; return their number."""
    statement, arguments = _RAW[database.dialect]
    told = 0
    for box in places:
        with database.engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            cursor = driver.cursor()
            cursor.execute(statement, arguments(box))
            told += len(cursor.fetchall())
            cursor.close()
    return told


def compare(database: Database, parcels: int, count: int, rounds: int) -> float:
    """Return the median ratio of our time to the bare query's, printing every round."""
    places = boxes(parcels, count)
    ours(database, places[:5])
    raw(database, places[:5])
    ratios = []
    for _ in range(rounds):
        mine, features = _timed(lambda: ours(database, places))
        bare, rows = _timed(lambda: raw(database, places))
        # The index of each database finds a little too much; the columns decide for us.
        if not 0 < features <= rows <= 2 * features:
            raise RuntimeError(f"{features} features, {rows} rows")
        ratios.append(mine / bare)
        sys.stdout.write(
            f"{database.dialect}: {mine / bare:.2f} ({1000 * mine / count:.2f} ms to"
            f" {1000 * bare / count:.2f} ms a rectangle of {features / count:.0f} parcels)\n"
        )
    return median(ratios)


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


@contextmanager
def databases() -> Iterator[list[Database]]:
    """Give an empty database of each kind."""
    with cluster(durable=True) as address, tempfile.TemporaryDirectory() as folder:
        made = [
            Database(f"sqlite:///{folder}/registry.db", synchronous="NORMAL"),
            Database(address.replace("postgresql://", "postgresql+psycopg://")),
        ]
        try:
            yield made
        finally:
            for database in made:
                database.close()


def main() -> int:
    """Compare on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=200_000)
    parser.add_argument("--boxes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    found = {}
    with databases() as made:
        for database in made:
            fill(database, asked.parcels)
            found[database.dialect] = compare(database, asked.parcels, asked.boxes, asked.rounds)
    for name, ratio in found.items():
        sys.stdout.write(f"median  {ratio:.2f}  {name}: map of {asked.parcels:,} / bare query\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
