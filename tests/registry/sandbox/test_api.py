"""The list of personas: public in a sandbox, and unknown to production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

from datasets.synthetic.personas import load
from registry.app import create_app
from registry.kernel.faults import Faults
from registry.kernel.settings import Settings

ISSUER = "http://127.0.0.1:8000"


def _app(folder: Path, environment: str, **more: Any) -> Iterator[flask.Flask]:
    made = create_app(
        Settings(
            environment=environment,
            issuer=ISSUER,
            database_url=f"sqlite:///{folder / 'registry.db'}",
            key_file=str(folder / "keys.json"),
            **more,
        )
    )
    yield made
    made.extensions["sogoc"].hot_lookup.close()
    made.extensions["sogoc"].database.close()


@pytest.fixture
def production(tmp_path: Path) -> Iterator[flask.Flask]:
    """Give the application of production."""
    yield from _app(tmp_path, "production")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[flask.Flask]:
    """Give the application of a sandbox in which personas sign in."""
    yield from _app(tmp_path, "demo", persona_provider="on")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[flask.Flask]:
    """Give the application of a sandbox in which nobody signs in."""
    yield from _app(tmp_path, "demo")


def test_production_has_no_personas_and_no_faults(production: flask.Flask) -> None:
    client = production.test_client()
    assert client.get("/sandbox/personas").status_code == 404
    assert not [p for p in client.get("/openapi.json").get_json()["paths"] if "sandbox" in p]
    faults: Faults = production.extensions["sogoc"].faults
    assert faults.numbers == frozenset()


def test_a_sandbox_has_the_faults_of_its_personas(demo: flask.Flask) -> None:
    faults: Faults = demo.extensions["sogoc"].faults
    assert faults.numbers == {p.personal_id for p in load().personas if p.fault}
    assert faults.numbers


def test_anybody_may_ask_who_there_is(demo: flask.Flask) -> None:
    answer = demo.test_client().get("/sandbox/personas")
    told = answer.get_json()
    assert (answer.status_code, answer.headers["Sogoc-Data"]) == (200, "synthetic")
    assert (told["version"], told["checked_on"]) == ("2026-11", "2026-11-20")
    by_slug = {persona["slug"]: persona for persona in told["personas"]}
    assert by_slug.keys() == {p.slug for p in load().personas} | {"steward", "approver", "officer"}
    mai = by_slug["mai"]
    assert mai["personal_id"] == "999188000002"
    assert mai["story"].keys() == {"vi", "en"}
    assert mai["expect"]["parcels"]["state"] == "ok"
    assert mai["sign_in"] == {"url": f"{ISSUER}/signin", "persona": "mai"}
    assert by_slug["officer"]["roles"] == ["people:assist"]


def test_nobody_signs_in_as_a_child_or_as_the_dead(demo: flask.Flask) -> None:
    told = demo.test_client().get("/sandbox/personas").get_json()["personas"]
    closed_to = {persona["slug"] for persona in told if persona["sign_in"] is None}
    assert closed_to == {"an", "vy", "tam", "ngoc", "my"}


def test_without_the_provider_no_way_in_is_promised(closed: flask.Flask) -> None:
    told = closed.test_client().get("/sandbox/personas").get_json()["personas"]
    assert [persona["slug"] for persona in told if persona["sign_in"]] == []
