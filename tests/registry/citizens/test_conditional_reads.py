"""An unchanged answer is 304, is logged all the same, and its tag tells of nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from werkzeug.test import TestResponse

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.kernel import clock
from tests.conftest import PURPOSE, Service
from tests.people import LAN, change


@pytest.fixture
def record(service: Service) -> str:
    with service.database.transaction() as session:
        changes.apply_changes(session, [change()], source="test", load=None)
        return find_record_ids(session, [LAN])[LAN]


def _read(service: Service, record: str, query: str, tag: str = "") -> TestResponse:
    headers = {**PURPOSE, **({"If-None-Match": tag} if tag else {})}
    return service.call("GET", f"/v1/citizens/{record}?{query}", headers=headers)


def test_a_tag_opens_nothing_that_is_closed(service: Service, record: str) -> None:
    tag = _read(service, record, "fields=residence").headers["ETag"]
    assert _read(service, record, "fields=religion", tag).status_code == 403
    with service.database.transaction() as session:
        changes.set_secrecy(session, record, "address")
    assert _read(service, record, "fields=residence", tag).status_code == 403
    with service.database.transaction() as session:
        changes.set_secrecy(session, record, "full")
    for any_tag in (tag, "*"):
        assert _read(service, record, "fields=residence", any_tag).status_code == 404


def test_an_unchanged_answer_is_304_and_logged_as_delivered(service: Service, record: str) -> None:
    first = _read(service, record, "fields=sex")
    again = _read(service, record, "fields=sex", first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "no-store"
    assert [(row.outcome, row.subject_id, row.attributes) for row in service.rows()] == [
        ("delivered", record, "sex")
    ] * 2


def test_a_changed_answer_is_told_whole(service: Service, record: str) -> None:
    tag = _read(service, record, "fields=sex").headers["ETag"]
    with service.database.transaction() as session:
        male = change(since=date(2026, 1, 1), sex={"code": "1", "label": "Nam"})
        changes.apply_changes(session, [male], source="test", load=None)
    changed = _read(service, record, "fields=sex", tag)
    assert (changed.status_code, changed.get_json()["sex"]["code"]) == (200, "1")
    assert changed.headers["ETag"] != tag


def test_a_tag_does_not_tell_of_a_change_elsewhere(service: Service, record: str) -> None:
    tag = _read(service, record, "fields=sex").headers["ETag"]
    with service.database.transaction() as session:
        believer = change(since=date(2026, 1, 1), religion={"code": "02", "label": "Phật giáo"})
        changes.apply_changes(session, [believer], source="test", load=None)
    assert _read(service, record, "fields=sex", tag).status_code == 304


def test_a_birthday_changes_the_tag_of_an_age(service: Service, record: str) -> None:
    with clock.fixed(datetime(2026, 5, 16, 3, tzinfo=UTC)):
        tag = _read(service, record, "fields=age").headers["ETag"]
        assert _read(service, record, "fields=age", tag).status_code == 304
    with clock.fixed(datetime(2026, 5, 17, 3, tzinfo=UTC)):
        assert _read(service, record, "fields=age", tag).get_json()["age"]["least"] == 36


def test_a_flag_changes_the_tag(service: Service, record: str) -> None:
    tag = _read(service, record, "fields=sex").headers["ETag"]
    with service.database.transaction() as session:
        changes.set_review(session, record, "sex", open_=True, source="test")
    assert _read(service, record, "fields=sex", tag).get_json()["under_review"] == ["sex"]
