"""Who is protected can't be found out by any door: `address` withholds, `full` does not exist."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.households import changes as households
from registry.kernel.clock import today
from registry.kernel.ledger import Change
from tests.conftest import Service
from tests.people import BAY, LAN, change, household

NOBODY = "900190000099"
NO_RECORD = "01890000-0000-7000-8000-000000000000"
WHEREABOUTS = (
    "residence",
    "residence.permanent",
    "residence.permanent.valid_from",
    "residence.temporary.term_end",
    "effective_residence",
    "temporary_absence",
    "residence_file",
    "email",
)


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        homes = [Change(household(), date(2015, 1, 1))]
        households.apply_changes(session, homes, source="test", load=None)
        return find_record_ids(session, [LAN, BAY])


def _protect(service: Service, record: str, secrecy: changes.Secrecy) -> None:
    with service.database.transaction() as session:
        changes.set_secrecy(session, record, secrecy)


def _lookup(service: Service, number: str, *fields: str, **more: str) -> dict[str, Any]:
    body = {"identifiers": [number], "fields": fields, **more}
    answer = service.call("POST", "/v1/citizens/lookup", json=body)
    assert answer.status_code == 200, answer.get_json()
    result: dict[str, Any] = answer.get_json()["results"][0]
    return result


DAYS: tuple[dict[str, str], ...] = ({}, {"as_of": today().isoformat()}, {"as_of": "2016-01-01"})


def test_a_protected_address_is_withheld_by_every_path(
    service: Service, people: dict[str, str]
) -> None:
    _protect(service, people[LAN], "address")
    for day in DAYS:
        for path in WHEREABOUTS:
            withheld = {"identifier": LAN, "status": "withheld"}
            assert _lookup(service, LAN, "name", path, **day) == withheld
    assert {(row.outcome, row.subject_id) for row in service.rows()} == {("withheld", people[LAN])}
    for path in WHEREABOUTS:
        answer = service.call("GET", f"/v1/citizens/{people[LAN]}?fields=sex,{path}")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "withheld")
        assert "sex" not in answer.get_json()
        row = service.rows()[-1]
        assert (row.outcome, row.reason, row.subject_id) == ("refused", "withheld", people[LAN])
        assert path in row.attributes
        assert "sex" in row.attributes.split()


def test_the_rest_of_a_protected_address_is_answered(
    service: Service, people: dict[str, str]
) -> None:
    _protect(service, people[LAN], "address")
    for day in DAYS[:2]:
        result = _lookup(service, LAN, "name.full", "birth_date", "age", **day)
        assert (result["status"], result["record"]["name"]) == (
            "found",
            {"full": "Nguyễn Thị Lan"},
        )


def test_full_secrecy_answers_like_nobody(service: Service, people: dict[str, str]) -> None:
    _protect(service, people[LAN], "full")
    for day in DAYS:
        absent = _lookup(service, NOBODY, "name", **day)
        assert _lookup(service, LAN, "name", **day) == {**absent, "identifier": LAN}
    for path, fields in (("", "name"), ("/history", "name"), ("/household", "members")):
        hidden, none = (
            service.call("GET", f"/v1/citizens/{record}{path}?fields={fields}")
            for record in (people[LAN], NO_RECORD)
        )
        assert (hidden.status_code, none.status_code) == (404, 404)
        told = [{**answer.get_json(), "trace_id": ""} for answer in (hidden, none)]
        assert told[0] == told[1]
    # The log alone knows, and knows what was asked.
    rows = [row for row in service.rows() if row.outcome == "refused"]
    assert [row.subject_id for row in rows] == [people[LAN], None] * 3
    assert rows[0].attributes == "name.family name.full name.given name.middle name.other"
    assert rows[4].attributes == "members"


@pytest.mark.parametrize("secrecy", ["address", "full"])
def test_a_household_with_a_protected_member_is_withheld_whole(
    service: Service, people: dict[str, str], secrecy: changes.Secrecy
) -> None:
    whole = service.call("GET", f"/v1/citizens/{people[LAN]}/household?fields=address")
    home = whole.get_json()["id"]
    _protect(service, people[BAY], secrecy)
    for path in (f"/v1/citizens/{people[LAN]}/household", f"/v1/households/{home}"):
        for fields in ("address", "head", "members"):
            answer = service.call("GET", f"{path}?fields={fields}")
            assert (answer.status_code, answer.get_json()["code"]) == (403, "withheld")
            row = service.rows()[-1]
            assert (row.subject_id, row.attributes) == (people[BAY], fields)


def test_a_household_that_the_protected_one_had_left_is_open(
    service: Service, people: dict[str, str]
) -> None:
    _protect(service, people[BAY], "address")
    path = f"/v1/citizens/{people[LAN]}/household?fields=address"
    # Bảy came on 1 March 2020; before that day the home tells nothing of him.
    assert service.call("GET", f"{path}&as_of=2020-02-29").status_code == 200
    assert service.call("GET", f"{path}&as_of=2020-03-01").status_code == 403


def test_lifting_the_protection_answers_again(service: Service, people: dict[str, str]) -> None:
    for secrecy in ("address", "full", "none"):
        _protect(service, people[LAN], secrecy)
    assert _lookup(service, LAN, "residence")["status"] == "found"
