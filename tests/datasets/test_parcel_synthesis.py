"""Made-up parcels: the ground is shared out whole, the papers fit the people and the times."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest
import shapely

from datasets.formats import Options, Row
from datasets.specs import SPECS
from datasets.specs.parcels import read
from datasets.synthetic import deeds, files
from datasets.synthetic.grounds import Grounds, communes
from datasets.synthetic.people import ON
from registry.kernel.errors import Ambiguous
from registry.parcels.geometry import Shape, overlaps
from tests.conftest import Service
from tests.datasets.loads import SAMPLES, Desk, needs_samples
from tests.parcels import agree, look_up

CITIZENS = 1500
WARDS = SAMPLES / "vn-admin" / "hcmc-ward-boundaries-simplified.geojson"
Cells = dict[str, str]


def cells(path: Path) -> list[Cells]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    files.generate("all", CITIZENS, 1, folder)
    return folder


@pytest.fixture(scope="module")
def rows(made: Path) -> list[Cells]:
    return cells(made / "parcels.csv")


def standing(rows: list[Cells]) -> list[Cells]:
    """Return the first row of each parcel that was not split or merged since."""
    ended = {code for row in rows for code in row["lineage_from"].split(";")}
    return [row for row in rows if row["geometry"] and row["code"] not in ended]


def outline(row: Cells) -> shapely.Geometry:
    return shapely.from_wkt(row["geometry"])


# The ground


def test_parcels_leave_no_gap_and_share_no_ground(rows: list[Cells]) -> None:
    of_commune: dict[str, list[shapely.Geometry]] = defaultdict(list)
    for row in standing(rows):
        of_commune[row["commune"]].append(outline(row))
    assert len(of_commune) > 100
    for code, drawn in of_commune.items():
        united = shapely.union_all(drawn)
        assert united.area == pytest.approx(sum(shape.area for shape in drawn), abs=1e-6), code
        assert united.equals(shapely.box(*united.bounds)), code


def test_communes_of_each_zone_lie_beside_each_other(rows: list[Cells]) -> None:
    srids: dict[str, set[str]] = defaultdict(set)
    for row in standing(rows):
        srids[row["commune"]].add(row["srid"])
    assert {srid for found in srids.values() for srid in found} == {"9210", "5899"}
    # Phường Vũng Tàu, and Phường Sài Gòn.
    assert (communes()["26506"][1], communes()["26740"][1]) == (5899, 9210)
    drawn = [
        Shape(shapely.to_wkb(outline(row)), int(row["srid"]), "", 0.0, (0, 0, 0, 0), "", "")
        for row in standing(rows)
    ]
    assert overlaps(drawn) == []


def test_a_parcel_that_was_split_or_merged_is_the_sum_of_its_successors(rows: list[Cells]) -> None:
    drawn = {row["code"]: outline(row) for row in rows if row["geometry"]}
    events: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["lineage_from"]:
            events[row["lineage_from"]].append(row["code"])
    assert {len(targets) for targets in events.values()} == {1, 2}
    for sources, targets in events.items():
        before = shapely.union_all([drawn[code] for code in sources.split(";")])
        after = shapely.union_all([drawn[code] for code in targets])
        assert before.equals(after), sources


@needs_samples
def test_real_wards_are_tiled_and_nothing_reaches_outside(desk: Desk, tmp_path: Path) -> None:
    [path] = files.generate("parcels", 400, 1, tmp_path, outlines=WARDS)
    checked = desk.check(path, Options(outlines=WARDS))
    found = desk.found(checked)
    assert (found["overlap"], found["outside_commune"]) == (0, 0)
    assert checked.rows_rejected == 0
    ground = Grounds(WARDS).of("26740", 5000.0)
    assert ground is not None
    pieces = [shapely.from_wkt(piece.wkt) for piece in ground.around]
    whole = shapely.union_all([*pieces, shapely.box(*ground.homes)])
    parts = sum(piece.area for piece in pieces) + ground.homes.area
    # Within what a simplified outline can tell of the 3.04 km2 of the ward.
    assert whole.area == pytest.approx(parts, abs=1e-6)
    assert len(shapely.get_rings(whole)) == 1


# The papers


def test_every_home_in_the_city_has_one_parcel_of_its_people(made: Path, rows: list[Cells]) -> None:
    heads = {row["head_id"]: row for row in cells(made / "households.csv")}
    held = Counter(
        next(r["holder_id"] for r in rows if r["code"] == code)
        for code in {row["code"] for row in rows if row["holder_id"]}
    )
    assert set(held) <= set(heads)
    assert set(held.values()) == {1}
    in_city = {
        row["head_id"] for row in heads.values() if row["address_commune"] in communes()
    }  # by a code of today
    written_today = {
        row["head_id"]
        for row in heads.values()
        if row["address_on"] == f"{ON:%d/%m/%Y}" and row["head_id"] in in_city
    }
    assert written_today <= set(held)
    place = {row["holder_id"]: row["commune"] for row in rows if row["geometry"]}
    assert all(place[head] == heads[head]["address_commune"] for head in written_today)


def test_holders_were_grown_up_when_their_certificate_was_issued(
    made: Path, rows: list[Cells]
) -> None:
    born = {row["personal_id"]: row["birth_date"] for row in cells(made / "citizens.csv")}
    for row in rows:
        if row["holder_id"] and row["certificate_on"]:
            year = int(row["certificate_on"][-4:])
            assert year - int(born[row["holder_id"]][-4:]) >= 18, row["code"]


def test_every_kind_of_holder_limit_and_paper_is_met(rows: list[Cells]) -> None:
    kinds = {row["holder_kind"] for row in rows}
    assert kinds >= {"Vợ chồng", "Hộ gia đình", "Đồng sử dụng", "Cá nhân", "Tổ chức"}
    assert {row["restriction"] for row in rows} >= {"Thế chấp", "Quy hoạch"}
    assert {row["lineage_event"] for row in rows} == {"", "Tách thửa", "Hợp thửa"}
    serials = [row["certificate"] for row in rows if row["certificate"]]
    assert any("Đ" in serial for serial in serials)
    assert {len(serial.split()[0]) for serial in serials} == {1, 2}
    couples = Counter(row["code"] for row in rows if row["holder_kind"] == "Vợ chồng")
    assert set(couples.values()) == {2}


def test_a_serial_number_is_of_one_parcel(rows: list[Cells]) -> None:
    papers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["certificate"]:
            papers[row["certificate"]].add(row["code"])
    assert {len(codes) for codes in papers.values()} == {1}


def test_households_are_given_no_right_since_the_land_law_of_2024(rows: list[Cells]) -> None:
    for row in rows:
        if row["holder_kind"] == "Hộ gia đình" and "/" in row["certificate_on"]:
            day = datetime.strptime(row["certificate_on"], "%d/%m/%Y").date()  # noqa: DTZ007
            assert day < date(2024, 8, 1)


def test_dirt_is_met_about_as_often_as_it_is_told(rows: list[Cells]) -> None:
    homes = [row for row in rows if row["geometry"] and row["address"]]
    entries = list(read(Row(n, {k: v for k, v in r.items() if v}) for n, r in enumerate(rows, 2)))
    found = Counter(finding.rule for entry in entries for finding in entry.findings)
    for rule, share in (
        ("area_differs", deeds.AREA_DIFFERS),
        ("free_text_purpose", deeds.FREE_TEXT_PURPOSE),
        ("no_purpose", deeds.NO_PURPOSE),
    ):
        assert 0 < found[rule] / len(homes) < 2.5 * share, rule
    assert set(found) <= {"area_differs", "free_text_purpose", "no_purpose"}
    paperless = sum(not row["certificate"] for row in homes) / len(homes)
    assert deeds.NO_CERTIFICATE / 2 < paperless < deeds.NO_CERTIFICATE * 2
    assert all(entry.change for entry in entries)


# The same every time


def test_the_same_seed_gives_the_same_bytes_alone_or_with_all(made: Path, tmp_path: Path) -> None:
    [alone] = files.generate("parcels", CITIZENS, 1, tmp_path)
    assert alone.read_bytes() == (made / "parcels.csv").read_bytes()
    [other] = files.generate("parcels", CITIZENS, 2, tmp_path / "other")
    assert other.read_bytes() != alone.read_bytes()


def test_an_old_reference_of_two_map_sets_is_ambiguous(service: Service, made: Path) -> None:
    agree(service)
    desk = Desk(service.database, made)
    for name in ("citizens", "parcels"):
        assert name in SPECS
        checked = desk.check(made / f"{name}.csv", dataset=name)
        assert checked.rows_rejected == 0
        assert desk.found(checked)["unknown_holder"] == 0
        desk.publish(checked)
    rows = cells(made / "parcels.csv")
    places = ("old_commune", "old_sheet", "old_number")
    met = Counter(tuple(row[name] for name in places) for row in rows if row["old_series"])
    (commune, sheet, number), count = met.most_common(1)[0]
    assert count == 2
    reference = {"commune": commune, "sheet": sheet, "number": number, "as_of": "2025-06-30"}
    refused = look_up(service, 409, reference=reference)
    assert (refused["code"], len(refused["candidates"])) == (Ambiguous.code, 2)
    found = look_up(service, reference={**reference, "series": "Bộ 1998", "scale": "1/1000"})
    assert found["reference"]["commune"]["code"] in communes()


def test_the_personas_parcel_is_the_same_for_every_seed(tmp_path: Path) -> None:
    told = []
    for seed in (1, 2):
        [path] = files.generate("parcels", 60, seed, tmp_path / str(seed))
        rows = {row["code"]: row for row in cells(path)}
        [wife] = [r for r in cells(path) if r["code"] == "TD-0000001" and r["holder_role"] == "Vợ"]
        persona = next(r for r in cells(path) if r["code"] == "TD-0000001")
        assert (persona["certificate"], persona["certificate_on"]) == ("BĐ 266864", "01/03/2015")
        assert persona["lineage_from"] == "TD-0000001-1"
        assert rows["TD-0000001-L"]["lineage_from"] == "TD-0000001-1"
        told.append((persona["holder_id"], wife["holder_id"], persona["commune"]))
    assert told[0] == told[1]
    assert told[0][:2] == ("900087000101", "900190000102")
