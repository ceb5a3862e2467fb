"""Made-up acts fit the made-up people: nobody is born, weds or dies without one."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

import migrations
from datasets import publishing, submissions
from datasets.specs import RULES
from datasets.submissions import Uploads
from datasets.synthetic import books, fates, files
from datasets.synthetic.people import ON
from registry.citizens.records import find_record_ids
from registry.citizens.related import documents
from registry.kernel.codes import load as load_codes
from registry.kernel.db import Database
from registry.kernel.identifiers import is_never_issued
from registry.kernel.ledger import Moment
from registry.places.catalogue import catalogue
from tests.datasets.rows import entries

Rows = list[dict[str, str]]
CITIZENS = 1500


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    folder = tmp_path_factory.mktemp("made")
    return {path.stem: _read(path) for path in files.generate("all", CITIZENS, 7, folder)}


def _acts(made: dict[str, Rows], kind: str) -> Rows:
    return [row for row in made["civil_status"] if row["type"] == kind]


def test_no_made_up_act_names_a_number_that_anybody_can_have(made: dict[str, Rows]) -> None:
    numbers = {
        row[column]
        for row in made["civil_status"]
        for column in row
        if column.endswith("_id") and column != "scan_id" and row[column]
    }
    assert len(numbers) > CITIZENS
    assert [number for number in numbers if not is_never_issued(number)] == []


def test_no_made_up_act_or_book_is_rejected(made: dict[str, Rows]) -> None:
    for dataset in ("civil_books", "civil_status"):
        rules = {f.rule for e in entries(dataset, *made[dataset]) for f in e.findings}
        assert {rule for rule in rules if RULES[rule].severity == "error"} == set()


def test_the_same_seed_gives_the_same_acts_alone_or_with_all(tmp_path: Path) -> None:
    alone = files.generate("civil_status", 60, 5, tmp_path / "alone")
    assert [path.name for path in alone] == ["civil_books.csv", "civil_status.csv"]
    together = files.generate("all", 60, 5, tmp_path / "all")
    for path in alone:
        assert path.read_bytes() == (tmp_path / "all" / path.name).read_bytes()
    other = files.generate("civil_status", 60, 6, tmp_path / "other")
    assert other[1].read_bytes() != alone[1].read_bytes()
    assert [path.stem for path in together] == list(files.DATASETS)


def test_everybody_is_born_once(made: dict[str, Rows]) -> None:
    born = Counter(row["child_id"] for row in _acts(made, "birth"))
    assert born == Counter(row["personal_id"] for row in made["citizens"])


def test_every_marriage_of_the_citizens_file_has_its_act(made: dict[str, Rows]) -> None:
    abroad = [row for row in _acts(made, "foreign_note") if row["of"] == "marriage"]
    wed = Counter(
        frozenset((row["husband_id"], row["wife_id"]))
        for row in (*_acts(made, "marriage"), *abroad)
    )
    assert set(wed.values()) == {1}
    told = {
        frozenset((row["personal_id"], row["spouse_id"]))
        for row in made["citizens"]
        if row["spouse_id"]
    }
    assert told
    assert told <= wed.keys()
    once = {who for couple in wed for who in couple}
    apart = ("Đã ly hôn", "Góa")
    assert {r["personal_id"] for r in made["citizens"] if r["marital_status"] in apart} <= once


def test_every_death_of_the_citizens_file_has_its_act(made: dict[str, Rows]) -> None:
    dead = {row["deceased_id"]: row["death_date"] for row in _acts(made, "death")}
    told = {r["personal_id"]: r["death_date"] for r in made["citizens"] if r["death_date"]}
    assert told
    assert told.items() <= dead.items()


def test_a_corrected_value_is_in_part_of_the_citizens_rows_still_wrong(tmp_path: Path) -> None:
    paths = files.generate("all", 6000, 3, tmp_path)
    made = {path.stem: _read(path) for path in paths}
    people = {row["personal_id"]: row for row in made["citizens"]}
    corrections = _acts(made, "correction")
    fields = {row["change1_field"] for row in corrections}
    assert fields == {"name.full", "birth_date"}
    named = [row for row in corrections if row["change1_field"] == "name.full"]
    wrong = [row for row in named if _says(people[row["person_id"]], row["change1_from"])]
    assert 0 < len(wrong) < len(named)
    assert 0 < fates.UNCORRECTED_FILE < 1
    entries_of = {row["code"]: row for row in _acts(made, "birth")}
    for row in named:
        assert entries_of[row["amends"]]["child_name"] == row["change1_from"]


def _says(citizen: dict[str, str], name: str) -> bool:
    return citizen["full_name"].casefold() == name.casefold()


def test_old_books_lack_what_is_stated_and_new_ones_lack_nothing(made: dict[str, Rows]) -> None:
    births = _acts(made, "birth")
    old = [row for row in births if _year(row) < books.OFFICE_YEARS.year]
    new = [row for row in births if _year(row) >= books.OFFICE_YEARS.year]
    for column, share in (
        ("number", books.OLD_NO_NUMBER),
        ("book", books.OLD_NO_BOOK),
        ("registered_on", books.OLD_NO_DAY),
        ("signer_name", books.OLD_NO_SIGNER),
    ):
        lacking = sum(not row[column] for row in old) / len(old)
        assert abs(lacking - share) < 0.1
        assert all(row[column] for row in new)


def _year(row: dict[str, str]) -> int:
    return int(row["year"] or row["registered_on"][-4:])


def test_some_of_every_rarer_act_is_there(tmp_path: Path) -> None:
    path = files.generate("civil_status", 9000, 1, tmp_path)[1]
    rows = _read(path)
    kinds = {row["type"] for row in rows}
    unused = {"change", "supplement", "ethnicity_redetermination"}
    assert kinds == {entry.code for entry in load_codes("civil_act_type").codes} - unused
    assert {row["decision_kind"] for row in rows if row["decision_kind"]} == {"divorce", "adoption"}
    codes = {row["code"] for row in rows}
    assert all(row["amends"] in codes for row in rows if row["amends"])


def test_the_books_of_most_offices_are_whole_since_2000(made: dict[str, Rows]) -> None:
    old = [row for row in made["civil_books"] if not row["office_on"] and row["year_to"]]
    since = {row["office_code"]: row["year_from"] for row in old if row["complete"] == "1"}
    late = [code for code, year in since.items() if int(year) > books.OFFICE_YEARS.year]
    assert 0 < len(late) < len(since) / 3
    city = {unit.code for unit in catalogue().units(ON, "commune", parent="79")}
    assert city <= {row["office_code"] for row in made["civil_books"] if not row["year_to"]}


def test_what_acts_decide_agrees_with_what_the_citizens_file_says(
    database: Database, tmp_path: Path
) -> None:
    migrations.upgrade(database)
    files.generate("all", 150, 1, tmp_path)
    people = {row["personal_id"]: row for row in _read(tmp_path / "citizens.csv")}
    for name in files.DATASETS:
        kept, path = Uploads(tmp_path / "uploads"), tmp_path / f"{name}.csv"
        release = publishing.load_file(database, kept, name, path, ("steward", "approver"))
        with database.reading() as session:
            loaded = submissions.require_submission(session, release.submission)
        assert loaded.rows_rejected == 0
    with database.reading() as session:
        ids = find_record_ids(session, people)
        known = documents(session, ids.values(), Moment())
    for number, row in people.items():
        told = known[ids[number]]
        status = told["marital_status"]
        # Known otherwise than the file says never; not known where books are missing.
        assert status["state"] == "unknown" or status["label"] == row["marital_status"]
        assert told.get("spouse", {}).get("personal_id", row["spouse_id"]) == row["spouse_id"] or (
            row["marital_status"] in {"Đã ly hôn", "Góa"}
        )
        assert told["life_status"]["label"] == row["life_status"]
        for parent in ("father", "mother"):
            assert told[parent].get("personal_id", "") == row[f"{parent}_id"]
