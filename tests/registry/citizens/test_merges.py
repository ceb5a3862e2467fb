"""Two records of one person: the merged one moves, nothing is lost, and it can be taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.households import changes as households
from registry.kernel.clock import today
from registry.kernel.errors import Conflict
from registry.kernel.ledger import Change
from tests.conftest import Service
from tests.people import BAY, LAN, change, household

THIRD = "900190000031"
DAYS: tuple[dict[str, str], ...] = ({}, {"as_of": today().isoformat()})


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    with service.database.transaction() as session:
        everybody = [change(LAN), change(BAY), change(THIRD)]
        changes.apply_changes(session, everybody, source="test", load=None)
        return find_record_ids(session, [LAN, BAY, THIRD])


def _merge(service: Service, record: str, into: str | None) -> None:
    with service.database.transaction() as session:
        changes.merge(session, record, into)


def _lookup(service: Service, *numbers: str, **more: str) -> list[dict[str, Any]]:
    body = {"identifiers": numbers, "fields": ["name.full"], **more}
    answer = service.call("POST", "/v1/citizens/lookup", json=body)
    assert answer.status_code == 200, answer.get_json()
    results: list[dict[str, Any]] = answer.get_json()["results"]
    return results


def test_a_record_is_merged_into_no_circle_and_no_ghost(
    service: Service, people: dict[str, str]
) -> None:
    _merge(service, people[BAY], people[LAN])
    for record, into in ((LAN, LAN), (LAN, BAY), (THIRD, BAY)):
        with pytest.raises(Conflict):
            _merge(service, people[record], people[into])


def test_what_is_protected_is_not_merged_into_what_is_open(
    service: Service, people: dict[str, str]
) -> None:
    with service.database.transaction() as session:
        changes.set_secrecy(session, people[BAY], "address")
    with pytest.raises(Conflict):
        _merge(service, people[BAY], people[LAN])
    with service.database.transaction() as session:
        changes.set_secrecy(session, people[LAN], "address")
    _merge(service, people[BAY], people[LAN])


@pytest.mark.parametrize("how", ["full", "erased"])
def test_a_hidden_survivor_hides_what_was_merged_into_it(
    service: Service, people: dict[str, str], how: str
) -> None:
    _merge(service, people[BAY], people[THIRD])
    _merge(service, people[THIRD], people[LAN])
    with service.database.transaction() as session:
        if how == "full":
            changes.set_secrecy(session, people[LAN], "full")
        else:
            changes.erase(session, people[LAN])
    for day in DAYS:
        statuses = [result["status"] for result in _lookup(service, BAY, THIRD, LAN, **day)]
        assert statuses == ["not_found"] * 3
    for number in (BAY, THIRD):
        answer = service.call("GET", f"/v1/citizens/{people[number]}?fields=name")
        assert (answer.status_code, "Location" in answer.headers) == (404, False)
        assert people[LAN] not in answer.text


def test_a_look_up_says_moved_and_where_to(service: Service, people: dict[str, str]) -> None:
    _merge(service, people[BAY], people[LAN])
    for day in DAYS:
        moved, stays = _lookup(service, BAY, LAN, **day)
        assert moved == {"identifier": BAY, "status": "moved", "moved_to": people[LAN]}
        assert stays["status"] == "found"
    rows = [(row.outcome, row.subject_id) for row in service.rows()]
    assert rows == [("moved", people[BAY]), ("delivered", people[LAN])] * 2


def test_a_read_is_sent_on_with_its_whole_question(
    service: Service, people: dict[str, str]
) -> None:
    _merge(service, people[BAY], people[LAN])
    for path, query in (
        ("", "fields=name.full,sex&as_of=2020-01-01"),
        ("/history", "fields=sex"),
        ("/household", "fields=members"),
    ):
        answer = service.call("GET", f"/v1/citizens/{people[BAY]}{path}?{query}")
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"/v1/citizens/{people[LAN]}{path}?{query}"
        assert "record" not in answer.get_json()
        row = service.rows()[-1]
        assert (row.reason, row.subject_id) == ("moved", people[BAY])
        assert row.attributes


def test_a_chain_of_merges_leads_to_its_end(service: Service, people: dict[str, str]) -> None:
    _merge(service, people[BAY], people[THIRD])
    _merge(service, people[THIRD], people[LAN])
    assert {result["moved_to"] for result in _lookup(service, BAY, THIRD)} == {people[LAN]}
    answer = service.call("GET", f"/v1/citizens/{people[BAY]}?fields=sex")
    assert answer.headers["Location"].startswith(f"/v1/citizens/{people[LAN]}?")


def test_a_merge_taken_back_answers_as_before(service: Service, people: dict[str, str]) -> None:
    before = _lookup(service, BAY, LAN)
    _merge(service, people[BAY], people[LAN])
    _merge(service, people[BAY], None)
    for day in DAYS:
        assert _lookup(service, BAY, LAN, **day) == before
    history = service.call("GET", f"/v1/citizens/{people[BAY]}/history?fields=sex")
    assert len(history.get_json()["versions"]) == 1


def test_a_household_knows_the_survivor_by_the_merged_record(
    service: Service, people: dict[str, str]
) -> None:
    with service.database.transaction() as session:
        home = [Change(household(), date(2015, 1, 1))]
        households.apply_changes(session, home, source="test", load=None)
    _merge(service, people[BAY], people[THIRD])
    path = f"/v1/citizens/{people[THIRD]}/household?fields=address"
    assert service.call("GET", path).status_code == 200
    # Who is told of is the person, under the record that stands.
    assert {row.subject_id for row in service.rows()} == {people[LAN], people[THIRD]}
    with service.database.transaction() as session:
        changes.set_secrecy(session, people[THIRD], "address")
    assert service.call("GET", path).status_code == 403
