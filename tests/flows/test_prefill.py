"""A form is filled, step by step, with the consent of whoever it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from auth.agreements import create_agreement
from auth.principals import Agreement
from datasets.submissions import Uploads
from registry.citizens.records import find_record_ids
from registry.kernel.clock import today
from registry.prefill.filling import needed_attributes
from registry.prefill.profiles import list_profiles
from registry.prefill.shapes import Profile
from registry.sandbox.loading import load_personas
from tests.auth.grants import Form, filled, form_of, told
from tests.conftest import Service

BUILDING = "1.013225"


@dataclass
class Town:
    """The personas of the sandbox, and a form that may ask them for every procedure."""

    form: Form
    people: dict[str, str]

    def sits(self, slug: str) -> None:
        """Let a persona sit in front of the browser."""
        self.form.someone.id = self.people[slug]

    def token(self, code: str, profile: Profile, **chosen: Any) -> str:
        details = json.dumps(profile.details(code))
        asked = {"authorization_details": details, "scope": "prefill:read"}
        uri = self.form.uri(**asked)
        page = self.form.open(uri)
        assert page.status_code == 200, page.text
        answer = self.form.decide(uri, page, **chosen)
        return str(self.form.redeem(told(answer)["code"]).get_json()["access_token"])

    def fill(self, token: str, code: str, case: str = "H29-1", **body: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {token}",
            "Sogoc-Procedure": code,
            "Sogoc-Case": case,
        }
        client = self.form.service.app.test_client()
        return client.post("/v1/prefill", json=body, headers=headers)


@pytest.fixture
def town(service: Service) -> Iterator[Town]:
    uploads = Uploads.of(service.app.extensions["sogoc"].settings)
    found = load_personas(service.database, uploads, ("steward", "approver"))
    with service.database.transaction() as session:
        numbers = {p.personal_id: p.slug for p in found.personas}
        people = {numbers[k]: v for k, v in find_record_ids(session, numbers).items()}
        for profile in list_profiles():
            for code in {c.code for c in profile.codes if c.in_force(today())} - {"1.004222"}:
                create_agreement(session, _all(profile, code))
    with form_of(service) as form:
        yield Town(form, people)


def _all(profile: Profile, code: str) -> Agreement:
    held = needed_attributes(profile)
    return Agreement("", "ward-office", code, held, {}, "Luật", date(2026, 1, 1))


def test_smoke(town: Town) -> None:
    for profile in list_profiles():
        code = next(c.code for c in profile.codes if c.in_force(today()))
        if code == "1.004222":
            continue
        town.sits("mai")
        token = town.token(code, profile)
        answer = town.fill(token, code, case=profile.id)
        assert answer.status_code == 200, answer.text
        for key, leaf in answer.get_json()["fields"].items():
            print(profile.id, key, leaf["state"], leaf.get("value", leaf.get("text")), leaf.get("reason"), leaf["lock"])
