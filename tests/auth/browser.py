"""An application in which people sign in at a provider, and a browser to do it with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.signin.sessions import SignedIn
from registry.app import create_app
from registry.citizens.changes import apply_changes
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from tests.auth.provider import CLIENT, Provider
from tests.conftest import ISSUER
from tests.people import LAN, change


@contextmanager
def application(
    database: Database, folder: Path, signin_issuer: str, **more: Any
) -> Iterator[flask.Flask]:
    """Give the application with one citizen in its register."""
    with database.transaction() as session:
        apply_changes(session, [change(LAN, date(1990, 5, 17))], source="test", load=None)
    given = {
        "environment": "demo",
        "issuer": ISSUER,
        "signin_issuer": signin_issuer,
        "signin_client_id": CLIENT,
    }
    app = create_app(Settings(key_file=str(folder / "keys.json"), **(given | more)), database)
    yield app
    app.extensions["sogoc-signin"].close()
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()


@dataclass
class Browser:
    """One browser with its cookies, at an application and the provider."""

    app: flask.Flask
    provider: Provider
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def go(self, **query: str) -> dict[str, str]:
        """Begin a sign-in; return what the provider is asked."""
        response = self.client.get("/signin", query_string=query)
        assert response.status_code == 303, response.text
        self.provider.asked = dict(parse_qsl(urlsplit(response.location).query))
        return self.provider.asked

    def back(self, **answer: str) -> TestResponse:
        """Come back with the provider's answer to the last sign-in, except for what is given."""
        whole = {"code": "a-code", "state": self.provider.asked["state"]} | answer
        return self.client.get("/signin/callback", query_string=whole)

    def sign_in(self, **query: str) -> TestResponse:
        self.go(**query)
        return self.back()

    def cookie(self, name: str = "sogoc") -> str:
        found = self.client.get_cookie(name)
        return found.value if found else ""

    def who(self) -> SignedIn | None:
        found: SignedIn | None = self.app.extensions["sogoc-signin"].who(self.cookie())
        return found


def refused(response: TestResponse, status: int, words: str) -> bool:
    """Say whether a page refuses by ``words``, and no session came with it."""
    named = (cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie"))
    return response.status_code == status and words in response.text and "sogoc" not in named
