"""A proof at the token endpoint: one by one, what it may not be (RFC 9449 section 4.3)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from auth.models import SharedSecret, UsedOnce
from auth.oauth.dpop import ProofRefused, read_proof
from auth.oauth.nonces import Nonces
from auth.once import shared_secret
from registry.app import create_app
from registry.kernel.clock import fixed, now
from registry.kernel.db import Database
from tests.auth.signing import ED, HOLDER, RSA, ask, assertion, proof, register
from tests.conftest import ISSUER, Service

URL = f"{ISSUER}/oauth/token"
PUBLIC = HOLDER.as_dict(private=False)


@pytest.fixture
def agency(service: Service) -> Service:
    register(service)
    return service


def _ask(service: Service, text: str) -> TestResponse:
    return ask(service, assertion(), {"DPoP": text})


def _refused(answer: TestResponse, error: str = "invalid_dpop_proof") -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["DPoP-Nonce"]


def _used(service: Service) -> int:
    count = sa.select(sa.func.count()).where(UsedOnce.kind == "dpop")
    with service.database.reading() as session:
        return session.scalar(count) or 0


def _at(seconds: float) -> float:
    return now().timestamp() + seconds


def _resigned(header: dict[str, Any], signature: Callable[[bytes], bytes]) -> str:
    _, payload, _ = proof().split(".")
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    made = base64.urlsafe_b64encode(signature(f"{head}.{payload}".encode())).rstrip(b"=")
    return f"{head}.{payload}.{made.decode()}"


@pytest.mark.parametrize(
    "claims",
    [
        {"htm": None},
        {"htm": "GET"},
        {"htm": "post"},
        {"htu": None},
        {"htu": 7},
        {"htu": ""},
        {"htu": "/oauth/token"},
        {"htu": ISSUER},
        {"htu": f"{URL}/"},
        {"htu": f"{ISSUER}/OAuth/token"},
        {"htu": f"{ISSUER}/v1/citizens/lookup"},
        {"htu": "http://127.0.0.1:8001/oauth/token"},
        {"htu": "http://127.0.0.1/oauth/token"},
        {"htu": "http://127.0.0.1:x/oauth/token"},
        {"htu": "https://127.0.0.1:8000/oauth/token"},
        {"htu": "http://elsewhere.example:8000/oauth/token"},
        {"htu": "http://someone@127.0.0.1:8000/oauth/token"},
        {"htu": "http://[::1/oauth/token"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 257},
        {"iat": None},
        {"iat": True},
        {"iat": "1700000000"},
        {"iat": 10**400},
        {"nonce": 7},
    ],
    ids=str,
)
def test_a_proof_with_a_wrong_claim_is_refused(agency: Service, claims: dict[str, Any]) -> None:
    _refused(_ask(agency, proof(**claims)))
    assert _used(agency) == 0


@pytest.mark.parametrize(
    "header",
    [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "DPoP+JWT"},
        {"typ": "at+jwt"},
        {"jwk": None},
        {"jwk": "x"},
        {"jwk": HOLDER.as_dict(private=True)},
        {"jwk": PUBLIC | {"d": ""}},
        {"jwk": PUBLIC | {"x": 5}},
        {"jwk": PUBLIC | {"x": "AAAA"}},
        {"jwk": PUBLIC | {"kty": ["EC"]}},
        {"jwk": PUBLIC | {"crv": "P-384"}},
        {"jwk": PUBLIC | {"crv": None}},
        {"jwk": PUBLIC | {"use": "enc"}},
        {"jwk": {"kty": "EC", "crv": "P-256"}},
        {"jwk": OctKey.generate_key(256).as_dict()},
        {"jwk": ED.as_dict(private=False)},
        {"jwk": ECKey.generate_key("P-256").as_dict(private=False)},
    ],
    ids=range(18),
)
def test_a_proof_with_a_wrong_header_is_refused(agency: Service, header: dict[str, Any]) -> None:
    _refused(_ask(agency, proof(header=header)))
    assert _used(agency) == 0


def test_other_algorithms_are_refused(agency: Service) -> None:
    _refused(_ask(agency, proof(RSA, "PS256")))
    _refused(_ask(agency, proof(RSAKey.generate_key(2048), "RS256")))
    _refused(_ask(agency, proof(ECKey.generate_key("P-384"), "ES384")))
    _refused(_ask(agency, proof(OKPKey.generate_key("Ed448"), "EdDSA")))
    head = {"typ": "dpop+jwt", "jwk": PUBLIC}
    secret = HOLDER.as_pem(private=False)
    by_public_key = _resigned(head | {"alg": "HS256"}, lambda m: hmac.digest(secret, m, "sha256"))
    _refused(_ask(agency, by_public_key))
    for alg in ("none", "None", ""):
        _refused(_ask(agency, _resigned(head | {"alg": alg}, lambda _: b"")))
    assert _used(agency) == 0


def test_a_critical_header_is_refused(agency: Service) -> None:
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": PUBLIC, "b64": False}
    for crit in (["b64"], ["other"], []):
        _refused(_ask(agency, _resigned(head | {"crit": crit}, lambda _: bytes(64))))


def test_a_bad_signature_is_refused(agency: Service) -> None:
    head, payload, signature = proof().split(".")
    _, other, _ = proof().split(".")
    for text in (
        f"{head}.{other}.{signature}",
        f"{head}.{payload}.{'A' * 86}",
        f"{head}.{payload}.",
        f"{head}.{payload}.é",
        proof(header={"jwk": ECKey.generate_key("P-256").as_dict(private=False)}),
    ):
        _refused(_ask(agency, text))
    assert _used(agency) == 0


@pytest.mark.parametrize("text", ["", " ", "x", "..", "a.b.c", "e30.W10.AA", "x" * 5000])
def test_what_is_no_proof_is_refused(agency: Service, text: str) -> None:
    _refused(_ask(agency, text))
    assert _used(agency) == 0


def test_an_oversized_proof_is_refused(agency: Service) -> None:
    assert _ask(agency, proof(note="x" * 1000)).status_code == 200
    _refused(_ask(agency, proof(note="x" * 4000)))


def test_two_proofs_are_refused(agency: Service) -> None:
    one, other = proof(), proof()
    answer = agency.app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers=[("DPoP", one), ("DPoP", other)],
        auth=("ward-office", agency.secret),
    )
    _refused(answer)
    assert _used(agency) == 0


def test_a_proof_out_of_its_time_is_refused(agency: Service) -> None:
    for seconds in (-62, -3600, 12, 65):
        _refused(_ask(agency, proof(iat=_at(seconds))))
    for seconds in (-55, 8):
        assert _ask(agency, proof(iat=_at(seconds))).status_code == 200


def test_a_proof_works_once(agency: Service) -> None:
    text = proof(jti="một lần")
    assert _ask(agency, text).status_code == 200
    _refused(_ask(agency, text))
    # Not the text but its id is what was used, and only under its own key.
    _refused(_ask(agency, proof(jti="một lần")))
    assert _ask(agency, proof(ED, "Ed25519", jti="một lần")).status_code == 200


def test_of_ten_at_once_exactly_one_is_a_proof(agency: Service) -> None:
    text, together = proof(), Barrier(10)

    def attempt(_: int) -> int:
        together.wait()
        return _ask(agency, text).status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(attempt, range(10))) == [200] + [400] * 9


def test_without_a_proof_a_client_with_a_key_gets_nothing(agency: Service) -> None:
    answer = ask(agency, assertion(), {})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_dpop_proof")
    assert "DPoP proof or a client certificate" in answer.get_json()["error_description"]


def test_a_failed_client_uses_no_proof_up(agency: Service) -> None:
    assert ask(agency, assertion(aud="https://elsewhere.example")).status_code == 401
    assert _used(agency) == 0


@pytest.mark.parametrize(("key", "alg"), [(HOLDER, "ES256"), (ED, "Ed25519"), (ED, "EdDSA")])
def test_a_token_is_bound_to_the_key_that_was_proven(agency: Service, key: Any, alg: str) -> None:
    told = _ask(agency, proof(key, alg)).get_json()
    assert told.get("token_type") == "DPoP"
    keys = KeySet.import_key_set(agency.app.test_client().get("/oauth/jwks").get_json())
    claims = jwt.decode(told["access_token"], keys, algorithms=["ES256"]).claims
    assert claims["cnf"] == {"jkt": key.thumbprint()}


def test_a_sandbox_client_may_prove_a_key_too(service: Service) -> None:
    def types(headers: dict[str, str]) -> str:
        answer = service.app.test_client().post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers=headers,
            auth=("ward-office", service.secret),
        )
        return str(answer.get_json()["token_type"])

    assert types({}) == "Bearer"
    assert types({"DPoP": proof()}) == "DPoP"


@pytest.mark.parametrize(
    "htu",
    [f"{URL}?a=1", f"{URL}#a", f"{URL}?a=1#b", URL.upper().replace("OAUTH/TOKEN", "oauth/token")],
)
def test_the_address_is_compared_as_addresses_are(agency: Service, htu: str) -> None:
    assert _ask(agency, proof(htu=htu)).status_code == 200


@pytest.mark.parametrize(
    ("htu", "url", "same"),
    [
        ("https://registry.example.vn:443/a", "https://registry.example.vn/a", True),
        ("https://registry.example.vn/a", "https://registry.example.vn:443/a", True),
        ("HTTPS://Registry.Example.VN/a", "https://registry.example.vn/a", True),
        ("https://registry.example.vn/%61", "https://registry.example.vn/a", True),
        ("https://registry.example.vn", "https://registry.example.vn/", True),
        ("https://registry.example.vn:80/a", "https://registry.example.vn/a", False),
        ("http://registry.example.vn:443/a", "https://registry.example.vn/a", False),
        ("https://registry.example.vn:0/a", "https://registry.example.vn/a", False),
        ("https://registry.example.vn/A", "https://registry.example.vn/a", False),
        ("ftp://registry.example.vn/a", "https://registry.example.vn/a", False),
    ],
)
def test_a_default_port_and_an_escaped_letter_change_nothing(
    htu: str, url: str, *, same: bool
) -> None:
    text = proof(htu=htu)
    if same:
        assert read_proof(text, "POST", url, None).thumbprint == HOLDER.thumbprint()
    else:
        with pytest.raises(ProofRefused, match="htu"):
            read_proof(text, "POST", url, None)


def test_unknown_names_are_ignored(agency: Service) -> None:
    jwk = PUBLIC | {"kid": "mine", "colour": "red"}
    text = proof(header={"colour": "red", "jwk": jwk}, colour="red", ath="of no token")
    assert _ask(agency, text).status_code == 200


def test_a_nonce_of_others_or_of_long_ago_is_refused(agency: Service) -> None:
    nonce = ask(agency, assertion()).headers["DPoP-Nonce"]
    assert _ask(agency, proof(nonce=nonce)).status_code == 200
    for wrong in ("", "x", nonce[:-1], f"{nonce}0", f"1{nonce}", "é"):
        _refused(_ask(agency, proof(nonce=wrong)), "use_dpop_nonce")
    moment = now()
    for minutes, status in ((5, 200), (10, 400), (-10, 400)):
        with fixed(moment + timedelta(minutes=minutes)):
            assert _ask(agency, proof(nonce=nonce)).status_code == status


def test_where_nonces_are_required_a_proof_needs_one(agency: Service) -> None:
    settings = replace(agency.app.extensions["sogoc"].settings, dpop_nonce="required")
    app = create_app(settings, agency.database)
    with closing(app.extensions["sogoc"].hot_lookup):
        strict = Service(app, agency.database, agency.secret)
        first = _ask(strict, proof())
        _refused(first, "use_dpop_nonce")
        assert _used(agency) == 0
        again = _ask(strict, proof(nonce=first.headers["DPoP-Nonce"]))
        assert (again.status_code, again.get_json()["token_type"]) == (200, "DPoP")


def test_every_worker_knows_the_same_nonces(database: Database) -> None:
    together = Barrier(8)

    def first(_: int) -> bytes:
        together.wait()
        return shared_secret(database, "dpop-nonce")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first, range(8)))) == 1
    with fixed(now()):
        assert Nonces(database).are_ours(Nonces(database).current())
    with database.reading() as session:
        assert len(session.scalars(sa.select(SharedSecret)).all()) == 1
