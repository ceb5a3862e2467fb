"""What the token endpoint refuses, and what it issues (RFC 6749, RFC 9068)."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from registry.app import create_app
from registry.kernel.clock import now
from registry.kernel.settings import Settings
from tests.auth.signing import ask, assertion, register
from tests.conftest import ISSUER, Service


def _post(service: Service, **more: Any) -> TestResponse:
    return service.app.test_client().post(
        "/oauth/token", auth=("ward-office", service.secret), **more
    )


def _is(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


@pytest.mark.parametrize("grant", ["refresh_token", "authorization_code"])
def test_a_grant_that_the_client_is_not_registered_for_is_refused(
    service: Service, grant: str
) -> None:
    form = {"grant_type": grant, "code": "x", "refresh_token": "x"}
    _is(_post(service, data=form), 400, "unauthorized_client")


@pytest.mark.parametrize("grant", ["password", "implicit", "số 1"])
def test_other_grants_are_refused(service: Service, grant: str) -> None:
    form = {"grant_type": grant, "username": "lan", "password": "x", "refresh_token": "x"}
    _is(_post(service, data=form), 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "scope",
    [
        "everything",
        "citizens:read everything",
        "citizens:read clients:manage",
        "citizens:Read",
        " ",
    ],
)
def test_a_scope_beyond_the_client_is_refused_never_trimmed(service: Service, scope: str) -> None:
    form = {"grant_type": "client_credentials", "scope": scope}
    _is(_post(service, data=form), 400, "invalid_scope")


def test_a_known_scope_that_the_client_lacks_is_refused(service: Service) -> None:
    with service.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE client SET scopes = '[\"citizens:read\"]'")
    form = {"grant_type": "client_credentials", "scope": "citizens:read households:read"}
    _is(_post(service, data=form), 400, "invalid_scope")
    assert _post(service, data={"grant_type": "client_credentials"}).get_json()["scope"] == (
        "citizens:read"
    )


def test_a_parameter_in_the_url_is_refused(service: Service) -> None:
    form = {"grant_type": "client_credentials"}
    _is(_post(service, query_string=form), 415, "invalid_request")
    _is(
        _post(service, query_string={"scope": "citizens:read"}, data=form),
        400,
        "invalid_request",
    )


def test_a_repeated_parameter_is_refused(service: Service) -> None:
    form = {"grant_type": "client_credentials", "scope": ["citizens:read", "citizens:search"]}
    _is(_post(service, data=form), 400, "invalid_request")


def test_a_missing_grant_is_refused(service: Service) -> None:
    _is(_post(service, data={"scope": "citizens:read"}), 400, "invalid_request")


def test_two_ways_of_authentication_are_refused(service: Service) -> None:
    form = {"grant_type": "client_credentials"}
    _is(_post(service, data=form | {"client_secret": "x"}), 400, "invalid_request")
    _is(_post(service, data=form | {"client_assertion": "x"}), 400, "invalid_request")


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", None]
)
def test_a_body_that_is_no_form_is_refused(service: Service, kind: str | None) -> None:
    _is(_post(service, data=b"{}", content_type=kind), 415, "invalid_request")


def test_a_huge_form_is_refused(service: Service) -> None:
    form = {"grant_type": "client_credentials", "client_assertion": "x" * 2_000_000}
    _is(_post(service, data=form), 413, "invalid_request")


def test_another_method_is_refused(service: Service) -> None:
    answer = service.app.test_client().get("/oauth/token")
    _is(answer, 405, "invalid_request")


def test_a_token_says_who_may_ask_what(service: Service) -> None:
    form = {"grant_type": "client_credentials", "scope": "citizens:search citizens:read"}
    answer = _post(service, data=form)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    told = answer.get_json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["scope"]) == ("Bearer", "citizens:read citizens:search")
    keys = KeySet.import_key_set(service.app.test_client().get("/oauth/jwks").get_json())
    token = jwt.decode(told["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    assert token.header["alg"] == "ES256"
    claims = token.claims
    assert claims.keys() == {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}
    assert claims["iss"] == claims["aud"] == ISSUER
    assert claims["sub"] == claims["client_id"] == "ward-office"
    assert claims["exp"] - claims["iat"] == told["expires_in"] <= 600
    assert abs(claims["iat"] - now().timestamp()) < 60


def test_no_token_is_like_another(service: Service) -> None:
    assert len({service.token() for _ in range(5)}) == 5


def test_the_public_keys_hold_nothing_private(service: Service) -> None:
    answer = service.app.test_client().get("/oauth/jwks")
    keys = answer.get_json()["keys"]
    common = {"kty", "crv", "x", "kid", "use", "alg"}
    told = {"ES256": common | {"y"}, "EdDSA": common}
    assert [key["alg"] for key in keys] == ["ES256", "EdDSA"] * 2
    assert all(key.keys() == told[key["alg"]] for key in keys)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_a_secret_is_for_the_sandbox_alone(service: Service) -> None:
    state = service.app.extensions["sogoc"]
    settings: Settings = replace(state.settings, environment="production")
    app = create_app(settings, service.database)
    try:
        production = Service(app, service.database, service.secret)
        answer = _post(production, data={"grant_type": "client_credentials"})
        _is(answer, 401, "invalid_client")
        register(production)
        assert ask(production, assertion()).status_code == 200
        told = app.test_client().get("/.well-known/oauth-authorization-server").get_json()
        assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    finally:
        app.extensions["sogoc"].hot_lookup.close()


def test_a_proxy_may_speak_plainly_to_the_server(service: Service) -> None:
    answer = _post(
        service, data={"grant_type": "client_credentials"}, base_url="http://registry.internal"
    )
    assert answer.status_code == 200


def test_no_token_or_secret_reaches_a_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    register(service)
    text = assertion()
    token = ask(service, text).get_json()["access_token"]
    assert service.token()
    assert logging.getLogger("authlib.oauth2.rfc6749").getEffectiveLevel() == logging.INFO
    for secret in (token, text, service.secret):
        assert secret not in caplog.text
