"""A search finds one person or nobody: none, many and protected look the same."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from tests.conftest import Service
from tests.people import BAY, LAN, address, change

NAME, BORN = "Nguyễn Thị Lan", "1990-05-17"
YEAR_ONLY = "900145000003"
BY_DATE = {"name": NAME, "birth_date": BORN}
BY_COMMUNE = {"name": NAME, "birth_year": "1990", "commune": "27007"}
NO_MATCH = {"status": "no_unique_match"}


@pytest.fixture
def registry(service: Service) -> Service:
    bay = {"full": "Trần Văn Bảy", "family": "Trần", "middle": "Văn", "given": "Bảy"}
    year = {"value": "1945", "precision": "year"}
    with service.database.transaction() as session:
        people = [change(LAN), change(YEAR_ONLY, name=bay, birth_date=year)]
        changes.apply_changes(session, people, source="test", load=None)
    return service


def _search(service: Service, criteria: dict[str, Any], *fields: str) -> Any:
    body = {"criteria": criteria, "fields": fields or ["name.full"]}
    answer = service.call("POST", "/v1/citizens/search", json=body)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def _protect(service: Service, personal_id: str, secrecy: changes.Secrecy) -> None:
    with service.database.transaction() as session:
        changes.set_secrecy(session, find_record_ids(session, [personal_id])[personal_id], secrecy)


def test_only_the_published_sets_of_criteria_are_taken(registry: Service) -> None:
    for criteria in (
        {"name": NAME},
        {"name": NAME, "birth_year": "1990"},
        {"name": NAME, "commune": "27007"},
        {**BY_COMMUNE, "birth_date": BORN},
    ):
        body = {"criteria": criteria, "fields": ["name"]}
        answer = registry.call("POST", "/v1/citizens/search", json=body)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["code"] == "combination"


def test_none_and_many_and_protected_answer_the_same_bytes(registry: Service) -> None:
    namesake, hidden, sheltered = "900190000011", "900190000012", "900190000013"
    many = {"full": "Lê Văn An"}
    alone, home = {"full": "Phạm Thị Kín"}, {"full": "Vũ Thị Che"}
    with registry.database.transaction() as session:
        people = [
            change(namesake, name=many),
            change(BAY, name=many),
            change(hidden, name=alone),
            change(sheltered, name=home),
        ]
        changes.apply_changes(session, people, source="test", load=None)
    _protect(registry, hidden, "full")
    _protect(registry, sheltered, "address")
    fields = ["name.full", "residence.permanent.address"]
    answers = [
        registry.call(
            "POST",
            "/v1/citizens/search",
            json={"criteria": {"name": name, "birth_date": BORN}, "fields": fields},
        )
        for name in ("Không Có Ai", "Lê Văn An", "Phạm Thị Kín", "Vũ Thị Che")
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.data for answer in answers} == {b'{"status":"no_unique_match"}'}
    headers = [
        sorted((k, v) for k, v in a.headers.items() if k not in {"Date", "RateLimit"})
        for a in answers
    ]
    assert all(sent == headers[0] for sent in headers)
    assert {row.outcome for row in registry.rows()} == {"not_found"}


def test_a_hidden_namesake_does_not_stand_in_the_way(registry: Service) -> None:
    with registry.database.transaction() as session:
        changes.apply_changes(session, [change(BAY)], source="test", load=None)
    assert _search(registry, BY_DATE) == NO_MATCH
    _protect(registry, BAY, "full")
    assert _search(registry, BY_DATE)["record"]["name"]["full"] == NAME


def test_a_protected_address_is_not_found_out_by_trying_communes(registry: Service) -> None:
    assert _search(registry, BY_COMMUNE)["status"] == "found"
    _protect(registry, LAN, "address")
    assert _search(registry, BY_COMMUNE) == NO_MATCH
    assert _search(registry, BY_DATE, "name.full")["status"] == "found"


def test_a_year_does_not_do_for_a_date(registry: Service) -> None:
    for less in ("1990", "1990-05"):
        assert _search(registry, {"name": NAME, "birth_date": less}) == NO_MATCH
    assert _search(registry, {"name": NAME, "birth_date": "1990-05-18"}) == NO_MATCH
    assert _search(registry, BY_DATE)["status"] == "found"


def test_who_is_registered_by_year_is_found_by_year_or_by_a_date_in_it(registry: Service) -> None:
    for born in ("1945", "1945-09", "1945-09-02"):
        found = _search(registry, {"name": "Trần Văn Bảy", "birth_date": born}, "birth_date")
        assert found["record"]["birth_date"] == {"value": "1945", "precision": "year"}
    assert _search(registry, {"name": "Trần Văn Bảy", "birth_date": "1946"}) == NO_MATCH


def test_names_are_found_without_marks_and_not_by_a_part(registry: Service) -> None:
    for name in ("NGUYEN THI LAN", "nguyễn thị  lan"):
        assert _search(registry, {**BY_DATE, "name": name})["status"] == "found"
    for name in ("Nguyễn Thị", "Lan", "Nguyễn%Lan", "%", "_"):
        criteria = {**BY_DATE, "name": name}
        body = {"criteria": criteria, "fields": ["name"]}
        answer = registry.call("POST", "/v1/citizens/search", json=body)
        assert answer.get_json().get("status") != "found"


def test_who_moved_away_is_not_found_in_the_old_commune(registry: Service) -> None:
    elsewhere = {"permanent": {"address": address("26743", "Phường Bến Thành")}}
    with registry.database.transaction() as session:
        moved = change(LAN, since=date(2026, 1, 1), residence=elsewhere)
        changes.apply_changes(session, [moved], source="test", load=None)
    assert _search(registry, BY_COMMUNE) == NO_MATCH
    assert _search(registry, {**BY_COMMUNE, "commune": "26743"})["status"] == "found"


def test_a_merged_record_is_not_found_beside_its_survivor(registry: Service) -> None:
    with registry.database.transaction() as session:
        changes.apply_changes(session, [change(BAY)], source="test", load=None)
        ids = find_record_ids(session, [LAN, BAY])
        changes.merge(session, ids[BAY], ids[LAN])
    assert _search(registry, BY_DATE)["record"]["id"] == ids[LAN]


def test_the_one_found_is_logged_by_name_and_many_by_nobody(registry: Service) -> None:
    found = _search(registry, BY_DATE, "sex", "email")
    (row,) = registry.rows()
    assert (row.outcome, row.subject_id) == ("delivered", found["record"]["id"])
    assert row.attributes == "email sex"
    with registry.database.transaction() as session:
        changes.apply_changes(session, [change(BAY)], source="test", load=None)
    _search(registry, BY_DATE)
    assert (registry.rows()[-1].outcome, registry.rows()[-1].subject_id) == ("not_found", None)
