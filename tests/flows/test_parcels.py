"""The land register over HTTP: what is refused, what is logged, what is answered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from registry.citizens import changes as citizens
from registry.examples import EXAMPLES
from tests import people
from tests.conftest import Service
from tests.parcels import (
    AROUND,
    COUPLE,
    LAND,
    agree,
    change,
    get,
    holder,
    load,
    look_up,
    person,
    told,
)
from tests.people import BAY


@pytest.fixture
def land(service: Service) -> Service:
    return agree(service)


def test_a_group_does_not_reach_the_sensitive_parts_below_it(land: Service) -> None:
    ids = load(land, change())
    refused = get(land, f"/v1/parcels/{ids['T-1']}?fields=holders", 403)
    assert refused["attributes"] == [
        "holders.address",
        "holders.organisation_id",
        "holders.personal_id",
    ]
    assert told(land) == [("refused", "outside-agreement", None)]
    refused = get(land, f"/v1/parcels/{ids['T-1']}?fields=restrictions.party", 403)
    assert refused["attributes"] == ["restrictions.party"]


def test_a_criterion_outside_the_agreement_is_refused(land: Service) -> None:
    assert look_up(land, 403, parcel_id="07954.1.2")["attributes"] == ["parcel_id"]


@pytest.mark.parametrize(
    "wanted", [{}, {"certificate": "AĐ 266864", "parcel_id": "1"}, {"reference": {"sheet": "1"}}]
)
def test_a_look_up_is_by_one_whole_criterion(land: Service, wanted: dict[str, Any]) -> None:
    body = {"fields": ["reference"], **wanted}
    answer = land.call("POST", "/v1/parcels/lookup", headers=LAND, json=body)
    assert answer.status_code in {400, 422}


def test_a_reference_that_fits_several_names_the_candidates(land: Service) -> None:
    ids = load(land, change("T-1"), change("T-2", column=1))
    refused = look_up(land, 409, reference={"commune": "27007", "sheet": "12", "number": "1"})
    assert (refused["code"], len(refused["candidates"])) == ("ambiguous", 2)
    assert {entry["id"] for entry in refused["candidates"]} == set(ids.values())
    assert refused["candidates"][0]["reference"]["sheet"] == "12"
    assert told(land) == [("refused", "ambiguous", None)]


@pytest.mark.parametrize("path", ["", "/history", "/lineage"])
def test_an_unknown_parcel_is_not_found(land: Service, path: str) -> None:
    query = "" if path == "/lineage" else "?fields=area"
    get(land, f"/v1/parcels/0198c0de-0000-7000-8000-000000000001{path}{query}", 404)
    assert told(land) == [("refused", "not-found", None)]
    get(land, f"/v1/parcels/nothing{path}{query}", 404)


def test_each_registered_holder_gets_an_access_row(land: Service) -> None:
    ids = load(land, change(holders=[*COUPLE, holder("900190000009", "Chưa Đăng Ký")]))
    found = get(land, f"/v1/parcels/{ids['T-1']}?fields=holders.name,area")
    assert [h["name"] for h in found["holders"]][-1] == "Chưa Đăng Ký"
    assert {row.subject_id for row in land.rows()} == {person(land), person(land, BAY)}
    assert {row.attributes for row in land.rows()} == {"area.computed area.legal holders.name"}


def test_a_parcel_without_registered_holder_is_logged_too(land: Service) -> None:
    ids = load(land, change(holders=[]))
    get(land, f"/v1/parcels/{ids['T-1']}?fields=area")
    assert told(land) == [("delivered", None, ids["T-1"])]


def test_a_holder_registered_after_the_parcel_is_logged(land: Service) -> None:
    ids = load(land, change(holders=[holder("900190000009", "Đến Sau")]))
    with land.database.transaction() as session:
        citizens.apply_changes(session, [people.change("900190000009")], source="test", load=None)
    get(land, f"/v1/parcels/{ids['T-1']}?fields=area")
    assert told(land) == [("delivered", None, person(land, "900190000009"))]


def test_the_map_needs_scope_and_purpose_and_logs_its_refusals(land: Service) -> None:
    answer = land.call("GET", f"/v1/parcels?bbox={AROUND}", headers={})
    assert answer.status_code == 400
    assert told(land) == [("refused", "purpose-missing", None)]


def test_the_surveyed_coordinates_are_delivered_as_they_came(land: Service) -> None:
    ids = load(land, change())
    found = get(land, f"/v1/parcels/{ids['T-1']}?fields=geometry,area,state")
    assert found["geometry"]["srid"] == 9210
    assert found["geometry"]["transformation"] == "EPSG:6960 VN-2000 to WGS 84 (2)"
    assert [603020.0, 1192000.0] in found["geometry"]["coordinates"][0]
    assert found["area"] == {"legal": 400.0, "computed": 400.0}
    assert found["state"] == {"code": "active", "label": "Đang sử dụng"}


def test_a_tag_answers_an_unchanged_parcel(land: Service) -> None:
    path = f"/v1/parcels/{load(land, change())['T-1']}?fields=area"
    tag = land.call("GET", path, headers=LAND).headers["ETag"]
    again = land.call("GET", path, headers={**LAND, "If-None-Match": tag})
    assert again.status_code == 304
    assert len(land.rows()) == 2


def test_a_new_outline_is_a_version_of_its_own(land: Service) -> None:
    load(land, change())
    moved: dict[str, Any] = {
        "geometry": {"srid": 9210, "wkb": change(column=3).document["geometry"]["wkb"]}
    }
    path = f"/v1/parcels/{load(land, change(since=date(2020, 1, 1), **moved))['T-1']}"
    first, second = get(land, f"{path}/history?fields=geometry.coordinates")["versions"]
    assert first["valid_to"] == second["valid_from"] == "2020-01-01"
    assert [603000.0, 1192000.0] in first["record"]["geometry"]["coordinates"][0]
    assert [603080.0, 1192000.0] in second["record"]["geometry"]["coordinates"][0]
    then = get(land, f"{path}?fields=geometry.coordinates&as_of=2015-01-01")
    assert then["geometry"] == first["record"]["geometry"]


def test_a_citizen_s_parcels_are_those_of_the_day(land: Service) -> None:
    load(
        land,
        change(holders=COUPLE),
        change(since=date(2020, 1, 1), holders=[holder(BAY)]),
        change("T-2", number="2", column=1),
    )
    path = f"/v1/citizens/{person(land)}/parcels?fields=reference"
    assert [p["reference"]["number"] for p in get(land, path)["parcels"]] == ["2"]
    then = get(land, f"{path}&as_of=2015-01-01")["parcels"]
    assert [p["reference"]["number"] for p in then] == ["1", "2"]


def test_holding_nothing_is_an_answer_and_is_logged(land: Service) -> None:
    path = f"/v1/citizens/{person(land)}/parcels?fields=reference"
    assert get(land, path) == {"parcels": []}
    assert told(land) == [("not_found", None, person(land))]


def test_a_serial_is_found_however_it_is_spaced(land: Service) -> None:
    load(land, change(certificates=[{"serial": "AĐ 266864"}]))
    assert look_up(land, certificate="aÐ266864")["reference"]["number"] == "1"
    look_up(land, 404, certificate="AD 266864")


def test_an_old_reference_needs_its_day_where_codes_changed_meaning(land: Service) -> None:
    old = {"commune": "26740", "commune_as_of": "2020-01-01", "sheet": "5", "number": "9"}
    new = {"commune": {"code": "26740", "label": "Phường Sài Gòn"}, "sheet": "5", "number": "9"}
    ids = load(land, change("OLD", references=[old]), change("NEW", column=1, reference=new))
    asked = {"commune": "26740", "sheet": "5", "number": "9"}
    assert look_up(land, 409, reference=asked)["code"] == "ambiguous"
    assert look_up(land, reference={**asked, "as_of": "2021-06-01"})["id"] == ids["OLD"]
    assert look_up(land, reference={**asked, "as_of": "2026-06-01"})["id"] == ids["NEW"]


def test_map_sets_numbered_alike_are_told_apart(land: Service) -> None:
    entry = {"commune": "27007", "sheet": "1", "number": "7"}
    ids = load(
        land,
        change("A", number="71", references=[{**entry, "scale": "1/500"}]),
        change("B", number="72", column=1, references=[{**entry, "scale": "1/1000"}]),
    )
    assert len(look_up(land, 409, reference=entry)["candidates"]) == 2
    assert look_up(land, reference={**entry, "scale": "1/500"})["id"] == ids["A"]
    look_up(land, 404, reference={**entry, "scale": "1/200"})


def test_a_split_is_told_from_both_ends(land: Service) -> None:
    came = {"lineage": {"from": [{"code": "T-1", "event": {"code": "split"}, "on": "2020-03-02"}]}}
    since = date(2020, 3, 2)
    ids = load(
        land,
        change(),
        change("T-2", number="2", since=since, **came),
        change("T-3", number="3", column=1, since=since, **came),
    )
    found = get(land, f"/v1/parcels/{ids['T-2']}/lineage")
    assert {p["id"]: p["state"]["code"] for p in found["parcels"]} == {
        ids["T-1"]: "retired",
        ids["T-2"]: "active",
        ids["T-3"]: "active",
    }
    assert [(e["from"], e["to"], e["on"]) for e in found["events"]] == [
        (ids["T-1"], ids["T-2"], "2020-03-02"),
        (ids["T-1"], ids["T-3"], "2020-03-02"),
    ]
    before = get(land, f"/v1/parcels/{ids['T-1']}?fields=state&as_of=2020-03-01")
    assert before["state"]["code"] == "active"
    on_map = get(land, f"/v1/parcels?bbox={AROUND}")["features"]
    assert {feature["id"] for feature in on_map} == {ids["T-2"], ids["T-3"]}


def test_more_parcels_are_not_more_questions(land: Service) -> None:
    path = f"/v1/citizens/{person(land)}/parcels?fields=holders.name,geometry"
    load(land, change())
    get(land, path)  # once before, for what is read at the first request of any kind
    few = questions(land, path)
    load(land, *(change(f"T-{n}", number=str(n), column=n) for n in range(2, 9)))
    assert len(get(land, path)["parcels"]) == 8
    assert questions(land, path) == few
    assert 0 < few < 20


def questions(service: Service, path: str) -> int:
    """Return how many times a request reads from the database."""
    asked: list[str] = []

    def count(*arguments: Any) -> None:
        asked.append(arguments[2])

    engine = service.database.engine
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        get(service, path)
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    return sum(statement.lstrip().startswith("SELECT") for statement in asked)


def test_every_example_is_understood(land: Service) -> None:
    one = f"/v1/parcels/{load(land, change(number='345'))['T-1']}"
    paths = {
        "parcels_parcel_get": one,
        "parcels_history_get": f"{one}/history",
        "parcels_lineage_get": f"{one}/lineage",
        "parcels_parcelsofcitizen_get": f"/v1/citizens/{person(land)}/parcels",
        "parcels_map_get": "/v1/parcels",
    }
    assert {*paths, "parcels_lookup_post"} == {n for n in EXAMPLES if n.startswith("parcels_")}
    for name, path in paths.items():
        query = {
            key: ",".join(value) if isinstance(value, list) else value
            for key, value in EXAMPLES[name].query.items()
        }
        answer = land.call("GET", path, headers=LAND, query_string=query)
        assert answer.status_code == 200, (name, answer.get_json())
    look_up(land, **EXAMPLES["parcels_lookup_post"].body)
