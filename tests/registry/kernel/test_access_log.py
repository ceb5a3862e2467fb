"""No answer without its row; a refusal is a row too."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

import migrations
from registry.kernel.access_log import (
    AccessContext,
    AccessEvent,
    Asker,
    context_of,
    record_access,
    record_refusal,
)
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


def test_rows_of_the_same_purpose_say_it_once(database: Database) -> None:
    migrations.upgrade(database)
    for case in ("H29.1-0001", "H29.1-0002"):
        with database.transaction() as session:
            record_access(session, replace(ASKER, case=case), "not_found", ["name"])
    with database.transaction() as session:
        record_access(session, replace(ASKER, procedure="2.000815"), "not_found", ["name"])
        assert session.scalar(sa.select(sa.func.count()).select_from(AccessContext)) == 2
    assert [(row.case, row.procedure) for row in _rows(database)] == [
        ("H29.1-0001", "1.004222"),
        ("H29.1-0002", "1.004222"),
        ("H29.1-0001", "2.000815"),
    ]


def test_the_id_of_a_context_tells_its_content() -> None:
    told = {context_of(ASKER, ["name", "sex"]).id, context_of(ASKER, ["sex", "name", "sex"]).id}
    assert len(told) == 1
    others = [replace(ASKER, procedure="", legal_basis="x"), replace(ASKER, person_id="p")]
    others += [replace(ASKER, acting_for="p"), replace(ASKER, person_id="p", acting_for="q")]
    assert len({context_of(asker, ["name"]).id for asker in others}) == len(others)
    assert told.isdisjoint(context_of(asker, ["name", "sex"]).id for asker in others)


def test_rows_from_before_contexts_are_kept_in_their_order(empty_database: Database) -> None:
    config = migrations._config()
    step = ScriptDirectory.from_config(config).get_revision("0013")
    assert step is not None
    subject = new_id()
    with empty_database.transaction() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, str(step.down_revision))
        for outcome, whose, why in (
            ("delivered", subject, None),
            ("not_found", None, None),
            ("refused", None, "scope"),
        ):
            session.execute(
                sa.text(
                    "INSERT INTO access_event VALUES (:id, '2026-01-01 00:00:00.5', 'agency-1',"
                    " NULL, '1.004222', 'C-1', '', 'trace-1', :whose, 'name sex', :outcome, :why)"
                ),
                {"id": _plain(new_id()), "whose": _plain(whose), "outcome": outcome, "why": why},
            )
    migrations.upgrade(empty_database)
    kept = _rows(empty_database)
    assert [(row.outcome, row.subject_id, row.reason) for row in kept] == [
        ("delivered", subject, None),
        ("not_found", None, None),
        ("refused", None, "scope"),
    ]
    assert {(row.client_id, row.attributes, row.at.microsecond) for row in kept} == {
        ("agency-1", "name sex", 500_000)
    }


def _plain(key: str | None) -> str | None:
    return key and key.replace("-", "")


def test_answers_of_two_snapshots_can_begin_the_same_context(database: Database) -> None:
    migrations.upgrade(database)
    with database.transaction(snapshot=True) as later:
        later.execute(sa.select(AccessContext))
        if database.dialect == "postgresql":  # SQLite lets nobody else write meanwhile
            with database.transaction(snapshot=True) as first:
                record_access(first, ASKER, "delivered", ["name"], new_id())
        record_access(later, ASKER, "delivered", ["name"], new_id())
    assert len({row.context_id for row in _rows(database)}) == 1
