"""One person acts for another (RFC 8693): who may, how far it reaches, and that it is said."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from auth.grants.grants import revoke_grants_of_person
from auth.oauth.metadata import ACCESS_TOKEN, EXCHANGE
from auth.signin.staff import add_staff, disable_staff
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.civil_status.changes import record_acts
from registry.kernel.clock import fixed, now, today
from registry.kernel.db import new_id
from tests import acts, people
from tests.acts import AN, HOA, MINH
from tests.auth.grants import DETAIL, SEX, Form, another, form_of
from tests.auth.signing import HOLDER, proof
from tests.conftest import ISSUER, PURPOSE, Service
from tests.people import BAY, LAN

# The child of Lan and Minh; Hòa is the guardian of Bảy, who is of age.
CHILD = {"value": "2018-09-10", "precision": "day"}
NARROW = DETAIL | {"attributes": ["citizens:name.full"], "optional": []}
BOTH = json.dumps([DETAIL, NARROW])


@dataclass
class Family:
    """A form that people use, and who they are by personal id."""

    form: Form
    ids: dict[str, str]

    def token(self, who: str, **change: str | None) -> str:
        """Return a token of a citizen, by personal id, or of another, by their id."""
        self.form.someone.id = self.ids.get(who, who)
        return self.form.access_token(**change)

    def exchange(self, token: str, whom: str, **change: str | None) -> TestResponse:
        fine: dict[str, str | None] = {
            "grant_type": EXCHANGE,
            "subject_token": token,
            "subject_token_type": ACCESS_TOKEN,
            "sogoc_subject": self.ids.get(whom, whom),
        }
        return self.form.token(**(fine | change))

    def register(self, *told: dict[str, Any]) -> None:
        """Register acts of civil status."""
        with self.form.service.database.transaction() as session:
            record_acts(session, map(acts.change, told), source="test", load=None)


@pytest.fixture
def family(service: Service) -> Iterator[Family]:
    births = {LAN: None, BAY: {"value": "1945", "precision": "year"}, AN: CHILD}
    numbers = (LAN, BAY, MINH, AN, HOA)
    with service.database.transaction() as session:
        told = [
            people.change(number, date(2019, 1, 1), **({"birth_date": born} if born else {}))
            for number in numbers
            for born in [births.get(number)]
        ]
        citizens.apply_changes(session, told, source="test", load=None)
        ids = find_record_ids(session, numbers)
    with form_of(service) as form:
        made = Family(form, ids)
        made.register(
            acts.birth("KS-1", "2018-09-20", AN, mother=LAN, father=MINH), _guardianship("GH-1")
        )
        yield made


def _guardianship(code: str, **more: Any) -> dict[str, Any]:
    persons = {"guardian": acts.entry(HOA), "ward": acts.entry(BAY)}
    dates = {"from": acts.day("2020-01-01")} | more
    return acts.document(code, "guardianship", "2020-01-01", persons=persons, guardianship=dates)


def _error(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def _claims(family: Family, token: str) -> dict[str, Any]:
    client = family.form.service.app.test_client()
    keys = KeySet.import_key_set(client.get("/oauth/jwks").get_json())
    return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)


def _call(family: Family, token: str) -> TestResponse:
    return family.form.service.app.test_client().post(
        "/v1/citizens/lookup",
        json={"identifiers": [AN], "fields": ["sex"]},
        headers={**PURPOSE, "Authorization": f"Bearer {token}"},
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "a.b.c"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": ACCESS_TOKEN.replace("access", "refresh")}, "invalid_request"),
        ({"subject_token_type": ACCESS_TOKEN.replace("access", "id")}, "invalid_request"),
        ({"requested_token_type": ACCESS_TOKEN.replace("access", "refresh")}, "invalid_request"),
        ({"actor_token": "a.b.c"}, "invalid_request"),
        ({"actor_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"sogoc_subject": None}, "invalid_request"),
        ({"sogoc_subject": AN}, "invalid_request"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"audience": "https://elsewhere.example"}, "invalid_target"),
        ({"scope": "civil_status:read"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "people:assist"}, "invalid_scope"),
        ({"authorization_details": json.dumps([DETAIL])}, "invalid_authorization_details"),
    ],
)
def test_a_request_that_breaks_a_rule_gives_nothing(
    family: Family, change: dict[str, str | None], error: str
) -> None:
    token = family.token(LAN)
    plain = {name: value for name, value in change.items() if name != "sogoc_subject"}
    whom = {"sogoc_subject": change["sogoc_subject"]} if "sogoc_subject" in change else {}
    assert _error(family.exchange(token, AN, **plain, **whom)) == (400, error)


@pytest.mark.parametrize(
    ("who", "whom"),
    [(BAY, AN), (AN, LAN), (LAN, MINH), (LAN, LAN), (HOA, AN), (MINH, new_id())],
    ids=range(6),
)
def test_nobody_acts_for_whom_no_act_gives_them(family: Family, who: str, whom: str) -> None:
    assert _error(family.exchange(family.token(who), whom)) == (400, "invalid_grant")


def test_a_parent_acts_for_a_child_until_it_is_of_age(family: Family) -> None:
    assert family.exchange(family.token(LAN), AN).status_code == 200
    assert family.exchange(family.token(MINH), AN).status_code == 200
    with fixed(now().replace(year=2036, month=9, day=10)):
        assert _error(family.exchange(family.token(LAN), AN)) == (400, "invalid_grant")


def test_a_guardian_acts_for_a_ward_while_acts_say_so(family: Family) -> None:
    assert family.exchange(family.token(HOA), BAY).status_code == 200
    family.register(_guardianship("GH-1", to=acts.day(today().isoformat())))
    assert _error(family.exchange(family.token(HOA), BAY)) == (400, "invalid_grant")


def test_nobody_acts_for_whoever_has_died_or_has_no_guardian_more(family: Family) -> None:
    over = acts.document(
        "GE-1",
        "guardianship_end",
        "2024-01-05",
        persons={"ward": acts.entry(BAY)},
        guardianship={"to": acts.day("2024-01-05")},
    )
    family.register(over)
    assert _error(family.exchange(family.token(HOA), BAY)) == (400, "invalid_grant")
    family.register(_guardianship("GH-2", **{"from": acts.day("2025-01-05")}))
    assert family.exchange(family.token(HOA), BAY).status_code == 200
    family.register(acts.death("KT-1", "2025-06-01", BAY, "2025-05-30"))
    assert _error(family.exchange(family.token(HOA), BAY)) == (400, "invalid_grant")


def test_a_token_is_exchanged_by_its_client_and_its_person_alone(family: Family) -> None:
    other = another(family.form, "console")
    family.form.someone.id = family.ids[LAN]
    stolen = other.access_token()
    assert _error(family.exchange(stolen, AN)) == (400, "invalid_request")
    alone = family.form.service.token()
    assert _error(family.exchange(alone, AN)) == (400, "invalid_request")
    with form_of(family.form.service, grant_types=["client_credentials"]) as bare:
        told = Family(bare, family.ids).exchange(alone, AN)
        assert _error(told) == (400, "unauthorized_client")


def test_a_bound_token_is_exchanged_by_its_holder_alone(family: Family) -> None:
    form = family.form
    form.someone.id = family.ids[LAN]
    client = form.service.app.test_client()
    fine = {
        "grant_type": "authorization_code",
        "code": form.agree()["code"],
        "redirect_uri": "https://forms.example.vn/callback",
        "code_verifier": form.verifier,
    }
    got = client.post("/oauth/token", data=fine, auth=form.auth, headers={"DPoP": proof(HOLDER)})
    token = got.get_json()["access_token"]
    assert _error(family.exchange(token, AN)) == (400, "invalid_request")
    asked = {
        "grant_type": EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "sogoc_subject": family.ids[AN],
    }
    held = {"DPoP": proof(HOLDER)}
    answer = client.post("/oauth/token", data=asked, auth=form.auth, headers=held)
    assert answer.get_json()["token_type"] == "DPoP"  # noqa: S105 - a type
    mine, its = (_claims(family, each) for each in (answer.get_json()["access_token"], token))
    assert mine["cnf"] == its["cnf"]


def test_whoever_acts_for_somebody_hands_that_on_to_nobody(family: Family) -> None:
    acting = family.exchange(family.token(LAN), AN).get_json()["access_token"]
    assert _error(family.exchange(acting, AN)) == (400, "invalid_request")


def test_the_answer_is_one_token_that_says_who_acts(family: Family) -> None:
    token = family.token(LAN, scope="openid citizens:read")
    answer = family.exchange(token, AN, resource=ISSUER, requested_token_type=ACCESS_TOKEN)
    told = answer.get_json()
    assert told["issued_token_type"] == ACCESS_TOKEN
    assert told["scope"] == "citizens:read"
    assert not {"refresh_token", "id_token"} & told.keys()
    assert answer.headers["Cache-Control"] == "no-store"
    mine, its = (_claims(family, each) for each in (told["access_token"], token))
    assert mine["act"] == {"sub": its["sub"]}
    assert mine["sub"] not in {its["sub"], family.ids[AN]}
    assert mine["sub"] == _claims(family, family.token(AN))["sub"]
    assert (mine["acr"], mine["auth_time"]) == (its["acr"], its["auth_time"])
    seen = family.form.service.app.test_client().post(
        "/oauth/introspect", data={"token": told["access_token"]}, auth=family.form.auth
    )
    assert seen.get_json()["act"] == mine["act"]


def test_it_lives_no_longer_than_what_it_was_made_of(family: Family) -> None:
    token = family.token(LAN)
    with fixed(now() + timedelta(seconds=200)):
        told = family.exchange(token, AN).get_json()
        assert told["expires_in"] <= 100
        assert _claims(family, told["access_token"])["exp"] <= _claims(family, token)["exp"]
    with fixed(now() + timedelta(seconds=301)):
        assert _error(family.exchange(token, AN)) == (400, "invalid_request")


def test_it_reaches_no_further_than_what_it_was_made_of(family: Family) -> None:
    token = family.token(LAN, authorization_details=BOTH)
    narrow = json.dumps([NARROW])
    told = family.exchange(token, AN, authorization_details=narrow).get_json()
    [detail] = _claims(family, told["access_token"])["authorization_details"]
    assert detail["attributes"] == NARROW["attributes"]
    refreshed = family.form.redeem(
        family.form.agree(authorization_details=BOTH)["code"], authorization_details=narrow
    )
    wider = json.dumps([DETAIL])
    smaller = refreshed.get_json()["access_token"]
    answer = family.exchange(smaller, AN, authorization_details=wider)
    assert _error(answer) == (400, "invalid_authorization_details")
    [held] = family.exchange(smaller, AN).get_json()["authorization_details"]
    assert held == detail


def test_the_log_names_who_acts_and_for_whom(family: Family) -> None:
    own = family.token(LAN, authorization_details=SEX)
    acting = family.exchange(own, AN).get_json()["access_token"]
    for token, who, whom in (
        (acting, LAN, AN),
        (own, LAN, None),
    ):
        assert _call(family, token).status_code == 200
        row = family.form.service.rows()[-1]
        assert row.person_id == family.ids[who]
        assert row.acting_for == (family.ids[whom] if whom else None)


def test_it_ends_with_whatever_it_was_made_of(family: Family) -> None:
    client, auth = family.form.service.app.test_client(), family.form.auth
    tokens = [family.token(who, authorization_details=SEX) for who in (LAN, MINH)]
    acting = [family.exchange(token, AN).get_json()["access_token"] for token in tokens]
    assert [_call(family, token).status_code for token in acting] == [200, 200]
    assert client.post("/oauth/revoke", data={"token": tokens[0]}, auth=auth).status_code == 200
    with family.form.service.database.transaction() as session:
        revoke_grants_of_person(session, family.ids[MINH])
    time.sleep(1)
    assert [_call(family, token).status_code for token in acting] == [401, 401]


@pytest.fixture
def officer(family: Family) -> str:
    with family.form.service.database.transaction() as session:
        made = add_staff(session, "Bình", "https://id.example.vn", "s-1", ["people:assist"])
    family.form.someone.roles = frozenset({"people:assist"})
    return made


def test_an_officer_acts_for_a_citizen_in_a_procedure(family: Family, officer: str) -> None:
    scope = "citizens:read people:assist"
    token = family.token(officer, scope=scope, authorization_details=SEX)
    told = family.exchange(token, BAY).get_json()
    assert told["scope"] == "citizens:read"
    assert [each["procedure"] for each in told["authorization_details"]] == ["1.004222"]
    assert _call(family, told["access_token"]).status_code == 200
    row = family.form.service.rows()[-1]
    assert (row.person_id, row.acting_for) == (officer, family.ids[BAY])
    assert _error(family.exchange(token, new_id())) == (400, "invalid_grant")
    aimless = family.token(officer, scope=scope)
    assert _error(family.exchange(aimless, BAY)) == (400, "invalid_authorization_details")


def test_an_officer_without_the_role_acts_for_nobody(family: Family, officer: str) -> None:
    details = SEX
    unused = family.token(officer, scope="citizens:read", authorization_details=details)
    assert _error(family.exchange(unused, BAY)) == (400, "invalid_grant")
    scope = "citizens:read people:assist"
    pretended = family.token(LAN, scope=scope, authorization_details=details)
    assert _error(family.exchange(pretended, BAY)) == (400, "invalid_grant")
    token = family.token(officer, scope=scope, authorization_details=details)
    acting = family.exchange(token, BAY).get_json()["access_token"]
    assert _call(family, acting).status_code == 200
    with family.form.service.database.transaction() as session:
        disable_staff(session, officer)
    time.sleep(1)
    assert _call(family, acting).status_code == 401
    assert _error(family.exchange(token, BAY)) == (400, "invalid_request")
