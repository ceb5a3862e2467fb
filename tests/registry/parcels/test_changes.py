"""Writing parcels: the same file twice says nothing new, whatever links have added since."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import migrations
from registry.citizens import changes as citizens
from registry.citizens.records import find_record_ids
from registry.kernel.db import Database
from registry.kernel.errors import Invalid
from registry.kernel.ledger import Change, Counts
from registry.parcels import changes, spatial
from registry.parcels.lineage import family
from registry.parcels.models import Parcel, ParcelGeometry, ParcelVersion
from registry.parcels.records import holds_parcel
from registry.parcels.references import Written
from tests import people
from tests.parcels import COUPLE, change, holder
from tests.people import BAY, LAN

SPLIT = date(2020, 3, 2)
WORLD = (-180.0, -90.0, 180.0, 90.0)


@pytest.fixture
def land(database: Database) -> Database:
    migrations.upgrade(database)
    return database


def load(database: Database, *wanted: Change) -> Counts:
    with database.transaction() as session:
        return changes.apply_changes(session, wanted, source="test", load=None)


def current(session: Session, code: str) -> Parcel:
    return session.scalars(sa.select(Parcel).where(Parcel.code == code)).one()


def document(database: Database, code: str) -> dict[str, Any]:
    with database.reading() as session:
        return current(session, code).document


def on_map(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.code for row in spatial.within(session, (Parcel.code,), WORLD, 0, 100)]


def came_from(source: str, event: str = "split", on: date = SPLIT) -> dict[str, Any]:
    entry = {"code": source, "event": {"code": event}, "on": on.isoformat()}
    return {"lineage": {"from": [entry]}}


def split() -> list[Change]:
    return [
        change("T-1"),
        change("T-2", SPLIT, number="2", **came_from("T-1")),
        change("T-3", SPLIT, number="3", column=1, **came_from("T-1")),
    ]


# Refusals


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"srid": None, "wkb": change().document["geometry"]["wkb"]}, "crs_missing"),
        ({"srid": 1, "wkb": change().document["geometry"]["wkb"]}, "crs_unknown"),
        ({"srid": 9210, "wkb": "00"}, "invalid_geometry"),
        ({"srid": 9210, "wkb": "no number"}, "invalid_geometry"),
    ],
)
def test_a_load_with_one_bad_outline_is_refused_whole(
    land: Database, geometry: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        load(land, change("T-1"), change("T-2", geometry=geometry))
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/T-2", code)]
    assert on_map(land) == []


def test_a_permanent_id_belongs_to_one_parcel(land: Database) -> None:
    load(land, change("T-1", parcel_id="07954.1.2"))
    with pytest.raises(Invalid) as refused:
        load(land, change("T-2", parcel_id="07954.1.2"))
    assert [e.pointer for e in refused.value.errors] == ["/T-1", "/T-2"]
    with pytest.raises(Invalid):
        load(land, change("T-3", parcel_id="9"), change("T-4", parcel_id="9"))


# Lineage


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_both_ends_of_a_split_tell_of_it_in_whatever_order(
    land: Database, order: tuple[int, ...]
) -> None:
    for place in order:
        load(land, split()[place])
    told = document(land, "T-1")
    assert told["state"]["code"] == "retired"
    assert [entry["code"] for entry in told["lineage"]["to"]] == ["T-2", "T-3"]
    assert sorted(on_map(land)) == ["T-2", "T-3"]


def test_the_end_that_is_told_by_the_source_reaches_the_target(land: Database) -> None:
    entry = {"code": "T-2", "event": {"code": "renumber"}, "on": SPLIT.isoformat()}
    load(land, change("T-2", number="2"), change("T-1", column=1, lineage={"to": [entry]}))
    assert document(land, "T-2")["lineage"]["from"][0]["code"] == "T-1"
    # The land of a renumbered parcel is still there.
    assert document(land, "T-1")["state"]["code"] == "active"


def test_a_file_that_comes_again_does_not_revive_a_split_parcel(land: Database) -> None:
    load(land, *split())
    assert load(land, *split()) == Counts(unchanged=3)
    assert load(land, change("T-1")) == Counts(unchanged=1)
    assert document(land, "T-1")["state"]["code"] == "retired"


def test_real_news_of_a_split_parcel_is_written_and_keeps_its_end(land: Database) -> None:
    load(land, *split())
    assert load(land, change("T-1", address={"as_recorded": "Ấp 2"})).changed == 1
    told = document(land, "T-1")
    assert told["address"] == {"as_recorded": "Ấp 2"}
    assert told["state"]["code"] == "retired"
    assert [entry["code"] for entry in told["lineage"]["to"]] == ["T-2", "T-3"]


def test_a_family_is_found_though_its_source_is_not_in_the_register(land: Database) -> None:
    load(land, *split()[1:])
    with land.reading() as session:
        parcels, links = family(session, current(session, "T-2"))
    assert ([p.code for p in parcels], links) == (["T-2", "T-3"], [])


# Geometry


def test_an_outline_is_kept_once_for_all_versions_that_name_it(land: Database) -> None:
    load(land, change(), change(since=date(2020, 1, 1), holders=COUPLE))
    with land.reading() as session:
        versions = session.scalar(
            sa.select(sa.func.count()).where(ParcelVersion.superseded_at.is_(None))
        )
        kept = session.scalars(sa.select(ParcelGeometry)).all()
    assert (versions, len(kept)) == (2, 1)
    assert kept[0].wkb.hex().upper() == change().document["geometry"]["wkb"].upper()


def test_a_wrong_version_gives_the_map_back_its_former_outline(land: Database) -> None:
    load(land, change())
    moved = change(since=date(2020, 1, 1), geometry=change(column=5).document["geometry"])
    load(land, moved)
    with land.transaction() as session:
        key = current(session, "T-1").id
        changes.amend_parcel(
            session,
            key,
            lambda was: {**was, "geometry": dict(_first(session).document["geometry"])},
            valid_from=date(2020, 1, 1),
            source="correction",
        )
    with land.reading() as session:
        row = current(session, "T-1")
        assert row.geometry is not None
        assert row.geometry.hex().upper() == change().document["geometry"]["wkb"].upper()
        box = (row.min_x, row.min_y, row.max_x, row.max_y)
        assert None not in box
        found = spatial.within(session, (Parcel.code,), box, 0, 10)  # type: ignore[arg-type]
        assert [hit.code for hit in found] == ["T-1"]


def _first(session: Session) -> ParcelVersion:
    return session.scalars(sa.select(ParcelVersion).order_by(ParcelVersion.id)).first()  # type: ignore[return-value]


def test_a_parcel_whose_only_version_is_wrong_is_on_no_map(land: Database) -> None:
    load(land, change())
    with land.transaction() as session:
        changes.mark_wrong(session, current(session, "T-1").id, date(2026, 1, 1))
    assert on_map(land) == []


def test_a_parcel_without_an_outline_is_kept_off_the_map(land: Database) -> None:
    bare = {key: value for key, value in change().document.items() if key != "geometry"}
    load(land, Change({**bare, "area": {"legal": 5.0, "computed": 9.0}}, date(2010, 1, 1)))
    assert on_map(land) == []
    assert document(land, "T-1")["area"] == {"legal": 5.0}


def test_a_page_of_a_rectangle_that_holds_very_many_is_found_by_walking(land: Database) -> None:
    load(land, *(change(f"T-{n:03}", number=str(n), column=n) for n in range(30)))
    most = spatial.MOST_HITS
    with land.reading() as session:
        near = spatial.within(session, (Parcel.code, Parcel.row), WORLD, 0, 10)
        walked = spatial.within(session, (Parcel.code, Parcel.row), WORLD, 0, 10, most=5)
        later = spatial.within(session, (Parcel.code,), WORLD, walked[-1].row, 10, most=5)
        none = spatial.within(session, (Parcel.code,), WORLD, 10**6, 10, most=5)
    assert most > 5
    assert [row.code for row in near] == [row.code for row in walked]
    assert [row.code for row in later] == [f"T-{n:03}" for n in range(10, 20)]
    assert none == []


# Who holds


def test_holding_is_match_no_match_or_unknown(land: Database) -> None:
    with land.transaction() as session:
        citizens.apply_changes(
            session, [people.change(LAN), people.change(BAY)], source="test", load=None
        )
    load(
        land,
        change("T-1", holders=[holder()]),
        change("T-1", date(2020, 1, 1), holders=[holder(BAY)]),
        change("T-2", number="2", column=1, holders=[holder(None, "Không Rõ Số")]),
        change("T-3", number="3", column=2, holders=[]),
    )
    with land.transaction() as session:
        ids = find_record_ids(session, [LAN, BAY])
        lan, bay = ids[LAN], ids[BAY]
        keys = {code: current(session, code).id for code in ("T-1", "T-2", "T-3")}
        first, later = date(2015, 1, 1), date(2021, 1, 1)
        assert holds_parcel(session, lan, keys["T-1"], first) == "match"
        assert holds_parcel(session, lan, keys["T-1"], later) == "no_match"
        assert holds_parcel(session, bay, Written("27007", "12", "1"), later) == "match"
        assert holds_parcel(session, lan, keys["T-1"], date(2000, 1, 1)) == "unknown"
        assert holds_parcel(session, lan, keys["T-2"], later) == "unknown"
        assert holds_parcel(session, lan, keys["T-3"], later) == "unknown"
        assert holds_parcel(session, lan, "nothing", later) == "unknown"
        assert holds_parcel(session, keys["T-1"], keys["T-1"], later) == "unknown"
        citizens.set_secrecy(session, bay, "address")
        assert holds_parcel(session, bay, keys["T-1"], later) == "unknown"
