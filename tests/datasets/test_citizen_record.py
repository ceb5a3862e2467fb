"""The record of a citizen as the Law on Identification has it, from the columns of a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from datasets.specs import SPECS
from registry.citizens.attributes import CATALOGUE, WHEREABOUTS
from registry.citizens.changes import LEDGER, apply_changes, erase, merge
from registry.kernel import codes
from registry.kernel.db import Database
from registry.kernel.errors import Invalid
from tests.conftest import Service
from tests.datasets.rows import CITIZEN, entries
from tests.datasets.test_submissions import Desk
from tests.people import BAY, LAN, change


def _document(**cells: str) -> dict[str, Any]:
    [entry] = entries("citizens", CITIZEN | cells)
    assert entry.change, entry.findings
    return dict(entry.change.document)


def _numbers(**cells: str) -> dict[str, dict[str, Any]]:
    return {entry["type"]: entry for entry in _document(**cells)["identifiers"]}


def _day(value: str, precision: str = "day") -> dict[str, str]:
    return {"value": value, "precision": precision}


def test_no_marriage_known_is_never_single() -> None:
    for told in ({}, {"marital_status": "Chưa kết hôn"}):
        status = _document(**told)["marital_status"]
        assert (status["code"], status["state"]) == ("unknown", "unknown")
        assert status["coverage"] == {"complete": False}
    books = {"marital_books_complete": "1", "marital_books": "Sổ kết hôn 1990-2025"}
    status = _document(marital_status="Độc thân", **books)["marital_status"]
    assert (status["code"], status["state"]) == ("single", "known")
    assert status["coverage"] == {"complete": True, "books": "Sổ kết hôn 1990-2025"}
    assert _document(marital_status="Góa")["marital_status"]["state"] == "known"


def test_life_status_is_told_only_where_the_source_tells_it() -> None:
    assert "life_status" not in _document()
    dead = _document(life_status="Đã chết", death_date="2020")["life_status"]
    assert dead == {"code": "deceased", "label": "Đã chết", "date": _day("2020", "year")}
    missing = _document(life_status="Mất tích", missing_since="05/2019")["life_status"]
    assert (missing["code"], missing["date"]["value"]) == ("missing", "2019-05")


def test_a_number_outlives_its_card() -> None:
    card = {
        "personal_id_issued_on": "02/07/2024",
        "personal_id_issuer": "Bộ Công an",
        "personal_id_expires_on": "17/05/2030",
    }
    assert _numbers(**card)["personal_id"] == {
        "type": "personal_id",
        "value": LAN,
        "status": "valid",
        "issued_on": _day("2024-07-02"),
        "issuer": "Bộ Công an",
        "expires_on": _day("2030-05-17"),
    }


def test_nine_digit_ids_ended_by_law() -> None:
    old = _numbers(nine_digit_id="900000001", nine_digit_id_issued_on="2005")["nine_digit_id"]
    assert old["status"] == "expired"
    assert (old["valid_from"], old["valid_to"]) == (_day("2005", "year"), _day("2025-01-01"))


def test_a_passport_is_as_good_as_its_paper() -> None:
    dates = {"passport_issued_on": "01/02/2016", "passport_expires_on": "01/02/2026"}
    passport = _numbers(passport="ZZ0000001", **dates)["passport"]
    assert passport["status"] == "expired"
    assert passport["expires_on"] == _day("2026-02-01")
    # The day after the last one, like every end of an interval.
    assert passport["valid_to"] == _day("2026-02-02")
    assert _numbers(passport="ZZ0000001")["passport"]["status"] == "valid"


def test_a_cancelled_number_has_the_day_of_its_end() -> None:
    gone = _numbers(cancelled_id="990190000001", cancelled_id_on="03/04/2022")["cancelled_id"]
    assert (gone["status"], gone["valid_to"]) == ("cancelled", _day("2022-04-03"))


def test_several_nationalities_and_names_are_lists() -> None:
    document = _document(nationality="VN", other_nationalities="FR; Úc", other_name="Lan Anh; Bi")
    assert document["nationality"]["code"] == "VN"
    assert [entry["code"] for entry in document["other_nationalities"]] == ["FR", "AU"]
    assert document["name"]["other"] == ["Lan Anh", "Bi"]


def test_kin_and_the_representative_are_told_in_the_same_words() -> None:
    told = {"name": "Nguyễn Văn Bảy", "id": BAY, "nine_digit_id": "900000002", "nationality": "VN"}
    for role in ("father", "mother", "spouse", "representative"):
        kin = _document(**{f"{role}_{key}": value for key, value in told.items()})[role]
        assert kin == {
            "name": "Nguyễn Văn Bảy",
            "personal_id": BAY,
            "nine_digit_id": "900000002",
            "nationality": {"code": "VN", "label": "Việt Nam"},
        }
    kind = _document(representative_kind="Giám hộ")["representative"]["kind"]
    assert kind["code"] == "GUARDIAN"


def test_an_absence_is_part_of_a_persons_whereabouts() -> None:
    absence = _document(absence_address="Xã Cần Giờ", absence_from="2025", absence_until="2999")
    assert absence["temporary_absence"]["until"] == _day("2999", "year")
    assert {"temporary_absence", "residence_file", "residence"} <= set(WHEREABOUTS)


def test_types_and_statuses_of_numbers_are_those_of_the_code_lists() -> None:
    everything = _numbers(
        nine_digit_id="900000001",
        cancelled_id="990190000001",
        passport="ZZ0000001",
        origin_certificate="900190000009",
    )
    assert everything.keys() == {entry.code for entry in codes.load("identifier_type").codes}
    statuses = codes.load("identifier_status")
    assert all(entry["status"] in statuses for entry in everything.values())


def test_an_old_commune_keeps_its_line_and_the_day_it_was_written() -> None:
    for on, as_of in (("01/03/2015", "2015-03-01"), ("", "2025-06-30")):
        place = _document(hometown_commune="26755", hometown_on=on)["hometown"]
        assert place["legacy"]["as_of"] == as_of
        assert {"commune", "district", "province"} < place["legacy"].keys()


def test_children_are_for_the_register_of_civil_acts_to_tell() -> None:
    assert not [c.name for c in SPECS["citizens"].columns if c.name.startswith("child")]
    assert CATALOGUE.problem("children.name") is None
    assert "children" not in _document()


def test_every_column_has_a_name_of_its_own() -> None:
    for spec in SPECS.values():
        names = [column.name for column in spec.columns]
        assert len(set(names)) == len(names)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """Give an empty desk."""
    return Desk(database, tmp_path)


def _rows(database: Database) -> dict[tuple[str, str], tuple[Any, Any]]:
    with database.reading() as session:
        found = session.execute(
            sa.text("SELECT type, value, valid_from, valid_to FROM citizen_identifier").columns(
                sa.column("type", sa.Text),
                sa.column("value", sa.Text),
                sa.column("valid_from", sa.Date),
                sa.column("valid_to", sa.Date),
            )
        ).all()
    return {(kind, value): (first, end) for kind, value, first, end in found}


def test_numbers_are_rows_with_dates_and_none_goes_away(desk: Desk) -> None:
    nine = {"nine_digit_id": "900000001", "nine_digit_id_issued_on": "2005"}
    desk.load("citizens", CITIZEN | nine)
    assert _rows(desk.database) == {
        ("personal_id", LAN): (None, None),
        ("nine_digit_id", "900000001"): (date(2005, 1, 1), date(2025, 1, 1)),
    }
    # A later file knows the day, one after that no longer has the number.
    desk.load("citizens", CITIZEN | nine | {"nine_digit_id_issued_on": "03/04/2005"})
    desk.load("citizens", CITIZEN)
    dates = _rows(desk.database)["nine_digit_id", "900000001"]
    assert dates == (date(2005, 4, 3), date(2025, 1, 1))


def test_any_number_leads_to_the_person_whatever_its_dates(
    service: Service, tmp_path: Path
) -> None:
    desk = Desk(service.database, tmp_path)
    cancelled = {"cancelled_id": "990190000001", "cancelled_id_on": "2020"}
    others = {"nine_digit_id": "900000001", "origin_certificate": "900190000009"}
    desk.load("citizens", CITIZEN | cancelled | others)
    numbers = [LAN, "990190000001", *others.values()]
    # The present is answered on a short way of its own, any other day on the long one.
    for when in ({}, {"as_of": "2026-01-01"}):
        asked = {"identifiers": numbers, "fields": ["identifiers"], **when}
        answer = service.call("POST", "/v1/citizens/lookup", json=asked)
        found = [result["record"]["id"] for result in answer.get_json()["results"]]
        assert len(found) == 4
        assert len(set(found)) == 1


def _nine(personal_id: str) -> Any:
    number = {"type": "nine_digit_id", "value": "900000001", "status": "expired"}
    return change(personal_id, identifiers=[number])


def test_a_record_made_in_error_gives_its_numbers_back(desk: Desk) -> None:
    with desk.database.transaction() as session:
        apply_changes(session, [_nine(LAN)], source="test", load=None)
    with pytest.raises(Invalid), desk.database.transaction() as session:
        apply_changes(session, [_nine(BAY)], source="test", load=None)
    with desk.database.transaction() as session:
        wrong = session.scalars(sa.select(LEDGER.records.id)).first()
        assert wrong
        erase(session, wrong)
        apply_changes(session, [_nine(BAY)], source="test", load=None)


def test_a_number_of_a_merged_record_does_not_stop_the_load(desk: Desk) -> None:
    with desk.database.transaction() as session:
        apply_changes(session, [_nine(LAN), change(BAY)], source="test", load=None)
        first, second = session.scalars(sa.select(LEDGER.records.id).order_by("row")).all()
        merge(session, first, second)
        apply_changes(session, [_nine(BAY)], source="test", load=None)
    with desk.database.reading() as session:
        owner = session.scalar(
            sa.text("SELECT citizen FROM citizen_identifier WHERE type = 'nine_digit_id'")
        )
        assert owner == 1
