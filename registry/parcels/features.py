"""The map: outlines and plain facts of parcels in a rectangle. It tells of nobody.

A parcel of a protected person is on it like any other: leaving it out would show where they live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import shapely
import sqlalchemy as sa
from pyproj.exceptions import ProjError
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.parcels import spatial
from registry.parcels.crs import DEFAULT, Box, Served
from registry.parcels.models import Parcel


@dataclass(frozen=True, slots=True)
class MapQuery:
    """A page of the parcels in a box of WGS 84, drawn in ``crs``; ``after`` is a record id."""

    box: Box
    crs: Served
    limit: int
    after: str | None = None


@dataclass(frozen=True, slots=True)
class MapPage:
    """Features as the bytes of GeoJSON; ``cursor`` asks for the next page, None on the last."""

    features: list[bytes]
    cursor: str | None


class UnknownCursor(ValueError):
    """A cursor that no page gave."""


def list_features(session: Session, principal: Principal, query: MapQuery) -> MapPage:
    """Return the standing parcels whose sides meet the box; raises UnknownCursor.

    Impersonal, so no access row: nobody's data is read, whoever holds the parcels.
    """
    del principal
    after = 0
    if query.after is not None:
        found = session.scalar(sa.select(Parcel.row).where(Parcel.id == query.after))
        if found is None:
            raise UnknownCursor
        after = found
    drawn_already = query.crs is DEFAULT
    shape = (Parcel.outline,) if drawn_already else (Parcel.geometry, Parcel.srid)
    rows = spatial.within(
        session, (Parcel.id, Parcel.facts, *shape), query.box, after, query.limit + 1
    )
    page = rows[: query.limit]
    make = _ready if drawn_already else _drawn(query.crs)
    return MapPage([make(row) for row in page], page[-1].id if len(rows) > query.limit else None)


def _ready(row: sa.Row[Any]) -> bytes:
    return _feature(row.id, row.outline, row.facts)


def _drawn(crs: Served) -> Any:
    def draw(row: sa.Row[Any]) -> bytes:
        geometry = shapely.force_2d(shapely.from_wkb(row.geometry))
        try:
            turned = shapely.transform(geometry, lambda xy: crs.from_surveyed(xy, row.srid))
        except ProjError:
            # Beyond the plane of the system that was asked for: the facts stand, undrawn.
            return _feature(row.id, "null", row.facts)
        return _feature(row.id, orjson.dumps(turned.__geo_interface__).decode(), row.facts)

    return draw


def _feature(record_id: str, outline: str, facts: str) -> bytes:
    # Both parts are JSON as it was stored; reading them to write them again would be most of
    # the work of a page.
    return (
        f'{{"type":"Feature","id":"{record_id}","geometry":{outline},"properties":{facts}}}'
    ).encode()


def collection(features: Sequence[bytes], links: Sequence[dict[str, str]], made_at: str) -> bytes:
    """Return a GeoJSON FeatureCollection with what OGC API - Features adds to it."""
    head = orjson.dumps(
        {
            "type": "FeatureCollection",
            "timeStamp": made_at,
            "numberReturned": len(features),
            "links": links,
        }
    )
    return head[:-1] + b',"features":[' + b",".join(features) + b"]}"
