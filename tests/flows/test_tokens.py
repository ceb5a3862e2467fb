"""Access tokens at the door of the API: which are refused, how, and from when on."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from auth.agreements import end_agreement, list_agreements
from auth.clients import disable_client
from auth.keys import list_keys
from registry.kernel.clock import fixed, now, today
from registry.kernel.db import new_id
from tests.conftest import ISSUER, PURPOSE, RESOURCE, Service
from tests.people import LAN

QUESTION = {"identifiers": [LAN], "fields": ["name"]}


def _ask(service: Service, token: str, **more: Any) -> TestResponse:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    return service.app.test_client().post(
        "/v1/citizens/lookup", json=QUESTION, headers=headers, **more
    )


def _made(
    service: Service, header: dict[str, Any] | None = None, key: ECKey | None = None, **claims: Any
) -> str:
    """Return a token signed by the server's own key, fine except for what is given."""
    path = Path(service.app.extensions["sogoc"].settings.key_file)
    [own] = [k.key for k in list_keys(path) if (k.alg, k.state) == ("ES256", "current")]
    issued = int(now().timestamp())
    fine = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "ward-office",
        "client_id": "ward-office",
        "scope": "citizens:read",
        "iat": issued,
        "exp": issued + 300,
        "jti": new_id(),
    }
    whole = {name: value for name, value in (fine | claims).items() if value is not None}
    head = {"alg": "ES256", "typ": "at+jwt", "kid": own.thumbprint()} | (header or {})
    return jwt.encode(head, whole, key or own)


def _refused(service: Service, answer: TestResponse) -> None:
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge == f'Bearer realm="{ISSUER}", {RESOURCE}, error="invalid_token"'
    row = service.rows()[-1]
    assert (row.outcome, row.reason, row.subject_id) == ("refused", "unauthenticated", None)


def test_the_maker_of_these_tokens_makes_good_ones(service: Service) -> None:
    assert _ask(service, _made(service)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "https://elsewhere.example"},
        {"aud": [ISSUER]},
        {"aud": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"scope": None},
        {"exp": None},
        {"exp": "never"},
        {"iat": None},
        {"cnf": "x"},
        {"cnf": {}},
        {"cnf": {"kid": "x"}},
        {"cnf": {"jkt": 7}},
        {"cnf": {"jkt": "x"}},
        {"cnf": {"x5t#S256": "x"}},
        {"cnf": {"jkt": "x", "x5t#S256": "x"}},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(service: Service, claims: dict[str, Any]) -> None:
    _refused(service, _ask(service, _made(service, **claims)))


def test_a_token_that_is_over_is_refused(service: Service) -> None:
    token = _made(service)
    assert _ask(service, token).status_code == 200
    with fixed(now() + timedelta(seconds=301)):
        _refused(service, _ask(service, token))


def test_a_token_from_the_future_is_refused(service: Service) -> None:
    issued = int(now().timestamp())
    assert _ask(service, _made(service, iat=issued + 8)).status_code == 200
    _refused(service, _ask(service, _made(service, iat=issued + 65)))


@pytest.mark.parametrize("kind", ["JWT", "at+JWT+x", "application/at+jwt", "dpop+jwt", ""])
def test_a_token_of_another_type_is_refused(service: Service, kind: str) -> None:
    _refused(service, _ask(service, _made(service, {"typ": kind})))


def test_a_token_of_another_key_is_refused(service: Service) -> None:
    own = ECKey.generate_key("P-256")
    _refused(service, _ask(service, _made(service, key=own)))
    _refused(service, _ask(service, _made(service, {"jwk": own.as_dict(private=False)}, own)))
    _refused(service, _ask(service, _made(service, {"kid": "other"})))


def test_a_token_that_was_tampered_with_is_refused(service: Service) -> None:
    head, payload, signature = _made(service).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    more = _encoded(claims | {"scope": "citizens:read households:read"})
    _refused(service, _ask(service, f"{head}.{more}.{signature}"))
    _refused(service, _ask(service, f"{head}.{payload}.{signature[:-4]}AAAA"))
    for alg in ("none", "HS256", "ES512"):
        other = _encoded({"alg": alg, "typ": "at+jwt"})
        _refused(service, _ask(service, f"{other}.{payload}.{signature}"))
        _refused(service, _ask(service, f"{other}.{payload}."))


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("token", ["x", "a.b.c", "....", "é", "x" * 5000, " spaced", "e30.e30.AA"])
def test_what_is_no_token_is_refused(service: Service, token: str) -> None:
    _refused(service, _ask(service, token))


def test_a_long_token_is_refused_though_it_is_signed(service: Service) -> None:
    _refused(service, _ask(service, _made(service, note="x" * 4096)))


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic dzp4", "DPoP", "DPoP "])
def test_without_a_token_no_error_is_named(service: Service, value: str | None) -> None:
    headers = {**PURPOSE} | ({} if value is None else {"Authorization": value})
    answer = service.app.test_client().post("/v1/citizens/lookup", json=QUESTION, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    offers = answer.headers.getlist("WWW-Authenticate")
    algorithms = f'DPoP {RESOURCE}, algs="ES256 EdDSA Ed25519"'
    first = [f'Bearer realm="{ISSUER}", {RESOURCE}', 'DPoP algs="ES256 EdDSA Ed25519"']
    if value and value.startswith("DPoP"):
        first = [algorithms, f'Bearer realm="{ISSUER}"']
    assert offers == first
    assert [row.client_id for row in service.rows()] == ["unknown"]


def test_a_token_in_the_url_or_a_form_is_refused(service: Service) -> None:
    token = service.token()
    in_url = _ask(service, token, query_string={"access_token": token})
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    in_form = service.app.test_client().post(
        "/v1/citizens/lookup", data={"access_token": token}, headers=headers
    )
    for answer in (in_url, in_form):
        assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed")
        assert token not in answer.text
    assert [row.reason for row in service.rows()] == ["malformed", "malformed"]


def test_two_tokens_are_refused(service: Service) -> None:
    token = service.token()
    answer = _ask(service, f"{token}, Bearer {token}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed")
    assert [row.reason for row in service.rows()] == ["malformed"]


def test_a_token_without_the_scope_is_refused(service: Service) -> None:
    answer = _ask(service, service.token("citizens:search"))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="{ISSUER}", {RESOURCE}, error="insufficient_scope", scope="citizens:read"'
    )
    row = service.rows()[-1]
    assert (row.client_id, row.reason) == ("ward-office", "insufficient-scope")


def _soon(service: Service, token: str) -> Iterator[TestResponse]:
    """Ask right away, so that everything is remembered; the change comes; ask a second later."""
    yield _ask(service, token)
    time.sleep(1)
    yield _ask(service, token)


def test_a_disabled_client_is_out_within_a_second(service: Service) -> None:
    asked = _soon(service, service.token())
    assert next(asked).status_code == 200
    with service.database.transaction() as session:
        disable_client(session, "ward-office")
    _refused(service, next(asked))


def test_an_ended_agreement_is_out_within_a_second(service: Service) -> None:
    asked = _soon(service, service.token())
    assert next(asked).status_code == 200
    with service.database.transaction() as session:
        for agreement in list_agreements(session, "ward-office"):
            end_agreement(session, agreement.id)
    answer = next(asked)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "no-agreement")
    row = service.rows()[-1]
    assert (row.client_id, row.reason) == ("ward-office", "no-agreement")


def test_an_agreement_that_ends_tomorrow_ends_without_a_change(service: Service) -> None:
    with service.database.transaction() as session:
        for agreement in list_agreements(session, "ward-office"):
            end_agreement(session, agreement.id, today() + timedelta(days=1))
    token = _made(service, exp=int((now() + timedelta(days=9)).timestamp()))
    assert _ask(service, token).status_code == 200
    with fixed(now() + timedelta(days=2)):
        assert _ask(service, token).get_json()["code"] == "no-agreement"


def test_a_client_sees_its_agreements_and_no_others(service: Service) -> None:
    with service.database.transaction() as session:
        held = list_agreements(session, "ward-office")[0]
    headers = {"Authorization": f"Bearer {service.token('citizens:read')}"}
    answer = service.app.test_client().get("/v1/me/agreement", headers=headers)
    told = answer.get_json()
    assert (told["client_id"], told["scopes"]) == ("ward-office", ["citizens:read"])
    assert [a["id"] for a in told["agreements"]] == [held.id]
    assert told["agreements"][0]["in_force"] is held.in_force(today())
    assert answer.headers["Cache-Control"] == "no-store"
