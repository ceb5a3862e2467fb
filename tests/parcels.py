"""Made-up parcels for the tests: 20 m squares in two old communes of Ho Chi Minh City."""

from __future__ import annotations

from datetime import date
from typing import Any

import shapely
import sqlalchemy as sa

from auth.agreements import create_agreement
from auth.principals import Agreement
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.kernel.db import Database
from registry.kernel.ledger import Change
from registry.parcels import changes as parcels
from registry.parcels.models import Parcel
from tests import people
from tests.conftest import Service
from tests.people import BAY, LAN

SINCE = date(2010, 5, 4)
COMMUNE = {"code": "27007", "label": "Phường Tân Hòa"}
EAST, NORTH = 603_000.0, 1_192_000.0  # in EPSG:9210, in the middle of the city
SIDE = 20.0


def square(column: int = 0, line: int = 0, side: float = SIDE) -> str:
    """Return the outline of one square of a grid as hexadecimal WKB."""
    west, south = EAST + column * SIDE, NORTH + line * SIDE
    return str(shapely.box(west, south, west + side, south + side).wkb_hex)


def holder(personal_id: str | None = LAN, name: str = "Nguyễn Thị Lan", **more: Any) -> Any:
    return {
        "kind": {"code": "individual", "label": "Cá nhân"},
        "role": {"code": "individual", "label": "Cá nhân"},
        "name": name,
        **({"personal_id": personal_id} if personal_id else {}),
        **more,
    }


def parcel(code: str = "T-1", number: str = "1", column: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "reference": {"commune": COMMUNE, "sheet": "12", "number": number},
        "area": {"legal": 400.0},
        "purposes": [{"purpose": {"code": "ODT", "label": "Đất ở tại đô thị"}, "area": 400.0}],
        "geometry": {"srid": 9210, "wkb": square(column)},
        "holders": [holder()],
        **more,
    }


def change(code: str = "T-1", since: date = SINCE, **more: Any) -> Change:
    return Change(parcel(code, **more), since)


COUPLE = [holder(), holder(BAY, "Trần Văn Bảy")]

LAND = {"Sogoc-Procedure": "1.013225", "Sogoc-Case": "H29-0002"}
GRANTED = {
    "code",
    "reference",
    "references",
    "state",
    "area",
    "purposes",
    "geometry",
    "holders",
    "holders.citizen_id",
    "restrictions",
    "certificates",
    "lineage",
}
AROUND = "106.5,10.6,106.9,10.9"


def agree(service: Service) -> Service:
    """Give the service's client an agreement on parcels, and the register two people."""
    with service.database.transaction() as session:
        create_agreement(
            session,
            Agreement(
                "",
                "ward-office",
                LAND["Sogoc-Procedure"],
                {"parcels": frozenset(GRANTED)},
                {"parcels": frozenset({"reference", "certificate"})},
                "Luật Đất đai 31/2024/QH15, Điều 163",
                date(2026, 1, 1),
            ),
        )
        citizens.apply_changes(
            session, [people.change(LAN), people.change(BAY)], source="test", load=None
        )
    return service


def load(service: Service, *changes: Change) -> dict[str, str]:
    """Write parcels; return the record id of each by its code."""
    with service.database.transaction() as session:
        parcels.apply_changes(session, changes, source="test", load=None)
    return ids(service.database)


def ids(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {row[0]: row[1] for row in session.execute(sa.select(Parcel.code, Parcel.id))}


def person(service: Service, personal_id: str = LAN) -> str:
    with service.database.reading() as session:
        return find_record_ids(session, [personal_id])[personal_id]


def get(service: Service, path: str, status: int = 200) -> Any:
    answer = service.call("GET", path, headers=LAND)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json(force=True)


def look_up(service: Service, status: int = 200, **wanted: Any) -> Any:
    body = {"fields": ["reference"], **wanted}
    answer = service.call("POST", "/v1/parcels/lookup", headers=LAND, json=body)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json()


def protect(service: Service, secrecy: citizens.Secrecy, personal_id: str = BAY) -> None:
    with service.database.transaction() as session:
        citizens.set_secrecy(session, person(service, personal_id), secrecy)


def told(service: Service) -> list[tuple[str, str | None, str | None]]:
    return [(row.outcome, row.reason, row.subject_id) for row in service.rows()]
