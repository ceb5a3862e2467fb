"""Where the communes of the made-up city lie, and how ground is cut: without gaps or overlaps.

Cuts are lines of easting or northing in whole centimetres, so two neighbours have the very same
numbers on their common side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from datasets.outlines import read_outlines
from datasets.synthetic.people import ON
from registry.parcels.crs import to_wgs84
from registry.places.catalogue import REFORM, Unit, catalogue

CITY = "79"
VUNG_TAU = "77"
SRID, VUNG_TAU_SRID = 9210, 5899
# South-west corner, size of a commune and communes a row, of the simple city of each zone.
_GRIDS = {
    SRID: (570_000.0, 1_150_000.0, 4_600.0, 9_000.0, 13),
    VUNG_TAU_SRID: (415_000.0, 1_140_000.0, 4_500.0, 7_000.0, 6),
}
_SHRINK = 0.8


class Box(NamedTuple):
    """A rectangle in metres."""

    west: float
    south: float
    east: float
    north: float

    @property
    def area(self) -> float:
        """Square metres."""
        return (self.east - self.west) * (self.north - self.south)

    @property
    def wkt(self) -> str:
        """The outline as text, to the centimetre."""
        corners = (
            (self.west, self.south),
            (self.east, self.south),
            (self.east, self.north),
            (self.west, self.north),
            (self.west, self.south),
        )
        return f"POLYGON (({', '.join(f'{x:.2f} {y:.2f}' for x, y in corners)}))"

    def cut(self, part: float) -> tuple[Box, Box]:
        """Return two boxes, the first with ``part`` of the area, cut across the longer side."""
        west, south, east, north = self
        if east - west >= north - south:
            x = round(west + (east - west) * part, 2)
            return Box(west, south, x, north), Box(x, south, east, north)
        y = round(south + (north - south) * part, 2)
        return Box(west, south, east, y), Box(west, y, east, north)


class Piece(NamedTuple):
    """Ground that is no rectangle any more, or one of those around the homes."""

    wkt: str
    area: float


@dataclass(frozen=True, slots=True)
class Ground:
    """One commune: room for its homes, and the pieces around them."""

    srid: int
    homes: Box
    around: tuple[Piece, ...]


def share_out(random: Random, box: Box, weights: Sequence[int]) -> Iterator[Box]:
    """Yield a box for each weight, in order, that together are ``box``."""
    if len(weights) == 1:
        yield box
        return
    middle = len(weights) // 2
    part = sum(weights[:middle]) / sum(weights)
    # Lots differ in size; near a half, so that none becomes a thread.
    first, second = box.cut(part * random.uniform(0.9, 1.1))
    yield from share_out(random, first, weights[:middle])
    yield from share_out(random, second, weights[middle:])


@lru_cache
def communes() -> dict[str, tuple[Unit, int, int]]:
    """Return the communes of the city by code: each with its zone and its place in that zone."""
    known = catalogue()
    before = REFORM - timedelta(days=1)
    districts = {unit.code for unit in known.units(before, "district", parent=VUNG_TAU)}
    coast = {
        candidate.unit.code
        for unit in known.units(before, "commune")
        if unit.parent in districts
        for candidate in known.convert(unit.code, before).candidates
    }
    placed: dict[str, tuple[Unit, int, int]] = {}
    counts = {SRID: 0, VUNG_TAU_SRID: 0}
    for unit in known.units(ON, "commune", parent=CITY):
        srid = VUNG_TAU_SRID if unit.code in coast else SRID
        placed[unit.code] = (unit, srid, counts[srid])
        counts[srid] += 1
    return placed


def simple_ground(code: str, room: float) -> Ground:
    """Return the rectangle of a commune in the simple city, with ``room`` m2 for homes."""
    _, srid, place = communes()[code]
    west, south, width, height, columns = _GRIDS[srid]
    line, column = divmod(place, columns)
    whole = Box(
        west + column * width,
        south + line * height,
        west + (column + 1) * width,
        south + (line + 1) * height,
    )
    homes = _around_point(whole.west + width * 0.4, whole.south + height * 0.4, room)
    around = tuple(Piece(box.wkt, box.area) for box in _around(whole, homes))
    return Ground(srid, homes, around)


def _around_point(x: float, y: float, room: float) -> Box:
    """Return a rectangle of ``room`` m2 whose middle is the point."""
    half, tall = room**0.5 * 0.625, room**0.5 * 0.4
    return Box(round(x - half, 2), round(y - tall, 2), round(x + half, 2), round(y + tall, 2))


def _around(whole: Box, homes: Box) -> tuple[Box, ...]:
    """Return what is left of ``whole``: west, east, south and north of the homes."""
    return (
        whole._replace(east=homes.west),
        whole._replace(west=homes.east),
        Box(homes.west, whole.south, homes.east, homes.south),
        Box(homes.west, homes.north, homes.east, whole.north),
    )


class Grounds:
    """Gives the ground of communes by code: of real outlines where a file is given."""

    def __init__(self, path: Path | None = None) -> None:
        self._shapes = None if path is None else _surveyed(path)

    def of(self, code: str, room: float) -> Ground | None:
        """Return the ground of a commune, None where the outlines lack it."""
        if self._shapes is None:
            return simple_ground(code, room)
        shape = self._shapes.get(code)
        return None if shape is None else _real_ground(shape, communes()[code][1], room)


def _surveyed(path: Path) -> dict[str, BaseGeometry]:
    """Return outlines in the plane of their zone, each without what an earlier one covers.

    Outlines that were simplified one by one overlap along their borders.
    """
    drawn: dict[str, BaseGeometry] = {}
    known = communes()
    for code, shape in sorted(read_outlines(path), key=itemgetter(0)):
        if code in known:
            back: Callable[[Any], Any] = to_wgs84(known[code][1]).back
            flat = shapely.transform(shape, back)
            drawn[code] = shapely.make_valid(flat)
    for srid in (SRID, VUNG_TAU_SRID):
        codes = [code for code in drawn if known[code][1] == srid]
        tree = shapely.STRtree([drawn[code] for code in codes])
        for place, code in enumerate(codes):
            near = sorted(int(n) for n in tree.query(drawn[code]) if n < place)
            taken = shapely.union_all([drawn[codes[n]] for n in near])
            drawn[code] = _polygons(shapely.difference(drawn[code], taken))
    return {code: shape for code, shape in drawn.items() if not shape.is_empty}


def _real_ground(shape: BaseGeometry, srid: int, room: float) -> Ground:
    """Put the homes inside the outline, closer together where it is small."""
    x, y = shapely.maximum_inscribed_circle(shape, tolerance=1.0).coords[0][:2]
    homes = _around_point(x, y, room)
    while not shape.contains(shapely.box(*homes)):
        room *= _SHRINK
        homes = _around_point(x, y, room)
    west, south, east, north = shape.bounds
    whole = Box(west - 1, south - 1, east + 1, north + 1)
    cuts = [
        _polygons(shapely.intersection(shape, shapely.box(*box))) for box in _around(whole, homes)
    ]
    pieces = (Piece(shapely.to_wkt(cut, rounding_precision=-1), cut.area) for cut in cuts if cut)
    return Ground(srid, homes, tuple(pieces))


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """Leave out the points and lines in which two outlines only touch."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
