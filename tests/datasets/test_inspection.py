"""A first look at a file says what it is, what it leaves open, and what its columns may mean."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from datasets.formats import Options
from datasets.formats.inspection import inspect, suggest
from datasets.specs import SPECS
from tests.datasets.files import codes, written
from tests.datasets.loads import SAMPLES, needs_samples
from tests.datasets.test_workbooks import HEADER, book, person

LABELS = {column.name: (column.vi,) for column in SPECS["citizens"].columns}
NAME = LABELS["full_name"][0].upper()


def test_a_table_is_shown_as_it_is(tmp_path: Path) -> None:
    lines = "".join(f"07{n};Lân;{'x' * 500}\n" for n in range(9))
    path = written(tmp_path / "f", f"Số định danh;{NAME};Ghi chú\n{lines}")
    seen = inspect(path, "nguoi.csv", LABELS)
    assert (seen.kind, seen.file_name, seen.delimiter) == ("csv", "nguoi.csv", ";")
    assert seen.header == ("Số định danh", NAME, "Ghi chú")
    assert len(seen.rows) == 5
    assert seen.rows[0] == ("070", "Lân", "x" * 200)
    assert seen.mapping[NAME] == "full_name"
    assert "Ghi chú" not in seen.mapping
    assert not seen.open
    json.dumps(seen.to_json())


def test_names_are_known_by_column_or_label_and_never_twice() -> None:
    labels = {"full_name": ("Họ và tên",), "father_name": ("Họ tên cha",), "sex": ("Giới tính",)}
    assert suggest(["full_name", "ho va ten", "GIOI-TINH"], labels) == {
        "full_name": "full_name",
        "GIOI-TINH": "sex",
    }
    assert suggest(["Họ và tên", "HO VA TEN"], labels) == {}
    assert suggest(["Full name"], labels) == {"Full name": "full_name"}


def test_sheets_are_listed_with_their_rows(tmp_path: Path) -> None:
    path = book(tmp_path / "f", [HEADER, person()], [HEADER, person(), person()], [["x"]], hidden=2)
    seen = inspect(path)
    assert [(sheet.name, sheet.hidden) for sheet in seen.sheets] == [
        ("Trang 1", False),
        ("Trang 2", False),
        ("Trang 3", True),
    ]
    assert (seen.open, seen.notes) == ({"sheet": "sheet_open"}, ("hidden_sheet",))
    chosen = inspect(path, options=Options(sheet="Trang 2"), labels=LABELS)
    assert not chosen.open
    assert chosen.rows[0] == ("079988000001", "Lan", "17/05/1990", "29,16")
    assert [sheet.rows for sheet in chosen.sheets][:2] == [2, 3]


def test_documents_and_parquet_are_shown_too(tmp_path: Path) -> None:
    seen = inspect(written(tmp_path / "f", '{"a": {"b": "01"}}\n\n{"c": 2}\n'))
    assert (seen.kind, seen.header) == ("jsonl", ("a.b", "c"))
    assert seen.rows == (("01", ""), ("", "2"))
    duckdb.connect().execute(f"COPY (SELECT '01' AS a, 2.5 AS b) TO '{tmp_path}/g'(FORMAT parquet)")
    seen = inspect(tmp_path / "g")
    assert (seen.kind, seen.header, seen.rows) == ("parquet", ("a", "b"), (("01", "2,5"),))


@needs_samples
def test_maps_say_their_layers_and_system() -> None:
    folder = SAMPLES / "parcels"
    seen = inspect(folder / "fr_25354_parcels.gpkg")
    assert (seen.kind, seen.crs, seen.layers) == ("gpkg", 2154, {"fr_25354_parcels": 511})
    assert {"idu", "geometry"} <= set(seen.header)
    assert len(seen.rows) == 5
    assert inspect(folder / "fr_25354_AB_shp.zip").kind == "shp"
    seen = inspect(folder / "fr_25354_parcels.geojson")
    assert (seen.kind, seen.open) == ("geojson", {"crs": "crs_missing"})
    seen = inspect(folder / "fr_25354_AB.dxf")
    assert (seen.kind, seen.layers, seen.text_layers) == ("dxf", {"PARCELLE": 14}, {"NUMERO": 14})
    assert seen.open == {"crs": "crs_missing"}


def test_what_nothing_can_answer_is_refused_at_once(tmp_path: Path) -> None:
    assert codes(written(tmp_path / "f", b"%PDF-1.7")) == ["file_picture"]
