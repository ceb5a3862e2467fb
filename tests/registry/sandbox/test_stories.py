"""Each persona's story is true in a registry that was loaded the way real data comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from datasets.synthetic.personas import Persona, load
from tests.conftest import new_database
from tests.sandbox import Sandbox, sandbox

TOLD = load()
PERSONAS = {persona.slug: persona for persona in TOLD.personas}
_PERSON = [
    *("personal_id", "name", "birth_date", "age", "sex", "ethnicity", "life_status"),
    *("marital_status", "father", "mother", "spouse", "children"),
]
_WHERE = ["effective_residence"]
# How each register is asked about one citizen, and where its answer lists what is counted.
_OF_CITIZEN = {
    "households": ("household?fields=address,head,members", "members"),
    "civil_status": ("civil-status?fields=type,registered_on,persons", "acts"),
    "parcels": (
        "parcels?fields=reference,area,purposes,holders,certificates,restrictions",
        "parcels",
    ),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """Give a sandbox on a database of each kind, for all tests of this module."""
    folder = tmp_path_factory.mktemp("sandbox")
    with (
        new_database(request, request.param, folder) as database,
        sandbox(database, folder) as made,
    ):
        made.app.extensions["sogoc"].faults._sleep = waited.append
        yield made


waited: list[float] = []


def _at(value: Any, path: str) -> Any:
    """Return what stands at a dotted path, None where nothing does; numbers are places."""
    if path in (value if isinstance(value, Mapping) else ()):
        return value[path]
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _held(answer: Any, expected: Mapping[str, Any]) -> dict[str, Any]:
    told = {path: _at(answer, path) for path in expected.get("holds", {})}
    return told | {path: _at(answer, path) for path in expected.get("lacks", ())}


def _wanted(expected: Mapping[str, Any]) -> dict[str, Any]:
    return {**expected.get("holds", {}), **dict.fromkeys(expected.get("lacks", ()))}


def _state(answer: TestResponse) -> tuple[str, str | None]:
    """Return how a field that is filled from this answer would stand."""
    if answer.status_code == 503:
        return "unavailable", "register_down"
    if answer.status_code == 403:
        return "unavailable", {"withheld": "withheld"}[answer.get_json()["code"]]
    return ("ok" if answer.status_code == 200 else "not_found"), None


def _record_id(here: Sandbox, persona: Persona) -> str:
    return str(here.look_up(persona.personal_id, ["name"])["record"]["id"])


def _parts() -> list[tuple[str, str]]:
    return [(slug, register) for slug, p in PERSONAS.items() for register in p.expect]


@pytest.mark.parametrize(
    "slug", [s for s, p in PERSONAS.items() if p.expect["citizens"].get("reason") is None]
)
def test_the_citizen_is_as_told(here: Sandbox, slug: str) -> None:
    persona = PERSONAS[slug]
    expected = persona.expect["citizens"]
    result = here.look_up(expected.get("also", persona.personal_id), _PERSON + _WHERE)
    if "moved_to" in expected:
        survivor = here.look_up(expected["moved_to"], ["name"])
        assert (result["status"], result["moved_to"]) == ("moved", survivor["record"]["id"])
        return
    assert result["status"] == "found"
    record = result["record"]
    if "age.least" in expected.get("holds", {}):
        # Years pass, and the story was true on the day that the version names.
        path = f"/v1/citizens/{record['id']}?fields=age&as_of={TOLD.checked_on}"
        record = record | here.call("GET", path).get_json()
    assert _held(record, expected) == _wanted(expected)
    assert set(record.get("under_review", ())) >= set(expected.get("under_review", ()))
    assert ("under_review" in record) == (expected["state"] == "under_review")


@pytest.mark.parametrize(("slug", "register"), [p for p in _parts() if p[1] != "citizens"])
def test_the_other_registers_say_what_is_told(here: Sandbox, slug: str, register: str) -> None:
    persona, expected = PERSONAS[slug], PERSONAS[slug].expect[register]
    path, listed = _OF_CITIZEN[register]
    answer = here.call("GET", f"/v1/citizens/{_record_id(here, persona)}/{path}")
    state, reason = _state(answer)
    body = answer.get_json()
    if state == "ok" and not body[listed]:
        state = "not_found"
    assert (state, reason) == (expected["state"], expected.get("reason"))
    if state == "ok":
        first = body if register == "households" else body[listed][0]
        assert _held(first, expected) == _wanted(expected)
        assert len(body[listed]) == expected["count"]


@pytest.mark.parametrize("slug", ["khong-ai", "kin"])
def test_nobody_and_a_secret_person_look_the_same(here: Sandbox, slug: str) -> None:
    persona = PERSONAS[slug]
    assert persona.expect["citizens"] == {"state": "not_found", "reason": "no_such_person"}
    result = here.look_up(persona.personal_id, ["name"])
    assert result == {"identifier": persona.personal_id, "status": "not_found"}


def test_a_protected_address_is_withheld_and_the_name_is_not(here: Sandbox) -> None:
    persona = PERSONAS["ngan"]
    assert persona.expect["citizens"] == {"state": "unavailable", "reason": "withheld"}
    assert here.look_up(persona.personal_id, _WHERE)["status"] == "withheld"
    record = here.look_up(persona.personal_id, ["name"])["record"]
    assert record["name"]["full"] == persona.name


def test_a_status_that_books_do_not_cover_is_unknown_and_never_single(here: Sandbox) -> None:
    persona = PERSONAS["nhat"]
    expected = persona.expect["citizens"]
    assert (expected["state"], expected["reason"]) == ("incomplete", "no_coverage")
    record = here.look_up(persona.personal_id, ["marital_status"])["record"]
    assert _held(record, expected) == _wanted(expected)


@pytest.mark.parametrize(
    "slug", [s for s, p in PERSONAS.items() if "search" in p.expect["citizens"]]
)
def test_a_search_by_name_answers_as_told(here: Sandbox, slug: str) -> None:
    persona = PERSONAS[slug]
    born = here.look_up(persona.personal_id, ["birth_date"])["record"]["birth_date"]["value"]
    body = {"criteria": {"name": persona.name, "birth_date": born}, "fields": ["name"]}
    answer = here.call("POST", "/v1/citizens/search", json=body).get_json()
    assert answer["status"] == persona.expect["citizens"]["search"]


def test_a_register_that_is_down_answers_like_an_outage_and_is_logged(here: Sandbox) -> None:
    persona = PERSONAS["sap"]
    assert persona.expect["citizens"] == {"state": "unavailable", "reason": "register_down"}
    answer = here.call("GET", f"/v1/citizens/{_record_id(here, persona)}?fields=name")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_a_slow_register_answers_late_and_then_as_ever(here: Sandbox) -> None:
    persona = PERSONAS["cham"]
    assert persona.fault
    waited.clear()
    path = f"/v1/citizens/{_record_id(here, persona)}"
    assert here.call("GET", f"{path}/household?fields=head").status_code == 404
    assert waited == []
    assert here.call("GET", f"{path}/civil-status?fields=type").status_code == 200
    assert waited == [persona.fault.seconds]
