"""The personas of the sandbox, a form that may ask them for every procedure, and their browsers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from werkzeug.test import TestResponse

from auth.agreements import create_agreement
from auth.clients import create_client
from auth.principals import Agreement
from auth.scopes import ASSIST, SCOPES
from auth.signin.staff import add_staff, list_staff
from datasets.submissions import Uploads
from datasets.synthetic.personas import load
from registry.app import create_app
from registry.citizens.records import find_record_ids
from registry.kernel.access_log import AccessEvent
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from registry.prefill.filling import needed_attributes
from registry.prefill.profiles import list_profiles
from registry.prefill.shapes import Profile
from registry.sandbox.loading import load_personas
from tests.auth.grants import Form, filled, form_of, told
from tests.conftest import ISSUER, Service

BUILDING, STATUS, EXTRACT = "1.013225", "1.004873", "2.000635"
BUSINESS, BIRTH, MARRIAGE = "1.001612", "1.001193", "1.000894"
SCOPE = "prefill:read"
_HEARD_SECONDS = 0.6
PROFILES = {code.code: profile for profile in list_profiles() for code in profile.codes}


@dataclass
class Town:
    """The personas by slug, as record ids; who sits at the browser, and the form that asks."""

    form: Form
    people: Mapping[str, str]
    numbers: Mapping[str, str]
    officer: str

    @property
    def database(self) -> Database:
        return self.form.service.database

    def sits(self, slug: str) -> None:
        """Let a persona sit in front of a browser of their own."""
        self.form.someone.id = self.people.get(slug, slug)
        self.form.browser = self.form.service.app.test_client()

    def ask(self, code: str, details: Any = None, scope: str = SCOPE) -> tuple[str, TestResponse]:
        """Push what a form asks and open the page of it."""
        wanted = PROFILES[code].details(code) if details is None else details
        uri = self.form.uri(authorization_details=json.dumps(wanted), scope=scope)
        return uri, self.form.open(uri)

    def token(
        self, slug: str, code: str, details: Any = None, scope: str = SCOPE, **chosen: Any
    ) -> str:
        """Return a token of what a persona agrees to; ``chosen`` are fields of the page."""
        self.sits(slug)
        uri, page = self.ask(code, details, scope)
        assert page.status_code == 200, page.text
        issued = told(self.form.decide(uri, page, **chosen))["code"]
        return str(self.form.redeem(issued).get_json()["access_token"])

    def call(
        self, token: str, method: str, path: str, code: str, case: str, **more: Any
    ) -> TestResponse:
        headers = {
            "Authorization": f"Bearer {token}",
            "Sogoc-Procedure": code,
            "Sogoc-Case": case,
            **more.pop("headers", {}),
        }
        client = self.form.service.app.test_client()
        return client.open(path, method=method, headers=headers, **more)

    def fill(self, token: str, code: str, case: str, **body: Any) -> TestResponse:
        return self.call(token, "POST", "/v1/prefill", code, case, json=body)

    def filled(self, token: str, code: str, case: str, **body: Any) -> dict[str, Any]:
        answer = self.fill(token, code, case, **body)
        assert answer.status_code == 200, answer.text
        got: dict[str, Any] = answer.get_json()
        return got

    def leaves(self, slug: str, code: str, **body: Any) -> dict[str, Any]:
        """Return the leaves of a form that a persona agrees to whole, in a case of its own."""
        case = f"{slug}-{code}"
        return dict(self.filled(self.token(slug, code), code, case, **body)["fields"])

    def invite(self, token: str, code: str, case: str, prefill: str, **whom: Any) -> TestResponse:
        path = f"/v1/prefill/{prefill}/invitations"
        return self.call(token, "POST", path, code, case, json=whom)

    def answer(self, slug: str, code: str, decision: str = "agree", **chosen: Any) -> TestResponse:
        """Let a persona open an invitation on their own phone, and decide on it."""
        self.sits(slug)
        page = self.form.browser.get("/consent", query_string={"code": code})
        if page.status_code != 200:
            return page
        return self.form.browser.post(
            "/consent", data=filled(page) | {"decision": decision, **chosen}
        )

    def rows(self, case: str) -> list[AccessEvent]:
        """Return the rows of the access log of one case, oldest first."""
        with self.database.reading() as session:
            wanted = sa.select(AccessEvent).where(AccessEvent.case == case)
            return list(session.scalars(wanted.order_by(AccessEvent.id)))


def state_of(leaf: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the state and the reason of a leaf."""
    return leaf["state"], leaf.get("reason")


def value_of(leaf: Mapping[str, Any]) -> Any:
    """Return the words or the value of a leaf, None where it has neither."""
    return leaf.get("text", leaf.get("value"))


def only(details: list[dict[str, Any]], **attributes: list[str]) -> list[dict[str, Any]]:
    """Return the details of some roles alone, each with the attributes that are named."""
    return [
        {
            **detail,
            "attributes": attributes[role],
            "optional": [each for each in detail["optional"] if each in attributes[role]],
        }
        for detail in details
        for role in detail["subjects"]
        if role in attributes
    ]


def _all(profile: Profile, code: str, client: str = "ward-office") -> Agreement:
    held = needed_attributes(profile)
    return Agreement("", client, code, held, {}, "NĐ 175/2024/NĐ-CP", date(2026, 1, 1))


def agree_with(town: Town, client: str, code: str, **more: Any) -> None:
    """Let a client have all that the form of a procedure needs; ``more`` is what else it says."""
    with town.database.transaction() as session:
        create_agreement(session, replace(_all(PROFILES[code], code, client), **more))
    # A server hears of a new agreement within a second, and not at once.
    time.sleep(_HEARD_SECONDS)


def fill_town(database: Database, folder: Path) -> str:
    """Load the personas and the form's agreements; return the secret of its client."""
    load_personas(database, Uploads(folder / "uploads"), ("steward", "approver"))
    with database.transaction() as session:
        made = create_client(session, "ward-office", "UBND phường", sorted(SCOPES))
        for profile in list_profiles():
            for each in profile.codes:
                if each.in_force(today()):
                    create_agreement(session, _all(profile, each.code))
        add_staff(session, "Cán bộ một cửa", ISSUER, "officer", [ASSIST])
    return made.secret or ""


@contextmanager
def town_on(database: Database, secret: str, folder: Path, **more: Any) -> Iterator[Town]:
    """Give the town on a database that `fill_town` has filled; ``more`` are settings."""
    settings = Settings(
        environment="demo",
        issuer=ISSUER,
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
        **{"subject_calls_per_hour": 0, "client_calls_per_minute": 0, **more},
    )
    with database.transaction() as session:
        numbers = {p.slug: p.personal_id for p in load().personas if not p.generated}
        found = find_record_ids(session, numbers.values())
        [officer] = list_staff(session)
    people = {slug: found[number] for slug, number in numbers.items() if number in found}
    app = create_app(settings, database)
    try:
        with form_of(Service(app, database, secret)) as form:
            form.service.app.extensions["sogoc"].faults._sleep = lambda _seconds: None
            yield Town(form, people, numbers, officer.id)
    finally:
        app.extensions["sogoc"].hot_lookup.close()
        app.extensions["sogoc"].pulse.close()
