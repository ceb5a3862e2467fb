"""Ho Chi Minh City's wards before, between and after: Resolutions 1278 and 1685."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from importlib.resources import files

import pytest

from registry.places.catalogue import REFORM, WAVE, catalogue

BEFORE = WAVE - timedelta(days=1)
BETWEEN = REFORM - timedelta(days=1)


def _wards_of_the_city(day: date) -> int:
    districts = catalogue().units(day, "district", parent="79")
    return sum(len(catalogue().units(day, "commune", parent=unit.code)) for unit in districts)


def test_the_city_went_from_312_to_273_wards() -> None:
    assert (_wards_of_the_city(BEFORE), _wards_of_the_city(BETWEEN)) == (312, 273)


def test_a_code_may_have_had_three_meanings() -> None:
    names = [catalogue().unit("26890", day) for day in (BEFORE, BETWEEN, REFORM)]
    assert [u and u.name for u in names] == ["Phường 7", "Phường 1", "Phường Hạnh Thông"]


def test_conversion_goes_through_both_changes() -> None:
    ward_3_of_district_8 = catalogue().convert("27397", BEFORE)
    assert [u.name for u in ward_3_of_district_8.sources] == ["Phường 3"]
    assert ward_3_of_district_8.outcome == "exact"
    assert ward_3_of_district_8.candidates[0].unit.name == "Phường Chánh Hưng"


def test_a_ward_merged_whole_and_then_split_has_candidates() -> None:
    ward_14_of_district_4 = catalogue().convert("27280", BEFORE)
    assert ward_14_of_district_4.outcome == "candidates"
    assert {(c.unit.name, c.whole) for c in ward_14_of_district_4.candidates} == {
        ("Phường Xóm Chiếu", False),
        ("Phường Khánh Hội", False),
    }


def test_a_ward_split_and_not_united_has_candidates() -> None:
    ward_6_of_binh_thanh = catalogue().convert("26932", BEFORE)
    assert ward_6_of_binh_thanh.outcome == "candidates"
    assert {c.unit.name for c in ward_6_of_binh_thanh.candidates} == {
        "Phường Bình Lợi Trung",
        "Phường Gia Định",
    }


def test_parts_that_meet_again_are_the_whole() -> None:
    ward_5_of_district_6 = catalogue().convert("27361", BEFORE)
    assert ward_5_of_district_6.outcome == "exact"
    assert ward_5_of_district_6.candidates[0].unit.name == "Phường Bình Tây"


def test_a_ward_that_ended_is_unknown_on_a_later_day() -> None:
    assert catalogue().convert("27361", BETWEEN).outcome == "unknown"


def test_every_ward_of_the_city_has_a_known_fate() -> None:
    for day in (BEFORE, BETWEEN):
        for district in catalogue().units(day, "district", parent="79"):
            for ward in catalogue().units(day, "commune", parent=district.code):
                assert catalogue().convert(ward.code, day).outcome != "unknown", ward


@pytest.mark.parametrize(
    ("day", "name"), [(BEFORE, "Tỉnh Thừa Thiên Huế"), (WAVE, "Thành phố Huế")]
)
def test_hue_became_a_city_with_the_wave(day: date, name: str) -> None:
    hue = catalogue().unit("46", day)
    assert hue
    assert hue.name == name


def test_each_row_written_by_hand_cites_its_clause() -> None:
    text = files("registry.places").joinpath("data", "wave_2025_01.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len({row["old_code"] for row in rows}) == 74
    assert len({row["new_code"] for row in rows}) == 35
    for row in rows:
        assert row["source"].startswith("NQ 1278/NQ-UBTVQH15 Điều 1 khoản "), row
        new = catalogue().unit(row["new_code"], WAVE)
        assert new
        assert (new.name, new.parent) == (row["new_name"], row["district"])
