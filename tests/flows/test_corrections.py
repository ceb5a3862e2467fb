"""A wrong value over HTTP: who may report it, who hears of it, and how stewards settle it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from auth.agreements import create_agreement
from auth.clients import create_client
from auth.principals import Agreement
from auth.signin.staff import add_staff
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.examples import EXAMPLES
from registry.households import changes as households
from registry.kernel.clock import fixed
from registry.kernel.ledger import Change
from tests.auth.grants import Form, another, asking_for, form_of
from tests.conftest import PURPOSE, Service
from tests.flows.desk import APPROVER, OUTSIDER, SUBMITTER, DeskClient
from tests.people import BAY, LAN, change, household

NOBODY = "01980000-0000-7000-8000-00000000000f"
SCOPE = "openid corrections:write"
BODY = {"register": "citizens", "path": "name.full", "declared": "Loan", "reason": "misspelt"}
ANSWER: dict[str, Any] = {"answer": "Đang đối chiếu"}
ACCEPT: dict[str, Any] = {"decision": "accepted", "answer": "Sổ gốc ghi Loan"}


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    with service.database.transaction() as session:
        citizens.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        households.apply_changes(
            session, [Change(household(), date(2015, 1, 1))], source="test", load=None
        )
        return find_record_ids(session, [LAN, BAY])


@pytest.fixture
def desk(service: Service) -> DeskClient:
    return DeskClient(service)


@pytest.fixture
def form(service: Service, people: dict[str, str]) -> Iterator[Form]:
    with form_of(service) as made:
        made.someone.id = people[LAN]
        yield made


# What the people of these tests agree to.
READ = ("citizens:name.full", "citizens:birth_date", "citizens:sex", "households:address")


def _agree(service: Service, client_id: str) -> None:
    """Let another client ask for the same procedure; what is granted a moment late is not seen."""
    reads = {"citizens": frozenset({"sex"})}
    procedure, act = PURPOSE["Sogoc-Procedure"], "Luật BVDLCN 91/2025/QH15"
    made = Agreement("", client_id, procedure, reads, {}, act, date(2026, 1, 1))
    with service.database.transaction() as session:
        create_agreement(session, made)


def _report(service: Service, who: str | None = None, **change: Any) -> TestResponse:
    body = BODY | ({"record_id": who} if who else {}) | change
    return service.call("POST", "/v1/corrections", json=body)


def _opened(answer: TestResponse) -> str:
    assert answer.status_code == 201, answer.get_json()
    found: str = answer.get_json()["id"]
    assert answer.headers["Location"] == f"/v1/corrections/{found}"
    return found


def _as_person(form: Form, method: str, path: str, **more: Any) -> TestResponse:
    asked = READ if form.client_id == "ward-office" else ("citizens:sex",)
    details = asking_for(PURPOSE["Sogoc-Procedure"], *asked)
    token = form.access_token(scope=SCOPE, authorization_details=details)
    headers = {"Authorization": f"Bearer {token}"} | PURPOSE
    return form.service.app.test_client().open(path, method=method, headers=headers, **more)


def _refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    told: dict[str, Any] = answer.get_json()
    assert (answer.status_code, told["code"]) == (status, code), told
    return told


def test_what_is_outside_the_agreement_is_not_reported(
    service: Service, people: dict[str, str]
) -> None:
    for register, path in (("citizens", "religion"), ("parcels", "area.legal")):
        answer = _report(service, people[LAN], register=register, path=path)
        assert _refused(answer, 403, "outside-agreement")["attributes"] == [path]
    assert {(row.outcome, row.reason) for row in service.rows()} == {
        ("refused", "outside-agreement")
    }


@pytest.mark.parametrize("path", ["name", "name.nick", "under_review", "area.legal", "x y"])
def test_an_attribute_that_is_none_is_not_reported(
    service: Service, people: dict[str, str], path: str
) -> None:
    told = _refused(_report(service, people[LAN], path=path), 400, "malformed")
    assert [(e["pointer"], e["code"]) for e in told["errors"]] == [("/path", "unknown_field")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"declared": None},
        {"declared": "x" * 9000},
        {"declared": [[[[[[[[["deep"]]]]]]]]]},
        {"reason": "spite"},
        {"register": "trees"},
        {"record_id": "nonsense"},
        {"note": ""},
        {"note": "hai\ndòng"},
        {"more": 1},
    ],
)
def test_a_report_that_says_nothing_is_refused(
    service: Service, people: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = _report(service, people[LAN], **wrong)
    assert answer.status_code in {400, 422}, answer.get_json()


def test_an_agency_says_whose_record_it_means(service: Service, people: dict[str, str]) -> None:
    del people
    told = _refused(_report(service), 400, "malformed")
    assert told["errors"][0]["pointer"] == "/record_id"
    _refused(_report(service, NOBODY), 404, "not-found")
    _refused(_report(service, subject_id=NOBODY), 404, "not-found")


def test_a_report_needs_the_scope_and_a_purpose(
    service: Service, people: dict[str, str], desk: DeskClient
) -> None:
    body = BODY | {"record_id": people[LAN]}
    answer = desk.call(OUTSIDER, "POST", "corrections", json=body, headers=PURPOSE)
    _refused(answer, 403, "insufficient-scope")
    answer = service.call("POST", "/v1/corrections", json=body, headers={})
    _refused(answer, 400, "purpose-missing")


def test_another_clients_case_is_not_found(service: Service, people: dict[str, str]) -> None:
    with service.database.transaction() as session:
        secret = create_client(session, "school", "Trường", ["corrections:write"]).secret
    _agree(service, "school")
    case = _opened(_report(service, people[LAN]))
    assert service.call("GET", f"/v1/corrections/{case}").status_code == 200
    client = service.app.test_client()
    token = client.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=("school", secret or "")
    ).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"} | PURPOSE
    for wanted in (case, NOBODY, "nonsense"):
        answer = client.get(f"/v1/corrections/{wanted}", headers=headers)
        _refused(answer, 404, "not-found")
    hidden = [row for row in service.rows() if row.reason == "not-found" and row.subject_id]
    assert [(row.client_id, row.subject_id) for row in hidden] == [("school", people[LAN])]


def test_a_person_reports_on_nobody_else(form: Form, people: dict[str, str]) -> None:
    for wrong in ({"record_id": people[BAY]}, {"subject_id": people[BAY]}):
        answer = _as_person(form, "POST", "/v1/corrections", json=BODY | wrong)
        _refused(answer, 404, "not-found")


def test_a_person_reports_on_themselves_and_sees_it_by_any_client(
    form: Form, people: dict[str, str]
) -> None:
    portal = another(form, "portal")
    _agree(form.service, "portal")
    case = _opened(_as_person(form, "POST", "/v1/corrections", json=BODY))
    own = _as_person(form, "GET", f"/v1/corrections/{case}")
    agency = form.service.call("GET", f"/v1/corrections/{case}")
    assert agency.get_json() == own.get_json()
    assert own.get_json()["record_id"] == people[LAN]
    assert _as_person(portal, "GET", f"/v1/corrections/{case}").get_json() == own.get_json()
    form.someone.id = people[BAY]
    _refused(_as_person(form, "GET", f"/v1/corrections/{case}"), 404, "not-found")


def test_a_member_of_staff_without_a_counter_reports_on_nobody(
    form: Form, people: dict[str, str]
) -> None:
    with form.service.database.transaction() as session:
        form.someone.id = add_staff(session, "An", "https://idp", "an", ["datasets:submit"])
    answer = _as_person(form, "POST", "/v1/corrections", json=BODY | {"record_id": people[LAN]})
    _refused(answer, 404, "not-found")


def test_a_household_is_found_by_its_member(
    service: Service, form: Form, people: dict[str, str], desk: DeskClient
) -> None:
    wrong = {"register": "households", "path": "address", "declared": "Số 2", "reason": "moved"}
    case = _opened(_as_person(form, "POST", "/v1/corrections", json=wrong))
    same = _report(service, subject_id=people[LAN], **wrong)
    assert _opened(same) == case
    [told] = desk.get("corrections", register="households")["corrections"]
    assert (told["subject_id"], told["source"]) == (people[LAN], "citizen")
    assert told["registered"]["as_recorded"] == "169/8A/12 đường Số 1"
    by_agency = _opened(_report(service, told["record_id"], **wrong))
    assert by_agency != case
    lost = _report(service, NOBODY, subject_id=people[LAN], **wrong)
    _refused(lost, 404, "not-found")


def test_a_report_on_a_merged_record_is_about_the_one_that_stands(
    service: Service, people: dict[str, str], desk: DeskClient
) -> None:
    with service.database.transaction() as session:
        citizens.merge(session, people[BAY], people[LAN])
    case = _opened(_report(service, people[BAY]))
    assert _opened(_report(service, people[LAN])) == case
    [told] = desk.get("corrections")["corrections"]
    assert told["record_id"] == people[LAN]


def test_only_stewards_see_the_desk(
    service: Service, people: dict[str, str], desk: DeskClient
) -> None:
    case = _opened(_report(service, people[LAN]))
    _refused(desk.call(OUTSIDER, "GET", "corrections"), 403, "insufficient-scope")
    for action, body in (("reply", ANSWER), ("finish", {}), ("extend", ANSWER)):
        answer = desk.call(APPROVER, "POST", f"corrections/{case}/{action}", json=body)
        _refused(answer, 403, "insufficient-scope")
    answer = desk.call(SUBMITTER, "POST", f"corrections/{case}/decide", json=ACCEPT)
    _refused(answer, 403, "insufficient-scope")


def test_nobody_decides_alone_or_twice(
    service: Service, people: dict[str, str], desk: DeskClient
) -> None:
    case = _opened(_report(service, people[LAN]))
    own = service.call("POST", f"/v1/corrections/{case}/decide", json=ACCEPT)
    _refused(own, 403, "outside-agreement")
    desk.post(f"corrections/{case}/decide", APPROVER, **ACCEPT)
    again = desk.call(APPROVER, "POST", f"corrections/{case}/decide", json=ACCEPT)
    _refused(again, 409, "conflict")


def test_a_case_is_put_off_once(service: Service, people: dict[str, str], desk: DeskClient) -> None:
    case = _opened(_report(service, people[LAN]))
    desk.post(f"corrections/{case}/extend", SUBMITTER, **ANSWER)
    told = service.call("GET", f"/v1/corrections/{case}").get_json()
    assert (told["extended"], told["answer"]) == (True, ANSWER["answer"])
    again = desk.call(SUBMITTER, "POST", f"corrections/{case}/extend", json=ANSWER)
    _refused(again, 409, "conflict")


def test_in_production_a_client_decides_nothing_by_itself(
    service: Service, people: dict[str, str], desk: DeskClient
) -> None:
    case = _opened(_report(service, people[LAN]))
    desk.set(environment="production")
    answer = desk.call(APPROVER, "POST", f"corrections/{case}/decide", json=ACCEPT)
    _refused(answer, 401, "step-up-needed")


def test_reports_about_one_person_are_counted(service: Service, people: dict[str, str]) -> None:
    with form_of(service, {"subject_calls_per_hour": 1}) as form:
        for who in (LAN, BAY):
            assert _report(form.service, people[who]).status_code == 201
        _refused(_report(form.service, people[LAN]), 429, "too-many-requests")
        # Whoever names nobody means themselves, and that is the same person.
        form.someone.id = people[BAY]
        own = _as_person(form, "POST", "/v1/corrections", json=BODY)
        _refused(own, 429, "too-many-requests")


def test_a_page_that_is_none_is_refused(desk: DeskClient) -> None:
    for query, status in ((("cursor", "lost"), 400), (("state", "lost"), 422)):
        answer = desk.call(SUBMITTER, "GET", "corrections", query_string=dict([query]))
        assert answer.status_code == status


def test_the_walk_of_a_case(service: Service, people: dict[str, str], desk: DeskClient) -> None:
    with fixed(datetime(2026, 2, 12, 3, tzinfo=UTC)):
        case = _opened(_report(service, people[LAN], note="Khai sinh ghi Loan"))

    def told() -> dict[str, Any]:
        found: dict[str, Any] = service.call("GET", f"/v1/corrections/{case}").get_json()
        return found

    first = told()
    assert (first["state"], first["reply_due"], first["due_on"]) == (
        *("open", "2026-02-23"),
        "2026-03-05",
    )
    assert first["overdue"] is True
    # The agency reads what it may read in the register, not by way of a report.
    assert not first.keys() & {"registered", "declared", "note"}
    [late] = desk.get("corrections", APPROVER, overdue="true")["corrections"]
    assert (late["registered"], late["declared"], late["case"]) == (
        *("Nguyễn Thị Lan", "Loan"),
        "H29-0001",
    )
    desk.post(f"corrections/{case}/reply", SUBMITTER, **ANSWER)
    assert (told()["state"], told()["answer"]) == ("replied", ANSWER["answer"])
    desk.post(f"corrections/{case}/decide", APPROVER, **ACCEPT)
    assert told()["state_label"]["vi"] == "Đã chấp nhận, đang sửa sổ"
    desk.post(f"corrections/{case}/finish", SUBMITTER)
    last = told()
    assert (last["state"], last["overdue"], last["answer"]) == ("done", False, ACCEPT["answer"])
    assert desk.get("corrections", overdue="true")["corrections"] == []


def test_whoever_is_told_of_a_case_is_in_the_log(
    service: Service, people: dict[str, str], desk: DeskClient
) -> None:
    case = _opened(_report(service, people[LAN]))
    desk.get("corrections")
    desk.post(f"corrections/{case}/reply", SUBMITTER, **ANSWER)
    service.call("GET", f"/v1/corrections/{case}")
    rows = [(r.client_id, r.procedure, r.case, r.attributes) for r in desk.logged("delivered")]
    agency = ("ward-office", "1.004222", "H29-0001", "name.full")
    steward = (SUBMITTER, "sogoc:correction", case, "name.full")
    assert rows == [agency, steward, steward, agency]
    assert {row.subject_id for row in service.rows()} == {people[LAN]}


def test_the_examples_are_understood(service: Service, desk: DeskClient) -> None:
    def ask(name: str) -> Any:
        return EXAMPLES[f"corrections_{name}"]

    _refused(
        service.call("POST", "/v1/corrections", json=ask("corrections_post").body), 404, "not-found"
    )
    _refused(service.call("GET", f"/v1/corrections/{NOBODY}"), 404, "not-found")
    assert desk.get("corrections", **ask("corrections_get").query)["corrections"] == []
    for action in ("reply", "decide", "finish", "extend"):
        who = APPROVER if action == "decide" else SUBMITTER
        path = f"corrections/{NOBODY}/{action}"
        answer = desk.call(who, "POST", path, json=ask(f"{action}_post").body)
        _refused(answer, 404, "not-found")
