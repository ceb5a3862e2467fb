"""A registry with the personas in it, loaded the way real data comes in, and a client to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import flask
from werkzeug.test import TestResponse

from auth.agreements import create_agreement
from auth.clients import create_client
from auth.principals import Agreement
from auth.scopes import SCOPES
from datasets import publishing
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.app import create_app
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.sandbox.loading import load_personas

BY = ("steward", "approver")
PURPOSE = {"Sogoc-Procedure": "1.013225", "Sogoc-Case": "SANDBOX-1"}
SEARCH = ("personal_id", "nine_digit_id", "name", "birth_date")
_CATALOGUES = {
    "citizens": CITIZENS,
    "households": HOUSEHOLDS,
    "civil_status": CIVIL_STATUS,
    "parcels": PARCELS,
}


@dataclass
class Sandbox:
    """A running sandbox, and a token of a client that may read everything."""

    app: flask.Flask
    token: str

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **PURPOSE}
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def look_up(self, number: str, fields: list[str]) -> Mapping[str, Any]:
        body = {"identifiers": [number], "fields": fields}
        [result] = self.call("POST", "/v1/citizens/lookup", json=body).get_json()["results"]
        found: Mapping[str, Any] = result
        return found


@contextmanager
def sandbox(database: Database, folder: Path, **more: Any) -> Iterator[Sandbox]:
    """Load the guide's family and the personas into ``database``, and make its application.

    ``more`` are settings.
    """
    settings = Settings(
        environment="demo",
        key_file=str(folder / "keys.json"),
        upload_dir=str(folder / "uploads"),
        persona_provider="on",
        subject_calls_per_hour=0,
        **more,
    )
    uploads = Uploads.of(settings)
    files.generate("all", 5, 1, folder)
    for name in files.DATASETS:
        publishing.load_file(database, uploads, name, folder / f"{name}.csv", BY)
    load_personas(database, uploads, BY)
    with database.transaction() as session:
        secret = create_client(session, "form", "Biểu mẫu", sorted(SCOPES)).secret
        create_agreement(
            session,
            Agreement(
                "",
                "form",
                PURPOSE["Sogoc-Procedure"],
                {n: frozenset(a.path for a in c.attributes) for n, c in _CATALOGUES.items()},
                {"citizens": frozenset(SEARCH)},
                "NĐ 175/2024/NĐ-CP",
                date(2026, 1, 1),
            ),
        )
    app = create_app(settings, database)
    answer = app.test_client().post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=("form", secret or "")
    )
    yield Sandbox(app, answer.get_json()["access_token"])
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()
