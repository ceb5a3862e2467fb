"""Partial dates never know more than their source."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.dates import DateError, PartialDate, age_on


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12/25/1985", "us_order"),
        ("9/10/1017", "out_of_range"),
        ("30/02/1990", "no_such_day"),
        ("0/5/1990", "no_such_day"),
        ("1990-13", "no_such_day"),
        ("hôm qua", "malformed"),
        ("１９８９", "malformed"),
        ("", "malformed"),
    ],
)
def test_what_is_no_date_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(DateError) as refused:
        PartialDate.from_text(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "value", "precision"),
    [
        ("1989", "1989", "year"),
        ("05/1989", "1989-05", "month"),
        (" 01/05/1989\n", "1989-05-01", "day"),
        ("1989-05-01", "1989-05-01", "day"),
    ],
)
def test_written_forms_keep_their_precision(text: str, value: str, precision: str) -> None:
    assert PartialDate.from_text(text).to_json() == {"value": value, "precision": precision}


def test_the_wire_form_is_iso_only() -> None:
    with pytest.raises(DateError):
        PartialDate.parse("01/05/1989")
    with pytest.raises(DateError):
        PartialDate.parse("1989-05-01\n")


def test_a_year_is_a_range_of_days() -> None:
    year = PartialDate(1988)
    assert (year.first, year.last) == (date(1988, 1, 1), date(1988, 12, 31))
    assert PartialDate(1988, 2).last == date(1988, 2, 29)


def test_order_is_certain_only_without_overlap() -> None:
    assert PartialDate(1988).certainly_before(PartialDate(1989, 1, 1))
    assert not PartialDate(1989).certainly_before(PartialDate(1989, 6, 1))


def test_age_of_a_year_only_birth_is_a_range() -> None:
    assert age_on(PartialDate(2007), date(2025, 6, 1)) == (17, 18)
    assert age_on(PartialDate(2007, 6, 1), date(2025, 6, 1)) == (18, 18)
    assert age_on(PartialDate(2007, 6, 2), date(2025, 6, 1)) == (17, 17)


@given(st.dates(min_value=date(1850, 1, 1), max_value=date(9998, 12, 31)))
def test_a_full_date_survives_the_round_trip(day: date) -> None:
    partial = PartialDate.parse(day.isoformat())
    assert partial.first == partial.last == day
    assert PartialDate.from_text(day.strftime("%d/%m/") + f"{day.year:04d}") == partial
