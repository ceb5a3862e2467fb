"""Text as it comes in files: what is repaired, what is kept, and what is for a person to decide."""

from __future__ import annotations

from typing import Any

import pytest

from registry.citizens.changes import LEDGER
from tests.datasets.rows import CITIZEN, entries, found

NFD = b"Nguye\xcc\x82\xcc\x83n Thi\xcc\xa3 Ho\xcc\x80a".decode()


def _document(**cells: str) -> dict[str, Any]:
    [entry] = entries("citizens", CITIZEN | cells)
    assert entry.change, entry.findings
    return dict(entry.change.document)


def _forms(name: str) -> tuple[str, str, str]:
    """Return the name as shown, its match key and its fold, as they are stored."""
    document = _document(full_name=name)
    columns = LEDGER.project(document)
    return document["name"]["full"], columns["name_match"], columns["name_fold"]


@pytest.mark.parametrize(
    ("raw", "forms"),
    [
        ("Nguyễn Thị Hòa", ("Nguyễn Thị Hòa", "nguyễn thị hòa", "nguyen thi hoa")),
        ("NGUYỄN THỊ HOÀ", ("NGUYỄN THỊ HOÀ", "nguyễn thị hòa", "nguyen thi hoa")),
        ("\u00d0ặng  Văn\u00a0Bé", ("Đặng Văn Bé", "đặng văn bé", "dang van be")),
        ("H’ Hen Niê", ("H' Hen Niê", "h'hen niê", "hhen nie")),
        ("H'Hen Niê", ("H'Hen Niê", "h'hen niê", "hhen nie")),
        ("Lê Thị Thuý", ("Lê Thị Thuý", "lê thị thúy", "le thi thuy")),
    ],
)
def test_a_name_has_three_forms(raw: str, forms: tuple[str, str, str]) -> None:
    assert _forms(raw) == forms


def test_decomposed_letters_are_the_composed_name() -> None:
    assert _forms(NFD)[0] == "Nguyễn Thị Hòa"


def test_i_and_y_are_different_names() -> None:
    assert _forms("Lê Quý")[1] != _forms("Lê Quí")[1]
    assert _forms("Trần Lý")[1] != _forms("Trần Lí")[1]


def test_a_highland_name_is_not_split() -> None:
    assert _document(full_name="H'Hen Niê")["name"] == {"full": "H'Hen Niê"}


def test_a_hidden_character_never_joins_two_words() -> None:
    assert found("citizens", CITIZEN | {"full_name": "Trần\u200bVăn An"}) == [
        ("hidden_character", 2, "full_name")
    ]


@pytest.mark.parametrize("raw", ["900190000001\n", "\ufeff900190000001", " 900190000001\u00a0"])
def test_an_id_with_blanks_around_it_is_the_id(raw: str) -> None:
    assert _document(personal_id=raw)["personal_id"] == "900190000001"


@pytest.mark.parametrize(
    "raw", ["79988000001", "7.9988E+10", "９００１９０００００ 01", "90019000000１"]
)
def test_a_damaged_id_is_never_guessed(raw: str) -> None:
    told = found("citizens", CITIZEN | {"personal_id": raw})
    assert told == [("personal_id_shape", 2, "personal_id")]


@pytest.mark.parametrize(
    ("raw", "precision"), [("1990", "year"), ("05/1990", "month"), ("17/5/1990", "day")]
)
def test_a_date_is_as_precise_as_written(raw: str, precision: str) -> None:
    assert _document(birth_date=raw)["birth_date"]["precision"] == precision


def test_the_people_are_kept_by_the_name_as_registered() -> None:
    registered = _document(ethnicity="K'Ho")["ethnicity"]
    assert registered == {"code": "16", "label": "Cơ-ho", "as_recorded": "K'Ho"}
    assert "as_recorded" not in _document(ethnicity="Cơ-ho")["ethnicity"]
