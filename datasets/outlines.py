"""Commune outlines from a GeoJSON file, for whoever holds parcels against them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from registry.kernel.errors import Invalid, Text


def read_outlines(path: Path) -> Iterator[tuple[str, BaseGeometry]]:
    """Yield the ``code`` of each feature and its outline in longitude and latitude.

    Raises Invalid for a file that can't be read.
    """
    try:
        for feature in orjson.loads(path.read_bytes())["features"]:
            code = feature["properties"]["code"]
            yield str(code), shapely.from_geojson(orjson.dumps(feature["geometry"]))
    except (ValueError, KeyError, TypeError, shapely.GEOSException):
        raise Invalid(
            Text("Tệp ranh giới xã không đọc được.", "The outlines of communes can't be read.")
        ) from None
