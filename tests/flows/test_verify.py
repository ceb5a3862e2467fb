"""Verification says match, no_match or unknown of what is claimed, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.kernel import clock
from tests.conftest import Service
from tests.people import BAY, LAN, change

NOBODY = "900190000099"
YEAR = {"value": "1990", "precision": "year"}


@pytest.fixture
def registry(service: Service) -> Service:
    unknown = {"code": "unknown", "label": "Chưa có thông tin", "state": "unknown"}
    other = {"full": "Trần Thị Hoà", "other": ["Hoà Bình", "Tư"]}
    passports = [{"code": "FR", "label": "Pháp"}, {"code": "LA", "label": "Lào"}]
    with service.database.transaction() as session:
        people = [
            change(LAN),
            change(
                BAY,
                birth_date=YEAR,
                name=other,
                marital_status=unknown,
                residence={},
                other_nationalities=passports,
            ),
        ]
        changes.apply_changes(session, people, source="test", load=None)
    return service


def _verify(service: Service, identifier: str, **asked: Any) -> dict[str, dict[str, str]]:
    body = {"identifier": identifier, **asked}
    answer = service.call("POST", "/v1/citizens/verify", json=body)
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def _claim(service: Service, identifier: str, path: str, value: str) -> str:
    return _verify(service, identifier, claims={path: value})["claims"][path]


def _predicate(service: Service, identifier: str, text: str) -> str:
    return _verify(service, identifier, predicates=[text])["predicates"][text]


def test_something_must_be_asked(registry: Service) -> None:
    bodies: list[dict[str, Any]] = [{}, {"claims": {}, "predicates": []}]
    for asked in bodies:
        body = {"identifier": LAN, **asked}
        answer = registry.call("POST", "/v1/citizens/verify", json=body)
        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (400, "too_few")


def test_no_value_of_the_record_is_disclosed(registry: Service) -> None:
    claims = {"name.full": "Ai Đó", "sex": "1", "birth_date": "1991-01-01"}
    answer = _verify(registry, LAN, claims=claims, predicates=["is_over:18"])
    assert answer == {
        "claims": dict.fromkeys(claims, "no_match"),
        "predicates": {"is_over:18": "match"},
    }


@pytest.mark.parametrize("secrecy", ["full", "erased", "merged"])
def test_who_may_not_be_known_answers_like_nobody(registry: Service, secrecy: str) -> None:
    asked: dict[str, Any] = {
        "claims": {"name.full": "Nguyễn Thị Lan", "birth_date": "1990-05-17"},
        "predicates": ["is_over:18", "resident_of:27007"],
    }
    with registry.database.transaction() as session:
        ids = find_record_ids(session, [LAN, BAY])
        if secrecy == "full":
            changes.set_secrecy(session, ids[LAN], "full")
        elif secrecy == "erased":
            changes.erase(session, ids[LAN])
        else:
            changes.merge(session, ids[LAN], ids[BAY])
    answer = _verify(registry, LAN, **asked)
    assert answer == _verify(registry, NOBODY, **asked)
    assert {*answer["claims"].values(), *answer["predicates"].values()} == {"unknown"}
    first, second = registry.rows()
    assert (first.outcome, first.subject_id) == ("not_found", ids[LAN])
    assert (second.outcome, second.subject_id) == ("not_found", None)


def test_a_protected_address_answers_like_one_never_registered(registry: Service) -> None:
    with registry.database.transaction() as session:
        record = find_record_ids(session, [LAN])[LAN]
        changes.set_secrecy(session, record, "address")
    for commune in ("27007", "26743"):
        answer = _verify(
            registry,
            LAN,
            claims={"name.full": "Nguyễn Thị Lan", "residence.permanent.valid_from": "2015"},
            predicates=[f"resident_of:{commune}", "is_over:18"],
        )
        # The rest answers as ever: a name that turned unknown would give the protection away.
        assert answer == {
            "claims": {"name.full": "match", "residence.permanent.valid_from": "unknown"},
            "predicates": {f"resident_of:{commune}": "unknown", "is_over:18": "match"},
        }
    assert {row.outcome for row in registry.rows()} == {"delivered"}


VERDICTS = (
    ("name.full", "NGUYỄN THỊ LAN", "match"),
    ("name.full", "Nguyen Thi Lan", "no_match"),
    ("sex", "2", "match"),
    ("sex", "1", "no_match"),
    ("email", "lan@example.vn", "unknown"),
    ("birth_date", "1990-05-17", "match"),
    ("birth_date", "1990-05", "match"),
    ("birth_date", "1990", "match"),
    ("birth_date", "1990-05-18", "no_match"),
    ("birth_date", "1990-06", "no_match"),
    ("residence.permanent.valid_from", "2015", "match"),
    ("residence.permanent.valid_from", "2015-03-01", "unknown"),
    ("residence.permanent.valid_from", "2016", "no_match"),
    ("residence.permanent.valid_from", "hôm qua", "no_match"),
    ("name", "Nguyễn Thị Lan", "unknown"),
    ("age", "35", "unknown"),
)


def test_a_claim_gets_its_verdict(registry: Service) -> None:
    for path, value, verdict in VERDICTS:
        assert _claim(registry, LAN, path, value) == verdict, (path, value)


def test_a_registered_year_decides_only_what_a_year_can(registry: Service) -> None:
    assert _claim(registry, BAY, "birth_date", "1990") == "match"
    assert _claim(registry, BAY, "birth_date", "1990-05-17") == "unknown"
    assert _claim(registry, BAY, "birth_date", "1991-05-17") == "no_match"


def test_one_of_several_values_is_enough(registry: Service) -> None:
    assert _claim(registry, BAY, "name.other", "hòa bình") == "match"
    assert _claim(registry, BAY, "name.other", "Năm") == "no_match"
    assert _claim(registry, BAY, "other_nationalities", "LA") == "match"
    assert _claim(registry, BAY, "other_nationalities", "US") == "no_match"
    assert _claim(registry, LAN, "other_nationalities", "US") == "unknown"


def test_an_unknown_marital_status_is_never_a_no(registry: Service) -> None:
    for claimed in ("single", "married", "unknown"):
        assert _claim(registry, BAY, "marital_status", claimed) == "unknown"


def test_an_age_is_reached_on_the_birthday(registry: Service) -> None:
    for moment, verdict in (
        (datetime(2026, 5, 16, 12, tzinfo=UTC), "no_match"),
        # Midnight is that of Viet Nam, seven hours ahead.
        (datetime(2026, 5, 16, 16, 59, tzinfo=UTC), "no_match"),
        (datetime(2026, 5, 16, 17, 0, tzinfo=UTC), "match"),
    ):
        with clock.fixed(moment):
            assert _predicate(registry, LAN, "is_over:36") == verdict


def test_an_age_by_year_alone_is_unknown_in_that_year(registry: Service) -> None:
    with clock.fixed(datetime(2026, 5, 17, tzinfo=UTC)):
        assert _predicate(registry, BAY, "is_over:35") == "match"
        assert _predicate(registry, BAY, "is_over:36") == "unknown"
        assert _predicate(registry, BAY, "is_over:37") == "no_match"


def test_a_resident_is_one_of_commune_and_province(registry: Service) -> None:
    expected = {"resident_of:27007": "match", "resident_of:79": "match"}
    expected |= {"resident_of:26743": "no_match", "resident_of:01": "no_match"}
    answer = _verify(registry, LAN, predicates=list(expected))
    assert answer["predicates"] == expected
    assert _predicate(registry, BAY, "resident_of:79") == "unknown"


def test_a_residence_that_has_not_begun_is_none(registry: Service) -> None:
    later = {"permanent": {**change().document["residence"]["permanent"]}}
    later["permanent"]["valid_from"] = {"value": "2999", "precision": "year"}
    with registry.database.transaction() as session:
        changes.apply_changes(
            session, [change(since=date(2026, 1, 1), residence=later)], source="test", load=None
        )
    assert _predicate(registry, LAN, "resident_of:27007") == "unknown"


SENSELESS = (
    "is_over",
    "is_over:",
    "is_over:-1",
    "is_over:151",
    "is_over:0018",
    "is_over:" + "9" * 5000,
    "is_over:１８",
    "resident_of:7",
    "resident_of:279007",
    "resident_of:ab",
    "is_rich:1",
    ":",
)


def test_a_predicate_that_makes_no_sense_is_refused(registry: Service) -> None:
    for predicate in SENSELESS:
        body = {"identifier": LAN, "predicates": ["is_over:18", predicate]}
        answer = registry.call("POST", "/v1/citizens/verify", json=body)
        assert answer.status_code == 422, predicate[:20]
        errors = [(error["pointer"], error["code"]) for error in answer.get_json()["errors"]]
        assert errors == [("/predicates/1", "predicate")]


def test_everything_that_was_asked_is_logged(registry: Service) -> None:
    _verify(registry, LAN, claims={"sex": "2"}, predicates=["is_over:18", "resident_of:27007"])
    (row,) = registry.rows()
    assert (row.outcome, row.attributes) == (
        "delivered",
        "birth_date residence.permanent.address sex",
    )
