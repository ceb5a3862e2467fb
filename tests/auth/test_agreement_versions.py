"""Agreements have versions: drafted by one, approved by another, and never two at once."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from auth.agreements import (
    approve_agreement,
    create_agreement,
    draft_agreement,
    end_agreement,
    expiring,
    list_agreements,
    reject_agreement,
    require_agreement,
)
from auth.principals import Agreement
from registry.cli import main
from registry.kernel.clock import today
from registry.kernel.errors import Conflict, Invalid, NotFound, Refused
from tests.conftest import PURPOSE, Service

WANTED = Agreement(
    "",
    "ward-office",
    "2.000001",
    {"citizens": frozenset({"sex"})},
    {"citizens": frozenset({"personal_id"})},
    "Luật Cư trú 68/2020/QH14",
    date(2026, 1, 1),
)
QUESTION = {"identifiers": ["900190000001"], "fields": ["sex"]}
HERE = PURPOSE | {"Sogoc-Procedure": "2.000001"}


def _draft(service: Service, wanted: Agreement = WANTED, series: str | None = None) -> str:
    with service.database.transaction() as session:
        return draft_agreement(session, wanted, "lan", series)


def _approve(service: Service, draft: str, by: str = "minh") -> Agreement:
    with service.database.transaction() as session:
        return approve_agreement(session, draft, by)


def _look_up(service: Service) -> int:
    return service.call("POST", "/v1/citizens/lookup", json=QUESTION, headers=HERE).status_code


def test_nobody_approves_what_they_proposed(service: Service) -> None:
    draft = _draft(service)
    for name in ("lan", " LAN "):
        with pytest.raises(Refused):
            _approve(service, draft, name)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'approved', approved_by = 'lan', approved_at = proposed_at",
        "state = 'approved'",
        "state = 'approved', approved_by = 'minh'",
        "approved_by = 'minh', approved_at = proposed_at",
        "state = 'rejected'",
        "state = 'published'",
    ],
)
def test_the_database_itself_keeps_the_rule_of_two(service: Service, change: str) -> None:
    draft = _draft(service)
    with pytest.raises(sa.exc.IntegrityError), service.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE agreement SET {change} WHERE state = 'draft'")  # noqa: S608
    with service.database.reading() as session:
        assert require_agreement(session, draft).state == "draft"


def test_a_draft_allows_nothing_and_its_approval_is_felt_within_a_second(service: Service) -> None:
    draft = _draft(service)
    assert _look_up(service) == 403
    assert _approve(service, draft).in_force(today())
    time.sleep(1)
    assert _look_up(service) == 200


def test_only_a_draft_is_approved_or_rejected_and_once(service: Service) -> None:
    draft = _draft(service)
    with service.database.transaction() as session:
        reject_agreement(session, draft, "minh", "Thừa trường")
    with pytest.raises(Conflict):
        _approve(service, draft)
    approved = _draft(service)
    _approve(service, approved)
    with pytest.raises(Conflict):
        _approve(service, approved, "hoa")
    with pytest.raises(NotFound):
        _approve(service, "01980000-0000-7000-8000-000000000009")
    with pytest.raises(Conflict), service.database.transaction() as session:
        end_agreement(session, draft)


@pytest.mark.parametrize(
    "change", [{"legal_basis": " "}, {"valid_to": date(2026, 1, 1)}, {"valid_to": date(2025, 1, 1)}]
)
def test_a_draft_needs_a_law_and_a_time(service: Service, change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        _draft(service, replace(WANTED, **change))  # type: ignore[arg-type]


def test_a_new_version_takes_the_place_of_the_one_before(service: Service) -> None:
    first = _draft(service)
    _approve(service, first)
    with service.database.reading() as session:
        series = require_agreement(session, first).series
    start = today() + timedelta(days=10)
    narrower = replace(WANTED, attributes={"citizens": frozenset()}, valid_from=start)
    second = _draft(service, narrower, series)
    assert _approve(service, second).version == 2
    with service.database.reading() as session:
        held = {
            each.version: each
            for each in list_agreements(session, "ward-office")
            if each.series == series
        }
    assert held[1].valid_to == start == held[2].valid_from
    assert [held[1].in_force(day) for day in (today(), start)] == [True, False]
    with pytest.raises(Conflict):
        _draft(service, replace(narrower, procedure="2.000002"), series)


def test_an_approval_never_reaches_back(service: Service) -> None:
    assert _approve(service, _draft(service)).valid_from == today()


def test_one_person_takes_rights_away_and_gives_none(service: Service) -> None:
    end = today() + timedelta(days=5)
    with service.database.transaction() as session:
        made = create_agreement(session, replace(WANTED, valid_to=end))
    with service.database.transaction() as session:
        end_agreement(session, made, end - timedelta(days=1))
    with pytest.raises(Conflict), service.database.transaction() as session:
        end_agreement(session, made, end)


def test_a_client_sees_what_ends_soon_and_what_is_to_come(service: Service) -> None:
    with service.database.transaction() as session:
        create_agreement(session, replace(WANTED, valid_to=today() + timedelta(days=20)))
        later = replace(WANTED, procedure="2.000009", valid_from=today() + timedelta(days=3))
        create_agreement(session, later)
    told = service.call("GET", "/v1/me/agreement").get_json()["agreements"]
    by_procedure = {each["procedure"]: each for each in told}
    assert by_procedure["2.000001"]["expires_in_days"] == 20
    assert by_procedure["2.000009"]["upcoming"] is True
    assert by_procedure["2.000009"]["in_force"] is False
    assert by_procedure["1.004222"]["upcoming"] is False
    assert "expires_in_days" not in by_procedure["1.004222"]


def test_an_end_is_warned_of_for_sixty_days() -> None:
    for days, told in ((59, 59), (60, None), (0, None)):
        wanted = replace(WANTED, valid_to=today() + timedelta(days=days))
        assert expiring(wanted, today()) == told


def _run(service: Service, *arguments: str) -> tuple[int, str, str]:
    url = service.database.engine.url.render_as_string(hide_password=False)
    settings = service.app.extensions["sogoc"].settings
    environ = {
        "SOGOC_DATABASE_URL": url,
        "SOGOC_KEY_FILE": settings.key_file,
        "SOGOC_ENVIRONMENT": "demo",
    }
    done = CliRunner().invoke(main, ["agreement", *arguments], env=environ)
    return done.exit_code, done.stdout.strip(), done.stderr


def test_the_dry_run_names_just_the_calls_that_would_be_refused(service: Service) -> None:
    for fields in (["sex"], ["sex"], ["name.full"], ["age"]):
        question = {"identifiers": ["900190000001", "900190000002"], "fields": fields}
        assert service.call("POST", "/v1/citizens/lookup", json=question).status_code == 200
    refused = {"identifiers": ["900190000001"], "fields": ["religion"]}
    assert service.call("POST", "/v1/citizens/lookup", json=refused).status_code == 403
    wanted = replace(
        WANTED, procedure="1.004222", attributes={"citizens": frozenset({"name", "age"})}
    )
    code, said, _ = _run(service, "try", _draft(service, wanted), "--json")
    found = {each["attributes"]: (each["calls"], each["lacking"]) for each in json.loads(said)}
    # An age is worked out from the date of birth, which this draft doesn't hold.
    assert (code, found) == (1, {"sex": (2, "sex"), "age": (1, "age")})
    whole = replace(
        wanted, attributes={"citizens": frozenset({"name", "age", "birth_date", "sex"})}
    )
    assert _run(service, "try", _draft(service, whole), "--json")[:2] == (0, "[]")


def test_the_commands_draft_try_approve_reject_and_warn(service: Service) -> None:
    parts = ("ward-office", "2.000001", "--legal-basis", "Luật", "--attribute", "citizens:sex")
    ends = (today() + timedelta(days=30)).isoformat()
    code, said, _ = _run(service, "draft", *parts, "--by", "lan", "--to", ends)
    assert code == 0
    draft = said.removeprefix("id=")
    assert _run(service, "try", draft)[0] == 0
    code, _, why = _run(service, "approve", draft, "--by", "lan")
    assert code == 1
    assert "can't approve" in why
    assert _run(service, "approve", draft, "--by", "minh")[:2] == (0, today().isoformat())
    code, said, warned = _run(service, "list")
    assert "state=approved" in said
    assert "ends in 30 days" in warned
    again = _run(service, "draft", *parts, "--by", "lan", "--replaces", draft)[1].removeprefix(
        "id="
    )
    assert _run(service, "reject", again, "--by", "minh", "--reason", "Thừa")[0] == 0
    assert "version=2  state=rejected" in _run(service, "list")[1]
