"""What only the whole load can tell of parcels, and how files of maps become records."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import shapely
import sqlalchemy as sa
from click.testing import CliRunner, Result

from datasets.formats import Options
from registry.citizens import changes as citizens
from registry.cli import main
from registry.kernel.errors import Invalid
from registry.parcels.crs import to_wgs84
from registry.parcels.models import Parcel, ParcelGeometry
from tests import people
from tests.datasets.loads import SAMPLES, Desk, needs_samples, row, square
from tests.people import BAY, LAN

FRENCH = {"idu": "code", "feuille": "sheet", "supf_m2": "legal_area"}


def commune(folder: Path, west: float, code: str = "26740") -> Path:
    """Return a file with the outline of a commune, a square of one kilometre in EPSG:9210."""
    box = shapely.box(west, 1_191_900, west + 1000, 1_192_900)
    drawn = shapely.transform(box, to_wgs84(9210).forward)
    feature = {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": orjson.loads(shapely.to_geojson(drawn)),
    }
    path = folder / "communes.geojson"
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


# Neighbours, communes, holders


def test_parcels_that_share_ground_are_both_reported(desk: Desk) -> None:
    rows = row("T-1"), row("T-2", geometry=square(0.5)), row("T-3", geometry=square(9))
    checked = desk.check_rows(*rows)
    assert desk.found(checked) == {"overlap": 2}
    assert checked.rows_valid == 3


def test_less_ground_than_a_survey_can_tell_is_no_overlap(desk: Desk) -> None:
    # 20 m by 2 cm are 0.4 m2.
    assert not desk.found(desk.check_rows(row("T-1"), row("T-2", geometry=square(0.999))))


def test_a_parcel_that_was_split_may_lie_under_its_parts(desk: Desk) -> None:
    since = {"lineage_event": "Tách thửa", "lineage_from": "T-9", "lineage_on": "02/04/2014"}
    rows = (
        row("T-9", geometry=square(side=40), legal_area="1600", purpose_1_area="1600"),
        row("T-1", **since),
    )
    assert not desk.found(desk.check_rows(*rows))


def test_a_parcel_outside_its_commune_waits(desk: Desk, tmp_path: Path) -> None:
    rows = (
        row(holder_name="Nguyễn Thị Lan"),
        {"code": "T-1", "certificate": "BĐ 266864", "holder_name": "Trần Văn Bảy"},
    )
    away = Options(outlines=commune(tmp_path, 604_000))
    checked = desk.check_rows(*rows, options=away)
    assert desk.found(checked) == {"outside_commune": 1, "parcel_held": 1}
    assert (checked.rows_valid, checked.rows_rejected) == (0, 2)
    assert desk.uploads.path(checked.options["outlines"]).is_file()
    inside = desk.check_rows(*rows, options=Options(outlines=commune(tmp_path, 602_500)))
    assert (desk.found(inside), inside.rows_valid) == ({}, 2)


def test_a_commune_without_outline_is_not_judged(desk: Desk, tmp_path: Path) -> None:
    elsewhere = Options(outlines=commune(tmp_path, 604_000, code="27007"))
    assert not desk.found(desk.check_rows(row(), options=elsewhere))


@pytest.mark.parametrize("text", ["", "{}", '{"features": [{"properties": {"code": "1"}}]}'])
def test_outlines_that_are_none_are_refused(desk: Desk, tmp_path: Path, text: str) -> None:
    path = tmp_path / "communes.geojson"
    path.write_text(text)
    with pytest.raises(Invalid, match="outlines of communes"):
        desk.check_rows(row(), options=Options(outlines=path))


def test_holders_whom_nobody_knows_are_remarked(desk: Desk) -> None:
    with desk.database.transaction() as session:
        citizens.apply_changes(session, [people.change(LAN)], source="test", load=None)
    rows = (
        row("T-1", holder_name="Nguyễn Thị Lan", holder_id=LAN),
        row("T-2", geometry=square(1), holder_name="Trần Văn Bảy", holder_id=BAY),
    )
    checked = desk.check_rows(*rows)
    assert desk.found(checked) == {"unknown_holder": 1}
    assert checked.rows_valid == 2


def test_nothing_of_a_held_parcel_is_loaded(desk: Desk) -> None:
    good = row("T-2", geometry=square(1))
    checked = desk.check_rows(row("T-1", srid=""), good, {"code": "T-1", "holder_name": "Bảy"})
    assert (checked.rows_read, checked.rows_valid, checked.rows_rejected) == (3, 1, 2)
    assert desk.publish(checked).counts == {"added": 1, "changed": 0, "unchanged": 0}
    with desk.database.reading() as session:
        assert list(session.scalars(sa.select(Parcel.code))) == ["T-2"]
        assert session.scalar(sa.select(sa.func.count()).select_from(ParcelGeometry)) == 1


def test_splits_of_one_file_retire_the_parcel_they_came_from(desk: Desk) -> None:
    since = {"lineage_event": "Tách thửa", "lineage_from": "T-9", "lineage_on": "02/04/2020"}
    parent = row("T-9", geometry=square(side=40), legal_area="1600", purpose_1_area="1600")
    desk.publish(desk.check_rows(row("T-1", **since), parent))
    with desk.database.reading() as session:
        states = session.execute(sa.select(Parcel.code, Parcel.state).order_by(Parcel.code))
        assert [tuple(found) for found in states] == [("T-1", "active"), ("T-9", "retired")]


def test_an_outline_of_many_points_fits_a_cell(desk: Desk) -> None:
    drawn = shapely.Point(603_000.123, 1_192_000.456).buffer(11.3, quad_segs=2000)
    text = shapely.to_wkt(drawn, rounding_precision=-1)
    assert len(text) > 200_000
    checked = desk.check_rows(row(geometry=text))
    assert (desk.found(checked), checked.rows_valid) == ({}, 1)
    [document] = desk.staged(checked)
    assert document["geometry"]["wkb"] == shapely.to_wkb(drawn, byte_order=1).hex()


# Options of a check


def test_a_system_that_is_not_told_is_asked_for_and_answered(desk: Desk) -> None:
    untold = row(srid="")
    first = desk.check_rows(untold)
    assert (desk.found(first), first.rows_valid) == ({"crs_missing": 1}, 0)
    again = desk.check_rows(untold, options=Options(crs=9210))
    assert again.id != first.id
    assert desk.check_rows(untold, options=Options(crs=9210)).id == again.id
    assert (desk.found(again), again.rows_valid, again.options) == ({}, 1, {"crs": 9210})


def test_a_row_s_own_system_wins_over_the_one_that_is_told(desk: Desk) -> None:
    checked = desk.check_rows(row(), options=Options(crs=5899))
    [document] = desk.staged(checked)
    assert document["geometry"]["srid"] == 9210


def test_columns_of_other_names_are_mapped_or_left_out(desk: Desk) -> None:
    theirs = {**row(), "so_to": "7", "ghi_chu": "nhà ông Bảy"}
    del theirs["sheet"]
    with pytest.raises(Invalid, match="ghi_chu, so_to"):
        desk.check_rows(theirs)
    with pytest.raises(Invalid, match="No such columns to map: so_tho"):
        desk.check_rows(theirs, options=Options({"so_tho": "sheet"}))
    [document] = desk.staged(
        desk.check_rows(theirs, options=Options({"so_to": "sheet", "ghi_chu": ""}))
    )
    assert document["reference"]["sheet"] == "7"


def test_a_map_is_no_file_of_people(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "citizens.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(Invalid, match="no outlines"):
        desk.check(path, dataset="citizens")


def test_a_shapefile_comes_whole(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "parcels.shp"
    path.write_bytes(b"\x00\x00\x27\x0a" + bytes(96))
    with pytest.raises(Invalid, match="zip"):
        desk.check(path)


def test_the_command_takes_names_and_system(tmp_path: Path) -> None:
    path = tmp_path / "thua.geojson"
    feature = {
        "type": "Feature",
        "properties": {"ma": "T-1", "dt": 400.0, "ghi_chu": "x"},
        "geometry": orjson.loads(shapely.to_geojson(shapely.from_wkt(square()))),
    }
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": [feature]}))
    runner = CliRunner(
        env={
            "SOGOC_DATABASE_URL": f"sqlite:///{tmp_path / 'registry.db'}",
            "SOGOC_UPLOAD_DIR": str(tmp_path / "uploads"),
        }
    )
    assert runner.invoke(main, ["db", "upgrade"]).exit_code == 0
    submit = ["dataset", "submit", "parcels", str(path), "--json"]
    submit += ["--map", "ma=code", "--map", "dt=legal_area"]
    assert runner.invoke(main, [*submit, "--map", "ghi_chu"]).exit_code == 2

    def check(*options: str) -> Result:
        made = runner.invoke(main, [*submit, "--map", "ghi_chu=", *options])
        submission = orjson.loads(made.stdout)["id"]
        return runner.invoke(main, ["dataset", "check", submission, "--json"])

    assert "EPSG" in check().output
    done = check("--crs", "9210")
    assert done.exit_code == 0, done.output
    shape = orjson.loads(done.stdout)
    assert (shape["rows_valid"], shape["options"]["crs"]) == (1, 9210)


# A real cadastre


@needs_samples
@pytest.mark.parametrize(
    ("name", "crs"), [("fr_25354_parcels.gpkg", None), ("fr_25354_parcels.geojson", 2154)]
)
def test_a_real_cadastre_loads_from_end_to_end(desk: Desk, name: str, crs: int | None) -> None:
    checked = desk.check(SAMPLES / "parcels" / name, Options(FRENCH, crs))
    found = desk.found(checked)
    assert (found["area_differs"], found["overlap"]) == (166, 0)
    assert set(found) == {"area_differs", "no_purpose", "reference_incomplete"}
    assert (checked.rows_read, checked.rows_valid) == (511, 511)
    assert desk.publish(checked).counts == {"added": 511, "changed": 0, "unchanged": 0}
    with desk.database.reading() as session:
        assert set(session.scalars(sa.select(Parcel.srid))) == {2154}
        [first] = session.scalars(sa.select(Parcel).where(Parcel.code == "354000AB0001"))
        assert first.legal_area == 226_060
        west, _, _, _ = shapely.from_wkb(first.geometry).bounds
        assert 950_000 < west < 951_100  # as surveyed, in Lambert-93


@needs_samples
def test_a_zipped_shapefile_loads_in_its_own_system(desk: Desk) -> None:
    checked = desk.check(SAMPLES / "parcels" / "fr_25354_AB_shp.zip", Options(FRENCH))
    assert (checked.rows_read, checked.rows_valid) == (14, 14)
    assert {d["geometry"]["srid"] for d in desk.staged(checked)} == {2154}


@needs_samples
def test_columns_of_a_map_that_nobody_mapped_are_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="feuille, supf_m2"):
        desk.check(SAMPLES / "parcels" / "fr_25354_parcels.gpkg", Options({"idu": "code"}))
