"""The personas are frozen: whoever changes them makes a new version."""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from datasets.synthetic import files
from datasets.synthetic.personas import DATASETS, VERSION, Persona, load
from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import Sex, is_never_issued, personal_id_warnings
from registry.kernel.text import fold

# A version's digest never changes. Somebody's test relies on each of these people.
DIGESTS = {"2026-11": "666345bc28239d036e71f5a822530ba19080cbcfa85cd0a1d228881b10674ae4"}
# What the generator makes of the guide's family, who are personas too.
GUIDE = {
    "citizens": "4f84c3f59da8b92b3f00257482f587008015921079132290970be9bd86af298a",
    "households": "296318a8e4889efed8b245edf01ca73a4f060fe9cf629f66ae9e593c22227ba8",
    "civil_status": "f8dabfc9abb274c12fb6cf76b909bbca4d9f1c62677ac10f6b94087c6fddbc11",
}
TOLD = load()
_LETTERS, _WORDS = 40, 8
_SEXES: dict[str, Sex] = {"Nam": "male", "Nữ": "female"}
# What the demo's number, of which there is one a person in the largest population, never reaches.
_BLOCK = "999"


def _rows(dataset: str) -> list[dict[str, str]]:
    with TOLD.file(dataset).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _persona(slug: str) -> Persona:
    return next(persona for persona in TOLD.personas if persona.slug == slug)


def test_a_changed_byte_is_a_new_version() -> None:
    assert TOLD.version == VERSION
    assert {version: load(version).digest() for version in DIGESTS} == DIGESTS
    assert VERSION in DIGESTS


def test_the_guides_family_is_the_same_people_as_ever(tmp_path: Path) -> None:
    made = files.generate("all", 5, 1, tmp_path)
    found = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in made}
    assert {name: found[name] for name in GUIDE} == GUIDE


def test_no_number_of_a_persona_may_be_anybodys() -> None:
    columns = [(row, name) for dataset in DATASETS for row in _rows(dataset) for name in row]
    numbers = {row[name] for row, name in columns if name.endswith("personal_id")}
    numbers |= {row[name] for row, name in columns if name.endswith("_id") and row[name].isdigit()}
    twelve = {number for number in numbers if len(number) == len("999188000002")}
    old = numbers - twelve
    assert all(is_never_issued(number) and number.startswith(_BLOCK) for number in twelve)
    assert old
    # No province ever had the 9 in front.
    assert all(len(number) == len("999000008") and number.startswith("999") for number in old)


def test_every_number_has_the_digits_of_its_bearer() -> None:
    for row in _rows("citizens"):
        born = PartialDate.parse("-".join(reversed(row["birth_date"].split("/"))))
        assert personal_id_warnings(row["personal_id"], _SEXES[row["sex"]], born) == ()


def test_names_and_numbers_of_stories_are_those_of_the_files() -> None:
    told = {p.personal_id: p.name for p in TOLD.personas if not p.generated}
    known = {row["personal_id"]: row["full_name"] for row in _rows("citizens")}
    absent = {p.personal_id for p in TOLD.personas if "no_match" in p.tags}
    assert {n: name for n, name in told.items() if n not in absent} == known
    assert absent.isdisjoint(known)
    assert len({p.slug for p in TOLD.personas}) == len(TOLD.personas)


def test_the_odd_ones_are_as_odd_as_they_say() -> None:
    long = _persona("ten-dai").name
    assert sum(unicodedata.category(c).startswith("L") for c in long) == _LETTERS
    assert len(long.split()) == _WORDS
    one, other = _persona("son"), _persona("son-2")
    assert fold(one.name) == fold(other.name)
    assert one.name != other.name
    born = next(r["birth_date"] for r in _rows("citizens") if r["personal_id"] == "999209000015")
    day, month, year = map(int, born.split("/"))
    assert date(year + 17, month, day) <= TOLD.checked_on < date(year + 18, month, day)


@pytest.mark.parametrize(
    "tag",
    [
        *("no_match", "two_matches", "deceased", "under_review", "long_name", "ede_name"),
        *("seventeen", "adopted", "foreign_marriage", "year_only", "split_ward", "secret"),
        *("protected_address", "household_of_adults", "divorced", "widowed", "no_coverage"),
        *("merged", "mortgage", "co_owner", "no_land", "building_permit", "register_down", "slow"),
    ],
)
def test_there_is_somebody_for_every_case(tag: str) -> None:
    assert [persona.slug for persona in TOLD.personas if tag in persona.tags]
