"""What acts decide stands over a file's word, and gives it back when it was about another."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry.citizens.projection import as_claimed, carry, lay_over, without_books

FILE = {
    "personal_id": "900190000001",
    "name": {"full": "Nguyễn Thị Lan", "given": "Lan", "other": ["Bé Ba"]},
    "sex": {"code": "1"},
}


def test_acts_win_and_the_file_s_word_is_kept_unserved() -> None:
    laid = lay_over(FILE, {"sex": {"code": "2", "basis": ["act-1"]}, "spouse": None})
    assert laid["sex"] == {"code": "2", "basis": ["act-1"]}
    assert "spouse" not in laid
    assert laid["projected"] == ["sex", "spouse"]
    assert laid["claimed"] == {"sex": {"code": "1"}}


def test_a_file_does_not_overwrite_what_acts_decided() -> None:
    laid = lay_over(FILE, {"sex": {"code": "2", "basis": ["act-1"]}, "spouse": None})
    comes = {**FILE, "sex": {"code": "3"}, "spouse": {"name": "Ai Đó"}, "phone": "0900000000"}
    carried = carry(laid, comes)
    assert (carried["sex"]["code"], carried["phone"]) == ("2", "0900000000")
    assert "spouse" not in carried
    assert as_claimed(carried) == comes


def test_other_names_and_the_parts_of_the_same_name_stay() -> None:
    laid = lay_over(FILE, {"name": {"full": "Nguyễn Thị Lan", "basis": ["act-1"]}})
    assert laid["name"] == {
        "full": "Nguyễn Thị Lan",
        "given": "Lan",
        "other": ["Bé Ba"],
        "basis": ["act-1"],
    }
    other = lay_over(FILE, {"name": {"full": "Nguyễn Thị Lân", "basis": ["act-1"]}})
    assert "given" not in other["name"]
    renamed = {**FILE, "name": {"full": "Nguyễn Thị Lan"}}
    assert carry(laid, renamed)["name"] == {"full": "Nguyễn Thị Lan", "basis": ["act-1"]}


def test_missing_books_are_not_told_of_a_protected_person() -> None:
    coverage = {"complete": False, "missing": [{"from": "2015-01-01"}]}
    document = {"marital_status": {"code": "unknown", "coverage": coverage}}
    assert without_books(document)["marital_status"]["coverage"] == {"complete": False}
    assert without_books(FILE) is FILE


_VALUES: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(["sex", "spouse", "father", "name"]),
    st.none() | st.fixed_dictionaries({"full": st.sampled_from(["A", "B"])}),
)


@given(_VALUES, _VALUES, _VALUES)
def test_acts_can_be_taken_back_whole(document: Any, values: Any, again: Any) -> None:
    file = {key: value for key, value in document.items() if value is not None}
    laid = lay_over(file, values)
    assert as_claimed(laid) == file
    assert lay_over(laid, {}) == file
    assert lay_over(laid, again) == lay_over(file, again)
    assert carry(laid, file) == laid
