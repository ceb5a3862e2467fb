"""Acts over HTTP: everybody named is logged, what protects people holds for acts as well."""

from __future__ import annotations

from typing import Any

import pytest

from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.civil_status.changes import record_acts
from tests.acts import AN, HOA, MINH, amendment, birth, change, death, marriage
from tests.conftest import Service
from tests.people import BAY, LAN
from tests.people import change as citizen

ACTS = (
    birth("KS-1", "1990-06-01", LAN, father=BAY, mother=HOA),
    marriage("KH-007", "2016-05-05", MINH, LAN),
    birth("KS-2", "2018-09-20", AN, father=MINH, mother=LAN),
    death("KT-1", "2023-02-01", MINH, "2023-01-20"),
    amendment(
        "CC-1", "correction", "2020-01-01", LAN, ("name.full", "Nguyễn Thị Lân"), amends="KS-1"
    ),
)
ENTRY = {"type": "marriage", "number": "7", "office": "27007", "year": "2016"}


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    everybody = [LAN, BAY, MINH, AN, HOA]
    with service.database.transaction() as session:
        citizens.apply_changes(session, map(citizen, everybody), source="test", load=None)
        record_acts(session, map(change, ACTS), source="test", load=None)
        return find_record_ids(session, everybody)


def _of(service: Service, citizen_id: str, query: str) -> Any:
    return service.call("GET", f"/v1/citizens/{citizen_id}/civil-status?{query}")


def _lookup(service: Service, fields: list[str], **entry: str) -> Any:
    asked = {"act": entry, "fields": fields}
    return service.call("POST", "/v1/civil-status/lookup", json=asked)


def _act(service: Service, people: dict[str, str], kind: str) -> str:
    told = _of(service, people[LAN], "fields=type").get_json()["acts"]
    return str(next(act["id"] for act in told if act["type"]["code"] == kind))


def test_a_token_without_the_scope_is_refused(service: Service, people: dict[str, str]) -> None:
    headers = {
        "Authorization": f"Bearer {service.token('citizens:read')}",
        "Sogoc-Procedure": "1.004222",
        "Sogoc-Case": "H29-0001",
    }
    path = f"/v1/citizens/{people[LAN]}/civil-status?fields=type"
    answer = service.app.test_client().get(path, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")


def test_without_a_purpose_nothing_is_told(service: Service, people: dict[str, str]) -> None:
    path = f"/v1/citizens/{people[LAN]}/civil-status?fields=type"
    answer = service.call("GET", path, headers={})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "purpose-missing")


@pytest.mark.parametrize(
    "path", ["death.cause", "persons.mother.personal_id", "persons.father", "death"]
)
def test_what_the_agreement_lacks_is_named(
    service: Service, people: dict[str, str], path: str
) -> None:
    answer = _of(service, people[LAN], f"fields=type,{path}")
    assert answer.status_code == 403
    assert answer.get_json()["attributes"][0].startswith(path)
    assert [(row.outcome, row.reason) for row in service.rows()] == [
        ("refused", "outside-agreement")
    ]


def test_the_acts_of_a_citizen_come_in_order_and_each_person_is_logged(
    service: Service, people: dict[str, str]
) -> None:
    told = _of(service, people[LAN], "fields=type,number,persons.child.name").get_json()
    assert [act["type"]["code"] for act in told["acts"]] == [
        "birth",
        "marriage",
        "birth",
        "correction",
    ]
    assert told["acts"][0]["persons"]["child"]["name"]["full"] == "Nguyễn Thị Lan"
    assert told["coverage"]["complete"] is False
    # One row a person, however many acts name them.
    expected = sorted(people[who] for who in (LAN, BAY, HOA, MINH, AN))
    assert sorted(str(row.subject_id) for row in service.rows()) == expected
    assert {row.outcome for row in service.rows()} == {"delivered"}


def test_acts_are_those_of_the_day_and_of_what_was_known(
    service: Service, people: dict[str, str]
) -> None:
    told = _of(service, people[LAN], "fields=type&as_of=2016-05-04").get_json()["acts"]
    assert [act["type"]["code"] for act in told] == ["birth"]
    query = "fields=type&known_at=2000-01-01T00:00:00Z"
    nothing = _of(service, people[LAN], query).get_json()
    assert nothing == {"acts": [], "coverage": {"complete": False, "missing": []}}
    assert service.rows()[-1].outcome == "not_found"


def test_one_act_says_what_became_of_it(service: Service, people: dict[str, str]) -> None:
    record = _act(service, people, "birth")
    told = service.call("GET", f"/v1/civil-status/{record}?fields=code,amended_by").get_json()
    assert (told["code"], told["amended_by"][0]["kind"]) == ("KS-1", "correction")
    early = f"/v1/civil-status/{record}?fields=amended_by&as_of=2019-12-31"
    assert "amended_by" not in service.call("GET", early).get_json()
    before = f"/v1/civil-status/{record}?fields=code&as_of=1990-05-16"
    assert service.call("GET", before).status_code == 404


@pytest.mark.parametrize("record", ["0198c0de-0000-7000-8000-000000000001", "no-uuid"])
def test_no_act_is_not_found(service: Service, people: dict[str, str], record: str) -> None:
    assert people
    assert service.call("GET", f"/v1/civil-status/{record}?fields=code").status_code == 404


def test_a_hidden_person_hides_the_act_from_everybody(
    service: Service, people: dict[str, str]
) -> None:
    record = _act(service, people, "marriage")
    with service.database.transaction() as session:
        citizens.set_secrecy(session, people[MINH], "full")
    answer = service.call("GET", f"/v1/civil-status/{record}?fields=type")
    unknown = "/v1/civil-status/0198c0de-0000-7000-8000-000000000001?fields=type"
    absent = service.call("GET", unknown)
    assert answer.status_code == 404
    assert _same(answer) == _same(absent)
    told = _of(service, people[LAN], "fields=type").get_json()["acts"]
    assert [act["type"]["code"] for act in told] == ["birth", "correction"]
    assert _lookup(service, ["type"], **ENTRY).get_json() == {"status": "not_found"}
    refused = [row for row in service.rows() if row.outcome == "refused"]
    assert refused[0].subject_id == people[MINH]


def _same(answer: Any) -> dict[str, Any]:
    return {key: value for key, value in answer.get_json().items() if key != "trace_id"}


def test_a_record_made_in_error_hides_its_acts(service: Service, people: dict[str, str]) -> None:
    with service.database.transaction() as session:
        citizens.erase(session, people[BAY])
    told = _of(service, people[LAN], "fields=type").get_json()["acts"]
    assert [act["type"]["code"] for act in told] == ["marriage", "birth", "correction"]


@pytest.mark.parametrize("path", ["persons.husband.residence", "birth.place", "death.place"])
def test_a_protected_address_withholds_where_people_are(
    service: Service, people: dict[str, str], path: str
) -> None:
    with service.database.transaction() as session:
        citizens.set_secrecy(session, people[MINH], "address")
    answer = _of(service, people[LAN], f"fields=type,{path}")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "withheld")
    assert [(row.outcome, row.subject_id) for row in service.rows()] == [("refused", people[MINH])]
    assert _of(service, people[LAN], "fields=type,persons.husband.name").status_code == 200


def test_missing_books_do_not_tell_where_a_protected_person_lived(
    service: Service, people: dict[str, str]
) -> None:
    with service.database.transaction() as session:
        citizens.set_secrecy(session, people[LAN], "address")
    told = _of(service, people[LAN], "fields=type").get_json()
    assert told["coverage"] == {"complete": False}
    answer = service.call("GET", f"/v1/citizens/{people[LAN]}?fields=marital_status")
    assert answer.get_json()["marital_status"]["coverage"] == {"complete": False}
    history = service.call("GET", f"/v1/citizens/{people[LAN]}/history?fields=marital_status")
    assert "missing" not in history.get_data(as_text=True)


def test_an_entry_finds_its_act_whatever_its_zeros(
    service: Service, people: dict[str, str]
) -> None:
    told = _lookup(service, ["number", "persons.wife.citizen_id"], **ENTRY).get_json()
    assert told["status"] == "found"
    assert told["record"]["number"] == "007"
    assert told["record"]["persons"]["wife"]["citizen_id"] == people[LAN]
    with_book = _lookup(service, ["number"], **ENTRY, book="1/2016").get_json()
    assert with_book["record"]["id"] == told["record"]["id"]
    other = _lookup(service, ["number"], **ENTRY, book="02/2016")
    assert other.get_json() == {"status": "not_found"}
    assert service.rows()[-1].outcome == "not_found"


def test_an_entry_that_fits_several_names_candidates_and_nobody(
    service: Service, people: dict[str, str]
) -> None:
    again = marriage("KB-07", "2016-06-06", BAY, HOA) | {"book": "02/2016"}
    with service.database.transaction() as session:
        record_acts(session, [change(again)], source="test", load=None)
    answer = _lookup(service, ["number"], **ENTRY)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "ambiguous")
    candidates = answer.get_json()["candidates"]
    assert [set(one) for one in candidates] == [{"id", "type", "office", "year"}] * 2
    assert [(row.outcome, row.reason) for row in service.rows()] == [("refused", "ambiguous")]
    assert _lookup(service, ["number"], **ENTRY, book="02/2016").get_json()["status"] == "found"
    assert people


@pytest.mark.parametrize(
    ("changed", "pointer", "status"),
    [
        ({"office": None}, "/act/office", 400),
        ({"year": "16"}, "/act/year", 422),
        ({"type": "wedding"}, "/act/type", 422),
        ({"name": "Lan"}, "/act/name", 400),
    ],
)
def test_an_entry_is_read_strictly(
    service: Service, changed: dict[str, str | None], pointer: str, status: int
) -> None:
    entry = {k: v for k, v in {**ENTRY, **changed}.items() if v is not None}
    answer = _lookup(service, ["number"], **entry)
    assert answer.status_code == status
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


def test_acts_are_seen_in_the_citizen_s_record(service: Service, people: dict[str, str]) -> None:
    path = f"/v1/citizens/{people[LAN]}?fields=name.full,marital_status,children,father.name"
    told = service.call("GET", path).get_json()
    assert told["name"]["full"] == "Nguyễn Thị Lân"
    assert told["marital_status"]["code"] == "widowed"
    assert told["children"] == [{"name": "Trần Minh An", "personal_id": AN}]
    assert told["father"] == {"name": "Nguyễn Văn Bảy"}
    then = service.call("GET", f"{path}&as_of=2016-05-05").get_json()
    assert (then["marital_status"]["code"], "children" in then) == ("married", False)
