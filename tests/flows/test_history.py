"""The history tells what is believed of each interval, its origin, and nothing not asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.kernel import clock
from registry.kernel.ledger import Change
from tests.conftest import Service
from tests.people import LAN, address, change, document

FIRST_LOAD = datetime(2026, 1, 10, 8, tzinfo=UTC)
SECOND_LOAD = datetime(2026, 3, 10, 8, tzinfo=UTC)
MARRIED = {"code": "married", "label": "Đang có vợ hoặc chồng", "state": "known"}
HOME = {"permanent": {"address": address()}}
NEW_HOME = {"permanent": {"address": address("26743", "Phường Bến Thành")}}


@pytest.fixture
def record(service: Service) -> str:
    """Give a person who was loaded, and whose move of 2020 a second load told later."""
    with service.database.transaction() as session:
        with clock.fixed(FIRST_LOAD):
            changes.apply_changes(session, [change(residence=HOME)], source="a.csv", load="load-1")
        with clock.fixed(SECOND_LOAD):
            moved = change(since=date(2020, 5, 1), residence=NEW_HOME)
            changes.apply_changes(session, [moved], source="b.csv", load="load-2")
        return find_record_ids(session, [LAN])[LAN]


def _history(service: Service, record: str, fields: str) -> list[dict[str, Any]]:
    answer = service.call("GET", f"/v1/citizens/{record}/history?fields={fields}")
    assert answer.status_code == 200, answer.get_json()
    versions: list[dict[str, Any]] = answer.get_json()["versions"]
    return versions


def test_who_may_not_be_known_has_no_history(service: Service, record: str) -> None:
    nobody = service.call("GET", f"/v1/citizens/{document()['personal_id']}/history?fields=sex")
    with service.database.transaction() as session:
        changes.set_secrecy(session, record, "full")
    hidden = service.call("GET", f"/v1/citizens/{record}/history?fields=sex")
    told = [{**a.get_json(), "trace_id": ""} for a in (hidden, nobody)]
    assert told[0] == told[1]
    assert (hidden.status_code, nobody.status_code) == (404, 404)


def test_a_protected_address_withholds_its_past_too(service: Service, record: str) -> None:
    with service.database.transaction() as session:
        changes.set_secrecy(session, record, "address")
    for fields in ("residence", "name,residence.permanent.valid_from", "effective_residence"):
        answer = service.call("GET", f"/v1/citizens/{record}/history?fields={fields}")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "withheld")
    # The move shows in no way in what may still be asked.
    (version,) = _history(service, record, "name.full")
    assert version["valid_from"] == "1990-05-17"
    assert {row.outcome for row in service.rows()} == {"refused", "delivered"}


def test_no_moment_is_asked_of_a_history(service: Service, record: str) -> None:
    for more in ("as_of=2020-01-01", "known_at=2020-01-01T00:00:00Z"):
        answer = service.call("GET", f"/v1/citizens/{record}/history?fields=sex&{more}")
        assert answer.status_code == 400


def test_each_version_names_its_source_load_and_moment(service: Service, record: str) -> None:
    path = "residence.permanent.address"
    assert _history(service, record, path) == [
        {
            "valid_from": "1990-05-17",
            "valid_to": "2020-05-01",
            "recorded_at": FIRST_LOAD.isoformat(),
            "source": "a.csv",
            "load": "load-1",
            "record": {"residence": HOME},
        },
        {
            "valid_from": "2020-05-01",
            "recorded_at": SECOND_LOAD.isoformat(),
            "source": "b.csv",
            "load": "load-2",
            "record": {"residence": NEW_HOME},
        },
    ]
    (row,) = service.rows()
    assert (row.outcome, row.subject_id, row.attributes) == ("delivered", record, path)


def test_equal_neighbours_are_one_and_tell_of_no_other_change(
    service: Service, record: str
) -> None:
    """Neither a bound, a moment, a source nor a load may say that something else changed."""
    assert _history(service, record, "name.full,sex") == [
        {
            "valid_from": "1990-05-17",
            "recorded_at": FIRST_LOAD.isoformat(),
            "source": "a.csv",
            "load": "load-1",
            "record": {
                "name": {"full": "Nguyễn Thị Lan"},
                "sex": {"code": "2", "label": "Nữ"},
            },
        }
    ]


def test_a_correction_of_the_past_names_itself(service: Service, record: str) -> None:
    with service.database.transaction() as session:
        changes.amend_citizen(
            session,
            record,
            lambda known: {**known, "marital_status": MARRIED},
            valid_from=date(2010, 1, 1),
            valid_to=date(2015, 1, 1),
            source="decision 12",
        )
    told = _history(service, record, "marital_status")
    assert [(v["valid_from"], v.get("valid_to"), v["record"], v["source"]) for v in told] == [
        ("1990-05-17", "2010-01-01", {}, "a.csv"),
        ("2010-01-01", "2015-01-01", {"marital_status": MARRIED}, "decision 12"),
        ("2015-01-01", None, {}, "a.csv"),
    ]
    assert "load" not in told[1]


def test_what_was_said_again_after_a_gap_is_from_then(service: Service, record: str) -> None:
    before = document(residence=NEW_HOME, sex={"code": "1", "label": "Nam"})
    with service.database.transaction() as session:
        changes.apply_changes(
            session, [Change(before, date(1990, 5, 17))], source="c.csv", load=None
        )
        changes.apply_changes(session, [change(residence=HOME)], source="d.csv", load=None)
    assert [v["source"] for v in _history(service, record, "sex")] == ["d.csv"]


def test_a_wrong_version_never_answers(service: Service, record: str) -> None:
    with service.database.transaction() as session:
        changes.mark_wrong(session, record, date(2021, 1, 1))
    told = _history(service, record, "residence.permanent.address")
    assert [(v["valid_from"], v.get("valid_to")) for v in told] == [("1990-05-17", "2020-05-01")]
    assert told[0]["record"] == {"residence": HOME}


def test_a_merged_record_leads_to_the_survivor(service: Service, record: str) -> None:
    other = "900190000021"
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(other)], source="test", load=None)
        merged = find_record_ids(session, [other])[other]
        changes.merge(session, merged, record)
    answer = service.call("GET", f"/v1/citizens/{merged}/history?fields=sex")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"/v1/citizens/{record}/history?fields=sex"


def test_an_age_has_no_history(service: Service, record: str) -> None:
    (version,) = _history(service, record, "age,birth_date")
    assert version["record"] == {"birth_date": {"value": "1990-05-17", "precision": "day"}}


def test_every_day_tells_what_a_question_about_it_tells(service: Service) -> None:
    """The history and `as_of` are two views of one truth, on each day around every turn."""
    term = {"address": address(), "valid_from": {"value": "2018-03-05", "precision": "day"}}
    homes: dict[str, Any] = {
        "permanent": {"address": address(), "valid_from": {"value": "2019", "precision": "year"}},
        "temporary": {**term, "term_end": "2018-09-30"},
        "current": {"address": address("26743", "Phường Bến Thành")},
    }
    absence = {
        "valid_from": {"value": "2021-02-03", "precision": "day"},
        "until": {"value": "2021-04", "precision": "month"},
    }
    with service.database.transaction() as session:
        away = change(residence=homes, temporary_absence=absence)
        changes.apply_changes(session, [away], source="test", load=None)
        record = find_record_ids(session, [LAN])[LAN]
        changes.amend_citizen(
            session,
            record,
            lambda known: {**known, "marital_status": MARRIED},
            valid_from=date(2018, 6, 1),
            valid_to=date(2019, 6, 1),
            source="test",
        )
    fields = "residence,effective_residence,marital_status,temporary_absence"
    told = _history(service, record, fields)
    turns = [date.fromisoformat(version["valid_from"]) for version in told]
    assert len(turns) == 10
    for day in {turn + timedelta(days=shift) for turn in turns for shift in (-1, 0, 1)}:
        (answer,) = [
            version["record"]
            for version in told
            if version["valid_from"] <= day.isoformat() < version.get("valid_to", "9999")
        ] or [{}]
        asked = service.call("GET", f"/v1/citizens/{record}?fields={fields}&as_of={day}")
        assert asked.get_json() == {"id": record, **answer}, day
