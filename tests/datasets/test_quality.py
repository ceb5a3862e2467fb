"""How good a record is, and what is published of a dataset and its wards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import migrations
from datasets.quality import measure_quality, read_quality
from datasets.quality_measures import measure
from datasets.synthetic import files
from registry.kernel.db import Database
from registry.kernel.errors import NotFound
from tests.datasets.rows import CITIZEN
from tests.datasets.test_submissions import BAYS_ROW, Desk
from tests.people import BAY, LAN, document, household

AT = datetime(2026, 6, 1, tzinfo=UTC)


def _measured(dataset: str, told: dict[str, Any], *, days: int = 1, known: Any = ()) -> Any:
    return measure(dataset, told, AT - timedelta(days=days), AT, known)


def test_a_number_that_belies_the_birth_date_is_not_correct() -> None:
    assert _measured("citizens", document()).correct == 1
    other = document(birth_date={"value": "1960", "precision": "year"})
    assert _measured("citizens", other).correct == 0
    assert _measured("citizens", document(under_review=["name"])).correct == 0


def test_completeness_is_a_share_of_what_forms_need() -> None:
    assert _measured("households", household()).complete == 1
    assert _measured("citizens", document()).complete == pytest.approx(4 / 9)


def test_an_address_without_a_commune_of_today_is_not_clean() -> None:
    lost = household(address={"as_recorded": "ấp 3", "method": "unresolved", "confidence": 0})
    assert _measured("households", household()).clean == 1
    assert _measured("households", lost).clean == 0


def test_a_record_is_live_for_a_year_and_an_act_for_ever() -> None:
    assert _measured("citizens", document(), days=365).live == 1
    assert _measured("citizens", document(), days=366).live == 0
    assert _measured("civil_status", {"persons": {}}, days=36500).live == 1


def test_naming_somebody_who_is_not_registered_is_not_consistent() -> None:
    assert _measured("households", household(), known={LAN}).consistent == 0
    assert _measured("households", household(), known={LAN, BAY}).consistent == 1


def test_a_dataset_without_measures_is_refused(database: Database) -> None:
    migrations.upgrade(database)
    with pytest.raises(NotFound):
        measure_quality(database, "civil_books")


def test_quality_is_told_with_the_last_release_whole_and_by_ward(
    database: Database, tmp_path: Path
) -> None:
    desk = Desk(database, tmp_path)
    with database.reading() as session:
        assert read_quality(session) == []
    desk.load("citizens", CITIZEN, BAYS_ROW)
    assert measure_quality(database, "citizens") == 2
    assert measure_quality(database, "citizens") == 2
    with database.reading() as session:
        [told] = read_quality(session)
    assert (told["dataset"], told["records"], told["release"]["number"]) == ("citizens", 2, 1)
    assert {entry["code"] for entry in told["dimensions"]} >= {"correct", "consistent"}
    assert sum(ward["records"] for ward in told["wards"]) == 2
    assert all(0 <= entry["percent"] <= 100 for entry in told["dimensions"])
    assert told["oldest"] <= told["newest"] <= told["release"]["published_at"]


def test_generated_people_are_measured_in_every_register(
    database: Database, tmp_path: Path
) -> None:
    desk = Desk(database, tmp_path)
    files.generate("all", 60, 1, tmp_path)
    for name in ("citizens", "households", "civil_books", "civil_status", "parcels"):
        desk.load_path(name, tmp_path / f"{name}.csv")
    for name in ("citizens", "households", "civil_status", "parcels"):
        assert measure_quality(database, name) > 0
    with database.reading() as session:
        told = {entry["dataset"]: entry for entry in read_quality(session)}
    assert told["citizens"]["records"] == 60
    assert all(entry["index"] > 50 for entry in told.values() if entry["records"])
