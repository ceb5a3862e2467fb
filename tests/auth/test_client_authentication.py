"""Whoever can't prove to be a client gets nothing, and doesn't learn why."""

from __future__ import annotations

import base64
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from auth.clients import disable_client, renew_secret
from auth.models import UsedOnce
from registry.kernel.clock import now
from tests.auth.signing import AGENCY, EC, ED, RSA, ask, assertion, register
from tests.conftest import ISSUER, Service

FAILED = {"error": "invalid_client", "error_description": "client authentication failed"}


@pytest.fixture
def agency(service: Service) -> Service:
    register(service)
    return service


def _refused(answer: TestResponse) -> None:
    assert (answer.status_code, answer.get_json()) == (401, FAILED)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


def _encoded(header: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


def _at(seconds: float) -> int:
    return int(now().timestamp() + seconds)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": [ISSUER]},
        {"aud": f"{ISSUER}/oauth/token"},
        {"aud": None},
        {"iss": "ward-office"},
        {"sub": "ward-office"},
        {"sub": "nobody"},
        {"sub": "no\u0000body"},
        {"sub": ["tax-office"]},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "\ud800"},
        {"iat": "1700000000"},
        {"exp": None},
        {"exp": True},
        {"exp": "4102444800"},
        {"exp": 10**400},
        {"nbf": [1]},
    ],
    ids=str,
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    agency: Service, claims: dict[str, Any]
) -> None:
    _refused(ask(agency, assertion(**claims)))


@pytest.mark.parametrize(
    ("issued", "earliest", "expires"),
    [
        (-400, None, -1),  # over
        (0, None, 301),  # lives too long
        (65, None, 100),  # from the future
        (0, 65, 100),  # not yet
        (-400, None, 60),  # short by its end, long by its beginning
        (None, None, 301),  # doesn't say since when, and lives too long from now
    ],
)
def test_an_assertion_out_of_its_time_is_refused(
    agency: Service, issued: float | None, earliest: float | None, expires: float
) -> None:
    nbf = None if earliest is None else _at(earliest)
    iat = None if issued is None else _at(issued)
    _refused(ask(agency, assertion(iat=iat, exp=_at(expires), nbf=nbf)))


def test_an_assertion_need_not_say_when_it_was_made(agency: Service) -> None:
    assert ask(agency, assertion(iat=None, exp=_at(299))).status_code == 200


def test_a_clock_eight_seconds_ahead_is_no_reason_to_refuse(agency: Service) -> None:
    ahead = assertion(iat=_at(8), nbf=_at(8), exp=_at(100))
    assert ask(agency, ahead).status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "PS384", "ES384"])
def test_other_algorithms_of_a_known_key_are_refused(agency: Service, alg: str) -> None:
    key = ECKey.generate_key("P-384", {"kid": "ec"}) if alg == "ES384" else RSA
    _refused(ask(agency, assertion(key, alg)))


def test_a_public_key_is_no_shared_secret(agency: Service) -> None:
    _, payload, _ = assertion().split(".")
    signed = f"{_encoded({'alg': 'HS256', 'kid': 'rsa'})}.{payload}"
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    _refused(ask(agency, f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"))


def test_an_unsigned_assertion_is_refused(agency: Service) -> None:
    _, payload, _ = assertion().split(".")
    for alg in ("none", "None", "NONE"):
        head = _encoded({"alg": alg, "kid": "ec"})
        for signature in ("", "AAAA"):
            _refused(ask(agency, f"{head}.{payload}.{signature}"))


def test_a_key_that_the_assertion_brings_along_is_not_believed(agency: Service) -> None:
    own = ECKey.generate_key("P-256", {"kid": "ec"})
    for header in ({"jwk": own.as_dict(private=False)}, {"jku": "https://elsewhere.example/jwks"}):
        _refused(ask(agency, assertion(own, header=header)))


def test_an_unknown_critical_header_is_refused(agency: Service) -> None:
    head, payload, signature = assertion().split(".")
    told = json.loads(base64.urlsafe_b64decode(head + "=="))
    told |= {"crit": ["b64"], "b64": False}
    _refused(ask(agency, f"{_encoded(told)}.{payload}.{signature}"))


def test_a_wrong_key_and_an_unknown_client_look_the_same(agency: Service) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "ec"})
    wrong = ask(agency, assertion(stranger))
    unknown = ask(agency, assertion(sub="nobody", iss="nobody"))
    sandbox = ask(agency, assertion(sub="ward-office", iss="ward-office"))
    over = ask(agency, "x" * 5000)
    rest = [(a.status_code, a.data, sorted(a.headers)) for a in (unknown, sandbox, over)]
    assert rest == [(wrong.status_code, wrong.data, sorted(wrong.headers))] * 3
    _refused(wrong)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "\u0110\u01b0\u1eddng", "\u0000", "e30.W10.AA", "e30.e30.AA"]
)
def test_what_is_no_assertion_is_refused(agency: Service, text: str) -> None:
    _refused(ask(agency, text))


def test_the_client_id_beside_an_assertion_must_be_its_own(agency: Service) -> None:
    _refused(ask(agency, assertion(), client_id="ward-office"))
    assert ask(agency, assertion(), client_id=AGENCY).status_code == 200


@pytest.mark.parametrize(
    ("key", "alg"), [(EC, "ES256"), (RSA, "PS256"), (ED, "Ed25519"), (ED, "EdDSA")], ids=range(4)
)
def test_each_published_algorithm_authenticates(agency: Service, key: Any, alg: str) -> None:
    answer = ask(agency, assertion(key, alg))
    assert answer.status_code == 200, answer.get_json()


def test_an_assertion_lives_three_hundred_seconds_at_most(agency: Service) -> None:
    assert ask(agency, assertion(iat=_at(0), exp=_at(0) + 300)).status_code == 200


def test_an_assertion_works_once(agency: Service) -> None:
    text = assertion()
    assert ask(agency, text).status_code == 200
    _refused(ask(agency, text))
    # Not the text but its id is what was used: another signature under it is a replay too.
    _refused(ask(agency, assertion(jti=json.loads(_payload(text))["jti"])))


def test_an_id_of_any_text_works_once(agency: Service) -> None:
    for jti in ("số 1", "x" * 2000):
        assert ask(agency, assertion(jti=jti)).status_code == 200
        _refused(ask(agency, assertion(jti=jti)))


def test_of_twenty_at_once_exactly_one_succeeds(agency: Service) -> None:
    text, together = assertion(), Barrier(20)

    def attempt(_: int) -> int:
        together.wait()
        return ask(agency, text).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(attempt, range(20)))
    assert statuses == [200] + [401] * 19


def test_used_ids_are_forgotten_once_they_have_ended(agency: Service) -> None:
    with agency.database.transaction() as session:
        session.add(
            UsedOnce(
                kind="assertion", holder=AGENCY, value="old", expires_at=now().replace(year=2020)
            )
        )
    assert ask(agency, assertion()).status_code == 200
    with agency.database.reading() as session:
        kept = sa.select(UsedOnce.kind).order_by(UsedOnce.kind)
        assert session.scalars(kept).all() == ["assertion", "dpop"]


def test_a_disabled_client_can_not_authenticate(agency: Service) -> None:
    with agency.database.transaction() as session:
        disable_client(session, AGENCY)
        disable_client(session, "ward-office")
    _refused(ask(agency, assertion()))
    _refused(_basic(agency, "ward-office", agency.secret))


def _payload(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.split(".")[1] + "==")


def _basic(service: Service, name: str, secret: str) -> TestResponse:
    return service.app.test_client().post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(name, secret)
    )


def test_a_wrong_secret_is_refused(agency: Service) -> None:
    _refused(_basic(agency, "ward-office", "wrong"))
    _refused(_basic(agency, "ward-office", ""))
    _refused(_basic(agency, "nobody", agency.secret))
    _refused(_basic(agency, AGENCY, agency.secret))
    _refused(_basic(agency, "ward\u0000office", agency.secret))
    with agency.database.transaction() as session:
        renew_secret(session, "ward-office")
    _refused(_basic(agency, "ward-office", agency.secret))


@pytest.mark.parametrize("value", ["Basic", "Basic !", "Basic /w==", "Basic \xe9", "Bearer abc"])
def test_a_broken_authorization_header_is_refused(agency: Service, value: str) -> None:
    answer = agency.app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": value},
    )
    _refused(answer)


def test_a_secret_in_the_body_is_refused(agency: Service) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "ward-office",
        "client_secret": agency.secret,
    }
    _refused(agency.app.test_client().post("/oauth/token", data=form))


def test_no_authentication_at_all_is_refused(agency: Service) -> None:
    form = {"grant_type": "client_credentials", "client_id": "ward-office"}
    _refused(agency.app.test_client().post("/oauth/token", data=form))
