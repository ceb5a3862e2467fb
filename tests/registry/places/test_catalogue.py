"""The units of both generations, against lists made by others where those are at hand."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry.kernel.text import match_key
from registry.places.catalogue import REFORM, catalogue

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT.parent / "shared" / "samples" / "vn-admin"
BEFORE = REFORM - timedelta(days=1)
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample lists are not here")


def _sample(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _pairs_of_old_communes() -> tuple[dict[str, set[tuple[str, bool]]], ...]:
    ours: dict[str, set[tuple[str, bool]]] = defaultdict(set)
    theirs: dict[str, set[tuple[str, bool]]] = defaultdict(set)
    for row in _sample("vn-ward-merges-2025-07-01.csv"):
        theirs[row["old_ward_code"]].add((row["new_ward_code"], row["coverage"] == "full"))
    old_communes = {unit.code for unit in catalogue().units(BEFORE, "commune")}
    for code in old_communes | set(theirs):
        ours[code] = {(c.unit.code, c.whole) for c in catalogue().convert(code, BEFORE).candidates}
    return ours, theirs


def test_the_country_has_34_provinces_and_3321_communes() -> None:
    assert len(catalogue().units(REFORM, "province")) == 34
    assert len(catalogue().units(REFORM, "commune")) == 3321
    assert len(catalogue().units(REFORM, "commune", parent="79")) == 168


def test_districts_ended_with_june_2025() -> None:
    assert len(catalogue().units(BEFORE, "province")) == 63
    assert len(catalogue().units(BEFORE, "district")) == 696
    assert catalogue().units(REFORM, "district") == []


def test_a_code_means_another_unit_on_another_day() -> None:
    names = [catalogue().unit("26740", day) for day in (date(2020, 1, 1), REFORM)]
    assert [unit and unit.name for unit in names] == ["Phường Bến Nghé", "Phường Sài Gòn"]


def test_a_split_commune_answers_its_candidates() -> None:
    da_kao = catalogue().convert("26737", BEFORE)
    assert da_kao.outcome == "candidates"
    assert {c.unit.name for c in da_kao.candidates} == {"Phường Tân Định", "Phường Sài Gòn"}
    assert not any(c.whole for c in da_kao.candidates)


def test_a_present_code_is_itself() -> None:
    now = catalogue().convert("26737", REFORM)
    assert (now.outcome, [c.unit.code for c in now.candidates]) == ("exact", ["26737"])


def test_without_a_day_only_one_common_heir_is_exact() -> None:
    assert catalogue().convert("26740").outcome == "exact"
    assert catalogue().convert("26737").outcome == "candidates"


def test_a_code_nobody_had_is_unknown() -> None:
    assert catalogue().convert("99999").outcome == "unknown"
    assert catalogue().convert("760", REFORM).outcome == "unknown"


def test_a_merged_province_has_one_heir_and_a_district_none() -> None:
    binh_duong = catalogue().convert("74", BEFORE)
    assert (binh_duong.outcome, binh_duong.candidates[0].unit.code) == ("exact", "79")
    assert catalogue().convert("760", BEFORE).outcome == "candidates"


def test_a_district_without_communes_became_a_special_zone() -> None:
    con_dao = catalogue().convert("755", BEFORE)
    assert (con_dao.outcome, con_dao.candidates[0].unit.name) == ("exact", "Đặc khu Côn Đảo")


@pytest.mark.parametrize("day", [BEFORE, REFORM])
def test_every_unit_has_a_parent_of_its_time(day: date) -> None:
    for level in ("district", "commune"):
        for unit in catalogue().units(day, level):
            assert unit.parent
            assert catalogue().unit(unit.parent, day), unit.code


@needs_samples
def test_every_old_commune_of_the_merged_city_converts_as_the_merge_table_says() -> None:
    ours, theirs = _pairs_of_old_communes()
    city = {unit.code for unit in catalogue().units(REFORM, "commune", parent="79")}
    checked = [code for code, pairs in theirs.items() if any(new in city for new, _ in pairs)]
    assert len(checked) > 400
    assert [code for code in checked if ours[code] != theirs[code]] == []


def _codes_in_section(heading: str) -> set[str]:
    page = (ROOT / "docs" / "registers" / "places.md").read_text("utf-8")
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"\b\d{5}\b", section))


@needs_samples
def test_the_page_names_each_code_on_which_the_sources_differ() -> None:
    ours, theirs = _pairs_of_old_communes()
    differing = {code for code in ours if ours[code] != theirs[code]}
    assert _codes_in_section("Where sources differ") == differing


@needs_samples
def test_the_page_names_each_unit_that_a_later_list_has_otherwise() -> None:
    ours = {u.code: match_key(u.name) for u in catalogue().units(REFORM, "commune")}
    theirs = {
        row["code"]: match_key(row["full_name"])
        for row in _sample("vn-units-2026-07-25.csv")
        if row["level"] == "ward"
    }
    differing = {code for code in ours.keys() | theirs.keys() if ours.get(code) != theirs.get(code)}
    assert _codes_in_section("Changed since") == differing
