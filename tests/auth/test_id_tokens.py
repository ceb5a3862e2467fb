"""An ID token is believed only if every part of it is what it must be."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from registry.kernel.clock import now
from registry.kernel.db import Database
from tests.auth.browser import Browser, application, refused
from tests.auth.provider import CLIENT, Provider, running
from tests.people import LAN

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as made:
        made.claims = {"personal_id": LAN}
        yield made


@pytest.fixture
def app(database: Database, tmp_path: Path, provider: Provider) -> Iterator[flask.Flask]:
    with application(database, tmp_path, provider.issuer) as made:
        yield made


@pytest.fixture
def browser(app: flask.Flask, provider: Provider) -> Browser:
    return Browser(app, provider)


def _later(seconds: float) -> Callable[[], int]:
    return lambda: int(now().timestamp() + seconds)


LIES: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"iss": None},
    {"aud": "another"},
    {"aud": None},
    {"aud": []},
    {"aud": [CLIENT, "another"]},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"azp": "another"},
    {"nonce": "another"},
    {"nonce": None},
    {"nonce": ["another"]},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "s" * 256},
    {"exp": _later(-1)},
    {"exp": None},
    {"exp": "9999999999"},
    {"exp": True},
    {"iat": _later(60)},
    {"iat": _later(-601)},
    {"iat": None},
    {"nbf": _later(60)},
    {"auth_time": _later(60)},
    {"auth_time": "then"},
    {"acr": 1},
    {"amr": "mfa"},
    {"amr": [1]},
]


@pytest.mark.parametrize("lie", LIES, ids="-".join)
def test_a_token_with_a_wrong_claim_is_refused(
    browser: Browser, provider: Provider, lie: dict[str, Any]
) -> None:
    provider.claims |= {k: v() if callable(v) else v for k, v in lie.items()}
    assert refused(browser.sign_in(), 403, "not believed")


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "unknown"},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"crit": ["b64"], "b64": True},
        {"kid": 7},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_header_is_refused(
    browser: Browser, provider: Provider, header: dict[str, Any]
) -> None:
    browser.go()
    fine = provider.signed()
    provider.header = header
    try:
        provider.signed()
    except Exception:  # the library itself won't write such a one
        head, payload, signature = fine.split(".")
        del head
        other = provider.unsigned("ES256").partition(".")[0]
        provider.id_token = f"{other}.{payload}.{signature}"
    assert refused(browser.back(), 403, "not believed")


def test_a_token_signed_by_nobody_is_refused(browser: Browser, provider: Provider) -> None:
    for alg in ("none", "None", "NONE", "ES256", ""):
        browser.go()
        provider.id_token = provider.unsigned(alg)
        assert refused(browser.back(), 403, "not believed"), alg


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_secret(browser: Browser, provider: Provider, alg: str) -> None:
    provider.key = RSA
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[alg]
    for secret in (RSA.as_pem(private=False), RSA.as_der(private=False), b""):
        browser.go()
        text = provider.unsigned(alg).rpartition(".")[0]
        made = hmac.new(secret, text.encode(), digest).digest()
        provider.id_token = provider.unsigned(alg, made)
        assert refused(browser.back(), 403, "not believed")


def test_a_secret_that_the_provider_publishes_is_no_key(
    browser: Browser, provider: Provider
) -> None:
    provider.key, provider.alg = OctKey.generate_key(256, {"kid": "first"}), "HS256"
    assert refused(browser.sign_in(), 403, "not believed")


def test_another_key_under_the_same_name_is_refused(browser: Browser, provider: Provider) -> None:
    provider.published = [ECKey.generate_key("P-256", {"kid": "first"})]
    assert refused(browser.sign_in(), 403, "not believed")


def test_a_key_for_encryption_does_not_sign(browser: Browser, provider: Provider) -> None:
    provider.key = ECKey.generate_key("P-256", {"kid": "first", "use": "enc"})
    provider.published = [provider.key]
    other = ECKey.import_key({**provider.key.as_dict(private=True), "use": "sig"})
    provider.key = other
    assert refused(browser.sign_in(), 403, "not believed")


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é.é.é", "." * 20_000, "e30.e30."])
def test_what_is_no_token_is_refused(browser: Browser, provider: Provider, text: str) -> None:
    browser.go()
    provider.id_token = text or " "
    assert refused(browser.back(), 403, "not believed")


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (ED, "Ed25519")], ids=["RS", "PS", "Ed"]
)
def test_the_usual_signatures_are_believed(
    browser: Browser, provider: Provider, key: RSAKey | OKPKey, alg: str
) -> None:
    provider.key, provider.alg = key, alg
    assert browser.sign_in().status_code == 303


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_small_rsa_key_is_not_believed(browser: Browser, provider: Provider) -> None:
    provider.key, provider.alg = RSAKey.generate_key(1024, {"kid": "small"}), "RS256"
    assert refused(browser.sign_in(), 403, "not believed")


def test_a_token_for_several_names_us_as_its_own(browser: Browser, provider: Provider) -> None:
    provider.claims |= {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert browser.sign_in().status_code == 303


def test_keys_are_remembered_and_a_rotation_is_noticed(
    browser: Browser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.signin.discovery._AGAIN_SECONDS", 0)
    browser.sign_in()
    browser.sign_in()
    assert provider.times_keys_were_asked == 1
    provider.key = ECKey.generate_key("P-256", {"kid": "second"})
    assert browser.sign_in().status_code == 303
    assert provider.times_keys_were_asked == 2
