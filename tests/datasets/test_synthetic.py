"""Made-up people: the same for a seed, nobody's numbers, and families that could be."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from datasets.specs import RULES
from datasets.synthetic import files, people
from registry.kernel.identifiers import is_never_issued
from registry.kernel.text import fold
from tests.datasets.rows import entries

ROOT = Path(__file__).parents[2]
PEOPLE = 4000
Rows = list[dict[str, str]]


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """Give the rows of one set of files."""
    out = tmp_path_factory.mktemp("made")
    files.generate("all", PEOPLE, 7, out)
    return {name: _rows(out / f"{name}.csv") for name in files.DATASETS}


def _by_id(rows: Rows) -> dict[str, dict[str, str]]:
    return {row["personal_id"]: row for row in rows}


def _born(row: dict[str, str]) -> tuple[date, date]:
    """Return the first and the last day on which somebody may be born."""
    year = int(row["birth_date"][-4:])
    if row["birth_date"].isdecimal():
        return date(year, 1, 1), date(year, 12, 31)
    day, month, _ = map(int, row["birth_date"].split("/"))
    return date(year, month, day), date(year, month, day)


def _bytes_of(folder: Path, dataset: str, hash_seed: str) -> dict[str, bytes]:
    options = ["--citizens", "300", "--seed", "5", "--out", str(folder)]
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "registry", "generate", dataset, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_no_number_is_one_that_anybody_can_have(made: dict[str, Rows]) -> None:
    for row in made["citizens"]:
        for column in ("personal_id", "cancelled_id", "father_id", "mother_id", "spouse_id"):
            assert not row[column] or is_never_issued(row[column])
        assert row["nine_digit_id"][:1] in {"", "9"}
        assert row["passport"][:2] in {"", "ZZ"}


def test_no_number_is_given_twice(made: dict[str, Rows]) -> None:
    for column in ("personal_id", "nine_digit_id", "cancelled_id", "passport"):
        given = [row[column] for row in made["citizens"] if row[column]]
        assert given
        assert len(set(given)) == len(given)


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    first = _bytes_of(tmp_path / "first", "all", "0")
    assert first == _bytes_of(tmp_path / "second", "all", "42")
    alone = _bytes_of(tmp_path / "alone", "households", "1")
    assert alone == {"households.csv": first["households.csv"]}


def test_another_seed_makes_other_people_yet_the_same_personas(
    made: dict[str, Rows], tmp_path: Path
) -> None:
    files.generate("citizens", 50, 8, tmp_path)
    other = _rows(tmp_path / "citizens.csv")
    named = [(row["personal_id"], row["full_name"]) for row in other]
    assert named[:5] == [(r["personal_id"], r["full_name"]) for r in made["citizens"][:5]]
    assert named[5:] != [(r["personal_id"], r["full_name"]) for r in made["citizens"][5:50]]


def test_as_many_people_as_asked_for(made: dict[str, Rows]) -> None:
    assert len(made["citizens"]) == PEOPLE


def test_no_row_breaks_a_rule_of_its_specification(made: dict[str, Rows]) -> None:
    for name, rows in made.items():
        rules = {f.rule for entry in entries(name, *rows) for f in entry.findings}
        # That an old commune was divided is what the law did, and for a person to decide; that
        # an old book lacks something is so.
        dirt = {"area_differs", "free_text_purpose", "no_purpose"} if name == "parcels" else set()
        assert rules <= {"split_commune", "act_incomplete"} | dirt
        assert all(RULES[rule].severity == "warning" for rule in rules)


def test_parents_are_of_an_age_to_be_parents(made: dict[str, Rows]) -> None:
    known = _by_id(made["citizens"])
    generations = 0
    for child in made["citizens"]:
        for kin, least, most in (("father", 18, 60), ("mother", 17, 50)):
            parent = known.get(child[f"{kin}_id"])
            if parent is None:
                continue
            assert fold(child[f"{kin}_name"]) == fold(parent["full_name"])
            assert parent["sex"] == ("Nam" if kin == "father" else "Nữ")
            youngest = _born(child)[1].year - _born(parent)[0].year
            oldest = _born(child)[0].year - _born(parent)[1].year
            assert youngest >= least
            assert oldest <= most
            generations += bool(parent["father_id"])
    assert generations > PEOPLE / 100


def test_couples_name_each_other(made: dict[str, Rows]) -> None:
    known = _by_id(made["citizens"])
    couples = [row for row in made["citizens"] if row["spouse_id"]]
    assert len(couples) > PEOPLE / 5
    for row in couples:
        other = known.get(row["spouse_id"])
        if other is not None:
            assert other["spouse_id"] == row["personal_id"]
            assert {row["sex"], other["sex"]} == {"Nam", "Nữ"}


def test_households_are_of_the_people_of_the_other_file(made: dict[str, Rows]) -> None:
    known = _by_id(made["citizens"])
    members = [row["member_id"] for row in made["households"]]
    assert len(set(members)) == len(members)
    assert set(members) <= known.keys()
    assert not any(known[member]["death_date"] for member in members)
    heads = {row["head_id"] for row in made["households"] if row["relation"] == "Chủ hộ"}
    assert {known[head]["sex"] for head in heads} == {"Nam", "Nữ"}


@pytest.mark.parametrize(
    ("share", "sloppy"),
    [
        (people.CANCELLED_ID, lambda row: row["cancelled_id"]),
        (people.UPPER_CASE, lambda row: row["full_name"].isupper()),
        (people.NO_ETHNICITY, lambda row: not row["ethnicity"]),
        (people.BOOKS_INCOMPLETE, lambda row: row["marital_books_complete"] == "0"),
        (people.TEMPORARY, lambda row: row["temporary_address"]),
        (people.BLOOD_TYPE, lambda row: row["blood_type"]),
    ],
)
def test_the_dirt_has_the_share_that_is_told(
    made: dict[str, Rows], share: float, sloppy: Any
) -> None:
    count = sum(bool(sloppy(row)) for row in made["citizens"])
    # Four standard deviations of a fair draw, or the share that is told is another one.
    allowed = 4 * (PEOPLE * share * (1 - share)) ** 0.5
    assert abs(count - PEOPLE * share) <= allowed + PEOPLE * share * 0.1


def test_the_personas_have_no_dirt(made: dict[str, Rows]) -> None:
    for row in made["citizens"][:5]:
        assert row["marital_books_complete"] == "1"
        assert not row["full_name"].isupper()
        assert not row["nine_digit_id"]
