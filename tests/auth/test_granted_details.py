"""What a person's token reaches: what the person agreed to, for that procedure, about that person.

RFC 9396 section 9. The routes are asked for as they are, so that no way in forgets the rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from auth.agreements import create_agreement, list_agreements
from auth.oauth.metadata import ACCESS_TOKEN, EXCHANGE
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.civil_status.changes import record_acts
from registry.fastpath import FastPath
from registry.households import changes as households
from registry.kernel.ledger import Change
from tests import acts, people
from tests.acts import AN, HOA, MINH
from tests.auth.grants import DETAIL, Form, form_of
from tests.conftest import PURPOSE, Service
from tests.people import BAY, LAN

OTHER_PROCEDURE = "2.000635"
SCOPE = "citizens:read citizens:search citizens:verify civil_status:read households:read"
NOBODY = "900190000099"
BORN = {
    AN: {"value": "2018-09-10", "precision": "day"},
    MINH: {"value": "1991-02-01", "precision": "day"},
}


def details(*attributes: str, **more: Any) -> str:
    asked = {"attributes": list(attributes), "optional": [], **more}
    return json.dumps([DETAIL | asked])


ALL = details(
    "citizens:sex",
    "citizens:name.full",
    "citizens:age",
    "households:members",
    "civil_status:type",
)


@dataclass
class Asked:
    """A form, who the people are by personal id, and calls with a token that one of them gave."""

    form: Form
    ids: dict[str, str]

    def token(self, who: str = LAN, **change: str | None) -> str:
        self.form.someone.id = self.ids.get(who, who)
        fine: dict[str, str | None] = {"scope": SCOPE, "authorization_details": ALL}
        return self.form.access_token(**(fine | change))

    def call(
        self, token: str, method: str, path: str, purpose: str | None = None, **more: Any
    ) -> TestResponse:
        headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
        headers |= {"Sogoc-Procedure": purpose} if purpose else {}
        client = self.form.service.app.test_client()
        return client.open(path, method=method, headers=headers, **more)

    def look_up(self, token: str, *numbers: str, fields: str = "sex", **more: Any) -> TestResponse:
        question = {"identifiers": list(numbers or [LAN]), "fields": [fields]}
        return self.call(token, "POST", "/v1/citizens/lookup", json=question, **more)


@pytest.fixture
def asked(service: Service) -> Iterator[Asked]:
    numbers = (LAN, BAY, MINH, AN, HOA)
    with service.database.transaction() as session:
        told = [
            people.change(n, date(2019, 1, 1), **({"birth_date": BORN[n]} if n in BORN else {}))
            for n in numbers
        ]
        citizens.apply_changes(session, told, source="test", load=None)
        alone = people.household(
            "HK-2", head={"personal_id": BAY}, members=people.household()["members"][1:]
        )
        homes = [people.household(members=people.household()["members"][:1]), alone]
        since = date(2020, 1, 1)
        households.apply_changes(
            session, [Change(home, since) for home in homes], source="test", load=None
        )
        born = acts.birth("KS-1", "2018-09-20", AN, mother=LAN, father=MINH)
        other = acts.birth("KS-2", "2018-09-20", BAY, mother=HOA)
        record_acts(session, map(acts.change, (born, other)), source="test", load=None)
        [held] = list_agreements(session, "ward-office")
        create_agreement(session, _for(held, OTHER_PROCEDURE))
        ids = find_record_ids(session, numbers)
    with form_of(service) as form:
        yield Asked(form, ids)


def _for(held: Any, procedure: str) -> Any:
    return replace(held, id="", procedure=procedure, series="")


def _refused(answer: TestResponse, *attributes: str) -> None:
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (403, "outside-agreement"), told
    assert told.get("attributes", []) == list(attributes)


def _statuses(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    return [each["status"] for each in answer.get_json()["results"]]


def test_what_the_person_has_not_agreed_to_is_refused_by_name(asked: Asked) -> None:
    token = asked.token(authorization_details=details("citizens:sex", "civil_status:type"))
    _refused(asked.look_up(token, fields="name.full"), "name.full")
    record = asked.ids[LAN]
    for path, missing in (
        (f"/v1/citizens/{record}?fields=sex,name.full", "name.full"),
        (f"/v1/citizens/{record}/history?fields=name.full", "name.full"),
        (f"/v1/citizens/{record}/household?fields=head", "head"),
        (f"/v1/citizens/{record}/civil-status?fields=number", "number"),
        (f"/v1/citizens/{record}/registers?citizen=name.full", "name.full"),
    ):
        _refused(asked.call(token, "GET", path), missing)
    claims = {"identifier": LAN, "claims": {"name.full": "Nguyễn Thị Lan"}}
    _refused(asked.call(token, "POST", "/v1/citizens/verify", json=claims), "name.full")
    # The person has looked at what they agree to; the client has got nothing.
    rows = [row for row in asked.form.service.rows() if row.client_id != "sogoc"]
    assert {row.outcome for row in rows} == {"refused"}


def test_a_procedure_that_the_person_has_not_agreed_to_is_refused(asked: Asked) -> None:
    token = asked.token()
    _refused(asked.look_up(token, purpose=OTHER_PROCEDURE))
    path = f"/v1/citizens/{asked.ids[LAN]}?fields=sex"
    _refused(asked.call(token, "GET", path, purpose=OTHER_PROCEDURE))
    assert asked.call(token, "GET", path).status_code == 200


def test_a_token_without_details_tells_nothing_personal(asked: Asked) -> None:
    token = asked.token(authorization_details=None)
    _refused(asked.look_up(token))
    _refused(asked.call(token, "GET", f"/v1/citizens/{asked.ids[LAN]}?fields=sex"))
    assert asked.call(token, "GET", "/v1/me/agreement").status_code == 200


def test_of_another_person_a_look_up_tells_no_more_than_of_nobody(asked: Asked) -> None:
    token = asked.token()
    assert _statuses(asked.look_up(token, BAY, NOBODY)) == ["not_found", "not_found"]
    assert _statuses(asked.look_up(token, BAY, LAN)) == ["not_found", "found"]
    past = {"identifiers": [BAY], "fields": ["sex"], "as_of": "2020-01-01"}
    assert _statuses(asked.call(token, "POST", "/v1/citizens/lookup", json=past)) == ["not_found"]


def test_a_protected_or_merged_person_looks_like_nobody(asked: Asked) -> None:
    with asked.form.service.database.transaction() as session:
        citizens.set_secrecy(session, asked.ids[BAY], "address")
        citizens.merge(session, asked.ids[HOA], asked.ids[MINH])
    wide = details("citizens:residence.permanent.address")
    token = asked.token(authorization_details=wide)
    answer = asked.look_up(token, BAY, HOA, fields="residence.permanent.address")
    assert _statuses(answer) == ["not_found", "not_found"]


def test_every_way_to_another_citizen_is_closed_alike(asked: Asked) -> None:
    token = asked.token()
    rules = [
        rule.rule
        for rule in asked.form.service.app.url_map.iter_rules()
        if rule.rule.startswith("/v1/citizens/<record_id>")
    ]
    assert len(rules) >= 6
    for rule in rules:
        if rule.endswith("/parcels"):
            continue
        query = "citizen=sex" if rule.endswith("/registers") else "fields=sex"
        answers = []
        for record in (asked.ids[BAY], asked.ids[BAY][:-4] + "0000"):
            path = rule.replace("<record_id>", record)
            answer = asked.call(token, "GET", f"{path}?{query}")
            told = answer.get_json()
            del told["trace_id"]
            answers.append((answer.status_code, told))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404, rule


def test_a_search_and_a_verification_find_that_person_alone(asked: Asked) -> None:
    token = asked.token(MINH)
    fine = {"name": "Nguyễn Thị Lan", "birth_date": "1991-02-01"}
    criteria = {"criteria": fine, "fields": ["sex"]}
    found = asked.call(token, "POST", "/v1/citizens/search", json=criteria)
    assert found.get_json()["status"] == "found"
    verdicts = []
    for who in (BAY, MINH):
        claims = {"identifier": who, "claims": {"sex": "2"}}
        answer = asked.call(token, "POST", "/v1/citizens/verify", json=claims)
        verdicts.append(answer.get_json()["claims"]["sex"])
    assert verdicts == ["unknown", "match"]
    token = asked.token(LAN)
    found = asked.call(token, "POST", "/v1/citizens/search", json=criteria)
    assert found.get_json() == {"status": "no_unique_match"}


def test_a_record_that_does_not_name_the_person_is_not_found(asked: Asked) -> None:
    service = asked.form.service
    own = asked.token()
    theirs = asked.token(BAY)
    home = f"/v1/citizens/{asked.ids[BAY]}/household?fields=members"
    household = asked.call(theirs, "GET", home).get_json()["id"]
    act = asked.call(theirs, "GET", f"/v1/citizens/{asked.ids[BAY]}/civil-status?fields=type")
    [named] = act.get_json()["acts"]
    before = len(service.rows())
    for path in (
        f"/v1/households/{household}?fields=members",
        f"/v1/civil-status/{named['id']}?fields=type",
    ):
        assert asked.call(theirs, "GET", path).status_code == 200
        assert asked.call(own, "GET", path).status_code == 404
    rows = [(row.outcome, row.reason) for row in service.rows()[before:]]
    assert rows.count(("refused", "not-found")) == 2


def test_what_names_the_person_is_told_with_the_others_in_it(asked: Asked) -> None:
    path = f"/v1/citizens/{asked.ids[LAN]}/civil-status?fields=type"
    [act] = asked.call(asked.token(), "GET", path).get_json()["acts"]
    assert asked.call(asked.token(), "GET", f"/v1/civil-status/{act['id']}?fields=type").json


def test_what_is_derived_is_told_without_what_it_is_made_of(asked: Asked) -> None:
    token = asked.token(authorization_details=details("citizens:age"))
    assert _statuses(asked.look_up(token, fields="age")) == ["found"]
    _refused(asked.look_up(token, fields="birth_date"), "birth_date")


def test_whoever_acts_for_another_is_told_of_the_other_alone(asked: Asked) -> None:
    token = asked.token()
    exchange = {
        "grant_type": EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "sogoc_subject": asked.ids[AN],
    }
    acting = asked.form.token(**exchange).get_json()["access_token"]
    assert _statuses(asked.look_up(acting, AN, LAN)) == ["found", "not_found"]
    assert _statuses(asked.look_up(token, AN, LAN)) == ["not_found", "found"]
    _refused(asked.look_up(acting, AN, fields="religion"), "religion")


def test_an_officer_finds_whom_to_act_for_within_what_was_agreed(asked: Asked) -> None:
    asked.form.someone.roles = frozenset({"people:assist"})
    token = asked.token("officer-1", scope=f"{SCOPE} people:assist")
    assert _statuses(asked.look_up(token, LAN, BAY)) == ["found", "found"]
    _refused(asked.look_up(token, fields="birth_date"), "birth_date")
    asked.form.someone.roles = frozenset({"datasets:submit"})
    token = asked.token("steward-1", scope=f"{SCOPE} datasets:submit")
    assert _statuses(asked.look_up(token, LAN, BAY)) == ["not_found", "not_found"]


def test_the_short_way_obeys_as_flask_does(asked: Asked) -> None:
    short = asked.form.service.app.wsgi_app
    assert isinstance(short, FastPath)
    own = asked.token()
    asked.form.someone.roles = frozenset({"people:assist"})
    officer = asked.token("officer-1", scope=f"{SCOPE} people:assist")
    for token in (own, officer):
        answers = []
        for way in (short, short._wsgi):
            asked.form.service.app.wsgi_app = way  # type: ignore[assignment,method-assign]
            told = [asked.look_up(token, LAN, BAY, fields=field) for field in ("sex", "birth_date")]
            kept = [{**each.get_json(), "trace_id": ""} for each in told]
            answers.append(([each.status_code for each in told], kept))
        assert answers[0] == answers[1]


def test_the_own_token_of_a_client_reaches_what_its_agreement_does(asked: Asked) -> None:
    token = asked.form.service.token()
    assert _statuses(asked.look_up(token, LAN, BAY, fields="birth_date")) == ["found", "found"]
