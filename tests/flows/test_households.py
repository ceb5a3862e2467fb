"""A household tells of all its members: each is logged, and one protected withholds it."""

from __future__ import annotations

from datetime import date

import pytest

from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.households import changes as households
from registry.kernel.errors import Invalid
from registry.kernel.ledger import Change
from tests.conftest import Service
from tests.people import BAY, LAN, change, household


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    with service.database.transaction() as session:
        citizens.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        households.apply_changes(
            session, [Change(household(), date(2015, 1, 1))], source="test", load=None
        )
        return find_record_ids(session, [LAN, BAY])


def _read(service: Service, citizen: str, query: str) -> dict[str, object]:
    answer = service.call("GET", f"/v1/citizens/{citizen}/household?{query}")
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def test_each_member_gets_an_access_row(service: Service, people: dict[str, str]) -> None:
    found = _read(service, people[LAN], "fields=head,members")
    assert [m["citizen_id"] for m in found["members"]] == [people[LAN], people[BAY]]  # type: ignore[attr-defined]
    assert {row.subject_id for row in service.rows()} == set(people.values())
    by_id = service.call("GET", f"/v1/households/{found['id']}?fields=address")
    assert by_id.get_json()["address"]["method"] == "exact"


def test_members_are_those_of_the_day(service: Service, people: dict[str, str]) -> None:
    found = _read(service, people[LAN], "fields=members&as_of=2019-12-31")
    assert [m["citizen_id"] for m in found["members"]] == [people[LAN]]  # type: ignore[attr-defined]
    early = service.call(
        "GET", f"/v1/citizens/{people[BAY]}/household?fields=members&as_of=2019-12-31"
    )
    assert early.status_code == 404


def test_one_protected_member_withholds_the_household(
    service: Service, people: dict[str, str]
) -> None:
    with service.database.transaction() as session:
        citizens.set_secrecy(session, people[BAY], "address")
    answer = service.call("GET", f"/v1/citizens/{people[LAN]}/household?fields=members")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "withheld")
    assert [(row.outcome, row.reason) for row in service.rows()] == [("refused", "withheld")]


def test_what_the_agreement_lacks_is_named(service: Service, people: dict[str, str]) -> None:
    answer = service.call("GET", f"/v1/citizens/{people[LAN]}/household?fields=code,members")
    assert answer.status_code == 403
    assert answer.get_json()["attributes"] == ["code"]


def test_a_household_names_only_people_who_are_registered(service: Service) -> None:
    with pytest.raises(Invalid) as refused, service.database.transaction() as session:
        households.apply_changes(
            session, [Change(household(), date(2015, 1, 1))], source="test", load=None
        )
    assert [error.pointer for error in refused.value.errors] == ["/HK-1"]


def test_the_same_load_twice_changes_nothing(service: Service, people: dict[str, str]) -> None:
    with service.database.transaction() as session:
        counts = households.apply_changes(
            session, [Change(household(), date(2015, 1, 1))], source="test", load=None
        )
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 1)
    assert people
