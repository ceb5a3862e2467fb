"""No answer about land tells of a protected holder: not the past, not a count, not the map."""

from __future__ import annotations

from datetime import date

import pytest

from registry.citizens import changes as citizens
from tests import people
from tests.conftest import Service
from tests.parcels import (
    AROUND,
    COUPLE,
    agree,
    change,
    get,
    holder,
    load,
    person,
    protect,
    told,
)
from tests.people import BAY, LAN


@pytest.fixture
def land(service: Service) -> Service:
    return agree(service)


@pytest.mark.parametrize("secrecy", ["address", "full"])
def test_a_protected_co_holder_withholds_what_concerns_holders(
    land: Service, secrecy: citizens.Secrecy
) -> None:
    ids = load(land, change(holders=COUPLE))
    protect(land, secrecy)
    for path in (
        f"/v1/parcels/{ids['T-1']}?fields=holders.name",
        f"/v1/parcels/{ids['T-1']}/history?fields=holders.name",
        f"/v1/citizens/{person(land)}/parcels?fields=holders.name",
    ):
        assert get(land, path, 403)["code"] == "withheld"
    assert get(land, f"/v1/parcels/{ids['T-1']}?fields=area")["area"]["legal"] == 400.0


def test_an_erased_holder_withholds_too(land: Service) -> None:
    ids = load(land, change(holders=COUPLE))
    with land.database.transaction() as session:
        citizens.erase(session, person(land, BAY))
    assert get(land, f"/v1/parcels/{ids['T-1']}?fields=holders.role", 403)["code"] == "withheld"


def test_a_merged_record_is_protected_by_its_survivor(land: Service) -> None:
    ids = load(land, change())
    with land.database.transaction() as session:
        citizens.merge(session, person(land), person(land, BAY))
    protect(land, "address")
    assert get(land, f"/v1/parcels/{ids['T-1']}?fields=holders.name", 403)["code"] == "withheld"


def test_a_holder_by_a_cancelled_number_is_protected(land: Service) -> None:
    number = {"type": "cancelled_id", "value": "900190000008"}
    with land.database.transaction() as session:
        citizens.apply_changes(
            session, [people.change(LAN, identifiers=[number])], source="test", load=None
        )
    ids = load(land, change(holders=[holder("900190000008")]))
    protect(land, "full", LAN)
    assert get(land, f"/v1/parcels/{ids['T-1']}?fields=holders.name", 403)["code"] == "withheld"


@pytest.mark.parametrize(("secrecy", "status"), [("address", 403), ("full", 404)])
def test_the_parcels_of_a_protected_person_are_not_told(
    land: Service, secrecy: citizens.Secrecy, status: int
) -> None:
    load(land, change())
    protect(land, secrecy, LAN)
    get(land, f"/v1/citizens/{person(land)}/parcels?fields=area", status)
    assert told(land)[-1][0] == "refused"


def test_a_former_holder_who_is_protected_withholds_the_history(land: Service) -> None:
    ids = load(land, change(holders=COUPLE), change(since=date(2020, 1, 1)))
    protect(land, "address")
    path = f"/v1/parcels/{ids['T-1']}"
    assert get(land, f"{path}?fields=holders.name")["holders"][0]["name"] == "Nguyễn Thị Lan"
    assert get(land, f"{path}?fields=holders.name&as_of=2015-01-01", 403)["code"] == "withheld"
    assert get(land, f"{path}/history?fields=holders.name", 403)["code"] == "withheld"
    # What may be told doesn't show that the holders changed.
    assert len(get(land, f"{path}/history?fields=area")["versions"]) == 1


def test_the_map_is_the_same_whoever_is_protected(land: Service) -> None:
    load(land, change(), change("T-2", number="2", column=1, holders=COUPLE))
    before = get(land, f"/v1/parcels?bbox={AROUND}")
    protect(land, "full")
    after = get(land, f"/v1/parcels?bbox={AROUND}")
    assert after["features"] == before["features"]
    assert after["numberReturned"] == 2
    assert land.rows() == []
