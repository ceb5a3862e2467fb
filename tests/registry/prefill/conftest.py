"""Two people in the registers, two clients, and a prefill released to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from auth.clients import create_client
from auth.keys import KeyRing
from auth.principals import Agreement, Principal, Purpose
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.households import changes as households
from registry.kernel.access_log import AccessEvent
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.ledger import Change
from registry.prefill.notices import Noticed, Watch, notice_changes
from registry.prefill.releasing import Filled, Release, Released, release
from registry.prefill.values_today import reader
from registry.prefill.verifying import Disagreement, verify
from registry.prefill.versions import current_versions
from registry.prefill.watching import Watched, read_prefill
from tests.people import BAY, LAN, change, document, household

ISSUER = "https://registry.example.vn"
PURPOSE = Purpose("1.013225", "H29-0001")
AGREEMENT = Agreement(
    "a", "ward-office", PURPOSE.procedure, {}, {}, "NĐ 175/2024", date(2026, 1, 1)
)
PERMANENT = document()["residence"]["permanent"]["address"]


@dataclass(frozen=True)
class Opened:
    """A correction as whoever keeps them would open it."""

    id: str
    due_on: date


class Cases:
    """Opens corrections, and remembers of what."""

    def __init__(self) -> None:
        self.told: list[Disagreement] = []

    def open(self, session: object, told: Disagreement) -> Opened:
        del session
        self.told.append(told)
        return Opened(f"case-{len(self.told)}", date(2026, 11, 30))


@dataclass
class Desk:
    """The registers with one released prefill, and the client that got it."""

    database: Database
    keys: KeyRing
    people: Mapping[str, str]
    principal: Principal
    cases: Cases
    released: Released

    def verify(self, submitted: Mapping[str, Any], who: Principal | None = None) -> dict[str, Any]:
        with self.database.transaction() as session:
            return verify(
                session,
                who or self.principal,
                self.released.id,
                submitted,
                reader(),
                self.cases.open,
            )

    def look(self, who: Principal | None = None) -> Watched:
        with self.database.transaction() as session:
            return read_prefill(session, who or self.principal, self.released.id, reader())

    def notice(self, after: str | None = None, limit: int = 10) -> Noticed:
        with self.database.transaction() as session:
            watch = Watch(self.keys.sign, ISSUER, reader())
            return notice_changes(session, watch, after, limit)

    def rewrite(self, **more: Any) -> None:
        """Let the register of citizens say something else of Lan from the year 2000 on."""
        with self.database.transaction() as session:
            load = [change(LAN, date(2000, 1, 1), **more)]
            citizens.apply_changes(session, load, source="test", load=None)

    def rows(self) -> list[AccessEvent]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(AccessEvent).order_by(AccessEvent.id)))


SUBMITTED: Mapping[str, Any] = {
    "owner.full_name": "NGUYỄN THỊ LAN",
    "owner.birth_date": "17/5/1990",
    "owner.sex": "2",
    "owner.address": PERMANENT,
    "household.code": "hk-1".upper(),
    "design.floors": "3",
}


def fields(person: str, home: str, versions: Mapping[tuple[str, str], int]) -> dict[str, Filled]:
    def own(kind: str, path: str, value: Any, lock: str = "locked") -> Filled:
        version = versions["citizens", person]
        return Filled("owner", kind, "ok", lock, value, "citizens", path, person, version)

    version = versions["households", home]
    return {
        "owner.full_name": own("name", "name.full", "Nguyễn Thị Lan"),
        "owner.birth_date": own(
            "partial_date", "birth_date", {"value": "1990-05-17", "precision": "day"}
        ),
        "owner.sex": own("code", "sex", {"code": "2", "label": "Nữ"}, "editable"),
        "owner.address": own("address", "residence.permanent.address", PERMANENT, "confirm"),
        "owner.phone": Filled("owner", "text", "unavailable", "editable"),
        "household.code": Filled(
            "owner", "code", "ok", "locked", "HK-1", "households", "code", home, version
        ),
        "design.floors": Filled("owner", "number", "ok", "editable"),
    }


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    migrations.upgrade(database)
    keys = KeyRing.open(tmp_path / "keys.json")
    with database.transaction() as session:
        for client in ("ward-office", "tax-office"):
            create_client(session, client, client, ["citizens:read"])
        citizens.apply_changes(session, [change(LAN), change(BAY)], source="test", load=None)
        home = [Change(household(), date(2015, 1, 1))]
        households.apply_changes(session, home, source="test", load=None)
        people = find_record_ids(session, [LAN, BAY])
    with database.transaction() as session:
        home_id = session.scalars(sa.select(households.LEDGER.records.id)).one()
        known = current_versions(session, [("citizens", people[LAN]), ("households", home_id)])
        principal = Principal(
            "ward-office",
            frozenset({"prefill:read"}),
            "t" * 32,
            PURPOSE,
            AGREEMENT,
            person_id=people[LAN],
        )
        what = Release(
            "house-permit",
            "2026-11-01",
            "NĐ 175/2024, Điều 54",
            "pairwise-lan",
            None,
            now() + timedelta(days=30),
            fields(people[LAN], home_id, known),
        )
        released = release(session, principal, keys.sign, ISSUER, what)
    yield Desk(database, keys, people, principal, Cases(), released)


@pytest.fixture
def stranger(desk: Desk) -> Principal:
    return replace(desk.principal, client_id="tax-office")
