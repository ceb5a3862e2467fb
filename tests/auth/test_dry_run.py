"""A draft is tried on the calls that were answered: just those that it would refuse are named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from auth.agreements import create_agreement, end_agreement, require_agreement, shape
from auth.clients import create_client
from auth.dry_run import DryRun, refused_calls
from auth.principals import Agreement
from registry.citizens.changes import apply_changes
from registry.citizens.records import find_record_ids
from registry.cli import CATALOGUES
from registry.kernel.access_log import Asker, record_access
from registry.kernel.clock import fixed, now, today
from tests.auth.agreeing import approve, draft, present
from tests.conftest import PURPOSE, Service
from tests.people import BAY, LAN, change
from tools import reference

NOBODY = "900190000999"


@pytest.fixture
def asked(service: Service) -> Service:
    """Give the service two people."""
    with service.database.transaction() as session:
        apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
    return service


def _ask(service: Service, *fields: str, of: tuple[str, ...] = (LAN,), status: int = 200) -> None:
    body = {"identifiers": of, "fields": fields}
    answer = service.call("POST", "/v1/citizens/lookup", json=body)
    assert answer.status_code == status, answer.get_json()


def _try(service: Service, made: str, days: int = 30) -> DryRun:
    with service.database.reading() as session:
        trial = shape(require_agreement(session, made))
        return refused_calls(session, trial, now() - timedelta(days=days), CATALOGUES)


def _told(found: DryRun) -> list[tuple[str, int, str]]:
    return [(" ".join(a.attributes), a.calls, " ".join(a.lacks)) for a in found.refused]


def test_just_the_calls_that_asked_for_what_is_taken_away_are_named(asked: Service) -> None:
    for _ in range(3):
        _ask(asked, "sex")
    _ask(asked, "sex", "birth_date", of=(LAN, BAY, NOBODY))
    _ask(asked, "birth_date")
    _ask(asked, "name")
    found = _try(asked, draft(asked, "sex"))
    assert found.calls == 6
    assert _told(found) == [("sex", 3, "sex"), ("birth_date sex", 1, "sex")]
    assert found.refused[0].last == max(row.at for row in asked.rows() if row.attributes == "sex")
    assert _told(_try(asked, draft(asked))) == []


def test_the_dry_run_and_the_service_agree(asked: Service) -> None:
    questions = [("sex",), ("name",), ("age",), ("name.full", "sex"), ("residence",)]
    for fields in questions:
        _ask(asked, *fields)
    made = draft(asked, "birth_date", "name.other", "residence.temporary.term_end")
    refused = {" ".join(entry.attributes) for entry in _try(asked, made).refused}
    approve(asked, made)
    before = len(asked.rows())
    with fixed(now() + timedelta(seconds=1)):
        asked.app.extensions["sogoc"].verifier._asked = float("-inf")
        for fields in questions:
            body = {"identifiers": [LAN], "fields": fields}
            asked.call("POST", "/v1/citizens/lookup", json=body)
    rows = asked.rows()[before:]
    assert len(rows) == len(questions)
    assert refused == {row.attributes for row in rows if row.outcome == "refused"}
    assert len(refused) == 3


def test_what_a_derived_attribute_is_made_of_is_lacking(asked: Service) -> None:
    _ask(asked, "age")
    assert _told(_try(asked, draft(asked, "birth_date"))) == [("age", 1, "birth_date")]


def test_a_group_reaches_no_sensitive_attribute(asked: Service) -> None:
    _ask(asked, "blood_type")
    _ask(asked, "name.full")
    held = present(asked)
    kept = frozenset(path.split(".")[0] for path in held.attributes["citizens"]) - {"blood_type"}
    found = _try(asked, draft(asked, attributes={"citizens": kept}))
    assert _told(found) == [("blood_type", 1, "blood_type")]


def test_calls_that_were_refused_or_of_others_or_long_ago_are_not_counted(asked: Service) -> None:
    with fixed(now() - timedelta(days=31)):
        _ask(asked, "sex")
    _ask(asked, "sex", "religion", status=403)
    with asked.database.transaction() as session:
        create_agreement(session, replace(present(asked), id="", procedure="2.000001"))
    other = {**PURPOSE, "Sogoc-Procedure": "2.000001"}
    asked.app.extensions["sogoc"].verifier._asked = float("-inf")
    body = {"identifiers": [LAN], "fields": ["sex"]}
    answer = asked.call("POST", "/v1/citizens/lookup", json=body, headers=other)
    assert answer.status_code == 200
    made = draft(asked, "sex")
    assert _try(asked, made).calls == 0
    assert _told(_try(asked, made, days=32)) == [("sex", 1, "sex")]


def test_who_was_not_found_was_a_call_too(asked: Service) -> None:
    _ask(asked, "sex", of=(NOBODY,))
    assert _told(_try(asked, draft(asked, "sex"))) == [("sex", 1, "sex")]


def test_a_register_that_is_lost_refuses_its_calls(asked: Service) -> None:
    _ask(asked, "sex")
    with asked.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    fields = {"fields": "type,number"}
    answer = asked.call("GET", f"/v1/citizens/{record}/civil-status", query_string=fields)
    assert answer.status_code == 200, answer.get_json()
    kept = {"citizens": present(asked).attributes["citizens"]}
    assert _told(_try(asked, draft(asked, attributes=kept))) == [("number type", 1, "number type")]


def test_without_any_attribute_every_call_is_refused(asked: Service) -> None:
    _ask(asked, "sex")
    _ask(asked, "name.full")
    found = _try(asked, draft(asked, attributes={}))
    assert (len(found.refused), found.calls, found.gap) == (2, 2, None)


def test_days_without_an_agreement_refuse_every_call(asked: Service) -> None:
    _ask(asked, "sex")
    begin = today() + timedelta(days=9)
    made = draft(asked, valid_from=begin)
    assert _try(asked, made).refused == ()
    with asked.database.transaction() as session:
        end_agreement(session, present(asked).id, begin - timedelta(days=2))
    found = _try(asked, made)
    assert found.gap == (begin - timedelta(days=2), begin)
    assert _told(found) == [("sex", 1, "")]


def test_a_draft_that_is_over_refuses_every_call(asked: Service) -> None:
    _ask(asked, "sex")
    past: dict[str, Any] = {"valid_from": today() - timedelta(days=9), "valid_to": today()}
    found = _try(asked, draft(asked, **past))
    assert (found.gap, _told(found)) == ((today(), None), [("sex", 1, "")])


def test_criteria_that_are_lost_are_named(asked: Service) -> None:
    search = {**present(asked).search, "citizens": frozenset({"personal_id", "name"})}
    found = _try(asked, draft(asked, search=search))
    assert found.criteria == {"citizens": ("birth_date", "birth_year", "commune", "nine_digit_id")}


def test_a_path_of_several_registers_is_of_the_one_the_client_was_allowed(
    asked: Service,
) -> None:
    with asked.database.transaction() as session:
        create_client(session, "other", "x", ["households:read"])
        held = Agreement(
            "", "other", "9.1", {"households": frozenset({"code"})}, {}, "x", date(2026, 1, 1)
        )
        create_agreement(session, held)
    with asked.database.transaction() as session:
        record_access(session, Asker("other", "9.1", "C", "x", "t"), "not_found", ["code"])
    other = replace(held, attributes={"parcels": frozenset({"code"})})
    with asked.database.reading() as session:
        found = refused_calls(session, other, now() - timedelta(days=1), CATALOGUES)
    assert _told(found) == [("code", 1, "code")]


def test_the_command_knows_every_register() -> None:
    assert {c.register for c in CATALOGUES} == {c.register for c in reference.catalogues()}
