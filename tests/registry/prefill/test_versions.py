"""Every register says what it has now of a record, and nothing of whom nobody may hear of."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

import migrations
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.civil_status import changes as civil_status
from registry.civil_status.models import CivilAct
from registry.households import changes as households
from registry.households.models import Household
from registry.kernel.db import Database, new_id
from registry.kernel.ledger import Change
from registry.parcels import changes as parcels
from registry.parcels.models import Parcel
from registry.prefill.versions import REGISTERS, RecordKey, current_versions
from tests import acts
from tests.parcels import change as parcel
from tests.people import BAY, LAN, change, household


@pytest.fixture
def records(database: Database) -> dict[str, str]:
    """Write a record of each register that tells of Lan; return the record ids."""
    migrations.upgrade(database)
    with database.transaction() as session:
        citizens.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        home = [Change(household(), date(2015, 1, 1))]
        households.apply_changes(session, home, source="test", load=None)
        born = [acts.change(acts.birth("K-1", "1990-06-01", LAN, father=BAY))]
        civil_status.record_acts(session, born, source="test", load=None)
        parcels.apply_changes(session, [parcel()], source="test", load=None)
        return {
            "citizens": find_record_ids(session, [LAN])[LAN],
            "households": session.scalars(sa.select(Household.id)).one(),
            "civil_status": session.scalars(sa.select(CivilAct.id)).one(),
            "parcels": session.scalars(sa.select(Parcel.id)).one(),
        }


def _versions(database: Database, asked: list[RecordKey]) -> dict[RecordKey, int]:
    with database.reading() as session:
        return current_versions(session, asked)


def test_what_is_nowhere_has_no_version(database: Database, records: dict[str, str]) -> None:
    unknown = [(register, new_id()) for register in REGISTERS]
    assert _versions(database, [*unknown, ("stars", records["citizens"])]) == {}
    # A record is one of its own register only.
    crossed = list(zip(records, reversed(records.values()), strict=True))
    assert _versions(database, crossed) == {}


def test_of_whoever_is_protected_no_register_tells(
    database: Database, records: dict[str, str]
) -> None:
    with database.reading() as session:
        for register, record in records.items():
            assert set(REGISTERS[register].present(session, [record])) == {record}
    with database.transaction() as session:
        citizens.set_secrecy(session, records["citizens"], "address")
    with database.reading() as session:
        for register, record in records.items():
            assert REGISTERS[register].present(session, [record]) == {}


def test_whoever_was_merged_is_not_told_by_the_old_record(
    database: Database, records: dict[str, str]
) -> None:
    with database.transaction() as session:
        into = find_record_ids(session, [BAY])[BAY]
        citizens.merge(session, records["citizens"], into)
        present = REGISTERS["citizens"].present(session, [records["citizens"], into])
    assert set(present) == {into}


def test_a_version_counts_what_was_written(database: Database, records: dict[str, str]) -> None:
    asked = list(records.items())
    before = _versions(database, asked)
    assert set(before) == set(asked)
    with database.transaction() as session:
        other = change(LAN, date(2020, 1, 1), sex={"code": "1", "label": "Nam"})
        citizens.apply_changes(session, [other], source="test", load=None)
        larger = parcel(since=date(2020, 1, 1), area={"legal": 500.0})
        parcels.apply_changes(session, [larger], source="test", load=None)
    after = _versions(database, asked)
    assert {key for key in asked if after[key] > before[key]} == {
        ("citizens", records["citizens"]),
        ("parcels", records["parcels"]),
    }


def test_each_register_is_asked_by_one_statement(
    database: Database, records: dict[str, str]
) -> None:
    told: list[str] = []
    asked = list(records.items()) + [(register, new_id()) for register in REGISTERS] * 50
    with database.reading() as session:
        session.connection()
        sa.event.listen(
            database.engine, "before_cursor_execute", lambda *given: told.append(given[2])
        )
        current_versions(session, asked)
    assert len(told) == len(REGISTERS)
