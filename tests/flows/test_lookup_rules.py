"""The rules of a look-up, R1 to R16, over HTTP.

Each holds on both databases, and wherever a day can be asked for, on the short way of the
present and on the long way of a day alike (`asking`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from auth.agreements import create_agreement
from auth.principals import Agreement
from registry.citizens import changes
from registry.citizens.attributes import CATALOGUE
from registry.citizens.records import find_record_ids
from registry.kernel import clock
from registry.kernel.clock import today
from tests.conftest import PURPOSE, Service
from tests.people import BAY, LAN, address, change, document

NOBODY = "900190000099"
NINE = "012345678"
NARROW = "9.000001"
ENDED = "9.000002"
FUTURE = "9.000003"
ALL_NAMES = {"full": "Nguyễn Thị Lan", "family": "Nguyễn", "middle": "Thị", "given": "Lan"}

Ask = Callable[..., TestResponse]


@pytest.fixture
def registry(service: Service) -> Service:
    """Give the service with one person, and agreements that are narrow, ended and not yet begun."""
    nine = {"type": "nine_digit_id", "value": NINE, "status": "expired"}
    narrow = {"age", "name.full", "residence.permanent.address", "effective_residence"}
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(identifiers=[nine])], source="test", load=None)
        _agree(session, NARROW, date(2026, 1, 1), None, narrow, {"personal_id", "name"})
        _agree(session, ENDED, date(2026, 1, 1), today(), {"name"}, {"personal_id"})
        _agree(session, FUTURE, date(2999, 1, 1), None, {"name"}, {"personal_id"})
    return service


def _agree(  # noqa: PLR0913, PLR0917 - the parts of an agreement
    session: Any, procedure: str, begin: date, end: date | None, read: set[str], search: set[str]
) -> None:
    rights = {"citizens": frozenset(read)}
    by = {"citizens": frozenset(search)}
    create_agreement(
        session, Agreement("", "ward-office", procedure, rights, by, "Luật Cư trú", begin, end)
    )


@pytest.fixture(params=["present", "as_of", "known_at"])
def asking(registry: Service, request: pytest.FixtureRequest) -> Ask:
    """Give the look-up by each way that may answer it."""
    moments: dict[str, dict[str, str]] = {
        "present": {},
        "as_of": {"as_of": today().isoformat()},
        "known_at": {"known_at": "2999-01-01T00:00:00Z"},
    }

    def ask(fields: Any, *identifiers: str, procedure: str = "1.004222") -> TestResponse:
        body = {"identifiers": identifiers or [LAN], "fields": fields, **moments[request.param]}
        headers = {**PURPOSE, "Sogoc-Procedure": procedure}
        return registry.call("POST", "/v1/citizens/lookup", json=body, headers=headers)

    return ask


def _record(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.get_json()
    record: dict[str, Any] = answer.get_json()["results"][0]["record"]
    return {key: value for key, value in record.items() if key != "id"}


def _errors(answer: TestResponse) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.get_json()["errors"]]


def test_r1_only_requested_fields_return(asking: Ask) -> None:
    assert _record(asking(["name.full"])) == {"name": {"full": "Nguyễn Thị Lan"}}
    assert _record(asking(["sex", "name.given"])) == {
        "sex": {"code": "2", "label": "Nữ"},
        "name": {"given": "Lan"},
    }


def test_r1_a_group_returns_whole(asking: Ask) -> None:
    assert _record(asking(["name"])) == {"name": ALL_NAMES}
    assert _record(asking(["residence"]))["residence"] == document()["residence"]
    assert _record(asking(["residence.permanent"])) == _record(asking(["residence"]))
    # Naming a part beside its group takes nothing away.
    assert _record(asking(["name", "name.full"])) == {"name": ALL_NAMES}


PARTLY = ("nam", "name.", "Name", "residence.perm", "residence.permanent.address.current", "")


def test_r1_a_path_that_matches_partly_returns_nothing(asking: Ask) -> None:
    for path in PARTLY:
        answer = asking(["sex", path])
        assert answer.status_code == 400, path
        assert _errors(answer) == [("/fields/1", "unknown_field")]
        assert "results" not in answer.get_json()


def test_r2_a_field_without_value_is_absent(asking: Ask) -> None:
    assert _record(asking(["email", "spouse", "residence.temporary", "sex"])) == {
        "sex": {"code": "2", "label": "Nữ"}
    }
    assert _record(asking(["email"])) == {}
    assert b"null" not in asking(["email", "spouse", "effective_residence"]).data


def test_r3_each_unknown_field_is_named(asking: Ask) -> None:
    answer = asking(["shoe_size", "name", "name.nick"])
    assert answer.status_code == 400
    assert _errors(answer) == [("/fields/0", "unknown_field"), ("/fields/2", "unknown_field")]


def test_r3_in_a_url_too(registry: Service) -> None:
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    for path in (f"/v1/citizens/{record}", f"/v1/citizens/{record}/history"):
        answer = registry.call("GET", f"{path}?fields=name,shoe_size")
        assert answer.status_code == 400
        assert _errors(answer) == [("/fields/1", "unknown_field")]


def test_r4_flags_may_not_be_requested(asking: Ask) -> None:
    for flag in ("under_review", "uncertain"):
        answer = asking(["name", flag])
        assert answer.status_code == 400
        assert _errors(answer) == [("/fields/1", "automatic_field")]


def test_r4_flags_of_households_may_not_be_requested(registry: Service) -> None:
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    for flag in ("under_review", "uncertain"):
        answer = registry.call("GET", f"/v1/citizens/{record}/household?fields={flag}")
        assert _errors(answer) == [("/fields/0", "automatic_field")]


def test_r5_too_many_identifiers_leak_nobody(registry: Service, asking: Ask) -> None:
    answer = asking(["name"], *[LAN] * 1001)
    assert answer.status_code == 400
    assert _errors(answer) == [("/identifiers", "too_many")]
    assert "Lan" not in answer.text
    assert [(row.outcome, row.subject_id) for row in registry.rows()] == [("refused", None)]


def test_r5_the_most_that_is_allowed_is_answered(registry: Service, asking: Ask) -> None:
    numbers = [LAN, *(f"9001911{i:05}" for i in range(999))]
    results = asking(["sex"], *numbers).get_json()["results"]
    assert [result["identifier"] for result in results] == numbers
    assert [result["status"] for result in results] == ["found"] + ["not_found"] * 999
    assert len(registry.rows()) == 1000


def test_r6_an_unknown_parameter_is_refused(registry: Service) -> None:
    body = {"identifiers": [LAN], "fields": ["name"]}
    for more in ({"colour": 1}, {"asOf": "2020-01-01"}, {"as_of": "2020-01-01", "limit": 5}):
        answer = registry.call("POST", "/v1/citizens/lookup", json={**body, **more})
        assert answer.status_code == 400
        assert _errors(answer) == [(f"/{list(more)[-1]}", "unknown")]


def test_r6_in_a_url_too(registry: Service) -> None:
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    for path in (record, f"{record}/history", f"{record}/household"):
        answer = registry.call("GET", f"/v1/citizens/{path}?fields=head&colour=red")
        assert answer.status_code == 400
        assert ("/colour", "unknown") in _errors(answer)
    # What belongs in the body is no better in the URL, and what is there twice is not ignored.
    body = {"identifiers": [LAN], "fields": ["name"]}
    for query in ("as_of=2020-01-01", "fields=sex"):
        answer = registry.call("POST", f"/v1/citizens/lookup?{query}", json=body)
        assert answer.status_code == 400
        assert _errors(answer) == [(f"/{query.partition('=')[0]}", "unknown")]


def test_r7_all_parameter_errors_are_told_together(registry: Service) -> None:
    body = {
        "identifiers": [LAN, "12", 5, LAN + " "],
        "fields": ["name", "shoe_size", 7, "under_review"],
        "as_of": "2026-02-30",
        "known_at": "yesterday",
        "colour": "red",
    }
    answer = registry.call("POST", "/v1/citizens/lookup?page=2", json=body)
    assert answer.status_code == 400
    assert sorted(_errors(answer)) == [
        ("/as_of", "date"),
        ("/colour", "unknown"),
        ("/fields/1", "unknown_field"),
        ("/fields/2", "type"),
        ("/fields/3", "automatic_field"),
        ("/identifiers/1", "identifier"),
        ("/identifiers/2", "type"),
        ("/identifiers/3", "identifier"),
        ("/known_at", "date"),
        ("/page", "unknown"),
    ]
    assert [row.outcome for row in registry.rows()] == ["refused"]


def test_r7_too_many_and_unknown_together(registry: Service) -> None:
    body = {"identifiers": ["12", *[LAN] * 1000], "fields": ["nam", *["name"] * 130]}
    answer = registry.call("POST", "/v1/citizens/lookup", json=body)
    assert sorted(_errors(answer)) == [
        ("/fields", "too_many"),
        ("/fields/0", "unknown_field"),
        ("/identifiers", "too_many"),
        ("/identifiers/0", "identifier"),
    ]


def test_r7_holds_for_search_and_verify(registry: Service) -> None:
    search = {"criteria": {"name": "!", "birth_year": "17/05/1990", "hat": "x"}, "fields": []}
    answer = registry.call("POST", "/v1/citizens/search", json=search)
    assert sorted(_errors(answer)) == [
        ("/criteria", "combination"),
        ("/criteria/birth_year", "date"),
        ("/criteria/hat", "unknown"),
        ("/criteria/name", "value"),
        ("/fields", "too_few"),
    ]
    shapes: list[Any] = ["name", 5, [[]], ["name"]]
    for wrong in shapes:
        body = {"criteria": wrong, "fields": ["sex"]}
        answer = registry.call("POST", "/v1/citizens/search", json=body)
        assert _errors(answer) == [("/criteria", "type")]
    verify = {
        "identifier": "x",
        "claims": {"shoe_size": "42", "birth_date": "May", "sex": 2},
        "predicates": ["is_over:18", "is_over:old"],
    }
    answer = registry.call("POST", "/v1/citizens/verify", json=verify)
    assert sorted(_errors(answer)) == [
        ("/claims/birth_date", "date"),
        ("/claims/sex", "type"),
        ("/claims/shoe_size", "unknown_field"),
        ("/identifier", "identifier"),
        ("/predicates/1", "predicate"),
    ]


def test_r8_the_right_must_be_in_force_today(registry: Service, asking: Ask) -> None:
    procedures = [ENDED, FUTURE, "9.999999"]
    for procedure in procedures:
        answer = asking(["name"], procedure=procedure)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "no-agreement")
        assert "results" not in answer.get_json()
    assert [(row.outcome, row.reason, row.procedure) for row in registry.rows()] == [
        ("refused", "no-agreement", procedure) for procedure in procedures
    ]


def test_r8_a_right_of_the_day_asked_about_is_none(registry: Service) -> None:
    body = {"identifiers": [LAN], "fields": ["name"], "as_of": "2026-01-02"}
    headers = {**PURPOSE, "Sogoc-Procedure": ENDED}
    assert (
        registry.call("POST", "/v1/citizens/lookup", json=body, headers=headers).status_code == 403
    )
    with clock.fixed(datetime(2026, 1, 2, tzinfo=UTC)):
        answer = registry.call("POST", "/v1/citizens/lookup", json=body, headers=headers)
    assert answer.status_code == 200


MISSING: list[tuple[list[str], list[str]]] = [
    (["name.given"], ["name.given"]),
    (["name"], ["name.family", "name.given", "name.middle", "name.other"]),
    (["name.full", "sex", "email"], ["email", "sex"]),
    (["age"], ["birth_date"]),
    (
        ["effective_residence"],
        [
            "residence.current.address",
            "residence.temporary.address",
            "residence.temporary.term_end",
        ],
    ),
]


def test_r9_every_field_and_source_needs_its_right(registry: Service, asking: Ask) -> None:
    for fields, missing in MISSING:
        answer = asking(fields, procedure=NARROW)
        assert answer.status_code == 403
        assert answer.get_json()["attributes"] == missing
        assert "Lan" not in answer.text
    for row, (fields, _) in zip(registry.rows(), MISSING, strict=True):
        assert (row.outcome, row.reason, row.subject_id) == ("refused", "outside-agreement", None)
        assert row.attributes == " ".join(sorted(CATALOGUE.expand(fields)))


def test_r9_an_identifier_needs_the_right_to_search_by_it(asking: Ask) -> None:
    answer = asking(["name.full"], LAN, NINE, procedure=NARROW)
    assert answer.status_code == 403
    assert answer.get_json()["attributes"] == ["nine_digit_id"]
    assert asking(["name.full"], LAN, procedure=NARROW).status_code == 200


def test_r9_every_criterion_needs_its_right(registry: Service) -> None:
    criteria = {"name": "Nguyễn Thị Lan", "birth_year": "1990", "commune": "27007"}
    answer = registry.call(
        "POST",
        "/v1/citizens/search",
        json={"criteria": criteria, "fields": ["name.full"]},
        headers={**PURPOSE, "Sogoc-Procedure": NARROW},
    )
    assert answer.status_code == 403
    assert answer.get_json()["attributes"] == ["birth_year", "commune"]


def test_r9_every_claim_and_predicate_needs_its_right(registry: Service) -> None:
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"predicates": ["is_over:18"]}, ["birth_date"]),
        ({"claims": {"name.full": "X", "sex": "2"}}, ["sex"]),
        ({"claims": {"age": "35"}}, ["birth_date"]),
    ]
    headers = {**PURPOSE, "Sogoc-Procedure": NARROW}
    for question, missing in asked:
        body = {"identifier": LAN, **question}
        answer = registry.call("POST", "/v1/citizens/verify", json=body, headers=headers)
        assert (answer.status_code, answer.get_json()["attributes"]) == (403, missing)


def test_r10_one_row_per_returned_person(registry: Service, asking: Ask) -> None:
    with registry.database.transaction() as session:
        changes.apply_changes(session, [change(BAY)], source="test", load=None)
        ids = find_record_ids(session, [LAN, BAY])
        changes.set_review(session, ids[LAN], "sex", open_=True, source="test")
    asking(["sex", "email", "name.full"], LAN, NINE, BAY, NOBODY, LAN)
    rows = registry.rows()
    # A person asked for three times was told of once. What has no value was asked for all the
    # same and is named; the flag that came along was not.
    assert [(row.outcome, row.subject_id) for row in rows] == [
        ("delivered", ids[LAN]),
        ("delivered", ids[BAY]),
        ("not_found", None),
    ]
    assert {row.attributes for row in rows} == {"email name.full sex"}
    assert {(row.procedure, row.case) for row in rows} == {("1.004222", "H29-0001")}


def test_r10_a_failed_request_delivers_nobody(registry: Service, asking: Ask) -> None:
    asking(["name", "religion"], LAN)
    asking(["name", "shoe_size"], LAN)
    rows = registry.rows()
    assert [(row.outcome, row.reason) for row in rows] == [
        ("refused", "outside-agreement"),
        ("refused", "malformed"),
    ]
    assert [row.subject_id for row in rows] == [None, None]


def _ask_as_of(service: Service, on: str, fields: list[str], **more: str) -> dict[str, Any]:
    body = {"identifiers": [LAN], "fields": fields, "as_of": on, **more}
    return _record(service.call("POST", "/v1/citizens/lookup", json=body))


def test_r11_a_wrong_row_never_answers_a_question_about_the_past(registry: Service) -> None:
    before = clock.now().isoformat()
    with registry.database.transaction() as session:
        record = find_record_ids(session, [LAN])[LAN]
        changes.mark_wrong(session, record, date(2026, 1, 1))
    for on in ("1995-01-01", today().isoformat()):
        assert _ask_as_of(registry, on, ["name", "sex"]) == {}
        assert _ask_as_of(registry, on, ["name", "sex"], known_at=before) == {}
    body = {"identifiers": [LAN], "fields": ["name", "sex"]}
    assert _record(registry.call("POST", "/v1/citizens/lookup", json=body)) == {}


def test_r11_the_corrected_row_answers_from_its_corrected_date(registry: Service) -> None:
    moved = {"permanent": {"address": address("26743", "Phường Bến Thành")}}
    with registry.database.transaction() as session:
        record = find_record_ids(session, [LAN])[LAN]
        changes.mark_wrong(session, record, date(2026, 1, 1))
        changes.amend_citizen(
            session,
            record,
            lambda _: document(residence=moved),
            valid_from=date(2018, 3, 1),
            source="correction",
        )
    path = ["residence.permanent.address"]
    assert _ask_as_of(registry, "2018-02-28", path) == {}
    assert _ask_as_of(registry, "2018-03-01", path) == {"residence": moved}
    body = {"identifiers": [LAN], "fields": path}
    answer = registry.call("POST", "/v1/citizens/lookup", json=body)
    assert _record(answer) == {"residence": moved}


STARTS = [
    # start, day, told of that day, uncertain on it
    ("2015", "2014-12-31", False, False),
    ("2015", "2015-01-01", True, True),
    ("2015", "2015-12-30", True, True),
    ("2015", "2015-12-31", True, False),
    ("2016-02", "2016-01-31", False, False),
    ("2016-02", "2016-02-01", True, True),
    ("2016-02", "2016-02-28", True, True),
    ("2016-02", "2016-02-29", True, False),
    ("2016-02-10", "2016-02-09", False, False),
    ("2016-02-10", "2016-02-10", True, False),
]


def test_r12_an_unknown_start_is_uncertain_for_its_whole_time(registry: Service) -> None:
    precision = {4: "year", 7: "month", 10: "day"}
    since = 1991
    for start, on, told, uncertain in STARTS:
        dated = {"value": start, "precision": precision[len(start)]}
        entry = {"address": address(), "valid_from": dated}
        since += 1
        with registry.database.transaction() as session:
            fresh = change(since=date(since, 1, 1), residence={"permanent": entry})
            changes.apply_changes(session, [fresh], source="test", load=None)
        record = _ask_as_of(registry, on, ["residence.permanent", "sex"])
        assert record.get("residence") == ({"permanent": entry} if told else None), (start, on)
        assert record.get("uncertain") == (["residence.permanent"] if uncertain else None)
        # The flag rides along with what comes from it, and with nothing else.
        derived = _ask_as_of(registry, on, ["effective_residence"])
        assert derived.get("uncertain") == (["effective_residence"] if uncertain else None)
        assert "uncertain" not in _ask_as_of(registry, on, ["sex", "birth_date"])


def test_r12_holds_in_the_present(registry: Service) -> None:
    entry = {"address": address(), "valid_from": {"value": "2026", "precision": "year"}}
    body = {"identifiers": [LAN], "fields": ["residence.permanent.address"]}
    with registry.database.transaction() as session:
        fresh = change(since=date(2025, 1, 1), residence={"permanent": entry})
        changes.apply_changes(session, [fresh], source="test", load=None)
    for moment, flag in (
        (datetime(2026, 6, 1, tzinfo=UTC), ["residence.permanent"]),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), None),
    ):
        with clock.fixed(moment):
            answer = registry.call("POST", "/v1/citizens/lookup", json=body)
            assert _record(answer).get("uncertain") == flag


def test_r13_before_the_first_known_residence_is_empty(registry: Service) -> None:
    for on in ("1850-01-01", "1989-01-01"):
        body = {"identifiers": [LAN], "fields": ["residence", "name"], "as_of": on}
        answer = registry.call("POST", "/v1/citizens/lookup", json=body)
        (result,) = answer.get_json()["results"]
        assert result["status"] == "found"
        assert _record(answer) == {}
    # Born, and at no known address yet.
    assert _ask_as_of(registry, "2000-01-01", ["residence", "name.full"]) == {
        "name": {"full": "Nguyễn Thị Lan"}
    }
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    answer = registry.call("GET", f"/v1/citizens/{record}?fields=residence&as_of=1989-01-01")
    assert (answer.status_code, answer.get_json()) == (200, {"id": record})


def test_r13_nobody_has_an_age_before_birth(registry: Service) -> None:
    with registry.database.transaction() as session:
        early = change(BAY, since=date(1980, 1, 1))
        changes.apply_changes(session, [early], source="test", load=None)
    for on, age in (("1985-01-01", None), ("1990-05-17", {"least": 0, "most": 0})):
        body = {"identifiers": [BAY], "fields": ["age"], "as_of": on}
        assert _record(registry.call("POST", "/v1/citizens/lookup", json=body)).get("age") == age


def test_r14_a_record_made_in_error_is_unfindable(registry: Service, asking: Ask) -> None:
    with registry.database.transaction() as session:
        record = find_record_ids(session, [LAN])[LAN]
        changes.erase(session, record)
    absent = asking(["name"], NOBODY).get_json()["results"][0]
    for number in (LAN, NINE):
        (result,) = asking(["name"], number).get_json()["results"]
        assert {**result, "identifier": NOBODY} == absent
    for path in ("", "/history", "/household"):
        fields = "members" if path == "/household" else "name"
        answer = registry.call("GET", f"/v1/citizens/{record}{path}?fields={fields}")
        assert answer.status_code == 404
    criteria = {"name": "Nguyễn Thị Lan", "birth_date": "1990-05-17"}
    answer = registry.call(
        "POST", "/v1/citizens/search", json={"criteria": criteria, "fields": ["name"]}
    )
    assert answer.get_json() == {"status": "no_unique_match"}
    claims = {"claims": {"name.full": "Nguyễn Thị Lan"}, "identifier": LAN}
    answer = registry.call("POST", "/v1/citizens/verify", json=claims)
    assert answer.get_json()["claims"] == {"name.full": "unknown"}
    # The log keeps whom it was about.
    assert {row.subject_id for row in registry.rows() if row.outcome == "not_found"} == {
        record,
        None,
    }


def test_r14_its_number_may_lead_to_the_right_record(registry: Service, asking: Ask) -> None:
    cancelled = {"type": "cancelled_id", "value": LAN, "status": "cancelled"}
    with registry.database.transaction() as session:
        changes.erase(session, find_record_ids(session, [LAN])[LAN])
        right = change(BAY, identifiers=[cancelled])
        changes.apply_changes(session, [right], source="test", load=None)
        expected = find_record_ids(session, [BAY])[BAY]
    (result,) = asking(["sex"], LAN).get_json()["results"]
    assert (result["status"], result["record"]["id"]) == ("found", expected)


def test_r15_an_ended_investigation_leaves_no_flag(registry: Service, asking: Ask) -> None:
    with registry.database.transaction() as session:
        record = find_record_ids(session, [LAN])[LAN]
        changes.set_review(session, record, "birth_date", open_=True, source="test")
        changes.set_review(
            session, record, "residence.permanent.address", open_=True, source="test"
        )
    assert _record(asking(["birth_date"]))["under_review"] == ["birth_date"]
    assert _record(asking(["residence"]))["under_review"] == ["residence.permanent.address"]
    # What is derived from a doubtful value is doubtful; the rest carries no flag.
    assert _record(asking(["age"]))["under_review"] == ["age"]
    assert "under_review" not in _record(asking(["sex", "name"]))
    with registry.database.transaction() as session:
        changes.set_review(session, record, "birth_date", open_=False, source="test")
    assert "under_review" not in _record(asking(["birth_date", "age"]))
    assert _record(asking(["birth_date", "residence"]))["under_review"] == [
        "residence.permanent.address"
    ]


BODY = '{"identifiers": ["900190000001"], "fields": ["sex"]}'
NOT_JSON = (
    "text/plain",
    "text/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-16",
    "",
)


def test_r16_a_body_other_than_json_in_utf8_is_415(registry: Service) -> None:
    for content_type in NOT_JSON:
        headers = {**PURPOSE, "Content-Type": content_type}
        answer = registry.call("POST", "/v1/citizens/lookup", data=BODY, headers=headers)
        problem = (answer.status_code, answer.get_json()["code"])
        assert problem == (415, "unsupported-media-type"), content_type
        assert answer.content_type == "application/problem+json"
    assert {row.outcome for row in registry.rows()} == {"refused"}


def test_r16_json_in_utf8_is_read(registry: Service) -> None:
    for content_type in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        headers = {**PURPOSE, "Content-Type": content_type}
        answer = registry.call("POST", "/v1/citizens/lookup", data=BODY, headers=headers)
        assert _record(answer) == {"sex": {"code": "2", "label": "Nữ"}}


def test_r16_who_accepts_no_json_gets_406(registry: Service) -> None:
    with registry.database.reading() as session:
        record = find_record_ids(session, [LAN])[LAN]
    for accept in ("text/html", "application/xml", "application/json;q=0", "text/csv, image/*"):
        headers = {**PURPOSE, "Accept": accept}
        posted = {**headers, "Content-Type": "application/json"}
        for answer in (
            registry.call("POST", "/v1/citizens/lookup", data=BODY, headers=posted),
            registry.call("GET", f"/v1/citizens/{record}?fields=sex", headers=headers),
        ):
            problem = (answer.status_code, answer.get_json()["code"])
            assert problem == (406, "not-acceptable"), accept
    assert [(r.outcome, r.reason) for r in registry.rows()] == [("refused", "not-acceptable")] * 8


def test_r16_who_accepts_json_gets_it(registry: Service) -> None:
    kinds = ("*/*", "application/*", "text/html, application/json;q=0.5")
    for accept in (*kinds, "application/json;charset=utf-8"):
        headers = {**PURPOSE, "Accept": accept, "Content-Type": "application/json"}
        answer = registry.call("POST", "/v1/citizens/lookup", data=BODY, headers=headers)
        assert (answer.status_code, answer.content_type) == (200, "application/json"), accept
