"""A client that people grant things to, a person, and the steps between them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import sqlalchemy as sa
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.clients import create_client
from auth.consents.preview import Preview
from auth.grants.grants import Grantor
from auth.models import Client
from auth.oauth.metadata import EXCHANGE
from auth.scopes import SCOPES
from registry.app import create_app
from registry.kernel.clock import now
from tests.conftest import Service

CALLBACK = "https://forms.example.vn/callback"
PERSON = "01980000-0000-7000-8000-000000000077"
DETAIL = {
    "type": "sogoc_prefill",
    "procedure": "1.004222",
    "attributes": ["citizens:name.full", "citizens:birth_date"],
    "optional": ["citizens:birth_date"],
}


def asking_for(procedure: str, *attributes: str) -> str:
    """Return the authorization details of a request for attributes, all of them needed."""
    wanted = {"procedure": procedure, "attributes": list(attributes), "optional": []}
    return json.dumps([DETAIL | wanted])


# What the tests look up, as a request for it is sent.
SEX = json.dumps([DETAIL | {"attributes": ["citizens:sex"], "optional": []}])


@dataclass
class Someone:
    """Who sits in front of the browser; the product asks it as it asks a real sign-in."""

    present: bool = True
    roles: frozenset[str] = frozenset()
    id: str = PERSON
    acr: str = "urn:example:2"
    amr: tuple[str, ...] = ("pwd", "otp")
    age: timedelta = timedelta(0)

    def person(self) -> Grantor | None:
        if not self.present:
            return None
        signed_in = now() - self.age
        return Grantor(self.id, "Nguyễn Thị Lan", signed_in, self.acr, self.amr, self.roles)

    def address(self, return_to: str, *, again: bool = False) -> str | None:
        asked = {"return_to": return_to} | ({"step_up": "1"} if again else {})
        return f"/signin?{urlencode(asked)}"


@dataclass
class Form:
    """A client (``ward-office`` by default) that asks people, and one person's browser."""

    service: Service
    someone: Someone
    browser: FlaskClient
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    client_id: str = "ward-office"
    secret: str = ""

    @property
    def auth(self) -> tuple[str, str]:
        return self.client_id, self.secret or self.service.secret

    def push(self, **change: str | None) -> TestResponse:
        fine: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid citizens:read",
            "state": "s1",
            "nonce": "n1",
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        form = {name: value for name, value in (fine | change).items() if value is not None}
        client = self.service.app.test_client()
        return client.post("/oauth/par", data=form, auth=self.auth)

    def uri(self, **change: str | None) -> str:
        answer = self.push(**change)
        assert answer.status_code == 201, answer.get_json()
        return str(answer.get_json()["request_uri"])

    def open(self, uri: str, client_id: str | None = None) -> TestResponse:
        query = {"client_id": client_id or self.client_id, "request_uri": uri}
        return self.browser.get("/oauth/authorize", query_string=query)

    def decide(
        self, uri: str, page: TestResponse, decision: str = "agree", **change: Any
    ) -> TestResponse:
        form = {**filled(page), "client_id": self.client_id, "request_uri": uri, **change}
        return self.browser.post("/oauth/authorize", data=form | {"decision": decision})

    def agree(self, **change: str | None) -> dict[str, str]:
        uri = self.uri(**change)
        return told(self.decide(uri, self.open(uri)))

    def access_token(self, **change: str | None) -> str:
        """Return a token that the person grants to the client."""
        return str(self.redeem(self.agree(**change)["code"]).get_json()["access_token"])

    def redeem(self, issued: str, **change: str | None) -> TestResponse:
        fine: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": issued,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        return self.token(**(fine | change))

    def token(self, **form: str | None) -> TestResponse:
        given = {name: value for name, value in form.items() if value is not None}
        client = self.service.app.test_client()
        return client.post("/oauth/token", data=given, auth=self.auth)


def filled(page: TestResponse) -> dict[str, Any]:
    """Return the form of a consent page with every box ticked, and nobody chosen."""
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    assert "csrf" in dict(hidden), page.text
    shared = re.findall(r'type="checkbox" name="share" value="([^"]+)"', page.text)
    return {name: unescape(value) for name, value in hidden} | {"share": shared}


def another(form: Form, client_id: str) -> Form:
    """Return another client, with every scope, that asks the same person in another browser."""
    service = form.service
    with service.database.transaction() as session:
        secret = create_client(session, client_id, client_id, sorted(SCOPES)).secret or ""
    _register(service, client_id)
    browser = service.app.test_client()
    return Form(service, form.someone, browser, client_id=client_id, secret=secret)


def _register(service: Service, client_id: str, **columns: Any) -> None:
    """Let a client ask people, with ``columns`` as they are given."""
    fine = {
        "grant_types": ["client_credentials", "authorization_code", "refresh_token", EXCHANGE],
        "redirect_uris": [CALLBACK],
    }
    with service.database.transaction() as session:
        session.execute(sa.update(Client).where(Client.id == client_id).values(**(fine | columns)))


def told(answer: TestResponse) -> dict[str, str]:
    """Return what a redirection tells the client."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    return {name: value for name, [value] in parse_qs(parts.query).items()}


@contextmanager
def form_of(
    service: Service,
    changed: Mapping[str, Any] | None = None,
    preview: Preview | None = None,
    **columns: Any,
) -> Iterator[Form]:
    """Register ``ward-office`` as a form, and serve it to somebody who is signed in.

    ``changed`` are other settings, ``preview`` is what the page shows, ``columns`` what else is
    registered of the client.
    """
    _register(service, "ward-office", **columns)
    someone = Someone()
    settings = replace(service.app.extensions["sogoc"].settings, **(changed or {}))
    app = create_app(settings, service.database, someone, preview)
    try:
        ours = Service(app, service.database, service.secret)
        yield Form(ours, someone, app.test_client())
    finally:
        app.extensions["sogoc"].hot_lookup.close()
        app.extensions["sogoc"].pulse.close()
