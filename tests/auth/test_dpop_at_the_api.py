"""A bound token at the door of the API: worth nothing without its key (RFC 9449 section 7)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from auth.agreements import create_agreement
from auth.models import UsedOnce
from auth.principals import Agreement
from registry.app import create_app
from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.fastpath import FastPath
from registry.kernel.clock import now
from tests.auth.signing import AGENCY, ED, ask, assertion, ath, proof, register
from tests.conftest import ISSUER, PURPOSE, RESOURCE, Service
from tests.people import BAY, LAN, change

PATH = "/v1/citizens/lookup"
QUESTION = {"identifiers": [LAN], "fields": ["name.full"]}
ALGORITHMS = 'algs="ES256 EdDSA Ed25519"'


@pytest.fixture
def agency(service: Service) -> Service:
    register(service)
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        ids = find_record_ids(session, [LAN, BAY])
        changes.merge(session, ids[BAY], ids[LAN])
        rights = {"citizens": frozenset({"name"})}, {"citizens": frozenset({"personal_id"})}
        first = date(2026, 1, 1)
        create_agreement(session, Agreement("", AGENCY, "1.004222", *rights, "Luật", first))
    return service


@pytest.fixture
def token(agency: Service) -> str:
    return str(ask(agency, assertion()).get_json()["access_token"])


def _ask(
    service: Service, token: str, *proofs: str, scheme: str = "DPoP", json: Any = QUESTION
) -> TestResponse:
    headers = [*PURPOSE.items(), ("Authorization", f"{scheme} {token}")]
    return service.app.test_client().post(
        PATH, json=json, headers=[*headers, *(("DPoP", each) for each in proofs)]
    )


def _refused(
    service: Service, answer: TestResponse, error: str = "invalid_dpop_proof", client: str = AGENCY
) -> None:
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == f'DPoP {RESOURCE}, error="{error}", {ALGORITHMS}'
    assert answer.headers["DPoP-Nonce"]
    row = service.rows()[-1]
    assert (row.outcome, row.reason, row.client_id) == ("refused", "unauthenticated", client)


def _used(service: Service) -> int:
    with service.database.reading() as session:
        kept = sa.select(sa.func.count()).where(UsedOnce.kind == "dpop")
        return session.scalar(kept) or 0


def _at(seconds: float) -> float:
    return now().timestamp() + seconds


@pytest.mark.parametrize(
    "claims",
    [
        {"ath": None},
        {"ath": ""},
        {"ath": 7},
        {"ath": "é"},
        {"ath": ath("another token")},
        {"htm": "GET"},
        {"htm": None},
        {"htu": f"{ISSUER}/oauth/token"},
        {"htu": f"http://127.0.0.1{PATH}"},
        {"htu": f"{ISSUER}{PATH}/"},
        {"htu": None},
        {"jti": None},
        {"iat": None},
        {"iat": _at(-3600)},
        {"iat": _at(3600)},
    ],
    ids="-".join,
)
def test_a_proof_with_a_wrong_claim_is_refused(
    agency: Service, token: str, claims: dict[str, Any]
) -> None:
    before = _used(agency)
    # What is remembered of the token must not stand in for the proof.
    assert _ask(agency, token, proof(token=token)).status_code == 200
    _refused(agency, _ask(agency, token, proof(token=token, **claims)))
    assert _used(agency) == before + 1


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}, {"jwk": None}], ids=str)
def test_a_proof_with_a_wrong_header_is_refused(
    agency: Service, token: str, header: dict[str, Any]
) -> None:
    _refused(agency, _ask(agency, token, proof(token=token, header=header)))


def test_a_stolen_token_is_worth_nothing_with_another_key(agency: Service, token: str) -> None:
    assert _ask(agency, token, proof(token=token)).status_code == 200
    before = _used(agency)
    for key, alg in ((ECKey.generate_key("P-256"), "ES256"), (ED, "Ed25519")):
        _refused(agency, _ask(agency, token, proof(key, alg, token=token)), "invalid_token")
    assert _used(agency) == before


def test_a_bound_token_without_a_proof_is_refused(agency: Service, token: str) -> None:
    assert _ask(agency, token, proof(token=token)).status_code == 200
    _refused(agency, _ask(agency, token))
    _refused(agency, _ask(agency, token, ""))


def test_two_proofs_are_refused(agency: Service, token: str) -> None:
    _refused(agency, _ask(agency, token, proof(token=token), proof(token=token)))


def test_a_proof_works_once(agency: Service, token: str) -> None:
    text = proof(token=token)
    assert _ask(agency, token, text).status_code == 200
    _refused(agency, _ask(agency, token, text))
    again = proof(token=token, jti="x")
    assert _ask(agency, token, again).status_code == 200
    _refused(agency, _ask(agency, token, proof(token=token, jti="x")))


def test_a_bound_token_is_no_bearer_token(agency: Service, token: str) -> None:
    assert _ask(agency, token, proof(token=token)).status_code == 200
    for proofs in ([], [proof(token=token)]):
        answer = _ask(agency, token, *proofs, scheme="Bearer")
        assert answer.status_code == 401
        assert answer.headers.getlist("WWW-Authenticate") == [
            f'Bearer realm="{ISSUER}", {RESOURCE}, error="invalid_token"',
            f"DPoP {ALGORITHMS}",
        ]
        assert agency.rows()[-1].client_id == AGENCY


def test_a_plain_token_is_not_taken_for_a_bound_one(agency: Service) -> None:
    plain = agency.token()
    assert _ask(agency, plain, scheme="Bearer").status_code == 200
    for proofs in ([], [proof(token=plain)]):
        _refused(agency, _ask(agency, plain, *proofs), "invalid_token", "ward-office")


def test_a_token_that_is_none_is_refused_under_its_scheme(agency: Service) -> None:
    _refused(agency, _ask(agency, "x", proof()), "invalid_token", "unknown")


def test_a_nonce_must_be_ours(agency: Service, token: str) -> None:
    answer = _ask(agency, token, proof(token=token, nonce="x"))
    _refused(agency, answer, "use_dpop_nonce")
    again = proof(token=token, nonce=answer.headers["DPoP-Nonce"])
    assert _ask(agency, token, again).status_code == 200


def test_where_nonces_are_required_a_proof_needs_one(agency: Service, token: str) -> None:
    settings = replace(agency.app.extensions["sogoc"].settings, dpop_nonce="required")
    app = create_app(settings, agency.database)
    with closing(app.extensions["sogoc"].hot_lookup):
        strict = Service(app, agency.database, "")
        first = _ask(strict, token, proof(token=token))
        _refused(agency, first, "use_dpop_nonce")
        again = proof(token=token, nonce=first.headers["DPoP-Nonce"])
        assert _ask(strict, token, again).status_code == 200


def test_production_offers_proofs_alone(agency: Service) -> None:
    settings = replace(agency.app.extensions["sogoc"].settings, environment="production")
    app = create_app(settings, agency.database)
    with closing(app.extensions["sogoc"].hot_lookup):
        told = app.test_client().get("/v1/me/agreement").headers.getlist("WWW-Authenticate")
        assert told == [f"DPoP {RESOURCE}, {ALGORITHMS}"]
        bearer = {"Authorization": f"Bearer {agency.token()}x"}
        answer = app.test_client().get("/v1/me/agreement", headers=bearer)
        assert answer.headers.getlist("WWW-Authenticate") == [
            f'DPoP {RESOURCE}, error="invalid_token", {ALGORITHMS}'
        ]


def test_every_other_route_asks_for_the_key_too(agency: Service, token: str) -> None:
    def get(text: str) -> TestResponse:
        headers = {"Authorization": f"dpop {token}", "DPoP": text}
        return agency.app.test_client().get("/v1/me/agreement?x=1", headers=headers)

    htu = f"{ISSUER}/v1/me/agreement"
    fine = get(proof(token=token, htm="GET", htu=htu))
    assert (fine.status_code, fine.get_json()["client_id"]) == (200, AGENCY)
    assert fine.headers["DPoP-Nonce"]
    assert get(proof(token=token, htm="GET", htu=f"{htu}?y")).status_code == 200
    assert get(proof(token=token)).status_code == 401


def test_both_ways_answer_a_bound_token_alike(agency: Service, token: str) -> None:
    short = agency.app.wsgi_app
    assert isinstance(short, FastPath)
    answers = []
    for way in (short, short, short._wsgi):
        agency.app.wsgi_app = way  # type: ignore[assignment,method-assign]
        answer = _ask(agency, token, proof(token=token))
        sent = sorted((k, v) for k, v in answer.headers.items() if k != "RateLimit")
        answers.append((answer.status_code, answer.data, sent))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 200


def test_a_proof_serves_a_request_that_the_short_way_leaves_to_the_other(
    agency: Service, token: str
) -> None:
    merged = {"identifiers": [BAY], "fields": ["name.full"]}
    for _ in range(2):
        answer = _ask(agency, token, proof(token=token), json=merged)
        assert answer.status_code == 200, answer.text
    refused = {"identifiers": [LAN], "fields": ["religion"]}
    assert _ask(agency, token, proof(token=token), json=refused).status_code == 403


def test_the_short_way_answers_a_bound_token_itself(agency: Service, token: str) -> None:
    short = agency.app.wsgi_app
    assert isinstance(short, FastPath)

    def never(*_: Any) -> Any:
        raise AssertionError

    flask, short._wsgi = short._wsgi, never
    try:
        for _ in range(2):
            assert _ask(agency, token, proof(token=token)).status_code == 200
    finally:
        short._wsgi = flask
