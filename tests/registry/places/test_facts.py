"""The facts hold together, and the page beside them says which files they are."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from importlib.resources import files
from itertools import pairwise

import pytest

from registry.places.catalogue import REFORM, WAVE, Catalogue, Unit, catalogue
from registry.places.facts import facts_version
from registry.places.units import Relation

DATA = files("registry.places").joinpath("data")
OLD = Unit("00001", "commune", "Xã Một", None, None, REFORM)
NEW = replace(OLD, name="Xã Hai", valid_from=REFORM, valid_to=None)


def test_two_meanings_of_a_code_never_overlap() -> None:
    for code in {unit.code for unit in catalogue()}:
        meanings = catalogue().meanings(code)
        for earlier, later in pairwise(meanings):
            assert earlier.valid_to, code
            assert later.valid_from, code
            assert earlier.valid_to <= later.valid_from, code


def test_units_begin_and_end_only_on_the_days_of_the_two_changes() -> None:
    assert {u.valid_from for u in catalogue()} == {None, WAVE, REFORM}
    assert {u.valid_to for u in catalogue()} == {None, WAVE, REFORM}


def test_a_relation_of_a_unit_that_did_not_end_that_day_is_refused() -> None:
    with pytest.raises(ValueError, match="end 00001"):
        Catalogue([OLD, NEW], [Relation(date(2024, 1, 1), "00001", "00001", whole=True)])


def test_a_relation_to_no_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="no unit"):
        Catalogue([OLD, NEW], [Relation(REFORM, "00001", "00002", whole=True)])


def test_one_whole_heir_and_never_more() -> None:
    heirs: dict[tuple[date, str], list[bool]] = {}
    for relation in catalogue().relations:
        heirs.setdefault((relation.day, relation.old), []).append(relation.whole)
    for key, wholes in heirs.items():
        assert wholes == [True] or (len(wholes) > 1 and not any(wholes)), key


def test_a_divided_commune_has_one_default_which_does_not_decide() -> None:
    da_kao = catalogue().convert("26737", WAVE)
    assert [c.unit.name for c in da_kao.candidates if c.default] == ["Phường Sài Gòn"]
    assert da_kao.outcome == "candidates"


def test_the_page_beside_the_facts_names_their_checksums() -> None:
    page = DATA.joinpath("README.md").read_text("utf-8")
    named = dict(re.findall(r"- `(\w+\.csv)` ([0-9a-f]{64})", page))
    assert named == {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest()
        for entry in DATA.iterdir()
        if entry.name.endswith(".csv")
    }


def test_other_facts_would_have_another_version() -> None:
    assert re.fullmatch("[0-9a-f]{16}", facts_version())
    assert catalogue().version == facts_version()
