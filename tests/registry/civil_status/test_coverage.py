"""Which books are missing: by the unit that had the code then, and never fewer than certain."""

from __future__ import annotations

from datetime import date
from typing import Any

from registry.civil_status.coverage import (
    Book,
    Gap,
    Residence,
    covered_days,
    office_codes,
    residences_of,
    uncovered,
)
from registry.places.catalogue import REFORM
from tests.people import address, document

SINCE = date(2010, 1, 1)
END = date.max


def _home(start: date = SINCE, end: date = END, **leaf: Any) -> Residence:
    return Residence(leaf or address(), start, end)


def _legacy(commune: str, as_of: str = "2015-01-01") -> dict[str, Any]:
    return {"legacy": {"commune": commune, "as_of": as_of}}


def _gaps(home: list[Residence], *books: Book) -> list[Gap]:
    return uncovered(home, covered_days(books), SINCE)


def _book(office: str, first: int, last: int | None, as_of: date | None = None) -> Book:
    return Book(office, as_of or date(first, 12, 31), first, last)


def test_without_a_residence_every_book_may_be_missing() -> None:
    assert _gaps([]) == [Gap(SINCE, END)]
    told = _gaps([_home(date(2012, 1, 1))])
    assert told[0] == Gap(SINCE, date(2012, 1, 1))


def test_an_address_without_a_commune_points_to_no_known_book() -> None:
    assert _gaps([_home(as_recorded="xóm cũ")], _book("27007", 2000, None)) == [Gap(SINCE, END)]


def test_the_books_of_the_old_unit_do_not_cover_the_new_one_of_the_same_code() -> None:
    # 26740 was Bến Nghé and is Sài Gòn.
    home = [_home(**_legacy("26740"))]
    old = _gaps(home, _book("26740", 1990, 2025))
    assert {(gap.start, gap.office) for gap in old} == {(REFORM, "26740")}
    assert old[0].name == "Phường Sài Gòn"
    assert _gaps(home, _book("26740", 1990, 2025), _book("26740", 2025, None)) == []


def test_a_divided_unit_needs_the_books_of_all_its_heirs() -> None:
    # 26737 Đa Kao went into Tân Định and Sài Gòn.
    told = _gaps([_home(**_legacy("26737"))], _book("26737", 1990, 2025))
    assert len({gap.office for gap in told}) == 2
    assert {gap.start for gap in told} == {REFORM}


def test_a_present_address_needs_the_books_of_all_that_it_was_made_of() -> None:
    home = [_home()]
    told = _gaps(home, _book("27007", 2025, None))
    assert told
    assert all(gap.end <= REFORM for gap in told)
    before = [_book(str(gap.office), 1900, 2025, gap.start) for gap in told]
    assert _gaps(home, _book("27007", 2025, None), *before) == []
    assert office_codes(home) >= {str(gap.office) for gap in told}


def test_a_book_that_ends_is_missing_from_the_next_year_on() -> None:
    home = [_home(**_legacy("26740"))]
    told = _gaps(home, _book("26740", 1990, 2025), _book("26740", 2025, 2026))
    assert told == [Gap(date(2027, 1, 1), END, "26740", "Phường Sài Gòn")]
    assert told[0].to_json() == {
        "from": "2027-01-01",
        "office": {"code": "26740", "label": "Phường Sài Gòn"},
    }


def test_years_missing_in_between_are_named_with_their_last_day() -> None:
    home = [_home(end=date(2020, 1, 1), **_legacy("26740"))]
    books = (_book("26740", 1990, 2012), _book("26740", 2015, 2025))
    told = [gap.to_json() for gap in _gaps(home, *books)]
    assert told == [
        {
            "from": "2013-01-01",
            "to": "2014-12-31",
            "office": {"code": "26740", "label": "Phường Bến Nghé"},
        },
        {"from": "2020-01-01"},
    ]


def test_a_residence_begins_on_its_own_day_and_ends_with_its_state_or_term() -> None:
    states = [(date(2018, 1, 1), None, document())]
    [home] = residences_of(states)
    assert (home.start, home.end) == (date(2015, 1, 1), END)
    stay = {"temporary": {"address": address(), "term_end": "2019-06-30"}}
    [home] = residences_of([(date(2018, 1, 1), date(2020, 1, 1), {"residence": stay})])
    assert (home.start, home.end) == (date(2018, 1, 1), date(2019, 7, 1))
    moved = [(date(1990, 1, 1), date(2014, 1, 1), document())]
    assert residences_of(moved) == []
