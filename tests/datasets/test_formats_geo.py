"""Geographic files are read by what they are; what they leave open is asked and never guessed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely

from datasets.formats import AS_IT_IS, Options, Row
from datasets.formats.geo import GEOMETRY, SRID, read_geo_rows
from registry.kernel.errors import Invalid
from registry.parcels.geometry import Shape, examine, overlaps

ROOT = Path(__file__).parents[2]
_FOLDERS = (above / "shared" / "samples" / "parcels" for above in Path(__file__).parents)
SAMPLES = next((folder for folder in _FOLDERS if folder.is_dir()), None)
samples = pytest.mark.skipif(SAMPLES is None, reason="the cadastral samples are not here")
LAMBERT = 2154


def sample(name: str) -> Path:
    assert SAMPLES is not None
    return SAMPLES / name


def collection(*geometries: Any, **members: Any) -> str:
    features = [
        {"type": "Feature", "properties": {"so_thua": "007"}, "geometry": geometry}
        for geometry in geometries
    ]
    return json.dumps({"type": "FeatureCollection", **members, "features": features})


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "upload.bin"
        path.write_text(text, "utf-8")
        return path

    return write


def refused(path: Path, options: Options = AS_IT_IS) -> Invalid:
    with pytest.raises(Invalid) as caught:
        list(read_geo_rows(path, options))
    return caught.value


RING = [[106.7, 10.7], [106.8, 10.7], [106.8, 10.8], [106.7, 10.7]]
METRES = [[603000.0, 1192000.0], [603020.0, 1192000.0], [603020.0, 1192020.0]]
METRES_RING = [*METRES, METRES[0]]


# Refusals


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<OGRVRTDataSource/>",
        "code,wkt\n1,POINT(0 0)",
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector info other.gpkg"}',
        '{"type": "FeatureCollection", "features": [',
    ],
)
def test_what_is_no_geographic_file_is_refused(write: Callable[[str], Path], text: str) -> None:
    assert refused(write(text)).code == "invalid"


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload.gpkg"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    assert "GeoPackage" in refused(path).detail.en


def test_an_archive_is_unpacked_to_its_limit_only(tmp_path: Path) -> None:
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", bytes(3_000_000))
    with pytest.raises(Invalid, match="too large"):
        list(read_geo_rows(path, largest=1_000_000))
    assert "can't be read" in refused(path).detail.en


def test_an_archive_does_not_reach_beside_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.shp", b"no shape")
        archive.writestr("readme.txt", b"kept out")
    assert [error.code for error in refused(path).errors] == ["archive_path"]
    assert not list(tmp_path.parent.glob("outside.shp"))


def test_metres_without_a_system_are_a_question(write: Callable[[str], Path]) -> None:
    path = write(collection({"type": "Polygon", "coordinates": [METRES_RING]}))
    error = refused(path)
    assert [(e.pointer, e.code) for e in error.errors] == [("/crs", "crs_missing")]
    assert error.members["candidates"] == []
    [row] = read_geo_rows(path, Options(crs=9210))
    assert (row.cells[SRID], row.cells["so_thua"]) == ("9210", "007")


def test_a_library_that_is_missing_is_said_with_what_to_do(write: Callable[[str], Path]) -> None:
    path = write(collection())
    code = (
        "import sys; sys.modules['pyogrio'] = None\n"
        "from pathlib import Path\n"
        "from datasets.formats.geo import read_geo_rows\n"
        "from registry.kernel.errors import Invalid\n"
        "try: list(read_geo_rows(Path(sys.argv[1])))\n"
        "except Invalid as error: print(error.detail.en)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "requirements/geo.txt" in done.stdout


@samples
def test_a_member_that_the_standard_dropped_is_a_hint_and_no_answer() -> None:
    error = refused(sample("fr_25354_parcels.geojson"))
    assert [e.code for e in error.errors] == ["crs_missing"]
    assert error.members["candidates"] == [LAMBERT]


@samples
def test_letters_that_contradict_what_is_said_of_them_are_a_question(tmp_path: Path) -> None:
    path = zipped(tmp_path, "Thửa bé".encode(), cpg=b"ISO-8859-1")
    error = refused(path)
    assert [(e.pointer, e.code) for e in error.errors] == [("/encoding", "encoding_unknown")]
    assert error.members["candidates"] == ["UTF-8", "ISO-8859-1"]
    rows = list(read_geo_rows(path, Options(encoding="utf-8")))
    assert rows[0].cells["idu"] == "Thửa bé"


@samples
@pytest.mark.parametrize("cpg", [None, b"UTF-8", b"hex", b"nonsense"])
def test_letters_of_nobody_knows_which_table_are_a_question(
    tmp_path: Path, cpg: bytes | None
) -> None:
    path = zipped(tmp_path, b"Ng\xf4", cpg=cpg)
    assert [e.code for e in refused(path).errors] == ["encoding_unknown"]
    assert next(iter(read_geo_rows(path, Options(encoding="1252")))).cells["idu"] == "Ngô"


def zipped(folder: Path, name: bytes, *, cpg: bytes | None) -> Path:
    """Return the sample Shapefile with the first text changed, and what it says of its texts."""
    made = folder / "changed.zip"
    with (
        zipfile.ZipFile(sample("fr_25354_AB_shp.zip")) as old,
        zipfile.ZipFile(made, "w") as new,
    ):
        for info in old.infolist():
            content = old.read(info)
            if info.filename.endswith(".cpg"):
                continue
            if info.filename.endswith(".dbf"):
                content = content.replace(b"354000AB0001", name.ljust(12), 1)
            new.writestr(info.filename, content)
        if cpg is not None:
            new.writestr("fr_25354_AB.cpg", cpg)
    return made


# Answers


def test_longitudes_and_latitudes_need_no_word(write: Callable[[str], Path]) -> None:
    polygon = {"type": "Polygon", "coordinates": [RING]}
    rows = list(read_geo_rows(write(collection(polygon, None))))
    assert [row.line for row in rows] == [1, 2]
    assert rows[0].cells[SRID] == "4326"
    drawn = shapely.from_wkb(bytes.fromhex(rows[0].cells[GEOMETRY]))
    assert [list(point) for point in drawn.exterior.coords] == RING
    assert GEOMETRY not in rows[1].cells


def test_an_unclosed_ring_stays_unclosed_for_its_rule(write: Callable[[str], Path]) -> None:
    polygon = {"type": "Polygon", "coordinates": [METRES]}
    [row] = read_geo_rows(write(collection(polygon)), Options(crs=9210))
    assert examine(bytes.fromhex(row.cells[GEOMETRY]), 9210) == (None, ("unclosed_ring",))


def examined(rows: Iterator[Row]) -> list[tuple[Shape, tuple[str, ...]]]:
    found = []
    for row in rows:
        shape, findings = examine(
            bytes.fromhex(row.cells[GEOMETRY]),
            int(row.cells[SRID]),
            legal_area=float(row.cells["supf_m2"]),
        )
        assert shape is not None
        found.append((shape, findings))
    return found


@samples
@pytest.mark.parametrize(
    ("name", "options"),
    [("gpkg", AS_IT_IS), ("geojson", Options(crs=LAMBERT))],
)
def test_a_real_cadastre_passes_the_checks(name: str, options: Options) -> None:
    found = examined(read_geo_rows(sample(f"fr_25354_parcels.{name}"), options))
    assert len(found) == 511
    assert {shape.srid for shape, _ in found} == {LAMBERT}
    assert [codes for _, codes in found].count(("area_differs",)) == 166
    assert {code for _, codes in found for code in codes} == {"area_differs"}
    assert overlaps([shape for shape, _ in found]) == []


@samples
def test_a_geopackage_is_read_from_a_copy(tmp_path: Path) -> None:
    shutil.copy(sample("fr_25354_parcels.gpkg"), tmp_path / "upload")
    first = next(iter(read_geo_rows(tmp_path / "upload")))
    assert first.cells["idu"] == "354000AB0001"
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


@samples
def test_a_zipped_shapefile_says_its_letters_and_system_itself() -> None:
    rows = list(read_geo_rows(sample("fr_25354_AB_shp.zip")))
    assert len(rows) == 14
    assert (rows[0].cells["idu"], rows[0].cells["supf_m2"]) == ("354000AB0001", "226060")
    assert {row.cells[SRID] for row in rows} == {"2154"}


@samples
def test_a_layer_that_is_not_there_is_a_question() -> None:
    error = refused(sample("fr_25354_parcels.gpkg"), Options(layer="thua_dat"))
    assert error.members["candidates"] == ["fr_25354_parcels"]
