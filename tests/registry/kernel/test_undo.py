"""A load that is taken back leaves the present as it was before, and the past as it was known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, product
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import migrations
from auth.principals import Agreement, Principal, Purpose
from registry.citizens import changes, undo
from registry.citizens.attributes import CATALOGUE
from registry.citizens.hot import HotLookup
from registry.citizens.records import (
    Lookup,
    find_record_ids,
    list_versions,
    lookup_citizens,
    read_citizen,
    search_citizens,
)
from registry.citizens.related import documents
from registry.kernel import clock
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Invalid, NotFound
from registry.kernel.history import Segment
from registry.kernel.ledger import Change, Moment
from registry.kernel.reversal import Trace, reverse
from tests.people import BAY, LAN, address, change

NOW = Moment()
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = (date(1995, 1, 1), date(2010, 1, 1), date(2020, 1, 1), date(2025, 12, 31))
PATHS = ("name", "sex", "identifiers", "residence", "religion")
ASKER = Principal(
    "agency",
    frozenset({"citizens:read"}),
    "t" * 32,
    Purpose("1.004222", "H29-0001"),
    Agreement(
        "a",
        "agency",
        "1.004222",
        {"citizens": frozenset(attribute.path for attribute in CATALOGUE.attributes)},
        {"citizens": frozenset({"personal_id", "nine_digit_id", "name", "birth_date"})},
        "Luật Cư trú",
        date(2026, 1, 1),
    ),
)
NEW_HOME = {"permanent": {"address": address("26743", "Phường Bến Thành")}}


class Register:
    """The register of citizens under a clock that moves on by an hour with every act."""

    def __init__(self, database: Database, start: datetime = START) -> None:
        self.database, self.moment = database, start
        self.hot = HotLookup(database)

    def at(self) -> Any:
        self.moment += timedelta(hours=1)
        return clock.fixed(self.moment)

    def load(self, name: str | None, *wanted: Change) -> None:
        with self.at(), self.database.transaction() as session:
            changes.apply_changes(session, wanted, source=f"{name}.csv", load=name)

    def undo(self, load: str, by_load: str) -> Any:
        with self.at(), self.database.transaction() as session:
            return undo.undo_load(session, load, source="rollback", by_load=by_load)

    def preview(self, load: str) -> Any:
        with self.database.reading() as session:
            return undo.preview_undo(session, load)

    def id_of(self, personal_id: str) -> str:
        with self.database.reading() as session:
            return find_record_ids(session, [personal_id])[personal_id]

    def ask(self, numbers: list[str], *moments: Moment) -> list[Any]:
        """Return what each number tells at each moment; a record that tells nothing is none."""
        told = []
        with self.database.transaction() as session:
            for moment in moments or (NOW,):
                told += lookup_citizens(session, ASKER, Lookup(numbers, PATHS, moment))
        records = [answer.get("record", {}) for answer in told]
        return [record if record.keys() - {"id"} else {} for record in records]

    def known(self, ids: list[str], moments: Iterable[datetime]) -> list[Any]:
        """Return what was known of each record at each moment, by id."""
        told = []
        with self.database.transaction() as session:
            for at, day, record in product(moments, DAYS, ids):
                try:
                    answer = read_citizen(session, ASKER, record, PATHS, Moment(day, at)).record
                except NotFound:
                    answer = {}
                told.append(answer if answer.keys() - {"id"} else {})
        return told

    def history(self, record: str) -> Any:
        with self.database.transaction() as session:
            versions = list_versions(session, ASKER, record, PATHS)
        return [{k: v for k, v in version.items() if k != "recorded_at"} for version in versions]

    def present(self, numbers: list[str], ids: list[str], names: list[str]) -> list[Any]:
        """Return every answer about today that an undo has to bring back."""
        told = self.ask(numbers, NOW, *(Moment(as_of=day) for day in DAYS))
        told += self.hot.lookup(ASKER, numbers, PATHS)
        with self.database.transaction() as session:
            for record in ids:
                read = read_citizen(session, ASKER, record, PATHS, NOW)
                told += [read.record, read.tag]
            for name in names:
                criteria = {"name": name, "birth_date": "1990-05-17"}
                told.append(search_citizens(session, ASKER, criteria, PATHS))
        return [*told, *map(self.history, ids)]


@pytest.fixture
def register(database: Database) -> Iterator[Register]:
    migrations.upgrade(database)
    made = Register(database)
    yield made
    made.hot.close()


def _nine(value: str) -> dict[str, Any]:
    return {"identifiers": [{"type": "nine_digit_id", "value": value, "status": "expired"}]}


# Refusals


def test_a_record_written_to_later_refuses_the_whole_undo(register: Register) -> None:
    register.load("a", change(LAN), change(BAY))
    register.load("b", change(LAN, since=date(2020, 1, 1), residence=NEW_HOME))
    before = register.ask([LAN, BAY])
    assert register.preview("a").in_the_way == (register.id_of(LAN),)
    with pytest.raises(Conflict, match="1 records") as refused:
        register.undo("a", "u")
    assert "hoàn tác đợt công bố sau" in refused.value.detail.vi
    assert register.ask([LAN, BAY]) == before


def test_an_act_without_a_load_is_in_the_way_too(register: Register) -> None:
    register.load("a", change(LAN))
    with register.at(), register.database.transaction() as session:
        record = find_record_ids(session, [LAN])[LAN]
        changes.set_review(session, record, "sex", open_=True, source="decision")
    with pytest.raises(Conflict):
        register.undo("a", "u")


@pytest.mark.parametrize("act", ["wrong", "erase", "merge", "survive", "protect"])
def test_what_a_person_decided_of_a_record_keeps_it_from_vanishing(
    register: Register, act: str
) -> None:
    register.load("a", change(LAN))
    register.load("b", change(BAY))
    with register.at(), register.database.transaction() as session:
        ids = find_record_ids(session, [LAN, BAY])
        if act == "wrong":
            changes.mark_wrong(session, ids[BAY], date(2026, 1, 1))
        elif act == "erase":
            changes.erase(session, ids[BAY])
        elif act == "protect":
            changes.set_secrecy(session, ids[BAY], "address")
        elif act == "merge":
            changes.merge(session, ids[BAY], ids[LAN])
        else:
            changes.merge(session, ids[LAN], ids[BAY])
    assert register.preview("b").in_the_way == (ids[BAY],)
    with pytest.raises(Conflict):
        register.undo("b", "u")


def test_a_load_is_taken_back_once(register: Register) -> None:
    register.load("a", change(LAN))
    register.undo("a", "u")
    with pytest.raises(Conflict, match="already"):
        register.preview("a")
    with pytest.raises(Conflict, match="already"):
        register.undo("a", "v")


def test_a_number_that_went_to_somebody_else_refuses_the_return(register: Register) -> None:
    register.load("a", change(LAN, **_nine("900000001")))
    register.undo("a", "u")
    register.load("b", change(BAY, **_nine("900000001")))
    with pytest.raises(Invalid):
        register.undo("u", "v")


def test_a_clock_that_stands_still_is_refused(register: Register) -> None:
    register.load("a", change(LAN))
    register.moment -= timedelta(hours=1)
    with pytest.raises(ValueError, match="forwards"):
        register.undo("a", "u")


# What is left


def test_who_came_only_with_the_load_is_found_by_nothing(register: Register) -> None:
    register.load("a", change(LAN, **_nine("900000001")))
    then = register.moment
    record, before = register.id_of(LAN), register.ask([LAN, "900000001"])
    done = register.undo("a", "u")
    assert done.to_json() == {"citizen": {"vanish": 1, "back": 0, "versions": 1, "anew": 0}}
    with register.database.transaction() as session:
        numbers = [LAN, "900000001"]
        told = lookup_citizens(session, ASKER, Lookup(numbers, PATHS))
        assert [answer["status"] for answer in told] == ["not_found", "not_found"]
        criteria = {"name": "Nguyễn Thị Lan", "birth_date": "1990-05-17"}
        found = search_citizens(session, ASKER, criteria, PATHS)
        assert found == {"status": "no_unique_match"}
        for moment in (Moment(), Moment(as_of=date(2020, 1, 1)), Moment(known_at=register.moment)):
            with pytest.raises(NotFound):
                read_citizen(session, ASKER, record, PATHS, moment)
        with pytest.raises(NotFound):
            list_versions(session, ASKER, record, PATHS)
        known = read_citizen(session, ASKER, record, PATHS, Moment(known_at=then))
    # What was known while it was believed stays known, by the same numbers.
    assert register.ask(numbers, Moment(known_at=then)) == before
    assert known.record == before[0]


def test_the_same_file_again_brings_back_the_same_record(register: Register) -> None:
    register.load("a", change(LAN, **_nine("900000001")))
    record, before = register.id_of(LAN), register.ask([LAN, "900000001"])
    register.undo("a", "u")
    register.load("b", change(LAN, **_nine("900000001")))
    assert register.id_of(LAN) == record
    assert register.ask([LAN, "900000001"]) == before
    assert {version["load"] for version in register.history(record)} == {"b"}


def test_a_corrected_file_may_give_the_numbers_to_others(register: Register) -> None:
    register.load("a", change(LAN, **_nine("900000001")))
    then, lan = register.moment, register.id_of(LAN)
    register.undo("a", "u")
    register.load("b", change(BAY, **_nine("900000001")), change(LAN))
    assert register.ask(["900000001"])[0]["id"] == register.id_of(BAY)
    assert register.ask(["900000001"], Moment(known_at=then))[0]["id"] == lan


def test_each_value_that_is_back_says_where_it_came_from(register: Register) -> None:
    register.load("a", change(LAN))
    record = register.id_of(LAN)
    before = register.history(record)
    register.load("b", change(LAN, since=date(2020, 1, 1), residence=NEW_HOME))
    register.undo("b", "u")
    assert register.history(record) == before
    assert {(v["source"], v["load"]) for v in before} == {("a.csv", "a")}


def test_nothing_is_deleted_and_nothing_overwritten(register: Register) -> None:
    register.load("a", change(LAN))
    register.load("b", change(LAN, since=date(2020, 1, 1), residence=NEW_HOME))
    query = sa.text("SELECT id, document, recorded_at, source, load FROM citizen_version")
    with register.database.reading() as session:
        before = {tuple(row) for row in session.execute(query)}
    register.undo("b", "u")
    with register.database.reading() as session:
        after = {tuple(row) for row in session.execute(query)}
    assert before < after


def test_a_later_load_that_was_taken_back_is_in_nobodys_way(register: Register) -> None:
    register.load("a", change(LAN))
    register.load("b", change(LAN, since=date(2020, 1, 1), residence=NEW_HOME))
    register.undo("b", "u")
    register.undo("a", "v")
    assert register.ask([LAN]) == [{}]


def test_progress_is_told_after_every_batch(register: Register) -> None:
    people = [change(str(900_190_200_001 + n)) for n in range(1001)]
    register.load("a", *people)
    told: list[int] = []
    with register.at(), register.database.transaction() as session:
        undo.undo_load(session, "a", source="rollback", by_load="u", progress=told.append)
    assert told == [1000, 1001]


def test_an_open_snapshot_sees_the_old_world_until_it_ends(register: Register) -> None:
    people = [str(900_190_300_001 + n) for n in range(1100)]
    register.load("a", *map(change, people[:500]))
    register.load("b", *(change(p, since=date(2020, 1, 1), residence=NEW_HOME) for p in people))

    with register.database.reading() as session:
        ids = list(find_record_ids(session, people).values())

    def told(session: Session) -> Counter[str]:
        """Count the people by what is told of them, by one statement for each half of them."""
        found = [*documents(session, ids[:550], NOW).values()]
        found += documents(session, ids[550:], NOW).values()
        return Counter(
            "moved" if "26743" in str(d) else "at home" if d else "nothing" for d in found
        )

    before, after = Counter({"moved": 1100}), Counter({"at home": 500, "nothing": 600})
    with register.database.reading() as reader:
        assert told(reader) == before
        seen: list[Counter[str]] = []

        def during(done: int) -> None:
            del done
            with register.database.reading() as other:
                seen.append(told(other))

        with register.at(), register.database.transaction() as session:
            undo.undo_load(session, "b", source="rollback", by_load="u", progress=during)
        assert seen == [before, before]
        assert told(reader) == before
    with register.database.reading() as session:
        assert told(session) == after


# The law of it

PEOPLE = 3
states = st.fixed_dictionaries(
    {"who": st.integers(0, PEOPLE - 1), "since": st.sampled_from(DAYS)},
    optional={"home": st.sampled_from([address(), address("26743")]), "nine": st.integers(0, 1)},
)
loads = st.lists(states, min_size=1, max_size=4)
numbers = count(900_190_400_001)


class Example:
    """Some people of their own, whose numbers and names no other example has."""

    def __init__(self) -> None:
        self.people = [str(next(numbers)) for _ in range(PEOPLE)]
        self.names = [f"Nguyễn {who}" for who in self.people]
        self.papers = [f"9{who[-7:]}{n}" for who in self.people for n in (0, 1)]

    def changes(self, states: list[dict[str, Any]]) -> list[Change]:
        return [self._change(**state) for state in states]

    def _change(self, who: int, since: date, home: Any = None, nine: int | None = None) -> Change:
        more: dict[str, Any] = {"name": {"full": self.names[who]}}
        if home is not None:
            more["residence"] = {"permanent": {"address": home}}
        if nine is not None:
            more |= _nine(self.papers[2 * who + nine])
        return change(self.people[who], since=since, **more)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=loads, second=loads, between=st.booleans())
def test_a_then_b_then_not_b_is_a(
    register: Register,
    first: list[dict[str, Any]],
    second: list[dict[str, Any]],
    between: bool,
) -> None:
    made = Example()
    a, b, c, u, v, w, x = (f"{load}-{made.people[0]}" for load in "abcuvwx")
    asked = [*made.people, *made.papers]
    told: dict[datetime, list[Any]] = {}

    def after(act: Callable[[], Any]) -> tuple[list[Any], list[str]]:
        """Do it; return what is answered from then on, and whom it is about."""
        act()
        with register.database.reading() as session:
            ids = sorted(find_record_ids(session, made.people).values())
        told[register.moment] = register.ask(asked, *(Moment(as_of=day) for day in DAYS))
        return register.present(asked, ids, made.names), ids

    with_a = after(lambda: register.load(a, *made.changes(first)))
    if between:
        # A load that came and went leaves nothing behind.
        register.load(c, *made.changes(second[:1]))
        assert after(lambda: register.undo(c, w)) == with_a
    with_b = after(lambda: register.load(b, *made.changes(second)))
    everybody, earlier = with_b[1], list(told)
    before = register.known(everybody, earlier)
    assert after(lambda: register.undo(b, u)) == with_a
    assert register.known(everybody, earlier) == before
    for moment, then in told.items():
        asks = (Moment(as_of=day, known_at=moment) for day in DAYS)
        assert register.ask(asked, *asks) == then
    earlier = list(told)
    before = register.known(everybody, earlier)
    assert after(lambda: register.undo(u, v)) == with_b
    assert register.known(everybody, earlier) == before
    assert after(lambda: register.undo(b, x)) == with_a


# One history


def _segment(hour: int, load: str | None, *, ended: int | None = None, start: int = 1) -> Segment:
    moments = [START + timedelta(hours=h) if h is not None else None for h in (hour, ended)]
    recorded, superseded = moments
    assert recorded
    first = date(2000, 1, start)
    return Segment(first, None, recorded, {"by": load}, "file", load, superseded)


def test_what_was_written_in_the_moment_of_another_load_is_not_taken_for_it() -> None:
    history = {1: _segment(1, "a", ended=1), 2: _segment(1, "b")}
    reversal = reverse(history, Trace("b"))
    assert reversal is not None
    assert reversal.blocked


def test_a_load_that_wrote_nothing_here_turns_nothing_back() -> None:
    assert reverse({1: _segment(1, "a")}, Trace("b")) is None


def test_what_an_act_left_of_a_state_was_not_written_by_its_load_again() -> None:
    whole = _segment(1, "a", ended=2)
    history = {1: whole, 2: _segment(2, None, start=5)}
    left = Segment(
        whole.valid_from, date(2000, 1, 5), START + timedelta(hours=2), whole.document, "file", "a"
    )
    reversal = reverse(history | {3: left}, Trace("a"))
    assert reversal is not None
    assert reversal.since == START + timedelta(hours=1)
    assert reversal.blocked
