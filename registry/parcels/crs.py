"""Coordinate reference systems: one pinned operation to WGS 84 for each, by name (pure).

Two published operations lead from VN-2000 to WGS 84, both good to 1 m and 0.8 m apart, so the
one that is used is a choice: the ministry's own parameters, EPSG:6960. Every result names its
operation. Nothing is fetched: grids that the libraries don't carry are never asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]
from pyproj.transformer import TransformerGroup

Box = tuple[float, float, float, float]
WGS84 = 4326
_VN2000 = 4756
_VN2000_TO_WGS84 = 6960
_WGS84_AXES_XY = "OGC:CRS84"
# Points along each side when a rectangle becomes another system's, whose sides are bent.
_SIDE_POINTS = 21

set_network_enabled(active=False)


class UnknownCrs(ValueError):
    """No such coordinate reference system, or none in which a parcel can be surveyed."""


@dataclass(frozen=True, slots=True)
class Operation:
    """How coordinates of one system become longitude and latitude in WGS 84."""

    name: str
    transformer: Transformer

    def forward(self, xy: np.ndarray) -> np.ndarray:
        """Turn an array of (easting, northing) into (longitude, latitude); raises ProjError."""
        return _apply(self.transformer, xy, TransformDirection.FORWARD)

    def back(self, xy: np.ndarray) -> np.ndarray:
        """Turn (longitude, latitude) into (easting, northing); raises ProjError."""
        return _apply(self.transformer, xy, TransformDirection.INVERSE)


@dataclass(frozen=True, slots=True)
class Served:
    """A system in which the map answers; ``lat_first`` where its axes are north, east."""

    uri: str
    srid: int
    lat_first: bool = False

    def from_surveyed(self, xy: np.ndarray, srid: int) -> np.ndarray:
        """Return coordinates of the survey in this system, untouched where it is the same."""
        if srid == self.srid:
            return xy
        return self.from_wgs84(to_wgs84(srid).forward(xy))

    def from_wgs84(self, xy: np.ndarray) -> np.ndarray:
        """Return longitudes and latitudes in this system, in the order of its axes."""
        if self.srid == WGS84:
            return xy[:, ::-1] if self.lat_first else xy
        return to_wgs84(self.srid).back(xy)

    def box_to_wgs84(self, box: Sequence[float]) -> Box:
        """Return the longitudes and latitudes around a rectangle of this system.

        Raises ProjError where the rectangle lies outside the system.
        """
        west, south, east, north = box
        if self.srid == WGS84:
            return (south, west, north, east) if self.lat_first else (west, south, east, north)
        bounds: Box = to_wgs84(self.srid).transformer.transform_bounds(
            west, south, east, north, densify_pts=_SIDE_POINTS, errcheck=True
        )
        if not np.isfinite(bounds).all():
            raise ProjError("a rectangle outside the system")
        return bounds


_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
DEFAULT = Served("http://www.opengis.net/def/crs/OGC/1.3/CRS84", WGS84)
_SERVED = (
    DEFAULT,
    Served(_EPSG + "4326", WGS84, lat_first=True),
    *(Served(f"{_EPSG}{srid}", srid) for srid in (3857, 9210, 5899)),
)
_BY_NAME = {served.uri: served for served in _SERVED} | {
    served.uri.rpartition("/")[2]: served for served in _SERVED
}


def served(name: str) -> Served | None:
    """Return the system that a request names by URI, by ``EPSG:`` and code, or by code alone.

    >>> served("EPSG:9210").uri
    'http://www.opengis.net/def/crs/EPSG/0/9210'
    >>> served("4326").lat_first, served("CRS84").lat_first, served("EPSG:1")
    (True, False, None)
    """
    return _BY_NAME.get(name.removeprefix("EPSG:"))


@lru_cache(maxsize=256)
def to_wgs84(srid: int) -> Operation:
    """Return the pinned operation of an EPSG system; raises UnknownCrs.

    >>> to_wgs84(9210).name == to_wgs84(5899).name
    True
    """
    crs = _crs(srid)
    geodetic = crs.geodetic_crs
    if geodetic is not None and geodetic.to_epsg() == _VN2000:
        return _pinned(crs)
    group = TransformerGroup(crs, _WGS84_AXES_XY, always_xy=True, allow_ballpark=False)
    if not group.transformers:
        raise UnknownCrs(f"no operation leads from EPSG:{srid} to WGS 84")
    best = group.transformers[0]
    return Operation(best.description, best)


def _pinned(crs: CRS) -> Operation:
    group = TransformerGroup(crs, _WGS84_AXES_XY, always_xy=True, allow_ballpark=False)
    for transformer in group.transformers:
        for step in transformer.operations or ():
            identity = step.to_json_dict().get("id", {})
            if identity.get("code") == _VN2000_TO_WGS84:
                return Operation(f"EPSG:{_VN2000_TO_WGS84} {step.name}", transformer)
    raise UnknownCrs(f"EPSG:{_VN2000_TO_WGS84} is not among the operations of PROJ")


@lru_cache(maxsize=256)
def _crs(srid: int) -> CRS:
    try:
        crs = CRS.from_epsg(srid)
    except CRSError:
        raise UnknownCrs(f"no EPSG:{srid}") from None
    if not (crs.is_projected or crs.is_geographic):
        raise UnknownCrs(f"EPSG:{srid} is no system of the plane or of longitude and latitude")
    return crs


def is_projected(srid: int) -> bool:
    """Say whether areas may be measured in the plane of the system; raises UnknownCrs."""
    return bool(_crs(srid).is_projected)


def area_of_use(srid: int) -> Box | None:
    """Return west, south, east, north of where the system is used, None where it is not said."""
    area = _crs(srid).area_of_use
    return None if area is None else (area.west, area.south, area.east, area.north)


def _apply(transformer: Transformer, xy: np.ndarray, way: TransformDirection) -> np.ndarray:
    x, y = transformer.transform(xy[:, 0], xy[:, 1], direction=way, errcheck=True)
    found = np.column_stack((x, y))
    if not np.isfinite(found).all():
        raise ProjError("coordinates outside the system")
    return found
