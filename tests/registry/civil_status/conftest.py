"""A migrated database of each kind with five people, and short ways to write and ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

import migrations
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.citizens.related import documents
from registry.civil_status.changes import Coverage, record_acts, refresh_marital_status
from registry.civil_status.changes import set_coverage as set_coverage_rows
from registry.kernel import clock
from registry.kernel.db import Database
from registry.kernel.ledger import Counts, Moment
from tests.acts import AN, HOA, MINH, change
from tests.people import BAY, LAN
from tests.people import change as citizen


@dataclass
class Books:
    """The registers on one database; people are named by personal id."""

    database: Database

    def record(self, *told: dict[str, Any], load: str | None = None) -> Counts:
        with self.database.transaction() as session:
            return record_acts(session, map(change, told), source="books", load=load)

    def register(self, personal_id: str, **more: Any) -> Counts:
        with self.database.transaction() as session:
            return citizens.apply_changes(
                session, [citizen(personal_id, **more)], source="file", load=None
            )

    def id_of(self, personal_id: str) -> str:
        with self.database.reading() as session:
            return find_record_ids(session, [personal_id])[personal_id]

    def document(
        self, personal_id: str, as_of: date | None = None, known_at: datetime | None = None
    ) -> dict[str, Any]:
        key = self.id_of(personal_id)
        with self.database.reading() as session:
            return dict(documents(session, [key], Moment(as_of, known_at)).get(key, {}))

    def cover(self, *rows: Coverage) -> int:
        with self.database.transaction() as session:
            return set_coverage_rows(session, rows, source="books", load=None)

    def refresh(self, *personal_ids: str) -> int:
        keys = [self.id_of(who) for who in personal_ids]
        with self.database.transaction() as session:
            return refresh_marital_status(session, keys, source="books", load=None)


@pytest.fixture
def books(database: Database) -> Iterator[Books]:
    migrations.upgrade(database)
    made = Books(database)
    with clock.fixed(datetime(2025, 10, 1, tzinfo=UTC)):
        for who in (LAN, BAY, MINH, AN, HOA):
            made.register(who)
    yield made
