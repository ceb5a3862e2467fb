"""The demo's own provider: for a demo alone, and a provider like any other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import flask
import pytest
from werkzeug.serving import make_server

from auth.signin.personas import MULTI_FACTOR, Persona, add_staff_personas
from auth.signin.sessions import SignedIn
from auth.signin.staff import list_staff
from registry.kernel.db import Database
from registry.kernel.settings import Settings, SettingsError
from registry.sandbox.people import sign_in_personas
from tests.auth.browser import application, refused
from tests.people import LAN

CALLBACK = "/signin/callback"


def _citizens() -> list[Persona]:
    told = sign_in_personas()
    return [replace(p, personal_id=LAN) if p.key == "lan" else p for p in told]


@pytest.fixture
def demo(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[flask.Flask]:
    """Give an application that is its own provider, listening for real."""
    # The one citizen of the tests has another number than the demo's.
    monkeypatch.setattr("registry.app.sign_in_personas", _citizens)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    provider = f"{issuer}/demo/provider"
    more = {"issuer": issuer, "persona_provider": "on"}
    with application(database, tmp_path, provider, **more) as app:
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            with database.transaction() as session:
                add_staff_personas(session, provider)
            yield app
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _sign_in(app: flask.Flask, persona: str) -> SignedIn | None:
    client = app.test_client()
    where = urlsplit(client.get("/signin").location)
    page = client.get(f"{where.path}?{where.query}")
    assert "SYNTHETIC" in page.text
    assert "://" not in page.text.replace(
        client.application.extensions["sogoc"].settings.issuer, ""
    )
    form = dict(parse_qsl(where.query)) | {"persona": persona}
    back = urlsplit(client.post(where.path, data=form).location)
    response = client.get(f"{back.path}?{back.query}")
    if response.status_code != 303:
        return None
    cookie = client.get_cookie("sogoc")
    assert cookie
    found: SignedIn | None = app.extensions["sogoc-signin"].who(cookie.value)
    return found


@pytest.mark.parametrize("environment", ["production", "Demo", "test", ""])
def test_no_production_has_personas(environment: str) -> None:
    with pytest.raises(SettingsError):
        Settings(environment=environment, persona_provider="on")
    environ = {"SOGOC_PERSONA_PROVIDER": "on", "SOGOC_ISSUER": "http://127.0.0.1:8000"}
    with pytest.raises(SettingsError, match="never in production"):
        Settings.from_environ(environ)


def test_a_demo_has_none_unless_asked() -> None:
    assert Settings(environment="demo").persona_provider == "off"
    with pytest.raises(SettingsError, match="one of off, on"):
        Settings(environment="demo", persona_provider="yes")


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.vn",
        "http://127.0.0.1.example.vn",
        "ftp://id.example.vn",
        "https://",
        "https://id.example.vn?a=b",
        "https://id.example.vn#a",
        "https://user@id.example.vn",
        "https://[id",
    ],
)
def test_a_provider_without_tls_stops_the_start(issuer: str) -> None:
    with pytest.raises(SettingsError, match="SOGOC_SIGNIN_ISSUER"):
        Settings(signin_issuer=issuer, signin_client_id="sogoc")


def test_a_provider_needs_our_name_there() -> None:
    with pytest.raises(SettingsError, match="SOGOC_SIGNIN_CLIENT_ID"):
        Settings(signin_issuer="https://id.example.vn")
    with pytest.raises(SettingsError, match="openid"):
        Settings(signin_issuer="https://id.example.vn", signin_client_id="sogoc", signin_scope="x")


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/signin/callback"},
        {"response_type": "token"},
        {"scope": "profile"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"state": ""},
        {"nonce": "n" * 501},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_provider_sends_nobody_elsewhere(demo: flask.Flask, change: dict[str, str]) -> None:
    client = demo.test_client()
    where = urlsplit(client.get("/signin").location)
    asked = dict(parse_qsl(where.query)) | change
    assert client.get(where.path, query_string=asked).status_code == 400
    response = client.post(where.path, data=asked | {"persona": "lan"})
    assert response.status_code == 400
    assert response.location is None


def test_a_persona_that_is_none_gets_no_code(demo: flask.Flask) -> None:
    client = demo.test_client()
    where = urlsplit(client.get("/signin").location)
    asked = dict(parse_qsl(where.query)) | {"persona": "somebody"}
    assert client.post(where.path, data=asked).status_code == 400


def test_a_code_without_our_key_or_verifier_gives_nothing(demo: flask.Flask) -> None:
    client = demo.test_client()
    where = urlsplit(client.get("/signin").location)
    asked = dict(parse_qsl(where.query)) | {"persona": "lan"}
    [code] = parse_qs(urlsplit(client.post(where.path, data=asked).location).query)["code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": "sogoc"}
    response = client.post("/demo/provider/token", data=form)
    assert (response.status_code, response.get_json()) == (401, {"error": "invalid_client"})


def test_a_person_whom_the_register_does_not_have_is_told_so(demo: flask.Flask) -> None:
    client = demo.test_client()
    where = urlsplit(client.get("/signin").location)
    asked = dict(parse_qsl(where.query)) | {"persona": "bay"}
    back = urlsplit(client.post(where.path, data=asked).location)
    assert refused(client.get(f"{back.path}?{back.query}"), 403, "No citizen")


def test_a_citizen_signs_in_over_real_http(demo: flask.Flask) -> None:
    found = _sign_in(demo, "lan")
    assert found
    assert (found.person.name, found.person.staff) == ("Trần Thị Lan", False)
    assert found.roles == frozenset()


def test_staff_sign_in_the_same_way_with_their_roles(demo: flask.Flask) -> None:
    steward, approver = _sign_in(demo, "steward"), _sign_in(demo, "approver")
    officer = _sign_in(demo, "officer")
    assert steward
    assert approver
    assert officer
    assert officer.roles == {"people:assist"}
    assert steward.roles == {"datasets:submit"}
    assert steward.amr == ("pwd",)
    assert approver.roles == {"datasets:approve"}
    assert approver.acr == MULTI_FACTOR
    assert "mfa" in approver.amr


def test_letting_the_staff_in_again_changes_nothing(demo: flask.Flask, database: Database) -> None:
    settings: Settings = demo.extensions["sogoc"].settings
    with database.transaction() as session:
        add_staff_personas(session, settings.signin_issuer)
        assert len(list_staff(session)) == 3


def test_what_the_provider_signs_opens_no_route(demo: flask.Flask) -> None:
    client = demo.test_client()
    ours = client.get("/oauth/jwks").get_json()["keys"]
    theirs = client.get("/demo/provider/jwks").get_json()["keys"]
    assert {key["kid"] for key in ours}.isdisjoint(key["kid"] for key in theirs)


def test_the_citizens_come_before_the_staff_each_with_their_story(demo: flask.Flask) -> None:
    client = demo.test_client()
    where = urlsplit(client.get("/signin").location)
    page = client.get(f"{where.path}?{where.query}").text
    told = sign_in_personas()
    assert all(p.about.vi in page and f'value="{p.key}"' in page for p in told)
    places = [page.index(f'value="{key}"') for key in (told[0].key, told[-1].key, "steward")]
    assert places == sorted(places)
    # Whom nobody signs in as is not offered: children, and the dead.
    assert 'value="vy"' not in page
    assert 'value="tam"' not in page
