"""The three forms of a name, and Vietnamese order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.text import clean, fold, match_key, person_sort_key, sort_key, suggest_spacing

HOA_NFD = "Nguye\u0302\u0303n Thi\u0323 Ho\u0300a"


def test_decomposed_text_is_composed() -> None:
    assert clean(HOA_NFD) == "Nguyễn Thị Hòa"
    assert fold(HOA_NFD) == "nguyen thi hoa"


def test_look_alike_letters_and_spaces_are_mended() -> None:
    assert clean("\u00d0ặng  Văn\u00a0Bé") == "Đặng Văn Bé"
    assert fold("\u00d0ặng  Văn\u00a0Bé") == "dang van be"


def test_a_hidden_word_break_is_reported_not_swallowed() -> None:
    assert suggest_spacing("Trần\u200bVăn An") == "Trần Văn An"
    assert suggest_spacing("Trần Văn An") is None
    assert suggest_spacing("\ufeffTrần Văn An") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NGUYỄN THỊ HOÀ", "Nguyễn Thị Hòa"),
        ("Lê Thị Thuý", "Lê Thị Thúy"),
        ("Phạm Khoẻ", "Phạm Khỏe"),
        ("H’Hen Niê", "H' Hen Niê"),
    ],
)
def test_tone_placement_case_and_apostrophes_do_not_part_names(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Quý", "Quí"), ("Lý", "Lí"), ("Hoàn", "Hoán"), ("Hòa", "Hoa"), ("Đào", "Dao")],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


def test_a_closed_syllable_keeps_its_tone_where_it_is() -> None:
    assert match_key("Hoàng") == "hoàng"
    assert match_key("Quý") == "quý"
    assert match_key("Thuỷ") == "thủy"


def test_letters_sort_before_tones() -> None:
    words = ["an", "àn", "ản", "ãn", "án", "ạn", "ang", "ăn", "ân", "dân", "đan"]
    keys = [sort_key(word) for word in words]
    assert keys == sorted(set(keys))


def test_a_shorter_word_sorts_first() -> None:
    assert sorted(["Lê Anh", "Lê An", "Lê", "Le"], key=sort_key) == ["Le", "Lê", "Lê An", "Lê Anh"]


def test_people_sort_by_given_then_family_then_middle() -> None:
    people = ["Vũ An", "Lê Văn Bé", "Lê Xuân Bé", "Trần Thị Bé", "Bùi Đào"]
    keys = [person_sort_key(name) for name in people]
    assert keys == sorted(set(keys))


@given(st.text())
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    assert clean(clean(raw)) == clean(raw)


@given(st.text())
def test_search_and_sort_keys_are_plain_ascii(raw: str) -> None:
    assert fold(raw).isascii()
    assert sort_key(raw).isascii()
