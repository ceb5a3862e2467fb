"""Single only where every book is here; predicates say unknown before they guess."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from registry.citizens import changes as citizens
from registry.civil_status.changes import Coverage
from registry.civil_status.models import CivilBook
from registry.civil_status.predicates import is_parent_of, is_single_as_of
from registry.kernel import clock
from registry.kernel.db import Database
from tests.acts import AN, HOA, MINH, birth, marriage, note
from tests.people import BAY, LAN
from tests.registry.civil_status.conftest import Books

HOME = {
    "permanent": {
        "address": {"as_recorded": "Số 1", "legacy": {"commune": "26740", "as_of": "2015-01-01"}},
        "valid_from": {"value": "2000", "precision": "year"},
    }
}
OLD = Coverage("26740", "Phường Bến Nghé", "marriage", 1990, 2025, complete=True)
NEW = Coverage("26740", "Phường Sài Gòn", "marriage", 2025, None, True, date(2025, 12, 31))


def _single(books: Books, who: str, day: str) -> str:
    with books.database.reading() as session:
        return is_single_as_of(session, books.id_of(who), day)


def _parent(books: Books, who: str, child: str, on: date = date(2026, 1, 1)) -> str:
    with books.database.reading() as session:
        return is_parent_of(session, books.id_of(who), child, on)


def test_no_row_is_never_single(books: Books) -> None:
    books.register(LAN, residence=HOME)
    assert books.refresh(LAN) == 1
    told = books.document(LAN)["marital_status"]
    assert (told["code"], told["state"], told["coverage"]["complete"]) == (
        "unknown",
        "unknown",
        False,
    )
    assert {gap["office"]["code"] for gap in told["coverage"]["missing"]} == {"26740"}
    assert _single(books, LAN, "2026-01-01") == "unknown"


def test_single_needs_every_book_since_the_age_of_marriage(books: Books) -> None:
    books.register(LAN, residence=HOME)
    books.cover(OLD)
    books.refresh(LAN)
    assert _single(books, LAN, "2025-06-30") == "match"
    assert _single(books, LAN, "2025-07-01") == "unknown"
    books.cover(NEW)
    # Nobody's status changes by a book alone.
    assert _single(books, LAN, "2026-01-01") == "unknown"
    assert books.refresh(LAN) == 1
    assert books.document(LAN)["marital_status"]["code"] == "single"
    assert _single(books, LAN, "2026-01-01") == "match"
    assert books.refresh(LAN) == 0


def test_an_incomplete_book_and_the_book_of_another_kind_count_for_nothing(books: Books) -> None:
    books.register(LAN, residence=HOME)
    on = date(2025, 12, 31)
    books.cover(
        OLD,
        Coverage("26740", "Phường Sài Gòn", "birth", 2025, None, True, on),
        Coverage("26740", "Phường Sài Gòn", "marriage", 2025, None, False, on),
    )
    books.refresh(LAN)
    assert _single(books, LAN, "2026-01-01") == "unknown"


def test_coverage_is_said_once(books: Books) -> None:
    assert books.cover(OLD, NEW) == 2
    assert books.cover(OLD, NEW) == 0
    worse = Coverage("26740", "Phường Bến Nghé", "marriage", 1990, 2025, complete=False)
    assert books.cover(worse) == 1
    with books.database.reading() as session:
        kept = session.scalars(sa.select(CivilBook).order_by(CivilBook.year_from)).all()
    assert [(book.year_from, book.complete) for book in kept] == [(1990, False), (2025, True)]


def test_books_that_end_before_they_begin_are_refused(books: Books) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        books.cover(Coverage("26740", "Phường Bến Nghé", "marriage", 2000, 1999, complete=True))


def test_a_status_that_nobody_wrote_anew_is_not_trusted_for_ever(books: Books) -> None:
    ends = Coverage("26740", "Phường Sài Gòn", "marriage", 2025, 2026, True, date(2025, 12, 31))
    with clock.fixed(datetime(2026, 11, 1, tzinfo=UTC)):
        books.register(LAN, residence=HOME)
        books.cover(OLD, ends)
        books.refresh(LAN)
    with clock.fixed(datetime(2027, 2, 1, tzinfo=UTC)):
        assert _single(books, LAN, "2026-12-31") == "match"
        assert _single(books, LAN, "2027-01-15") == "unknown"


def test_whoever_is_married_is_not_single_and_a_year_leaves_it_open(books: Books) -> None:
    books.record(marriage("KH-1", "2016", MINH, LAN))
    assert _single(books, LAN, "2016-06-01") == "unknown"
    assert _single(books, LAN, "2017-01-01") == "no_match"


def test_the_divorced_are_single_again_only_as_far_as_books_go(books: Books) -> None:
    books.register(LAN, residence=HOME)
    books.cover(OLD)
    books.record(
        marriage("KH-1", "2016-05-05", MINH, LAN),
        note("LH-1", "divorce", "2020-03-01", amends="KH-1"),
    )
    assert _single(books, LAN, "2021-01-01") == "match"
    assert _single(books, LAN, "2026-01-01") == "unknown"


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday", "2026-02-30"])
def test_a_day_to_come_or_no_day_is_unknown(books: Books, day: str) -> None:
    books.record(marriage("KH-1", "2016-05-05", MINH, LAN))
    assert _single(books, LAN, day) == "unknown"


def test_a_parent_is_whom_acts_name_on_that_day(books: Books) -> None:
    books.record(birth("KS-2", "2018-09-20", AN, father=MINH, mother=LAN))
    assert _parent(books, LAN, AN) == "match"
    assert _parent(books, MINH, books.id_of(AN)) == "match"
    assert _parent(books, HOA, AN) == "no_match"
    assert _parent(books, LAN, AN, date(2018, 1, 1)) == "unknown"


def test_who_is_a_parent_is_unknown_while_a_parent_is(books: Books) -> None:
    books.record(birth("KS-2", "2018-09-20", AN, mother=LAN))
    assert _parent(books, HOA, AN) == "unknown"
    assert _parent(books, LAN, BAY) == "unknown"
    assert _parent(books, LAN, "900000000000") == "unknown"
    assert _parent(books, LAN, "nobody") == "unknown"


def test_of_the_hidden_nothing_is_told(books: Books) -> None:
    books.record(
        birth("KS-2", "2018-09-20", AN, father=MINH, mother=LAN),
        marriage("KH-1", "2016-05-05", MINH, LAN),
    )
    with books.database.transaction() as session:
        citizens.set_secrecy(session, books.id_of(LAN), "full")
    assert _parent(books, LAN, AN) == "unknown"
    assert _single(books, LAN, "2020-01-01") == "unknown"


def test_a_question_about_nobody_is_unknown(database: Database, books: Books) -> None:
    del books
    with database.reading() as session:
        assert is_single_as_of(session, "nobody", "2020-01-01") == "unknown"
