"""What a person's token reaches among parcels: those that the person holds, as far as agreed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from werkzeug.test import TestResponse

from tests.auth.grants import DETAIL, Form, form_of
from tests.conftest import Service
from tests.parcels import LAND, agree, change, holder, load, person
from tests.people import BAY, LAN

MINE, THEIRS, SOLD, OF_NOBODY = "T-1", "T-2", "T-3", "T-4"
ASKED = {
    "procedure": LAND["Sogoc-Procedure"],
    "attributes": ["parcels:area", "parcels:lineage", "parcels:reference", "parcels:state"],
    "optional": [],
}


@pytest.fixture
def land(service: Service) -> Iterator[tuple[Form, dict[str, str]]]:
    ids = load(
        agree(service),
        change(MINE),
        change(THEIRS, number="2", column=1, holders=[holder(BAY)]),
        change(SOLD, number="3", column=2),
        change(OF_NOBODY, number="4", column=3, holders=[holder(None)]),
    )
    sale = change(SOLD, date(2020, 1, 1), number="3", column=2, holders=[holder(BAY)])
    load(service, sale)
    with form_of(service) as form:
        yield form, ids


def _ask(form: Form, path: str, who: str = LAN) -> TestResponse:
    form.someone.id = person(form.service, who)
    asked = json.dumps([DETAIL | ASKED])
    token = form.access_token(scope="parcels:read", authorization_details=asked)
    headers = {**LAND, "Authorization": f"Bearer {token}"}
    return form.service.app.test_client().get(path, headers=headers)


@pytest.mark.parametrize("of", ["", "/history", "/lineage"])
def test_land_that_the_person_does_not_hold_is_not_found(
    land: tuple[Form, dict[str, str]], of: str
) -> None:
    form, ids = land
    query = "" if of == "/lineage" else "?fields=area"
    statuses = {code: _ask(form, f"/v1/parcels/{ids[code]}{of}{query}").status_code for code in ids}
    assert statuses == {MINE: 200, THEIRS: 404, SOLD: 404, OF_NOBODY: 404}
    assert _ask(form, f"/v1/parcels/{ids[SOLD]}{of}{query}", BAY).status_code == 200


def test_the_land_of_another_is_not_listed_and_holders_were_not_agreed_to(
    land: tuple[Form, dict[str, str]],
) -> None:
    form, _ = land
    own, other = person(form.service), person(form.service, BAY)
    assert _ask(form, f"/v1/citizens/{other}/parcels?fields=area").status_code == 404
    told = _ask(form, f"/v1/citizens/{own}/parcels?fields=area").get_json()
    assert len(told["parcels"]) == 1
    refused = _ask(form, f"/v1/citizens/{own}/parcels?fields=holders.name")
    assert (refused.status_code, refused.get_json()["attributes"]) == (403, ["holders.name"])
