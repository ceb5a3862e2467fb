"""A personal id has one hard rule, its shape; the rest is a warning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.dates import PartialDate
from registry.kernel.identifiers import (
    PROVINCE_BLOCKS,
    IdentifierError,
    is_never_issued,
    kind_of,
    mask,
    personal_id_warnings,
    require_personal_id,
)


@pytest.mark.parametrize(
    "value",
    [
        "000190000001\n",
        " 000190000001",
        "000190 000001",
        "０００190000001",
        "00190000001",
        "7.9988E+10",
        "",
    ],
)
def test_anything_but_twelve_digits_is_refused_without_echo(value: str) -> None:
    with pytest.raises(IdentifierError) as refused:
        require_personal_id(value)
    assert not value.strip() or value.strip() not in str(refused.value)
    assert kind_of(value) is None


def test_structure_is_a_warning_never_a_refusal() -> None:
    assert personal_id_warnings("999999999999", "male", PartialDate(1950)) == (
        "sex_digit",
        "birth_year",
    )
    assert personal_id_warnings("003090000001") == ("unknown_block",)


@pytest.mark.parametrize(
    ("century_digit", "sex", "year"),
    [("0", "male", 1990), ("1", "female", 1990), ("2", "male", 2090), ("3", "female", 2090)],
)
def test_century_and_sex_share_a_digit(century_digit: str, sex: str, year: int) -> None:
    value = f"079{century_digit}90000001"
    assert personal_id_warnings(value, sex, PartialDate(year)) == ()  # type: ignore[arg-type]


def test_there_are_sixty_three_province_blocks() -> None:
    assert len(PROVINCE_BLOCKS) == 63


def test_synthetic_blocks_are_those_never_issued() -> None:
    assert all(map(is_never_issued, ["000190000001", "900190000001", "079890000001"]))
    assert not is_never_issued("079190000001")


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_a_mask_hides_five_digits(value: str) -> None:
    masked = mask(value)
    assert len(masked) == 12
    assert masked[3:8] == "•••••"


@given(st.text(max_size=6))
def test_a_short_value_is_hidden_whole(value: str) -> None:
    assert mask(value) == "•" * len(value)
