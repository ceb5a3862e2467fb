"""Drawings: the lines of the chosen layer are parcels, the text inside is the number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ezdxf.document
import pytest
import shapely
from ezdxf.enums import TextEntityAlignment

from datasets.formats import Options
from datasets.formats.drawings import read_drawing
from datasets.formats.geo import GEOMETRY, SRID, read_geo_rows
from datasets.formats.inspection import inspect
from registry.parcels.geometry import examine
from tests.datasets.files import codes, compound, refusal, written
from tests.datasets.loads import EAST, NORTH, SAMPLES, needs_samples

COLUMNS = ("number", "geometry", "srid")
CRS = Options(crs=9210)


def square(column: float = 0, side: float = 20) -> list[tuple[float, float]]:
    west, east = EAST + 20 * column, EAST + 20 * column + side
    return [(west, NORTH), (east, NORTH), (east, NORTH + side), (west, NORTH + side)]


def drawn(path: Path, draw: Any) -> Path:
    document = ezdxf.document.Drawing.new()
    draw(document.modelspace())
    document.saveas(path)
    return path


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"AC1032" + bytes(200), "dwg"),
        (b"AC1015" + bytes(200), "dwg"),
        (b"\x08\x05\xfe\x02" + bytes(200), "dgn"),
        (b"\xc8\x05\xfe\x02" + bytes(200), "dgn"),
        (b"0\nSECTION\n2\nENTITIES\n0\nLINE\n8\n", "drawing_broken"),
        (b"AutoCAD Binary DXF\r\n\x1a\x00" + b"\xff" * 99, "drawing_broken"),
    ],
)
def test_drawings_that_nobody_can_read_are_refused_with_the_way_out(
    tmp_path: Path, content: bytes, code: str
) -> None:
    told, error = refusal(written(tmp_path / "f", content), CRS, COLUMNS)
    assert told == [("/file", code)]
    assert "DXF" in error.detail.vi


def test_a_drawing_of_microstation_8_is_told_from_a_workbook(tmp_path: Path) -> None:
    path = compound(tmp_path / "f", "Dgn~H", b"Workbook".decode().encode("utf-16-le"))
    told, error = refusal(path, CRS, COLUMNS)
    assert told == [("/file", "dgn")]
    assert "DXF" in error.detail.vi


def test_what_a_drawing_leaves_open_is_asked(tmp_path: Path) -> None:
    def draw(space: Any) -> None:
        for layer in ("THUA", "NHA"):
            space.add_lwpolyline(square(), close=True, dxfattribs={"layer": layer})
        for layer in ("SO", "TEN"):
            space.add_text(layer, dxfattribs={"layer": layer}).set_placement((EAST + 5, NORTH + 5))

    path = drawn(tmp_path / "f", draw)
    assert refusal(path, Options(), COLUMNS)[0] == [("/crs", "crs_missing")]
    told, error = refusal(path, CRS, COLUMNS)
    assert (told, error.members["candidates"]) == ([("/layer", "layer_open")], ["THUA", "NHA"])
    told, error = refusal(path, Options(crs=9210, layer="THUA"), COLUMNS)
    assert told == [("/text_layer", "text_layer_open")]
    assert error.members["candidates"] == ["SO", "TEN"]
    [row] = read_drawing(path, Options(crs=9210, layer="THUA", text_layer="SO"))
    assert (row.cells["number"], row.cells[SRID], row.part) == ("SO", "9210", "THUA")
    seen = inspect(path)
    assert seen.open == {
        "crs": "crs_missing",
        "layer": "layer_open",
        "text_layer": "text_layer_open",
    }
    assert (seen.layers, seen.text_layers) == ({"THUA": 1, "NHA": 1}, {"SO": 1, "TEN": 1})


def test_a_drawing_without_lines_has_no_parcels(tmp_path: Path) -> None:
    path = drawn(tmp_path / "f", lambda space: space.add_text("1"))
    assert codes(path, CRS, COLUMNS) == ["layer_missing"]


def test_numbers_that_are_missing_or_many_are_noted(tmp_path: Path) -> None:
    def draw(space: Any) -> None:
        for column in range(4):
            space.add_lwpolyline(square(column), close=True, dxfattribs={"layer": "THUA"})
        for text, column in (("1", 0), ("2", 1), ("3", 1)):
            space.add_text(text).set_placement((EAST + 20 * column + 5, NORTH + 5))
        # Right-aligned, and in several lines: the place is a point of their own.
        right = space.add_text("4")
        right.set_placement((EAST + 75, NORTH + 5), align=TextEntityAlignment.RIGHT)
        space.add_mtext("{\\fArial|b1;5}").set_location((EAST + 45, NORTH + 5))

    rows = list(read_drawing(drawn(tmp_path / "f", draw), CRS))
    assert [row.cells.get("number") for row in rows] == ["1", None, "5", "4"]
    assert [row.notes for row in rows] == [(), (("dxf_number_repeated", "number"),), (), ()]
    space_only = drawn(tmp_path / "g", lambda space: space.add_lwpolyline(square(), close=True))
    [row] = read_drawing(space_only, CRS)
    assert row.notes == (("dxf_number_missing", "number"),)


def test_a_number_is_of_the_smallest_outline_around_it(tmp_path: Path) -> None:
    def draw(space: Any) -> None:
        space.add_lwpolyline(square(0, 100), close=True)
        space.add_lwpolyline(square(1), close=True)
        space.add_text("7").set_placement((EAST + 25, NORTH + 5))
        space.add_text("8").set_placement((EAST + 80, NORTH + 80))

    rows = read_drawing(drawn(tmp_path / "f", draw), CRS)
    assert [row.cells["number"] for row in rows] == ["8", "7"]


def test_every_way_of_drawing_a_ring_is_an_outline_and_an_open_one_stays_open(
    tmp_path: Path,
) -> None:
    def draw(space: Any) -> None:
        space.add_lwpolyline(square(0), close=True)
        space.add_lwpolyline(square(0))
        space.add_lwpolyline([*square(0), square(0)[0]])
        space.add_polyline2d(square(0), close=True)
        space.add_polyline3d([(*point, 3) for point in square(0)], close=True)
        space.add_hatch().paths.add_polyline_path(square(0), is_closed=True)
        double = space.add_hatch()
        double.paths.add_polyline_path(square(0, 100), is_closed=True)
        double.paths.add_polyline_path(square(1), is_closed=True)
        space.add_lwpolyline([(EAST, NORTH, 1), (EAST + 20, NORTH, 1)], format="xyb", close=True)

    rows = list(read_drawing(drawn(tmp_path / "f", draw), CRS))
    assert ("dxf_ring_complex", GEOMETRY) in rows[6].notes
    assert GEOMETRY not in rows[6].cells
    examined = [
        examine(bytes.fromhex(row.cells[GEOMETRY]), 9210) for row in rows if GEOMETRY in row.cells
    ]
    assert examined[1] == (None, ("unclosed_ring",))
    areas = [shape.area for shape, _ in examined if shape]
    assert areas[:5] == pytest.approx([400] * 5)
    assert areas[5] == pytest.approx(314.16, rel=0.01)  # a circle of two arcs


@needs_samples
def test_the_drawing_of_a_sheet_is_its_shapefile() -> None:
    folder = SAMPLES / "parcels"
    drawing = list(read_drawing(folder / "fr_25354_AB.dxf", Options(crs=2154)))
    shapes = list(read_geo_rows(folder / "fr_25354_AB_shp.zip"))
    assert not any(row.notes for row in drawing)
    known = {row.cells["idu"][-4:]: _shape(row.cells) for row in shapes}
    found = {row.cells["number"]: _shape(row.cells) for row in drawing}
    assert found.keys() == known.keys()
    for number, shape in found.items():
        assert shape.symmetric_difference(known[number]).area < 0.01 * known[number].area
    assert {row.part for row in drawing} == {"PARCELLE"}


def _shape(cells: Any) -> Any:
    return shapely.from_wkb(bytes.fromhex(cells[GEOMETRY]))
