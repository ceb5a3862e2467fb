"""Signing in at a certified provider that runs for real: the npm package oidc-provider."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import TestResponse

from auth.keys import KeyRing
from auth.signin.sessions import SignedIn
from auth.signin.staff import add_staff
from auth.signin.step_up import is_multi_factor
from registry.kernel.db import Database
from tests.auth.browser import application, refused
from tests.conftest import ISSUER
from tests.interop.installed import free_port, running
from tests.people import LAN

HIGH = "urn:example:high"
ACCOUNTS = {
    "lan": {
        "acr": HIGH,
        "amr": ["pwd", "otp", "mfa"],
        "claims": {"personal_id": LAN, "name": "Nguyễn Thị Lan"},
    },
    "stranger": {
        "acr": "urn:example:low",
        "amr": ["pwd"],
        "claims": {"personal_id": "900190000999", "name": "Ai Đó"},
    },
}


class Person:
    """A person with a browser, who goes to the provider and comes back."""

    def __init__(self, app: flask.Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.jar: dict[str, str] = {}

    def sign_in(self, account: str | None, path: str = "/signin") -> TestResponse:
        """Sign in as ``account``, None going away from the provider's page."""
        return self.client.get(self.answer(account, path).removeprefix(ISSUER))

    def answer(self, account: str | None, path: str = "/signin") -> str:
        """Return the address by which the provider sends the browser back."""
        where = self.client.get(path).location
        for _ in range(6):
            if where.startswith(ISSUER):
                return where
            if "/interaction/" in where:
                where += f"?account={account}" if account else ""
            where = self._follow(where)
        raise AssertionError("the provider goes in circles")

    def _follow(self, where: str) -> str:
        parts = urlsplit(where)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
            connection.request("GET", f"{parts.path}?{parts.query}", headers={"Cookie": cookie})
            response = connection.getresponse()
            response.read()
            for line in response.headers.get_all("Set-Cookie") or ():
                self.jar |= {name: held.value for name, held in SimpleCookie(line).items()}
            location = response.headers["Location"]
            assert location, response.status
        finally:
            connection.close()
        root = f"{parts.scheme}://{parts.netloc}"
        return root + location if location.startswith("/") else location

    def who(self) -> SignedIn | None:
        cookie = self.client.get_cookie("sogoc")
        found: SignedIn | None = self.app.extensions["sogoc-signin"].who(
            cookie.value if cookie else ""
        )
        return found


def _client(folder: Path, secret: str) -> dict[str, Any]:
    way = (
        {"token_endpoint_auth_method": "client_secret_basic", "client_secret": secret}
        if secret
        else {
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks": KeyRing.open(folder / "keys.json").public(),
        }
    )
    return {"client_id": "sogoc", "redirect_uris": [f"{ISSUER}/signin/callback"], **way}


@contextmanager
def _at(
    folder: Path, port: int, alg: str, *, secret: str = "", in_userinfo: bool = False
) -> Iterator[None]:
    client = _client(folder, secret)
    with running(port, client=client, alg=alg, accounts=ACCOUNTS, inUserinfo=in_userinfo):
        yield


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def person(database: Database, tmp_path: Path, port: int) -> Iterator[Person]:
    more = {"signin_mfa_acr": HIGH}
    with application(database, tmp_path, f"http://127.0.0.1:{port}", **more) as app:
        yield Person(app)


def test_what_the_provider_refuses_is_no_sign_in(person: Person, tmp_path: Path, port: int) -> None:
    assert refused(person.client.get("/signin"), 503, "does not answer")
    with _at(tmp_path, port, "ES256"):
        assert refused(person.sign_in(None), 403, "did not confirm")
        assert refused(person.sign_in("stranger"), 403, "No citizen")
    assert person.who() is None


def test_an_answer_counts_once_and_only_as_it_came(
    person: Person, tmp_path: Path, port: int
) -> None:
    with _at(tmp_path, port, "ES256"):
        came = person.answer("lan").removeprefix(ISSUER)
        assert f"iss=http%3A%2F%2F127.0.0.1%3A{port}" in came
        without = came.partition("&iss=")[0]
        assert refused(person.client.get(without), 403, "not believed")
        assert refused(person.client.get(came), 400, "used already")
        again = person.answer("lan").removeprefix(ISSUER)
        assert person.client.get(again).status_code == 303
        assert refused(person.client.get(again), 400, "used already")


def test_a_key_that_the_provider_does_not_know_exchanges_nothing(
    person: Person, tmp_path: Path, port: int
) -> None:
    other = tmp_path / "other"
    with _at(other, port, "ES256"):
        assert refused(person.sign_in("lan"), 403, "not believed")


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS256", "EdDSA"])
def test_people_sign_in_by_our_key_under_every_signature(
    person: Person, tmp_path: Path, port: int, alg: str
) -> None:
    with _at(tmp_path, port, alg):
        response = person.sign_in("lan", "/signin?return_to=/docs")
    assert (response.status_code, response.location) == (303, f"{ISSUER}/docs")
    found = person.who()
    assert found
    assert (found.person.name, found.person.staff) == ("Nguyễn Thị Lan", False)
    settings = person.app.extensions["sogoc"].settings
    assert is_multi_factor(found.acr, (), settings)
    assert is_multi_factor("", found.amr, settings)


def test_people_sign_in_by_a_secret_and_by_userinfo(
    database: Database, tmp_path: Path, port: int
) -> None:
    issuer, secret = f"http://127.0.0.1:{port}", "a secret: of our own/+"
    with (
        application(database, tmp_path, issuer, signin_client_secret=secret) as app,
        _at(tmp_path, port, "ES256", secret=secret, in_userinfo=True),
    ):
        person = Person(app)
        assert person.sign_in("lan").status_code == 303
        assert person.who()


def test_the_provider_may_change_its_keys(
    person: Person, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.signin.discovery._AGAIN_SECONDS", 0)
    for alg in ("ES256", "ES256", "PS256"):
        person.jar.clear()
        with _at(tmp_path, port, alg):
            assert person.sign_in("lan").status_code == 303


def test_staff_prove_more_when_they_are_asked_to(
    person: Person, database: Database, tmp_path: Path, port: int
) -> None:
    with _at(tmp_path, port, "ES256"):
        person.sign_in("lan")
        with database.reading() as session:
            subject = (
                session.connection()
                .exec_driver_sql("SELECT subject FROM provider_subject")
                .scalar_one()
            )
        with database.transaction() as session:
            issuer = f"http://127.0.0.1:{port}"
            add_staff(session, "Lê Thị Thu", issuer, subject, ["datasets:approve"])
        assert person.sign_in("lan", "/signin?step_up=1").status_code == 303
    found = person.who()
    assert found
    assert found.person.staff
    assert found.acr == HIGH
    assert len(subject) == 64
