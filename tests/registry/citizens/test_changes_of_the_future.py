"""Nothing is recorded that begins or ends in the future: no write would come on that day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from registry.citizens import changes
from registry.citizens.records import find_record_ids
from registry.kernel.clock import today
from registry.kernel.errors import Conflict
from tests.conftest import Service
from tests.people import LAN, change


@pytest.mark.parametrize(("begin", "end"), [(1, None), (1, 2), (-10, 1)])
def test_an_interval_in_the_future_is_refused(
    service: Service, begin: int, end: int | None
) -> None:
    with service.database.transaction() as session:
        changes.apply_changes(session, [change()], source="test", load=None)
        record = find_record_ids(session, [LAN])[LAN]
    with pytest.raises(Conflict), service.database.transaction() as session:
        changes.amend_citizen(
            session,
            record,
            dict,
            valid_from=today() + timedelta(days=begin),
            valid_to=None if end is None else today() + timedelta(days=end),
            source="test",
        )


def test_a_load_of_the_future_is_refused(service: Service) -> None:
    with pytest.raises(Conflict), service.database.transaction() as session:
        tomorrow = change(since=today() + timedelta(days=1))
        changes.apply_changes(session, [tomorrow], source="test", load=None)


def test_what_ended_yesterday_is_recorded(service: Service) -> None:
    with service.database.transaction() as session:
        changes.apply_changes(session, [change()], source="test", load=None)
        record = find_record_ids(session, [LAN])[LAN]
        changes.amend_citizen(
            session,
            record,
            lambda known: {**known, "sex": {"code": "1", "label": "Nam"}},
            valid_from=date(2026, 1, 1),
            valid_to=today(),
            source="test",
        )
    for day, sex in ((today(), "2"), (today() - timedelta(days=1), "1")):
        answer = service.call("GET", f"/v1/citizens/{record}?fields=sex&as_of={day}")
        assert answer.get_json()["sex"]["code"] == sex
