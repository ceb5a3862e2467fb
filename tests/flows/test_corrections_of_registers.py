"""Wrong values of land and of civil status, and those that a parent reports for a child."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from auth.oauth.metadata import ACCESS_TOKEN, EXCHANGE
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.civil_status.changes import record_acts
from registry.corrections.cases import Wanted as WantedCases
from registry.corrections.cases import list_cases, list_cases_of
from registry.corrections.models import CorrectionCase
from tests import acts
from tests.acts import AN
from tests.auth.grants import Form, asking_for, form_of
from tests.conftest import PURPOSE, Service
from tests.parcels import COUPLE, LAND, agree, change, load, person, protect
from tests.people import BAY, LAN
from tests.people import change as citizen

SCOPE = "openid corrections:write"
AREA = {"register": "parcels", "path": "area.legal", "declared": 410.5, "reason": "other"}
BORN = {"value": "2018-09-10", "precision": "day"}


@pytest.fixture
def land(service: Service) -> Service:
    return agree(service)


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service) as made:
        yield made


def _as_person(form: Form, token: str, purpose: dict[str, str], **body: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} | purpose
    client = form.service.app.test_client()
    return client.post("/v1/corrections", json=body, headers=headers)


def _token(form: Form, purpose: dict[str, str], attribute: str) -> str:
    details = asking_for(purpose["Sogoc-Procedure"], attribute)
    return form.access_token(scope=SCOPE, authorization_details=details)


def _only(service: Service) -> CorrectionCase:
    with service.database.reading() as session:
        [case] = list_cases(session, WantedCases())
    return case


def test_a_protected_holder_withholds_who_holds(land: Service) -> None:
    ids = load(land, change(holders=COUPLE))
    protect(land, "address")
    body = AREA | {"record_id": ids["T-1"], "path": "holders.name", "declared": ["Lan", "Bảy"]}
    answer = land.call("POST", "/v1/corrections", headers=LAND, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "withheld")


def test_several_parcels_are_told_apart(land: Service, form: Form) -> None:
    ids = load(land, change(), change("T-2", number="2", column=1))
    form.someone.id = person(land)
    token = _token(form, LAND, "parcels:area.legal")
    answer = _as_person(form, token, LAND, **AREA)
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (409, "ambiguous")
    assert {each["id"] for each in told["candidates"]} == set(ids.values())
    answer = _as_person(form, token, LAND, **AREA, record_id=ids["T-2"])
    assert answer.status_code == 201, answer.get_json()
    case = _only(land)
    assert (case.record_id, case.subject_id, case.registered) == (
        *(ids["T-2"], form.someone.id),
        400.0,
    )


def test_a_parcel_of_others_is_not_found(land: Service, form: Form) -> None:
    ids = load(land, change())
    form.someone.id = person(land, BAY)
    answer = _as_person(
        form, _token(form, LAND, "parcels:area.legal"), LAND, **AREA, record_id=ids["T-1"]
    )
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


def test_a_report_keeps_what_every_item_of_a_list_says(land: Service) -> None:
    ids = load(land, change(holders=COUPLE))
    body = AREA | {"record_id": ids["T-1"], "path": "holders.name", "declared": ["Lan", "Bảy"]}
    answer = land.call("POST", "/v1/corrections", headers=LAND, json=body)
    assert answer.status_code == 201, answer.get_json()
    case = _only(land)
    assert case.registered == ["Nguyễn Thị Lan", "Trần Văn Bảy"]
    # Two hold it, so it is nobody's alone.
    assert case.subject_id == case.record_id == ids["T-1"]


def test_a_parent_reports_for_a_child_and_both_see_it(service: Service, form: Form) -> None:
    with service.database.transaction() as session:
        told = [citizen(LAN), citizen(AN, date(2019, 1, 1), birth_date=BORN)]
        citizens.apply_changes(session, told, source="test", load=None)
        born = acts.birth("KS-1", "2018-09-20", AN, mother=LAN)
        record_acts(session, [acts.change(born)], source="test", load=None)
        ids = find_record_ids(session, [LAN, AN])
    form.someone.id = ids[LAN]
    asked = {
        "grant_type": EXCHANGE,
        "subject_token": _token(form, PURPOSE, "civil_status:registered_on"),
        "subject_token_type": ACCESS_TOKEN,
        "sogoc_subject": ids[AN],
    }
    exchanged = form.token(**asked).get_json()
    body = {"register": "civil_status", "path": "registered_on", "reason": "misspelt"}
    answer = _as_person(
        form, exchanged["access_token"], PURPOSE, **body, declared={"value": "2018-09-21"}
    )
    assert answer.status_code == 201, answer.get_json()
    case = _only(service)
    assert (case.subject_id, case.opened_by) == (ids[AN], ids[LAN])
    assert case.registered == {"value": "2018-09-20", "precision": "day"}
    with service.database.reading() as session:
        for who in (LAN, AN):
            assert [each.id for each in list_cases_of(session, ids[who])] == [case.id]
