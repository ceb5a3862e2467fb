"""Giving a token up (RFC 7009), and asking what one says (RFC 7662, RFC 9701)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from auth.clients import create_client, disable_client
from auth.oauth.introspection import MEDIA_TYPE, TYPE
from tests.auth.grants import form_of
from tests.auth.signing import AGENCY, ask, assertion, register
from tests.conftest import ISSUER, PURPOSE, Service

QUESTION = {"identifiers": ["900190000001"], "fields": ["sex"]}
BOTH = pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])


def _post(service: Service, path: str, token: str, **more: Any) -> TestResponse:
    more = {"auth": ("ward-office", service.secret)} | more
    return service.app.test_client().post(path, data={"token": token}, **more)


def _look_up(service: Service, token: str) -> int:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    return (
        service.app.test_client()
        .post("/v1/citizens/lookup", json=QUESTION, headers=headers)
        .status_code
    )


def _other(service: Service, *scopes: str) -> tuple[str, str]:
    with service.database.transaction() as session:
        made = create_client(session, "other", "Cơ quan khác", scopes)
    return "other", made.secret or ""


@BOTH
def test_nobody_asks_without_authentication(service: Service, path: str) -> None:
    for auth in (None, ("ward-office", "wrong"), ("nobody", "x")):
        answer = _post(service, path, service.token(), auth=auth)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


@BOTH
def test_a_request_that_is_no_form_with_a_token_is_refused(service: Service, path: str) -> None:
    client, auth = service.app.test_client(), ("ward-office", service.secret)
    for answer in (
        client.post(path, auth=auth, data={"token_type_hint": "access_token"}),
        client.post(f"{path}?token=x", auth=auth, data={"token": "x"}),
        client.post(path, auth=auth, data={"token": ["x", "y"]}),
    ):
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.post(path, auth=auth, json={"token": "x"}).status_code == 415
    assert client.get(path).get_json() == {"error": "invalid_request"}


def test_another_clients_token_is_not_revoked(service: Service) -> None:
    token = service.token()
    answer = _post(service, "/oauth/revoke", token, auth=_other(service, "citizens:read"))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    time.sleep(0.6)
    assert _look_up(service, token) == 200


def test_another_clients_token_says_nothing(service: Service) -> None:
    token = service.token()
    answer = _post(service, "/oauth/introspect", token, auth=_other(service, "citizens:read"))
    assert (answer.status_code, answer.get_json()) == (200, {"active": False})


@pytest.mark.parametrize("token", ["x", "a.b.c", "x" * 5000, "đ"])
def test_what_is_no_token_is_answered_alike(service: Service, token: str) -> None:
    assert _post(service, "/oauth/revoke", token).status_code == 200
    assert _post(service, "/oauth/introspect", token).get_json() == {"active": False}


def test_another_clients_refresh_token_is_not_revoked(service: Service) -> None:
    auth = _other(service, "citizens:read")
    with form_of(service) as form:
        issued = form.redeem(form.agree()["code"]).get_json()["refresh_token"]
        answer = _post(service, "/oauth/revoke", issued, auth=auth)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
        assert form.token(grant_type="refresh_token", refresh_token=issued).status_code == 200


def test_a_revoked_refresh_token_ends_with_all_of_its_grant_and_no_other(service: Service) -> None:
    with form_of(service) as form:
        given, other = (form.redeem(form.agree()["code"]).get_json() for _ in range(2))
        for _ in range(2):
            assert _post(service, "/oauth/revoke", given["refresh_token"]).status_code == 200
        for issued, error in ((given, "invalid_grant"), (other, None)):
            again = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
            assert again.get_json().get("error") == error
            told = _post(service, "/oauth/introspect", issued["access_token"]).get_json()
            assert told["active"] is (error is None)


def test_an_access_token_is_revoked_alone(service: Service) -> None:
    with form_of(service) as form:
        given = form.redeem(form.agree()["code"]).get_json()
        assert _post(service, "/oauth/revoke", given["access_token"]).status_code == 200
        again = form.token(grant_type="refresh_token", refresh_token=given["refresh_token"])
        assert again.status_code == 200


@BOTH
@pytest.mark.parametrize("hint", ["refresh_token", "id_token", "đ"])
def test_a_wrong_hint_hides_nothing(service: Service, path: str, hint: str) -> None:
    token = service.token()
    form = {"token": token, "token_type_hint": hint}
    answer = service.app.test_client().post(path, auth=("ward-office", service.secret), data=form)
    assert answer.status_code == 200
    time.sleep(1 if path == "/oauth/revoke" else 0)
    active = _post(service, "/oauth/introspect", token).get_json()["active"]
    assert active is (path == "/oauth/introspect")


def test_a_revoked_token_is_out_within_a_second_and_no_other(service: Service) -> None:
    token, other = service.token(), service.token()
    assert _look_up(service, token) == 200
    answer = _post(service, "/oauth/revoke", token)
    assert (answer.status_code, answer.get_json()) == (200, {})
    time.sleep(1)
    assert (_look_up(service, token), _look_up(service, other)) == (401, 200)
    assert _post(service, "/oauth/introspect", token).get_json() == {"active": False}
    assert _post(service, "/oauth/revoke", token).status_code == 200


def test_a_revoked_token_can_not_be_written_in_another_way(service: Service) -> None:
    token = service.token()
    _post(service, "/oauth/revoke", token)
    time.sleep(1)
    for again in (token, f"{token}=", f"{token}=="):
        assert _look_up(service, again) == 401


def test_the_token_of_a_disabled_client_is_inactive(service: Service) -> None:
    token = service.token()
    gateway = _other(service, "tokens:introspect")
    with service.database.transaction() as session:
        disable_client(session, "ward-office")
    time.sleep(1)
    answer = _post(service, "/oauth/introspect", token, auth=gateway)
    assert answer.get_json() == {"active": False}


def test_a_token_says_to_its_client_and_to_a_gateway_what_it_is(service: Service) -> None:
    token = service.token("citizens:read")
    told = _post(service, "/oauth/introspect", token).get_json()
    assert told.pop("jti")
    assert told.pop("exp") - told.pop("iat") == 300
    assert told == {
        "active": True,
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "ward-office",
        "client_id": "ward-office",
        "scope": "citizens:read",
        "token_type": "Bearer",
    }
    gateway = _other(service, "tokens:introspect")
    assert _post(service, "/oauth/introspect", token, auth=gateway).get_json()["active"] is True


@pytest.mark.parametrize("active", [True, False])
def test_the_answer_can_be_a_signed_jwt_for_the_caller_alone(
    service: Service, active: bool
) -> None:
    headers = {"Accept": MEDIA_TYPE}
    token = service.token() if active else "x"
    answer = _post(service, "/oauth/introspect", token, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, MEDIA_TYPE)
    keys = KeySet.import_key_set(service.app.test_client().get("/oauth/jwks").get_json())
    signed = jwt.decode(answer.text, keys, algorithms=["ES256"])
    assert signed.header["typ"] == TYPE
    assert signed.claims.keys() == {"iss", "aud", "iat", "token_introspection"}
    assert (signed.claims["iss"], signed.claims["aud"]) == (ISSUER, "ward-office")
    assert signed.claims["token_introspection"]["active"] is active


@pytest.mark.parametrize("accept", ["*/*", "application/json", f"{MEDIA_TYPE};q=0.1, */*", ""])
def test_the_answer_is_plain_unless_the_signed_one_is_preferred(
    service: Service, accept: str
) -> None:
    answer = _post(service, "/oauth/introspect", "x", headers={"Accept": accept})
    assert answer.get_json() == {"active": False}


def test_a_signed_answer_is_no_access_token(service: Service) -> None:
    answer = _post(service, "/oauth/introspect", service.token(), headers={"Accept": MEDIA_TYPE})
    assert _look_up(service, answer.text) == 401


def test_a_client_that_signs_revokes_by_an_assertion_of_one_use(service: Service) -> None:
    register(service)
    token = ask(service, assertion()).get_json()["access_token"]
    form = {
        "token": token,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(),
        "client_id": AGENCY,
    }
    client = service.app.test_client()
    assert client.post("/oauth/revoke", data=form).status_code == 200
    assert client.post("/oauth/revoke", data=form).status_code == 401
