"""What acts decide of people is worked out anew as time goes by, without a new act."""

from __future__ import annotations

from datetime import UTC, datetime

from registry.background import HANDLERS, RECURRING
from registry.jobs.worker import Worker
from registry.kernel import clock
from registry.kernel.settings import Settings
from tests.acts import AN, HOA, MINH, birth
from tests.people import LAN
from tests.registry.civil_status.conftest import Books


def _pass_a_day(books: Books, day: datetime) -> None:
    with clock.fixed(day):
        assert Worker(books.database, Settings(), HANDLERS, RECURRING).run(
            lambda: False, idle_exit=0
        )


def _status(books: Books, who: str) -> str:
    return str(books.document(who).get("marital_status", {}).get("code"))


def test_a_child_comes_of_age_by_the_calendar_alone(books: Books) -> None:
    books.record(birth("KS-1", "2018-09-20", AN, father=MINH, mother=LAN))
    assert _status(books, AN) == "single"
    _pass_a_day(books, datetime(2030, 1, 1, tzinfo=UTC))
    assert _status(books, AN) == "single"
    _pass_a_day(books, datetime(2040, 1, 1, tzinfo=UTC))
    assert _status(books, AN) == "unknown"
    # Of those whom no act names, the citizens' own file goes on to tell.
    assert _status(books, HOA) == "None"
