"""One citizen in four registers at once: each answers and logs for itself, without N+1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from auth.agreements import create_agreement
from auth.principals import Agreement
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.civil_status.changes import record_acts
from registry.households import changes as households
from registry.kernel.db import Database
from registry.kernel.ledger import Change
from tests.acts import AN, HOA, MINH, birth, change, marriage
from tests.conftest import Service
from tests.parcels import change as parcel
from tests.parcels import load
from tests.people import BAY, LAN, household
from tests.people import change as citizen

ALL = {"Sogoc-Procedure": "1.001193", "Sogoc-Case": "H29-0007"}
ASKED = (
    "citizen=name,marital_status&household=members&civil_status=type&parcels=reference,holders.name"
)
ACTS = (birth("KS-1", "1990-06-01", LAN), marriage("KH-1", "2016-05-05", MINH, LAN))


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    everybody = [LAN, BAY, MINH, AN, HOA]
    with service.database.transaction() as session:
        create_agreement(
            session,
            Agreement(
                "",
                "ward-office",
                ALL["Sogoc-Procedure"],
                {
                    "citizens": frozenset({"name", "marital_status", "birth_date"})
                    | {"father.personal_id", "mother.personal_id"},
                    "households": frozenset({"members"}),
                    "civil_status": frozenset({"type", "registered_on"}),
                    "parcels": frozenset({"reference", "holders.name", "holders.personal_id"}),
                },
                {"citizens": frozenset({"personal_id"})},
                "Luật Hộ tịch 60/2014/QH13",
                date(2026, 1, 1),
            ),
        )
        citizens.apply_changes(session, map(citizen, everybody), source="test", load=None)
        record_acts(session, map(change, ACTS), source="test", load=None)
        households.apply_changes(
            session, [Change(household(), date(2015, 1, 1))], source="test", load=None
        )
        found = find_record_ids(session, everybody)
    load(service, parcel())
    return found


def _ask(service: Service, who: str, asked: str = ASKED, **more: Any) -> Any:
    path = f"/v1/citizens/{who}/registers?{asked}"
    return service.call("GET", path, **{"headers": ALL, **more})


def test_what_one_register_may_not_tell_refuses_the_question(
    service: Service, people: dict[str, str]
) -> None:
    answer = _ask(service, people[LAN], "citizen=name&parcels=certificates")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "outside-agreement")
    assert {row.outcome for row in service.rows()} == {"refused"}


def test_each_register_needs_its_own_scope(service: Service, people: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {service.token('citizens:read')}", **ALL}
    path = f"/v1/citizens/{people[LAN]}/registers?{ASKED}"
    answer = service.app.test_client().get(path, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")


def test_a_question_about_nothing_is_malformed(service: Service, people: dict[str, str]) -> None:
    assert _ask(service, people[LAN], "as_of=2020-01-01").status_code == 400


def test_four_registers_answer_at_once(service: Service, people: dict[str, str]) -> None:
    told = _ask(service, people[LAN]).get_json()
    assert {key: told[key]["state"] for key in told.keys() - {"id"}} == dict.fromkeys(
        ("citizen", "household", "civil_status", "parcels"), "ok"
    )
    assert told["citizen"]["value"]["marital_status"]["code"] == "married"
    assert len(told["household"]["value"]["members"]) == 2
    acts = told["civil_status"]["value"]["acts"]
    assert [act["type"]["code"] for act in acts] == ["birth", "marriage"]
    assert told["parcels"]["value"][0]["holders"] == [{"name": "Nguyễn Thị Lan"}]


def test_a_register_without_an_answer_keeps_back_no_other(
    service: Service, people: dict[str, str]
) -> None:
    told = _ask(service, people[HOA], "citizen=name&household=members&parcels=reference").get_json()
    assert told["household"] == {"state": "not_found"}
    assert told["citizen"]["state"] == told["parcels"]["state"] == "ok"
    with service.database.transaction() as session:
        citizens.set_secrecy(session, people[BAY], "address")
    told = _ask(service, people[LAN], "citizen=name&household=members").get_json()
    assert told["household"] == {"state": "withheld"}
    assert told["citizen"]["value"]["name"]["full"] == "Nguyễn Thị Lan"
    assert "withheld" in {row.outcome for row in service.rows()}


@contextmanager
def _counting(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


def test_more_acts_members_and_parcels_cost_no_more_statements(
    service: Service, people: dict[str, str]
) -> None:
    _ask(service, people[LAN])
    with _counting(service.database) as few:
        _ask(service, people[LAN])
    more = [birth(f"KS-{n}", f"20{n}-06-01", AN, mother=LAN, father=MINH) for n in (18, 19)]
    members = household()["members"]
    members += [{**members[1], "personal_id": who} for who in (MINH, AN, HOA)]
    with service.database.transaction() as session:
        record_acts(session, map(change, more), source="test", load=None)
        grown = Change(household(members=members), date(2021, 1, 1))
        households.apply_changes(session, [grown], source="test", load=None)
    load(service, *(parcel(f"T-{n}", number=str(n), column=n) for n in range(2, 8)))
    with _counting(service.database) as many:
        told = _ask(service, people[LAN]).get_json()
    assert len(told["parcels"]["value"]) == 7
    assert len(told["household"]["value"]["members"]) == 5
    assert len(told["civil_status"]["value"]["acts"]) == 4
    # The look at tokens' clients and the count of calls are no part of the read.
    assert len(_of_read(many)) <= len(_of_read(few))


def _of_read(statements: list[str]) -> list[str]:
    ours = ("auth_generation", "FROM client", "call_count", "auth_secret", "slowed_client")
    kept = [s for s in statements if not any(name in s for name in ours)]
    return [s for s in kept if not s.startswith("BEGIN")]


def _verify(service: Service, who: str, *predicates: str) -> Any:
    body = {"identifier": who, "predicates": list(predicates)}
    answer = service.call("POST", "/v1/citizens/verify", headers=ALL, json=body)
    assert answer.status_code == 200, answer.get_json()
    return [answer.get_json()["predicates"][text] for text in predicates]


def test_predicates_of_every_register_answer_in_one_question(
    service: Service, people: dict[str, str]
) -> None:
    with service.database.transaction() as session:
        act = birth("KS-9", "2018-09-20", AN, mother=LAN, father=MINH)
        record_acts(session, [change(act)], source="test", load=None)
    [held] = load(service).values()
    asked = (
        f"is_parent_of:{AN}",
        f"is_parent_of:{people[HOA]}",
        "is_single_as_of:2020-01-01",
        f"holds_parcel:{held}",
        "is_over:18",
    )
    assert _verify(service, LAN, *asked) == ["match", "unknown", "no_match", "match", "match"]
    assert _verify(service, BAY, f"holds_parcel:{held}") == ["no_match"]
    told = {row.subject_id for row in service.rows()}
    assert told == {people[LAN], people[AN], people[HOA], people[BAY]}


def test_a_predicate_needs_the_right_to_its_sources(
    service: Service, people: dict[str, str]
) -> None:
    body = {"identifier": LAN, "predicates": ["resident_of:79"]}
    answer = service.call("POST", "/v1/citizens/verify", headers=ALL, json=body)
    assert answer.get_json()["attributes"] == ["residence.permanent.address"]
    for text in ("is_parent_of:me", "is_single_as_of:2020", "holds_parcel:12", "owns:1"):
        body = {"identifier": LAN, "predicates": [text]}
        answer = service.call("POST", "/v1/citizens/verify", headers=ALL, json=body)
        assert answer.get_json()["errors"][0]["code"] == "predicate", text
    assert people
