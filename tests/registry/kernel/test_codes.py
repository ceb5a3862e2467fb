"""Code lists are complete, unambiguous data with a source."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from registry.kernel.codes import load
from registry.kernel.text import clean, match_key

NAMES = sorted(
    item.name.removesuffix(".json")
    for item in files("registry.kernel").joinpath("codelists").iterdir()
)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_states_its_name_version_and_source(name: str) -> None:
    codes = load(name)
    assert codes.name == name
    assert date.fromisoformat(codes.version)
    assert codes.source


@pytest.mark.parametrize("name", NAMES)
def test_no_code_and_no_label_stands_for_two_things(name: str) -> None:
    entries = load(name).codes
    labels = [match_key(label) for entry in entries for label in (entry.vi, *entry.aliases)]
    assert len({entry.code for entry in entries}) == len(entries)
    assert len(set(labels)) == len(labels)
    assert all(clean(label) == label for entry in entries for label in (entry.vi, entry.en))


def test_there_are_54_peoples_and_foreigners() -> None:
    ethnicity = load("ethnicity")
    assert [entry.code for entry in ethnicity.codes] == [f"{n:02d}" for n in range(1, 56)]
    assert ethnicity.leaf("54") == {"code": "54", "label": "Rơ-măm"}


def test_a_label_is_found_however_it_is_written() -> None:
    found = load("household_relation").find_by_label("  CHỦ  HỘ ")
    assert found
    assert found.code == "CHU_HO"
    assert load("sex").find_by_label("Nu") is None
    assert "9" not in load("sex")
