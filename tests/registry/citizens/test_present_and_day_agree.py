"""The short way of the present answers what the long way answers of today, whatever came before.

The one reads the current row, the other the versions: a record is put through random loads,
corrections, flags and merges while the clock goes on, and then both are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import migrations
from auth.principals import Agreement, Principal, Purpose
from registry.citizens import changes
from registry.citizens.attributes import CATALOGUE
from registry.citizens.hot import HotLookup
from registry.citizens.records import Lookup, find_record_ids, lookup_citizens
from registry.kernel import clock
from registry.kernel.access_log import AccessEvent
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, NotFound
from registry.kernel.ledger import Moment
from tests.people import address, change

START = datetime(2026, 1, 1, tzinfo=UTC)
PATHS = frozenset(attribute.path for attribute in CATALOGUE.attributes)
ASKER = Principal(
    "agency",
    frozenset({"citizens:read"}),
    "t" * 32,
    Purpose("1.004222", "H29-0001"),
    Agreement(
        "a",
        "agency",
        "1.004222",
        {"citizens": PATHS},
        {"citizens": frozenset({"personal_id", "nine_digit_id"})},
        "Luật Cư trú",
        date(2026, 1, 1),
    ),
)

# Close around the clock, so that what begins and ends falls among the questions.
days = st.dates(date(2025, 1, 1), date(2027, 6, 30))
starts = days.flatmap(
    lambda day: st.sampled_from(
        [
            {"value": f"{day:%Y}", "precision": "year"},
            {"value": f"{day:%Y-%m}", "precision": "month"},
            {"value": f"{day:%Y-%m-%d}", "precision": "day"},
        ]
    )
)
homes = st.fixed_dictionaries(
    {"address": st.sampled_from([address(), address("26743", "Phường Bến Thành")])},
    optional={"valid_from": starts, "term_end": days.map(date.isoformat)},
)
residences = st.dictionaries(st.sampled_from(["permanent", "temporary", "current"]), homes)
paths = st.sampled_from(["sex", "birth_date", "residence", "residence.permanent.address"])
acts = st.one_of(
    st.tuples(st.just("load"), days, residences),
    st.tuples(st.just("amend"), days, days, residences),
    st.tuples(st.just("amend"), days, st.none(), residences),
    st.tuples(st.just("wrong"), days),
    st.tuples(st.just("review"), paths, st.booleans()),
    st.tuples(st.just("secrecy"), st.sampled_from(["none", "address", "full"])),
    st.tuples(st.just("erase")),
    st.tuples(st.just("merge"), st.booleans()),
)
steps = st.lists(st.tuples(st.integers(0, 200), acts), max_size=4)
fields = st.lists(
    st.sampled_from(["residence", "effective_residence", "age"]) | st.sampled_from(sorted(PATHS)),
    min_size=1,
    max_size=4,
)
numbers = count(900_190_100_001)


@pytest.fixture
def hot(database: Database) -> Iterator[HotLookup]:
    migrations.upgrade(database)
    lookup = HotLookup(database)
    yield lookup
    lookup.close()


def _do(session: Session, personal_id: str, other: str, act: tuple[Any, ...]) -> None:
    """Do one act to a person; what the register refuses is not done."""
    ids = find_record_ids(session, [personal_id, other])
    kind, *more = act
    try:
        if kind == "load":
            since, residence = more
            fresh = change(personal_id, since=since, residence=residence)
            changes.apply_changes(session, [fresh], source="test", load=None)
        elif kind == "amend":
            since, until, residence = more
            if until is None or since < until:
                changes.amend_citizen(
                    session,
                    ids[personal_id],
                    lambda known: {**known, "residence": residence},
                    valid_from=since,
                    valid_to=until,
                    source="test",
                )
        elif kind == "wrong":
            changes.mark_wrong(session, ids[personal_id], more[0])
        elif kind == "review":
            path, opened = more
            changes.set_review(session, ids[personal_id], path, open_=opened, source="test")
        elif kind == "secrecy":
            changes.set_secrecy(session, ids[personal_id], more[0])
        elif kind == "erase":
            changes.erase(session, ids[personal_id])
        else:
            changes.merge(session, ids[personal_id], ids[other] if more[0] else None)
    except (Conflict, NotFound):
        pass


def _logged(session: Session) -> list[tuple[str, str | None, str]]:
    rows = session.query(AccessEvent).order_by(AccessEvent.id).all()
    return [(row.outcome, row.subject_id, row.attributes) for row in rows]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps, asked=fields, later=st.integers(0, 700))
@example(
    # A term on a kind of residence that has none, which the residence in force minds all the same.
    steps=[
        (
            0,
            (
                "load",
                date(2025, 1, 1),
                {"permanent": {"address": address(), "term_end": "2025-01-01"}},
            ),
        )
    ],
    asked=["effective_residence"],
    later=0,
)
@example(
    # An end that was still to come when it was recorded, and is past when it is asked about.
    steps=[(0, ("amend", date(2025, 6, 1), date(2026, 6, 1), {"current": {"address": address()}}))],
    asked=["residence"],
    later=300,
)
def test_the_present_is_what_is_true_today(
    database: Database,
    hot: HotLookup,
    steps: list[tuple[int, tuple[Any, ...]]],
    asked: list[str],
    later: int,
) -> None:
    personal_id, other = str(next(numbers)), str(next(numbers))
    moment = START
    with clock.fixed(moment), database.transaction() as session:
        both = [change(personal_id), change(other)]
        changes.apply_changes(session, both, source="test", load=None)
    for wait, act in steps:
        moment += timedelta(days=wait, minutes=1)
        with clock.fixed(moment), database.transaction() as session:
            _do(session, personal_id, other, act)
    numbers_asked = [personal_id, other, "900190999999", personal_id]
    with clock.fixed(moment + timedelta(days=later)):
        with database.transaction() as session:
            before = len(_logged(session))
        present = hot.lookup(ASKER, numbers_asked, tuple(asked))
        with database.transaction() as session:
            query = Lookup(numbers_asked, tuple(asked), Moment(as_of=today()))
            assert lookup_citizens(session, ASKER, query) == present
        with database.transaction() as session:
            rows = _logged(session)[before:]
    assert rows[: len(rows) // 2] == rows[len(rows) // 2 :]
