"""Outlines: what is refused, what is only told, and that the surveyed coordinates stay."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.parcels.crs import to_wgs84
from registry.parcels.geometry import (
    ERRORS,
    WARNINGS,
    Shape,
    ShapeError,
    examine,
    measure,
    overlaps,
    wkb_from_geojson,
)
from tests.parcels import EAST, NORTH

_FOLDERS = (above / "shared" / "samples" / "vn-admin" for above in Path(__file__).parents)
SAMPLES = next((folder for folder in _FOLDERS if folder.is_dir()), None)
SQUARE = shapely.box(EAST, NORTH, EAST + 20, NORTH + 20)
VUNG_TAU = shapely.box(426432, 1144644, 426452, 1144664)


def codes(wkb: bytes | None, srid: int | None = 9210, **more: float) -> tuple[str, ...]:
    return examine(wkb, srid, legal_area=more.get("legal"))[1]


def bow_tie() -> bytes:
    return bytes(shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]).wkb)


def unclosed() -> bytes:
    closed = bytearray(SQUARE.wkb)
    closed[-16:] = shapely.Point(EAST + 5, NORTH + 5).wkb[-16:]
    return bytes(closed)


@pytest.mark.parametrize(
    ("wkb", "srid", "code"),
    [
        (None, 9210, "empty_geometry"),
        (b"", 9210, "empty_geometry"),
        (shapely.Polygon().wkb, 9210, "empty_geometry"),
        (b"no geometry", 9210, "invalid_geometry"),
        (shapely.Point(EAST, NORTH).wkb, 9210, "invalid_geometry"),
        (bow_tie(), 9210, "invalid_geometry"),
        (unclosed(), 9210, "unclosed_ring"),
        (SQUARE.wkb, None, "crs_missing"),
        (SQUARE.wkb, 999999, "crs_unknown"),
        (SQUARE.wkb, 4978, "crs_unknown"),
        (SQUARE.wkb, 4326, "outside_crs_area"),
        (SQUARE.wkb, 2154, "outside_crs_area"),
        (shapely.box(5_000_000, NORTH, 5_000_020, NORTH + 20).wkb, 9210, "outside_crs_area"),
        (shapely.box(NORTH, EAST, NORTH + 20, EAST + 20).wkb, 9210, "swapped_axes"),
        (shapely.box(1144644, 426432, 1144664, 426452).wkb, 5899, "swapped_axes"),
    ],
    ids=itertools.count(),
)
def test_what_can_t_be_kept_is_named(wkb: bytes | None, srid: int | None, code: str) -> None:
    assert codes(wkb, srid) == (code,)
    assert code in ERRORS


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, "unclosed_ring"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [0, 0]]]}, "unclosed_ring"),
        ({"type": "Polygon", "coordinates": []}, "empty_geometry"),
        ({"type": "Polygon", "coordinates": [7]}, "invalid_geometry"),
        ({"type": "Polygon", "coordinates": [[7]]}, "invalid_geometry"),
        ({"type": "Polygon", "coordinates": [[["a"], ["b"], ["c"], ["a"]]]}, "invalid_geometry"),
        ({"type": "Point", "coordinates": [0, 0]}, "invalid_geometry"),
        ({}, "invalid_geometry"),
    ],
)
def test_what_geojson_can_t_say_is_named(geometry: dict[str, object], code: str) -> None:
    with pytest.raises(ShapeError) as refused:
        wkb_from_geojson(geometry)
    assert refused.value.code == code


def test_warnings_keep_the_outline() -> None:
    shape, found = examine(SQUARE.wkb, 9210, legal_area=500.0)
    assert shape is not None
    assert found == ("area_differs",)
    assert codes(SQUARE.wkb, legal=407.0) == ()
    assert "area_differs" in WARNINGS


def test_the_islands_of_the_city_may_be_drawn_in_its_zone() -> None:
    con_dao = to_wgs84(9210).back(shapely.get_coordinates(shapely.Point(106.6, 8.69)))[0]
    place = shapely.box(*con_dao, *(con_dao + 20))
    assert examine(place.wkb, 9210)[1] == ()
    swapped = shapely.transform(place, lambda xy: xy[:, ::-1])
    assert examine(swapped.wkb, 9210)[1] == ("swapped_axes",)


def test_one_operation_of_two_is_pinned_for_both_zones_of_the_city() -> None:
    west, east = measure(SQUARE.wkb, 9210), measure(VUNG_TAU.wkb, 5899)
    assert west.transformation == east.transformation == "EPSG:6960 VN-2000 to WGS 84 (2)"
    # The same corner of Vũng Tàu, computed by hand from the ministry's seven parameters.
    assert east.box[:2] == pytest.approx((107.07999622, 10.35000082), abs=1e-7)


def test_the_two_zones_of_the_city_meet_in_one_place() -> None:
    from_the_west = measure(shapely.box(645463, 1144869, 645483, 1144889).wkb, 9210)
    assert from_the_west.box[:2] == pytest.approx(measure(VUNG_TAU.wkb, 5899).box[:2], abs=1e-4)


def test_the_best_operation_of_another_country_is_recorded() -> None:
    shape = measure(shapely.box(951000, 6703000, 951020, 6703020).wkb, 2154)
    assert "RGF93" in shape.transformation
    assert shape.area == 400.0


def test_surveyed_coordinates_are_never_touched_and_maps_turn_the_right_way() -> None:
    clockwise = shapely.reverse(shapely.orient_polygons(SQUARE))
    shape = measure(clockwise.wkb, 9210)
    assert shape.wkb == clockwise.wkb
    assert shapely.from_geojson(shape.outline).exterior.is_ccw


def test_degrees_are_measured_on_the_ellipsoid() -> None:
    drawn = shapely.from_geojson(measure(SQUARE.wkb, 9210).outline)
    # The plane is drawn to 0.9999 of the ground in its middle, and this is 35 km away from it.
    assert measure(drawn.wkb, 4326).area == pytest.approx(400.0, rel=1e-3)


@pytest.mark.skipif(SAMPLES is None, reason="the ward outlines are not here")
def test_a_parcel_outside_its_commune_is_named() -> None:
    assert SAMPLES is not None
    text = (SAMPLES / "hcmc-ward-boundaries-simplified.geojson").read_text("utf-8")
    wards = json.loads(text)["features"]
    outlines = [shapely.from_geojson(json.dumps(ward["geometry"])) for ward in wards]
    here = shapely.from_geojson(measure(SQUARE.wkb, 9210).outline)
    [own] = [outline for outline in outlines if outline.contains(here)]
    other = next(outline for outline in outlines if outline.distance(here) > 0.1)
    assert examine(SQUARE.wkb, 9210, commune=own)[1] == ()
    assert examine(SQUARE.wkb, 9210, commune=other)[1] == ("outside_commune",)


def grid(*places: tuple[float, float]) -> list[Shape]:
    return [
        measure(shapely.box(EAST + x, NORTH + y, EAST + x + 20, NORTH + y + 20).wkb, 9210)
        for x, y in places
    ]


def test_neighbours_may_touch_but_not_share() -> None:
    assert overlaps(grid((0, 0), (20, 0), (0, 20), (20, 20))) == []
    [found] = overlaps(grid((0, 0), (100, 0), (19, 0)))
    assert (found.first, found.second, found.area) == (0, 2, 20.0)
    assert overlaps(grid((0, 0), (19.99, 0))) == []
    assert len(overlaps(grid((0, 0), (19.99, 0)), tolerance_m2=0.1)) == 1
    assert overlaps([]) == []


def test_the_same_outline_twice_is_an_overlap() -> None:
    assert [o.area for o in overlaps(grid((0, 0), (0, 0)))] == [400.0]


@given(st.floats(105.3, 108.3), st.floats(9.8, 11.5), st.sampled_from([9210, 5899]))
def test_a_place_comes_back_to_itself(longitude: float, latitude: float, srid: int) -> None:
    operation = to_wgs84(srid)
    there = operation.back(shapely.get_coordinates(shapely.Point(longitude, latitude)))
    back = operation.forward(there)
    assert back[0] == pytest.approx((longitude, latitude), abs=1e-8)
