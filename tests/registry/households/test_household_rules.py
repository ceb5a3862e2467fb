"""Who belongs to a household on a day, and whom it may tell of."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.households import changes as households
from registry.households.rules import true_on
from registry.kernel.ledger import Change
from tests.conftest import Service
from tests.people import BAY, LAN, change, household


def _member(citizen: str, **dates: str) -> dict[str, Any]:
    told = {key: {"value": value} for key, value in dates.items()}
    return {"citizen_id": citizen, "relation": {"code": "KHAC"}, **told}


def _home(**dates: str) -> dict[str, Any]:
    return {"head": {"citizen_id": "a"}, "members": [_member("a"), _member("b", **dates)]}


def _people(document: Any) -> list[str]:
    return [member["citizen_id"] for member in document.get("members", ())]


@pytest.mark.parametrize(
    ("dates", "day", "belongs", "uncertain"),
    [
        ({"valid_from": "2015"}, "2014-12-31", False, False),
        ({"valid_from": "2015"}, "2015-01-01", True, True),
        ({"valid_from": "2015"}, "2015-12-31", True, False),
        ({"valid_from": "2015-03"}, "2015-03-30", True, True),
        ({"valid_from": "2015-03-10"}, "2015-03-10", True, False),
        ({"valid_to": "2020"}, "2019-12-31", True, False),
        ({"valid_to": "2020"}, "2020-01-01", True, False),
        ({"valid_to": "2020"}, "2020-01-02", True, True),
        ({"valid_to": "2020"}, "2020-12-31", True, True),
        ({"valid_to": "2020"}, "2021-01-01", False, False),
        ({"valid_to": "2020-05-01"}, "2020-05-01", True, False),
        ({"valid_to": "2020-05-01"}, "2020-05-02", False, False),
    ],
)
def test_a_partial_date_is_uncertain_for_its_whole_time(
    dates: dict[str, str], day: str, belongs: bool, uncertain: bool
) -> None:
    told = true_on(_home(**dates), date.fromisoformat(day))
    assert _people(told) == (["a", "b"] if belongs else ["a"])
    assert told.get("uncertain") == (["members"] if uncertain else None)


def test_who_had_not_joined_was_not_its_head() -> None:
    home = {**_home(valid_from="2015-03-10"), "head": {"citizen_id": "b"}}
    assert "head" not in true_on(home, date(2015, 3, 9))
    assert true_on(home, date(2015, 3, 10))["head"] == {"citizen_id": "b"}


def test_nobody_left_leaves_no_empty_list() -> None:
    home = {"address": {}, "members": [_member("a", valid_to="2019-01-01")]}
    assert true_on(home, date(2020, 1, 1)) == {"address": {}}
    assert true_on({}, date(2020, 1, 1)) == {}


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    with service.database.transaction() as session:
        citizens.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        home = [Change(household(), date(2015, 1, 1))]
        households.apply_changes(session, home, source="test", load=None)
        return find_record_ids(session, [LAN, BAY])


def test_a_record_made_in_error_is_no_member(service: Service, people: dict[str, str]) -> None:
    with service.database.transaction() as session:
        citizens.erase(session, people[LAN])
    path = f"/v1/citizens/{people[BAY]}/household?fields=head,members,address"
    answer = service.call("GET", path).get_json()
    assert _people(answer) == [people[BAY]]
    # The record in error was its head.
    assert "head" not in answer
    assert answer["address"]
    assert [(row.outcome, row.subject_id) for row in service.rows()] == [("delivered", people[BAY])]


def test_an_uncertain_member_is_flagged_where_members_are_told(
    service: Service, people: dict[str, str]
) -> None:
    path = f"/v1/citizens/{people[LAN]}/household?as_of=2015-06-01&fields="
    assert service.call("GET", path + "members").get_json()["uncertain"] == ["members"]
    assert "uncertain" not in service.call("GET", path + "address").get_json()


def test_before_it_began_there_is_no_household(service: Service, people: dict[str, str]) -> None:
    path = f"/v1/citizens/{people[LAN]}/household?fields=address"
    assert service.call("GET", f"{path}&as_of=2014-12-31").status_code == 404
    home = service.call("GET", path).get_json()["id"]
    before = service.call("GET", f"/v1/households/{home}?fields=address&as_of=2014-12-31")
    assert (before.status_code, before.get_json()) == (200, {"id": home})
    assert service.rows()[-1].outcome == "not_found"


def test_permanent_residence_comes_before_temporary(
    service: Service, people: dict[str, str]
) -> None:
    temporary = household("HK-0", kind={"code": "temporary", "label": "Tạm trú"})
    with service.database.transaction() as session:
        homes = [Change(temporary, date(2015, 1, 1))]
        households.apply_changes(session, homes, source="test", load=None)
    own = service.call("GET", f"/v1/citizens/{people[LAN]}/household?fields=address").get_json()
    with service.database.transaction() as session:
        left = household(
            members=[
                {**m, "valid_to": {"value": "2025-12-31", "precision": "day"}}
                for m in household()["members"]
            ]
        )
        households.apply_changes(
            session, [Change(left, date(2015, 1, 1))], source="test", load=None
        )
    then = service.call("GET", f"/v1/citizens/{people[LAN]}/household?fields=address").get_json()
    assert own["id"] != then["id"]


def test_no_such_household_says_what_was_asked_in_the_log_alone(
    service: Service, people: dict[str, str]
) -> None:
    for key in ("nothing", "01890000-0000-7000-8000-000000000000"):
        answer = service.call("GET", f"/v1/households/{key}?fields=address")
        assert answer.status_code == 404
        assert service.rows()[-1].attributes == "address"
    assert people
