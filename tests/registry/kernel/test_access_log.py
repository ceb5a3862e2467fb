"""No answer without its row; a refusal is a row too."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import migrations
from registry.kernel.access_log import AccessEvent, Asker, record_access, record_refusal
from registry.kernel.db import Database, new_id

ASKER = Asker("agency-1", "1.004222", "H29.1-0001", "Luật Cư trú 68/2020/QH14", "trace-1")


def _rows(database: Database) -> list[AccessEvent]:
    with database.reading() as session:
        return list(session.scalars(sa.select(AccessEvent).order_by(AccessEvent.id)))


def test_a_rolled_back_read_leaves_no_row_but_its_refusal_stays(database: Database) -> None:
    migrations.upgrade(database)

    def read_and_fail() -> None:
        with database.transaction() as session:
            record_access(session, ASKER, "delivered", ["name"], new_id())
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        read_and_fail()
    record_refusal(database, ASKER, "outside-agreement", ["religion"])
    assert [(row.outcome, row.reason) for row in _rows(database)] == [
        ("refused", "outside-agreement")
    ]


def test_a_row_says_who_why_whose_and_what_sorted(database: Database) -> None:
    migrations.upgrade(database)
    subject = new_id()
    with database.transaction() as session:
        record_access(session, ASKER, "delivered", ["sex", "name", "sex"], subject)
        record_access(session, ASKER, "not_found", ["name"])
    found, missing = _rows(database)
    assert (found.client_id, found.procedure, found.case) == ("agency-1", "1.004222", "H29.1-0001")
    assert (found.subject_id, found.attributes) == (subject, "name sex")
    assert (missing.outcome, missing.subject_id) == ("not_found", None)


def test_a_delivery_to_nobody_is_refused_by_the_database(database: Database) -> None:
    migrations.upgrade(database)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        record_access(session, ASKER, "delivered", ["name"])
    assert _rows(database) == []
