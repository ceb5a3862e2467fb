"""Files that mean harm are refused by a name, in bounded memory."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from datasets.formats import Options
from datasets.formats.archives import Budget, opened, unpacked
from datasets.formats.geo import read_geo_rows
from datasets.formats.parts import clean_copy
from registry.kernel.errors import Invalid
from tests.datasets.files import codes, ods, ods_cell, read, written, zipped
from tests.datasets.loads import SAMPLES, needs_samples

ROOT = Path(__file__).parents[2]
MAP = ("geometry", "srid")
ENTITY = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


def book(path: Path) -> Path:
    made = xlsxwriter.Workbook(path)
    page = made.add_worksheet()
    page.write_row(0, 0, ["personal_id", "full_name"])
    page.write_row(1, 0, ["1", "Lan"])
    made.close()
    return path


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Change one part of a workbook."""
    with zipfile.ZipFile(book(path)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new, 1)
    return zipped(path, parts)


def sheet(path: Path, data: bytes) -> Path:
    old = b"<sheetData>"
    return changed(path, "xl/worksheets/sheet1.xml", old, old + data)


# Archives


def test_a_bomb_is_counted_while_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", bytes(3_000_000))
    content = bytearray(path.read_bytes())
    # What it says of its size is false, at both places where it says it.
    for at in (content.index(b"PK\x03\x04") + 22, content.index(b"PK\x01\x02") + 24):
        content[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    with (
        pytest.raises(Invalid) as refused,
        opened(path, 1_000_000) as (archive, [info]),
    ):
        for _ in unpacked(archive, info, Budget(1_000_000)):
            pass
    assert refused.value.errors[0].code in {"archive_too_large", "archive_broken"}
    with pytest.raises(Invalid) as refused:
        clean_copy(zipped(tmp_path / "g", {"a.xml": bytes(3_000_000)}), tmp_path / "h", 1_000_000)
    assert refused.value.errors[0].code == "archive_too_large"


def test_a_budget_is_used_up_by_what_comes_out() -> None:
    budget = Budget(10)
    budget.take(10)
    with pytest.raises(Invalid) as refused:
        budget.take(1)
    assert refused.value.errors[0].code == "archive_too_large"


def test_an_archive_that_claims_two_gigabytes_is_refused_unopened(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f", {"a.shp": b"x"})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 2 << 30)
    assert codes(written(path, bytes(content)), columns=MAP) == ["archive_too_large"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../a.shp", "archive_path"),
        ("/etc/a.shp", "archive_path"),
        ("b/../../a.shp", "archive_path"),
        ("..\\a.shp", "archive_path"),
        ("C:\\a.shp", "archive_path"),
        ("inner.zip", "archive_nested"),
        ("a/inner.7z", "archive_nested"),
        ("notes.txt", "archive_unknown"),
    ],
)
def test_names_of_an_archive_stay_inside_it(tmp_path: Path, name: str, code: str) -> None:
    assert codes(zipped(tmp_path / "f", {name: b"x"}), columns=MAP) == [code]
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_archives_that_are_cut_off_or_locked_are_refused(tmp_path: Path) -> None:
    whole = book(tmp_path / "f").read_bytes()
    for size in (4, 30, len(whole) // 2, len(whole) - 10):
        assert codes(written(tmp_path / "g", whole[:size])) == ["archive_broken"]
    locked = bytearray(zipped(tmp_path / "h", {"a.shp": b"x"}).read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert codes(written(tmp_path / "h", bytes(locked))) == ["archive_broken"]
    assert codes(written(tmp_path / "i", b"\x1f\x8b\x08" + bytes(99))) == ["archive_unknown"]


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "f")
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr("xl/workbook.xml", b"<other/>")
    assert codes(path) == ["archive_broken"]


# Workbooks


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_entities_are_refused_wherever_they_are(tmp_path: Path, part: str) -> None:
    path = changed(tmp_path / "f", part, b"?>", b"?>" + ENTITY.encode())
    assert codes(path) == ["xml_entities"]


def test_entities_of_opendocument_are_refused(tmp_path: Path) -> None:
    assert codes(ods(tmp_path / "f", ods_cell("&e;"), before=ENTITY)) == ["xml_entities"]


def test_parts_in_another_encoding_hide_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(book(tmp_path / "f")) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    text = parts["xl/sharedStrings.xml"].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    parts["xl/sharedStrings.xml"] = text.encode("utf-16")
    assert codes(zipped(tmp_path / "f", parts)) == ["workbook_broken"]


@pytest.mark.parametrize(
    "data",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row r='1048576'><c r = 'xfd1048576'><v>1</v></c></row>",
        b"<row>" + b"<c><v>1</v></c>" * 16_000 + b"</row>" + b"<row/>" * 2_000,
        b'<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>' * 2,
    ],
)
def test_a_sheet_that_becomes_endless_is_refused(tmp_path: Path, data: bytes) -> None:
    assert codes(sheet(tmp_path / "f", data)) == ["sheet_too_large"]


@pytest.mark.parametrize(
    "rows",
    [
        '<table:table-row table:number-rows-repeated="1048576">'
        + ods_cell("x", 16384)
        + "</table:table-row>",
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/>'
        "</table:table-row><table:table-row>"
        '<table:table-cell table:number-columns-repeated="16383"/>'
        + ods_cell("x")
        + "</table:table-row>",
    ],
)
def test_cells_of_opendocument_are_not_repeated_without_end(tmp_path: Path, rows: str) -> None:
    assert codes(ods(tmp_path / "f", rows)) == ["sheet_too_large"]


def test_errors_without_end_are_refused(tmp_path: Path) -> None:
    cells = b"".join(b'<row r="%d"><c r="A%d" t="e"/></row>' % (n, n) for n in range(3, 100_005))
    assert codes(sheet(tmp_path / "f", cells)) == ["error_cells"]


def test_many_sheets_share_one_bound(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(tmp_path / "f")
    for _ in range(20):
        made.add_worksheet().write(9_999, 99, "x")
    made.close()
    assert codes(tmp_path / "f") == ["sheet_too_large"]


def test_broken_parts_are_refused(tmp_path: Path) -> None:
    assert codes(changed(tmp_path / "f", "xl/workbook.xml", b">", b"><<>")) == ["workbook_broken"]


# Text and maps


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (bytes(100), "file_binary"),
        (b"%PDF-1.7\n", "file_picture"),
        (b"\x89PNG\r\n\x1a\n", "file_picture"),
        (b"<html><table><tr><td>x", "file_markup"),
        (b'<?xml version="1.0"?><OGRVRTDataSource/>', "file_markup"),
        (b"SQLite format 3\0" + bytes(100), "database_unknown"),
        (b"\x00\x00\x27\x0a" + bytes(96), "shapefile_parts"),
    ],
)
def test_other_files_are_refused_by_what_they_hold(
    tmp_path: Path, content: bytes, code: str
) -> None:
    # Whatever they are called.
    assert codes(written(tmp_path / "people.csv", content)) == [code]


def test_maps_are_refused_for_people(tmp_path: Path) -> None:
    path = written(tmp_path / "f", '{"type": "FeatureCollection", "features": []}')
    assert codes(path) == ["kind_not_for_dataset"]


@pytest.mark.parametrize("depth", [2_000, 1_000_000])
def test_deep_geojson_is_refused(tmp_path: Path, depth: int) -> None:
    text = '{"type": "FeatureCollection", "features": ' + "[" * depth + "]" * depth + "}"
    assert codes(written(tmp_path / "f", text), columns=MAP) == ["map_broken"]


@needs_samples
@pytest.mark.parametrize(
    "program",
    [
        "CREATE TRIGGER t AFTER INSERT ON fr_25354_parcels BEGIN DELETE FROM gpkg_contents; END",
        "CREATE TRIGGER rtree_x_insert AFTER INSERT ON fr_25354_parcels"
        " BEGIN DELETE FROM rtree_x WHERE id = 1; DELETE FROM fr_25354_parcels; END",
        "CREATE TRIGGER t AFTER UPDATE ON fr_25354_parcels"
        " BEGIN UPDATE gpkg_ogr_contents SET feature_count = load_extension('x'); END",
        "CREATE VIEW v AS SELECT load_extension('evil.so') AS x",
        "CREATE VIEW v AS SELECT \"readfile\" ('/etc/passwd') AS x",
        "CREATE VIEW v AS SELECT readfile/**/('/etc/passwd') AS x",
        "CREATE VIRTUAL TABLE v USING fts5(x)",
    ],
)
def test_a_geopackage_with_programs_is_refused(tmp_path: Path, program: str) -> None:
    path = tmp_path / "f"
    shutil.copyfile(SAMPLES / "parcels" / "fr_25354_parcels.gpkg", path)
    database = sqlite3.connect(path)
    database.execute(program)
    database.close()
    with pytest.raises(Invalid) as refused:
        next(iter(read_geo_rows(path)))
    assert [error.code for error in refused.value.errors] == ["geopackage_program"]


@needs_samples
def test_the_triggers_of_the_standard_pass(tmp_path: Path) -> None:
    path = tmp_path / "f"
    shutil.copyfile(SAMPLES / "parcels" / "fr_25354_parcels.gpkg", path)
    database = sqlite3.connect(path)
    database.execute("CREATE VIEW v AS SELECT fid, count(*) AS n FROM fr_25354_parcels GROUP BY 1")
    kept = database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
    database.close()
    assert kept[0] > 0
    assert next(iter(read_geo_rows(path))).cells["idu"] == "354000AB0001"


@needs_samples
def test_a_broken_geopackage_is_refused(tmp_path: Path) -> None:
    content = (SAMPLES / "parcels" / "fr_25354_parcels.gpkg").read_bytes()
    for cut in (content[:2000], content[:100] + bytes(5000)):
        with pytest.raises(Invalid) as refused:
            next(iter(read_geo_rows(written(tmp_path / "f", cut))))
        assert [error.code for error in refused.value.errors] == ["map_broken"]


# Memory


def test_harm_stays_within_bounds_of_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("xl/workbook.xml", "xl/sharedStrings.xml"):
            with archive.open(name, "w") as part:
                for _ in range(600):
                    part.write(b" " * (1 << 20))
    endless = tmp_path / "endless"
    with endless.open("wb") as file:
        file.truncate(2 << 30)
        file.seek(0)
        file.write(b"personal_id\n" + b"1,2\n" * 20_000)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from datasets.formats import Options\n"
        "from datasets.sources import read_file\n"
        "from registry.kernel.errors import Invalid\n"
        "start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for name in sys.argv[1:]:\n"
        "    try: [None for _ in read_file(Path(name), ['personal_id'], [], Options())]\n"
        "    except Invalid as error: print(error.errors[0].code)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) >> 10)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", code, str(bomb), str(endless)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
    )
    first, second, megabytes = done.stdout.split()
    assert (first, second) == ("archive_too_large", "line_too_long")
    assert int(megabytes) < 256


def test_a_good_file_beside_them_is_read(tmp_path: Path) -> None:
    [row] = read(book(tmp_path / "f"), Options())
    assert row.cells == {"personal_id": "1", "full_name": "Lan"}
