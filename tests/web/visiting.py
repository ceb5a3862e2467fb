"""The pages without a network: an application, a family in it, and people who are signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import flask
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.signin.people import Person
from auth.signin.relying_party import Identity
from auth.signin.sessions import form_token, open_session
from auth.signin.staff import add_staff
from registry.app import create_app
from registry.citizens.changes import apply_changes
from registry.citizens.records import find_record_ids
from registry.civil_status.changes import record_acts
from registry.households import changes as households
from registry.kernel.access_log import AccessEvent
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.ledger import Change
from registry.kernel.settings import Settings
from registry.parcels import changes as parcels
from tests import acts, people
from tests import parcels as land
from tests.acts import AN, HOA, MINH
from tests.conftest import ISSUER
from tests.people import BAY, LAN
from tests.web.kept import KeptConsents, KeptCorrections

SINCE = date(2019, 1, 1)
_PROVIDER = "https://id.example.vn"


@dataclass
class Visit:
    """One browser of one signed-in person."""

    client: FlaskClient
    token: str

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, /, **form: str) -> TestResponse:
        return self.client.post(path, data={"form_token": form_token(self.token)} | form)


@dataclass
class Site:
    """The application; Lan and Minh are An's parents, Lan lives with Bảy and holds a parcel."""

    app: flask.Flask
    database: Database
    corrections: KeptCorrections
    ids: dict[str, str] = field(default_factory=dict)

    def visit(self, number: str) -> Visit:
        """Sign the citizen of a number in."""
        return self._signed_in(Person(self.ids[number], staff=False, name="Nguyễn Thị Lan"))

    def visit_as_staff(self) -> Visit:
        """Sign a data steward in."""
        with self.database.transaction() as session:
            made = add_staff(session, "Phạm Thu Hà", _PROVIDER, "ha", ("datasets:submit",))
        return self._signed_in(Person(made, staff=True, name="Phạm Thu Hà"))

    def _signed_in(self, person: Person) -> Visit:
        identity = Identity(_PROVIDER, person.id, person.name, None, "", (), now())
        with self.database.transaction() as session:
            token = open_session(session, person, identity)
        client = self.app.test_client()
        client.set_cookie("sogoc", token)
        return Visit(client, token)

    def rows(self) -> list[AccessEvent]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(AccessEvent).order_by(AccessEvent.id)))


@contextmanager
def site(database: Database, folder: Path, *, services: bool = True) -> Iterator[Site]:
    """Give the application; without ``services`` it knows no consents and no corrections."""
    corrections = KeptCorrections()
    settings = Settings(environment="demo", issuer=ISSUER, key_file=str(folder / "keys.json"))
    app = create_app(
        settings,
        database,
        consents=KeptConsents() if services else None,
        corrections=corrections if services else None,
    )
    made = Site(app, database, corrections)
    _fill(made)
    yield made
    app.extensions["sogoc-signin"].close()
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()


def _fill(made: Site) -> None:
    child = {"value": "2018-09-10", "precision": "day"}
    with made.database.transaction() as session:
        told = [
            people.change(LAN, SINCE, children=[{"name": "Trần Minh An", "personal_id": AN}]),
            people.change(BAY, SINCE, name={"full": "Nguyễn Văn Bảy", "given": "Bảy"}),
            people.change(MINH, SINCE, name={"full": "Trần Văn Minh", "given": "Minh"}),
            people.change(AN, SINCE, birth_date=child, name={"full": "Trần Minh An"}),
            people.change(HOA, SINCE, name={"full": "Lê Thị Hòa"}),
        ]
        apply_changes(session, told, source="test", load=None)
    with made.database.transaction() as session:
        born = acts.birth("KS-1", "2018-09-20", AN, mother=LAN, father=MINH)
        died = acts.death("KT-1", "2020-01-05", LAN, "2020-01-01") | {
            "persons": {"declarant": acts.entry(LAN), "deceased": acts.entry("900999000009")}
        }
        record_acts(session, [acts.change(born), acts.change(died)], source="test", load=None)
        households.apply_changes(
            session, [Change(people.household(), SINCE)], source="test", load=None
        )
        parcels.apply_changes(session, [land.change(holders=land.COUPLE)], source="test", load=None)
        made.ids = find_record_ids(session, [LAN, BAY, MINH, AN, HOA])


def text_of(response: TestResponse) -> str:
    """Return what a page says, without its mark-up."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))
