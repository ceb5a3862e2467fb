"""A page with the button, a persona in front of it, and the window that it opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.agreements import create_agreement
from auth.principals import Agreement
from datasets.submissions import Uploads
from registry.citizens.records import find_record_ids
from registry.kernel.clock import today
from registry.prefill.filling import needed_attributes
from registry.prefill.profiles import for_procedure
from registry.sandbox.loading import load_personas
from tests.auth.grants import Form, filled, form_of
from tests.conftest import ISSUER, Service

ORIGIN, OTHER = "https://forms.example.vn", "https://other.example.vn"
BUILDING, BIRTH = "1.013225", "1.001193"


@dataclass
class Page:
    """A page of ``ward-office`` at its origin, in the browser of one persona."""

    form: Form
    people: Mapping[str, str]

    @property
    def browser(self) -> FlaskClient:
        """The browser, with its cookies."""
        return self.form.browser

    def sits(self, slug: str) -> None:
        """Let a persona sit in front of the browser."""
        self.form.someone.id = self.people[slug]

    def press(self, procedure: str = BUILDING, **change: str) -> TestResponse:
        """Open the window, as the script of the page does."""
        asked = {
            "client_id": "ward-office",
            "procedure": procedure,
            "case": "H29-1",
            "origin": ORIGIN,
            "state": "page-state",
        }
        return self.browser.get("/button/start", query_string=asked | change)

    def decide(self, pressed: TestResponse, decision: str = "agree", **change: Any) -> str:
        """Decide on the consent page; return the path on which the window comes back."""
        assert pressed.status_code == 303, pressed.text
        query = parse_qs(urlsplit(pressed.headers["Location"]).query)
        [client], [uri] = query["client_id"], query["request_uri"]
        asked = self.browser.get(pressed.headers["Location"])
        form = {**filled(asked), "client_id": client, "request_uri": uri, **change}
        told = self.browser.post("/oauth/authorize", data=form | {"decision": decision})
        assert told.status_code == 303, told.text
        return str(told.headers["Location"]).removeprefix(ISSUER)

    def fill(self, procedure: str = BUILDING, **change: str) -> dict[str, Any]:
        """Press, agree and return the answer that the page is handed."""
        done = self.browser.get(self.decide(self.press(procedure, **change)))
        told = message(done)
        assert "answer" in told, told
        answer: dict[str, Any] = told["answer"]
        return answer

    def ask(self, path: str, held: Mapping[str, Any], origin: str = ORIGIN, **body: Any) -> Any:
        """Ask as the script does, with the receipt and the pass of an answer."""
        shown = {"receipt": held["receipt"], "pass": held["pass"], **body}
        stranger = self.form.service.app.test_client()
        return stranger.post(f"/button/{path}", json=shown, headers={"Origin": origin})


def message(done: TestResponse) -> dict[str, Any]:
    """Return what the window posts to the page that opened it."""
    found = re.search(r'data-message="([^"]*)"', done.text)
    assert found, done.text
    told: dict[str, Any] = orjson.loads(unescape(found[1]))
    return told


@contextmanager
def page_of(service: Service) -> Iterator[Page]:
    """Load the personas, and register the origin of a page with the agreements of two forms."""
    uploads = Uploads.of(service.app.extensions["sogoc"].settings)
    loaded = load_personas(service.database, uploads, ("steward", "approver"))
    with service.database.transaction() as session:
        numbers = {p.personal_id: p.slug for p in loaded.personas}
        people = {numbers[k]: v for k, v in find_record_ids(session, numbers).items()}
        for code in (BUILDING, BIRTH):
            held = needed_attributes(for_procedure(code, today()))
            create_agreement(
                session,
                Agreement("", "ward-office", code, held, {}, "Luật", date(2026, 1, 1)),
            )
    with form_of(service, button_origins=[ORIGIN]) as form:
        yield Page(form, people)
