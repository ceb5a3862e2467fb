"""The outline of a parcel: read, measured and checked (pure).

The surveyed coordinates and their system are kept as they came. Longitudes and latitudes are
derived from them for maps, and never measured: the area is that of the surveyed plane.
What is wrong with an outline is told by codes, for the rules of a dataset to use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from pyproj import Geod
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from registry.parcels.crs import Box, UnknownCrs, area_of_use, is_projected, to_wgs84

# Codes that forbid a record; the others of `examine` are for a person to look at.
ERRORS = frozenset(
    {
        "unclosed_ring",
        "invalid_geometry",
        "empty_geometry",
        "crs_missing",
        "crs_unknown",
        "swapped_axes",
        "outside_crs_area",
    }
)
WARNINGS = frozenset({"outside_commune", "overlap", "area_differs"})

AREA_TOLERANCE = 0.02
"""Share by which the drawn area may differ from the registered one."""

OVERLAP_TOLERANCE_M2 = 0.5
"""Area in m2 that two drawn parcels may share: less is the width of the survey's points."""

COMMUNE_TOLERANCE_M = 50.0
"""Metres by which a parcel may reach over the outline of its commune."""

_KINDS = frozenset({"Polygon", "MultiPolygon"})
_SMALLEST_RING = 4
_M_PER_DEGREE = 111_320.0
# In degrees. Areas of use follow old borders, and Côn Đảo lies a degree outside the zone of its
# city; with swapped axes a place in the far south is still four degrees off.
_BEYOND_AREA_OF_USE = 1.5
_DECIMALS = 8  # of a degree, a millimetre


class ShapeError(ValueError):
    """An outline can't be kept; ``code`` is one of `ERRORS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline as surveyed, and what follows from it.

    ``area`` is in m2; ``box`` and ``outline`` (GeoJSON as text, RFC 7946) are longitudes and
    latitudes in WGS 84 by the operation named in ``transformation``.
    """

    wkb: bytes
    srid: int
    kind: str
    area: float
    box: Box
    outline: str
    transformation: str

    @property
    def digest(self) -> str:
        """The name of these very coordinates in this very system."""
        return hashlib.sha256(b"%d:" % self.srid + self.wkb).hexdigest()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two outlines, by their places in a load, that share an area in m2."""

    first: int
    second: int
    area: float


def wkb_from_geojson(geometry: Mapping[str, Any]) -> bytes:
    """Return a GeoJSON polygon as WKB, coordinates as they stand; raises ShapeError."""
    for ring in _rings(geometry):
        if len(ring) < _SMALLEST_RING or list(ring[0]) != list(ring[-1]):
            raise ShapeError("unclosed_ring")
    try:
        made: bytes = shapely.to_wkb(shapely.geometry.shape(geometry), byte_order=1)
    except (shapely.GEOSException, TypeError, ValueError, IndexError, AttributeError, KeyError):
        raise ShapeError("invalid_geometry") from None
    return made


def _rings(geometry: Mapping[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    coordinates = geometry.get("coordinates")
    if geometry.get("type") not in _KINDS or not isinstance(coordinates, list):
        raise ShapeError("invalid_geometry")
    if not coordinates:
        raise ShapeError("empty_geometry")
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    for polygon in polygons:
        for ring in polygon if isinstance(polygon, list) else [None]:
            if not isinstance(ring, list) or not all(isinstance(p, list) for p in ring):
                raise ShapeError("invalid_geometry")
            yield ring


def read_wkb(wkb: bytes) -> BaseGeometry:
    """Return the polygon in ``wkb``; raises ShapeError, also for one that crosses itself."""
    try:
        geometry = shapely.from_wkb(wkb)
    except shapely.GEOSException as error:
        unclosed = "closed linestring" in str(error)
        raise ShapeError("unclosed_ring" if unclosed else "invalid_geometry") from None
    if geometry is None or geometry.is_empty:
        raise ShapeError("empty_geometry")
    if geometry.geom_type not in _KINDS or not geometry.is_valid:
        raise ShapeError("invalid_geometry")
    return geometry


def measure(wkb: bytes, srid: int | None) -> Shape:
    """Return what follows from an outline surveyed in ``srid``; raises ShapeError."""
    if srid is None:
        raise ShapeError("crs_missing")
    geometry = read_wkb(wkb)
    try:
        operation = to_wgs84(srid)
    except UnknownCrs:
        raise ShapeError("crs_unknown") from None
    _require_place(geometry, srid)
    flat = shapely.force_2d(geometry)
    try:
        derived = shapely.transform(flat, operation.forward)
    except ProjError:
        raise ShapeError("invalid_geometry") from None
    # Rounded after the turn, so that neighbours' shared points stay the same point.
    drawn = shapely.transform(shapely.orient_polygons(derived), lambda xy: xy.round(_DECIMALS))
    west, south, east, north = (float(value) for value in drawn.bounds)
    return Shape(
        wkb,
        srid,
        str(geometry.geom_type),
        _area(flat, derived, srid),
        (west, south, east, north),
        shapely.to_geojson(drawn),
        operation.name,
    )


def _area(flat: BaseGeometry, derived: BaseGeometry, srid: int) -> float:
    if is_projected(srid):
        return float(flat.area)
    # Degrees have no area; that of the ellipsoid comes nearest to a survey.
    return abs(float(Geod(ellps="WGS84").geometry_area_perimeter(derived)[0]))


def _require_place(geometry: BaseGeometry, srid: int) -> None:
    """Raise ShapeError where the system is not used, saying so if X and Y are exchanged.

    Vietnamese surveyors write X for the northing and Y for the easting.
    """
    west, south, east, north = geometry.bounds
    x, y = (west + east) / 2, (south + north) / 2
    if not _used_at(srid, x, y):
        raise ShapeError("swapped_axes" if _used_at(srid, y, x) else "outside_crs_area")


def _used_at(srid: int, x: float, y: float) -> bool:
    area = area_of_use(srid)
    if area is None:
        return True
    try:
        longitude, latitude = to_wgs84(srid).transformer.transform(x, y, errcheck=True)
    except ProjError:
        return False
    margin = _BEYOND_AREA_OF_USE
    west, south, east, north = area
    within_x = bool(west - margin <= longitude <= east + margin)
    return within_x and bool(south - margin <= latitude <= north + margin)


def examine(
    wkb: bytes | None,
    srid: int | None,
    *,
    legal_area: float | None = None,
    commune: BaseGeometry | None = None,
) -> tuple[Shape | None, tuple[str, ...]]:
    """Return the measured outline, None where it can't be kept, and the codes of what is wrong.

    ``legal_area`` is the registered one in m2; ``commune`` is the outline of the commune in
    longitude and latitude, where one is known.
    """
    if not wkb:
        return None, ("empty_geometry",)
    try:
        shape = measure(wkb, srid)
    except ShapeError as error:
        return None, (error.code,)
    found = []
    if commune is not None and _outside(shape, commune):
        found.append("outside_commune")
    if legal_area is not None and area_differs(legal_area, shape.area):
        found.append("area_differs")
    return shape, tuple(found)


def _outside(shape: Shape, commune: BaseGeometry) -> bool:
    reach = commune.buffer(COMMUNE_TOLERANCE_M / _M_PER_DEGREE)
    return not reach.contains(shapely.from_geojson(shape.outline))


def area_differs(legal: float, computed: float) -> bool:
    """Say whether the drawn area is too far from the registered one, which stays the legal one.

    >>> area_differs(100.0, 102.0), area_differs(100.0, 102.1)
    (False, True)
    """
    return abs(computed - legal) > AREA_TOLERANCE * legal


def overlaps(shapes: Sequence[Shape], tolerance_m2: float = OVERLAP_TOLERANCE_M2) -> list[Overlap]:
    """Return the pairs of a load that share more than ``tolerance_m2``, by their places in it.

    Outlines are compared in the plane in which they were surveyed, so those of two different
    systems are not.
    """
    found: list[Overlap] = []
    for srid in sorted({shape.srid for shape in shapes if is_projected(shape.srid)}):
        places = [n for n, shape in enumerate(shapes) if shape.srid == srid]
        drawn = shapely.force_2d(shapely.from_wkb([shapes[n].wkb for n in places]))
        one, other = shapely.STRtree(drawn).query(drawn, predicate="intersects")
        pairs = one < other
        one, other = one[pairs], other[pairs]
        areas = shapely.area(shapely.intersection(drawn[one], drawn[other]))
        found += [
            Overlap(places[a], places[b], float(area))
            for a, b, area in zip(one, other, areas, strict=True)
            if area > tolerance_m2
        ]
    return sorted(found, key=lambda overlap: (overlap.first, overlap.second))
