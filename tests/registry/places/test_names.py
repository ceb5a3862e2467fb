"""Names as people write them find their unit, or say that they don't name one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from registry.places.catalogue import REFORM, catalogue

BEFORE = REFORM - timedelta(days=1)


def _codes(*names: str, day: date = BEFORE) -> list[str]:
    return [unit.code for unit in catalogue().find(*names, day=day)]


@pytest.mark.parametrize(
    "names",
    [
        ("Phường Bến Nghé", "Quận 1", "Thành phố Hồ Chí Minh"),
        ("P. Bến Nghé", "Q1", "TP.HCM"),
        ("ben nghe", "q.1", "tphcm"),
        ("PHƯỜNG BẾN NGHÉ", "TP. Hồ Chí Minh"),
    ],
)
def test_ways_to_write_one_ward(names: tuple[str, ...]) -> None:
    assert _codes(*names) == ["26740"]


def test_a_numbered_ward_without_its_district_is_ambiguous() -> None:
    assert len(_codes("Phường 14", "TP.HCM")) == 9
    assert _codes("Phường 14", "Quận 3", "TP.HCM") == ["27127"]
    assert _codes("P.03", "Q. Gò Vấp", "TP.HCM") == ["26902"]


def test_a_stated_type_must_be_the_right_one() -> None:
    assert _codes("Xã Bến Nghé", "TP.HCM") == []


def test_a_name_that_begins_like_a_type() -> None:
    assert {u.name for u in catalogue().find("Xà Phiên", day=BEFORE)} == {"Xã Xà Phiên"}


def test_a_name_counts_on_its_days_only() -> None:
    assert _codes("Phường Bến Nghé", "TP.HCM", day=REFORM) == []
    assert _codes("Phường Sài Gòn", "TP.HCM", day=REFORM) == ["26740"]


def test_the_citys_nickname_is_no_ward() -> None:
    assert _codes("Sài Gòn", "TPHCM", day=REFORM) == ["26740"]
    assert _codes("HCM", day=REFORM) == ["79"]


def test_names_go_from_small_to_large() -> None:
    assert _codes("Quận 1", "Phường Bến Nghé") == []


@pytest.mark.parametrize("nothing", ["", "   ", "…"])
def test_an_empty_name_finds_nothing(nothing: str) -> None:
    assert _codes(nothing) == []
