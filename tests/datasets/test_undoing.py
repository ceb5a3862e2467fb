"""Taking a load of any dataset back: registers that build on each other, and their side tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import migrations
from auth.principals import Agreement, Principal, Purpose
from datasets.specs import SPECS
from datasets.undoing import UNDOING
from registry.citizens import attributes as citizens
from registry.citizens.records import find_record_ids, read_citizen
from registry.civil_status import attributes as civil_status
from registry.civil_status.changes import refresh_marital_status, view_on
from registry.civil_status.records import lookup_act, read_act, read_acts_of
from registry.households import attributes as households
from registry.households.records import read_household, read_household_of
from registry.kernel import clock
from registry.kernel.db import Base, Database
from registry.kernel.errors import Ambiguous, Conflict, NotFound
from registry.kernel.ledger import Change, Moment
from registry.kernel.undo import Undone, UndoPreview
from registry.parcels import attributes as parcels
from registry.parcels import records as land
from registry.parcels.crs import DEFAULT
from registry.parcels.features import MapQuery, list_features
from registry.parcels.references import Written
from tests import acts, people
from tests import parcels as plots
from tests.acts import AN, HOA, MINH
from tests.parcels import COUPLE, holder
from tests.people import BAY, LAN

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = (date(2012, 1, 1), date(2019, 1, 1), date(2025, 12, 31))
EVERYBODY = (LAN, BAY, MINH, AN, HOA)
_CATALOGUES = (citizens, households, civil_status, parcels)
_SEARCH = {
    "civil_status": frozenset({"type", "number", "office", "year"}),
    "parcels": frozenset({"reference", "certificate", "parcel_id"}),
}
ASKER = Principal(
    "agency",
    frozenset(),
    "t" * 32,
    Purpose("1.004222", "H29-0001"),
    Agreement(
        "a",
        "agency",
        "1.004222",
        {
            module.CATALOGUE.register: frozenset(a.path for a in module.CATALOGUE.attributes)
            for module in _CATALOGUES
        },
        _SEARCH,
        "Luật Cư trú",
        date(2026, 1, 1),
    ),
)
ANYWHERE = MapQuery((-180.0, -90.0, 180.0, 90.0), DEFAULT, 100)
_FAMILY = ("marital_status", "spouse", "father", "mother")
SPLIT = {"code": "T-1", "event": {"code": "split"}, "on": "2020-03-02"}
HOME = {"address": people.address("27007")}


def _book(complete: bool, year_to: int | None, **more: Any) -> Change:
    told = {
        "office": "27007",
        "office_name": "Ủy ban nhân dân phường",
        "as_of": "2000-12-31",
        "kind": "marriage",
        "year_from": 2000,
        "complete": complete,
    }
    return Change(told | ({"year_to": year_to} if year_to else {}) | more, date(2000, 1, 1))


def _household(code: str, since: int, members: Iterable[str], head: str) -> Change:
    made = people.household(code)
    of = [{**made["members"][0], "personal_id": who} for who in members]
    return Change(made | {"members": of, "head": {"personal_id": head}}, date(since, 1, 1))


def _entry(code: str) -> dict[str, Any]:
    return {"certificates": [{"serial": f"BĐ {code}"}]}


POOLS: dict[str, list[Change]] = {
    "households": [
        _household("HK-1", 2010, (LAN, BAY), LAN),
        _household("HK-1", 2015, (LAN,), LAN),
        _household("HK-1", 2015, (LAN, BAY, AN), BAY),
        _household("HK-2", 2018, (BAY, MINH), MINH),
        _household("HK-2", 2020, (MINH,), MINH),
    ],
    "civil_books": [
        _book(True, 2010),
        _book(True, None),
        _book(False, None),
        _book(True, None, year_from=2011, as_of="2011-12-31"),
        _book(True, 2020, office="26737"),
    ],
    "civil_status": [
        acts.change(told)
        for told in (
            acts.birth("KS-1", "2018-10-01", AN, mother=LAN, father=MINH),
            acts.marriage("KH-1", "2016-05-05", MINH, LAN),
            acts.marriage("KH-1", "2016-06-06", MINH, HOA),
            acts.note("LH-1", "divorce", "2020-03-01", amends="KH-1"),
            acts.death("KT-1", "2023-02-01", MINH, "2023-01-20"),
            acts.death("KT-2", "2024-02-01", MINH, "2023-01-21"),
            acts.amendment(
                "CC-1", "correction", "2020-01-01", LAN, ("birth_date", acts.day("1990-05-18"))
            ),
        )
    ],
    "parcels": [
        plots.change("T-1", **_entry("1")),
        plots.change("T-1", date(2015, 1, 1), column=3, holders=COUPLE, **_entry("1")),
        plots.change("T-1", date(2018, 1, 1), number="9", parcel_id="07954.1.1"),
        plots.change("T-2", date(2020, 3, 2), number="2", lineage={"from": [SPLIT]}),
        plots.change("T-3", date(2020, 3, 2), number="3", column=1, lineage={"from": [SPLIT]}),
        plots.change("T-4", number="4", column=2, holders=[holder(None)], parcel_id="07954.1.2"),
    ],
}


class World:
    """All registers on one database, under a clock that moves on by a minute with every act."""

    def __init__(self, database: Database) -> None:
        self.database, self.moment = database, START
        migrations.upgrade(database)

    def do(self, act: Callable[[Session], Any]) -> Any:
        self.moment += timedelta(minutes=1)
        with clock.fixed(self.moment), self.database.transaction() as session:
            return act(session)

    def load(self, dataset: str, load: str, *wanted: Change) -> None:
        apply = SPECS[dataset].apply
        self.do(lambda session: apply(session, wanted, source=f"{load}.csv", load=load))

    def undo(self, dataset: str, load: str, by_load: str = "undo") -> Undone:
        undo = UNDOING[dataset].undo
        done: Undone = self.do(lambda s: undo(s, load, source="rollback", by_load=by_load))
        return done

    def preview(self, dataset: str, load: str) -> UndoPreview:
        with self.database.reading() as session:
            return UNDOING[dataset].preview(session, load)

    def ids(self, table: str) -> dict[str, str]:
        of = Base.metadata.tables[table].c
        with self.database.reading() as session:
            return {row[0]: row[1] for row in session.execute(sa.select(of.code, of.id))}

    def person(self, personal_id: str) -> str:
        with self.database.reading() as session:
            return find_record_ids(session, [personal_id])[personal_id]

    def told(self, dataset: str, *moments: Moment) -> list[Any]:
        """Return every answer of a register; one that tells nothing is none."""
        with self.database.transaction() as session:
            return [_told(session, dataset, moment) for moment in moments]


def _told(session: Session, dataset: str, moment: Moment) -> list[Any]:
    read = {"households": _homes, "parcels": _land, "civil_status": _lives, "civil_books": _books}
    return [_asked(ask) for ask in read[dataset](session, moment)]


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        answer = getattr(found := ask(), "record", found)
    except (NotFound, Ambiguous) as error:
        return type(error)
    if isinstance(answer, dict) and not answer.keys() - {"id"}:
        return NotFound
    return answer


def _homes(session: Session, moment: Moment) -> Iterable[Callable[[], Any]]:
    fields = ("head", "members", "address")
    ids = find_record_ids(session, EVERYBODY)
    for key in _rows(session, "household"):
        yield partial(read_household, session, ASKER, key, fields, moment)
    for who in EVERYBODY:
        yield partial(read_household_of, session, ASKER, ids[who], fields, moment)


def _lives(session: Session, moment: Moment) -> Iterable[Callable[[], Any]]:
    fields, of_people = ("type", "persons"), ("birth_date", "life_status", "name", *_FAMILY)
    ids = find_record_ids(session, EVERYBODY)
    for key in _rows(session, "civil_act"):
        yield partial(read_act, session, ASKER, key, fields, moment)
    for who in EVERYBODY:
        yield partial(read_citizen, session, ASKER, ids[who], of_people, moment)
        yield partial(_acts_of, session, ids[who], fields, moment)
    for kind, number, year in (("marriage", "1", "2016"), ("death", "2", "2024")):
        entry = {"type": kind, "number": number, "office": "27007", "year": year}
        if moment == Moment():
            yield partial(lookup_act, session, ASKER, entry, fields)


def _acts_of(session: Session, who: str, fields: tuple[str, ...], moment: Moment) -> Any:
    # Beside them stands how far the books are here, which is worked out anew where nothing is told.
    return read_acts_of(session, ASKER, who, fields, moment)["acts"]


def _land(session: Session, moment: Moment) -> Iterable[Callable[[], Any]]:
    fields = ("code", "reference", "holders", "state", "lineage", "area")
    ids = find_record_ids(session, EVERYBODY)
    for key in _rows(session, "parcel"):
        yield partial(land.read_parcel, session, ASKER, key, fields, moment)
    for who in (LAN, BAY):
        yield partial(land.list_parcels_of, session, ASKER, ids[who], fields, moment)
    if moment != Moment():
        return
    wanted = [land.Wanted(Written("27007", "12", number)) for number in "12349"]
    wanted += [land.Wanted(parcel_id=f"07954.1.{number}") for number in "12"]
    for one in (*wanted, land.Wanted(certificate="BĐ 1")):
        yield partial(land.lookup, session, ASKER, one, fields)
    for key in _rows(session, "parcel"):
        yield partial(land.read_lineage, session, ASKER, key)
    yield lambda: [orjson.loads(f) for f in list_features(session, ASKER, ANYWHERE).features]


def _books(session: Session, moment: Moment) -> Iterable[Callable[[], Any]]:
    table = Base.metadata.tables["civil_book"]
    if moment == Moment():
        yield lambda: sorted(map(str, session.execute(sa.select(table))))
        yield lambda: view_on(session, find_record_ids(session, [LAN])[LAN], date(2025, 1, 1))


def _rows(session: Session, table: str) -> list[str]:
    of = Base.metadata.tables[table].c
    found = session.execute(sa.select(of.id).order_by(of.code))
    return [row[0] for row in found]


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    lived = {"permanent": {"address": people.address(), "valid_from": acts.day("2001")}}
    made.load("citizens", "people", *(people.change(who, residence=lived) for who in EVERYBODY))
    return made


# Refusals: nothing is taken from under what was built on it


@pytest.mark.parametrize("dataset", ["households", "civil_status", "parcels"])
def test_people_whom_another_register_names_do_not_vanish(world: World, dataset: str) -> None:
    world.load(dataset, "later", POOLS[dataset][0])
    named = {"households": (LAN, BAY), "civil_status": (LAN, MINH, AN), "parcels": (LAN,)}
    expected = {world.person(who) for who in named[dataset]}
    assert set(world.preview("citizens", "people").in_the_way) == expected
    with pytest.raises(Conflict, match=f"{len(expected)} records"):
        world.undo("citizens", "people")
    assert {world.person(who) for who in EVERYBODY} >= expected
    world.undo(dataset, "later", "u1")
    assert world.preview("citizens", "people").in_the_way == ()
    world.undo("citizens", "people", "u2")
    with world.database.reading() as session:
        assert find_record_ids(session, EVERYBODY) == {}


@pytest.mark.parametrize("dataset", sorted(POOLS))
def test_a_record_of_a_later_load_refuses_the_undo_of_the_earlier(
    world: World, dataset: str
) -> None:
    first, later = POOLS[dataset][:2]
    if dataset == "civil_status":
        first, later = POOLS[dataset][1:3]
    world.load(dataset, "a", first)
    world.load(dataset, "b", later)
    before = world.told(dataset, Moment())
    assert len(world.preview(dataset, "a").in_the_way) == 1
    with pytest.raises(Conflict, match="1 records"):
        world.undo(dataset, "a")
    assert world.told(dataset, Moment()) == before
    world.undo(dataset, "b", "u1")
    with pytest.raises(Conflict, match="already"):
        world.undo(dataset, "b", "u2")
    world.undo(dataset, "a", "u3")


def test_a_parcel_id_that_another_parcel_has_by_now_does_not_come_back(world: World) -> None:
    world.load("parcels", "a", plots.change("T-1", parcel_id="07954.1.2"))
    world.load("parcels", "b", plots.change("T-1", date(2015, 1, 1)))
    world.load("parcels", "c", POOLS["parcels"][5])
    with pytest.raises(Conflict, match="belongs to another parcel"):
        world.undo("parcels", "b")


def test_a_parcel_id_may_go_back_from_one_parcel_to_another(world: World) -> None:
    one, other = plots.change("T-1", parcel_id="1"), plots.change("T-2", number="2", column=1)
    world.load("parcels", "a", one, other)
    before = world.told("parcels", Moment())
    world.load("parcels", "b", plots.change("T-1", date(2015, 1, 1)))
    world.load("parcels", "c", Change({**other.document, "parcel_id": "1"}, date(2016, 1, 1)))
    world.undo("parcels", "c", "u1")
    world.undo("parcels", "b", "u2")
    assert world.told("parcels", Moment()) == before


# The law of it, for each dataset


@pytest.mark.parametrize("dataset", sorted(POOLS))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_then_b_then_not_b_is_a(world: World, dataset: str, data: st.DataObject) -> None:
    chosen = st.lists(st.sampled_from(POOLS[dataset]), min_size=1, max_size=4)
    first, second = data.draw(chosen), data.draw(chosen)
    a, b, u, v, x, y = (f"{load}-{world.moment}" for load in "abuvxy")
    told: dict[datetime, list[Any]] = {}
    on_days = [Moment(as_of=day) for day in DAYS]

    def after(act: Callable[[], Any]) -> list[Any]:
        act()
        told[world.moment] = world.told(dataset, *on_days)
        return _known(world.told(dataset, Moment(), *on_days))

    empty = after(lambda: None)
    with_a = after(lambda: world.load(dataset, a, *first))
    with_b = after(lambda: world.load(dataset, b, *second))
    assert after(lambda: world.undo(dataset, b, u)) == with_a
    for moment, then in told.items():
        asks = [Moment(day, moment) for day in DAYS]
        assert _known(world.told(dataset, *asks)) == _known(then), moment
    assert after(lambda: world.undo(dataset, u, v)) == with_b
    assert after(lambda: world.undo(dataset, b, x)) == with_a
    assert after(lambda: world.undo(dataset, a, y)) == empty


def _known(told: list[list[Any]]) -> list[list[Any]]:
    """Return answers without those that tell nothing: a record that came later told nothing."""
    return [[answer for answer in some if answer not in (NotFound, [])] for some in told]


# What the registers owe each other


def test_acts_of_other_loads_keep_what_they_decided(world: World) -> None:
    birth, marriage, _, _, death, *_ = POOLS["civil_status"]
    world.load("civil_status", "b", marriage)
    alone = world.told("civil_status", Moment())
    world.undo("civil_status", "b", "u1")
    world.load("civil_status", "a", birth, death)
    world.load("civil_status", "c", marriage)
    together = world.told("civil_status", Moment())
    preview = world.preview("civil_status", "a")
    assert [(e.register, e.vanish, e.anew) for e in preview.effects] == [
        ("civil_act", 2, 0),
        ("citizen", 0, 2),
    ]
    done = world.undo("civil_status", "a", "u2")
    assert done.effects == preview.effects
    assert _known(world.told("civil_status", Moment())) == _known(alone)
    world.undo("civil_status", "u2", "u3")
    assert world.told("civil_status", Moment()) == together


def test_an_act_that_said_nothing_new_speaks_when_the_other_is_taken_back(world: World) -> None:
    *_, first, second, _ = POOLS["civil_status"]
    world.load("civil_status", "a", first)
    world.load("civil_status", "b", second)
    world.undo("civil_status", "a")
    with world.database.transaction() as session:
        fields = ("life_status",)
        who = find_record_ids(session, [MINH])[MINH]
        found = read_citizen(session, ASKER, who, fields, Moment()).record
    assert found["life_status"]["code"] == "deceased"


def test_progress_counts_acts_and_then_people(world: World) -> None:
    world.load("civil_status", "a", *POOLS["civil_status"][:2])
    undo, told = UNDOING["civil_status"].undo, list[int]()
    world.do(lambda s: undo(s, "a", source="rollback", by_load="u", progress=told.append))
    assert told == [2, 5]


def test_a_file_of_acts_loads_again_after_its_undo(world: World) -> None:
    world.load("civil_status", "a", *POOLS["civil_status"][:2])
    before, keys = world.told("civil_status", Moment()), world.ids("civil_act")
    world.undo("civil_status", "a")
    world.load("civil_status", "b", *POOLS["civil_status"][:2])
    assert world.told("civil_status", Moment()) == before
    assert world.ids("civil_act") == keys


def test_a_status_that_was_worked_out_since_keeps_the_people_of_its_acts(world: World) -> None:
    world.load("civil_status", "a", POOLS["civil_status"][1])
    world.load("civil_books", "b", _book(True, None))
    key = world.person(LAN)
    world.do(lambda s: refresh_marital_status(s, [key], source="books", load=None))
    world.undo("civil_status", "a")
    with world.database.transaction() as session:
        found = read_citizen(session, ASKER, key, ("marital_status",), Moment()).record
    # As from no act at all, and no longer married.
    assert found["marital_status"]["code"] == "unknown"


def test_what_a_person_held_stays_known_when_the_person_is_gone(world: World) -> None:
    world.load("parcels", "a", plots.change(holders=[holder("900190000021")]))
    world.load("citizens", "b", people.change("900190000021"))
    then, key = world.moment, world.person("900190000021")

    def held(session: Session) -> Any:
        moment = Moment(known_at=then)
        return land.list_parcels_of(session, ASKER, key, ("code",), moment)

    before = world.do(held)
    assert [parcel["code"] for parcel in before] == ["T-1"]
    world.undo("citizens", "b")
    assert world.do(held) == before
    with world.database.transaction() as session, pytest.raises(NotFound):
        land.list_parcels_of(session, ASKER, key, ("code",), Moment())


def test_a_source_of_a_split_that_is_gone_is_in_no_family(world: World) -> None:
    source, child = POOLS["parcels"][0], POOLS["parcels"][3]
    world.load("parcels", "a", child)
    before = world.told("parcels", Moment())
    world.load("parcels", "b", source)
    world.undo("parcels", "b", "u")
    assert _known(world.told("parcels", Moment())) == _known(before)
    # Its other parts may come while it is away, and it is told of them when it is back.
    world.load("parcels", "c", POOLS["parcels"][4])
    world.load("parcels", "d", source)
    with world.database.transaction() as session:
        fields = ("lineage", "state")
        read = land.read_parcel(session, ASKER, world.ids("parcel")["T-1"], fields, Moment())
    told = read.record
    assert [entry["code"] for entry in told["lineage"]["to"]] == ["T-2", "T-3"]
    assert told["state"]["code"] == "retired"
