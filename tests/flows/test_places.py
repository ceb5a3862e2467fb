"""A published change of administrative units reaches the look-up, the conversion and the checks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import migrations
from datasets import publishing, review
from registry.app import create_app
from registry.civil_status.coverage import Book, Residence, covered_days, uncovered
from registry.kernel.clock import fixed
from registry.kernel.db import Database, session_in_use
from registry.kernel.settings import Settings
from registry.places.catalogue import REFORM, catalogue
from tests.conftest import ISSUER, Service
from tests.datasets.loads import Desk
from tests.datasets.rows import CITIZEN, write
from tests.places import DAY, MERGED, RENAMED, SPLIT, WARD, load

# Longer than a server goes without asking, shorter than a published load may stay unseen.
WITHIN = 0.9
RESIDENT = CITIZEN | {
    "hometown": "12 Lê Lợi",
    "hometown_commune": "26740",
    "hometown_on": "01/01/2026",
}


@pytest.fixture
def desk(service: Service, tmp_path: Path) -> Desk:
    return Desk(service.database, tmp_path)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    """Give a second, empty registry."""
    made = Database(f"sqlite:///{tmp_path / 'other.db'}")
    migrations.upgrade(made)
    yield made
    made.close()


def get(service: Service, path: str) -> Any:
    answer = service.app.test_client().get(f"/v1/places{path}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def converted(service: Service, code: str, as_of: str) -> tuple[str, list[tuple[str, str]]]:
    told = get(service, f"/convert?code={code}&as_of={as_of}")
    return told["result"], [(c["place"]["name"], c["extent"]) for c in told["candidates"]]


def resident(desk: Desk) -> tuple[set[str], Any]:
    """Return what is found in a citizen's address of before the change, and how it is staged."""
    path = write(desk.folder / "citizens.csv", [RESIDENT])
    checked = desk.check(path, dataset="citizens")
    [document] = desk.staged(checked)
    return set(desk.found(checked)), document["hometown"]


def test_a_province_becomes_a_city_on_a_day_and_keeps_its_code(
    service: Service, desk: Desk
) -> None:
    load(desk, RENAMED)
    time.sleep(WITHIN)
    before, after = (get(service, f"/22?as_of=2026-{day}") for day in ("04-30", "05-01"))
    assert (before["type"], before["valid_to"]) == ("Tỉnh", "2026-05-01")
    assert (after["type"], after["valid_to"]) == ("Thành phố", None)
    assert converted(service, "22", "2020-01-01") == ("exact", [("Thành phố Quảng Ninh", "whole")])
    listed = get(service, "?level=province&q=quang+ninh&as_of=2026-05-01")
    assert [unit["name"] for unit in listed["places"]] == ["Thành phố Quảng Ninh"]
    with service.database.reading():
        names = [unit.name for unit in catalogue().line("06652", date(2026, 5, 1))]
    assert names == ["Phường Hà Tu", "Thành phố Quảng Ninh"]


def test_a_divided_ward_has_two_candidates(service: Service, desk: Desk) -> None:
    load(desk, *SPLIT)
    time.sleep(WITHIN)
    assert converted(service, "26740", "2026-04-30") == (
        "candidates",
        [("Phường Ba Son", "partial"), ("Phường Sài Gòn", "partial")],
    )
    # What went into it whole in 2025 is divided now as well; what is written now is not.
    assert converted(service, "26740", "2020-01-01")[0] == "candidates"
    assert converted(service, "26740", "2026-05-01") == ("exact", [("Phường Sài Gòn", "whole")])


def test_merged_wards_are_one(service: Service, desk: Desk) -> None:
    load(desk, MERGED)
    time.sleep(WITHIN)
    assert converted(service, "26743", "2026-04-30") == ("exact", [("Phường Sài Gòn", "whole")])
    answer = service.app.test_client().get("/v1/places/26743?as_of=2026-05-01")
    assert answer.status_code == 404


def test_a_kept_answer_is_asked_for_again_and_is_another_after_a_load(
    service: Service, desk: Desk
) -> None:
    client = service.app.test_client()
    first = client.get("/v1/places/22")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    held = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/v1/places/22", headers=held).status_code == 304
    load(desk, RENAMED)
    time.sleep(WITHIN)
    again = client.get("/v1/places/22", headers=held)
    assert (again.status_code, again.get_json()["type"]) == (200, "Thành phố")
    assert (
        client.get(
            "/v1/places/22", headers=held | {"If-None-Match": again.headers["ETag"]}
        ).status_code
        == 304
    )


def test_a_request_about_no_facts_is_no_error(service: Service) -> None:
    answer = service.app.test_client().options("/v1/places/22")
    assert (answer.status_code, "ETag" in answer.headers) == (200, False)


def test_a_server_beside_the_one_that_published_knows_within_a_second(
    service: Service, desk: Desk, tmp_path: Path
) -> None:
    url = service.database.engine.url.render_as_string(hide_password=False)
    settings = Settings(environment="demo", issuer=ISSUER, key_file=str(tmp_path / "keys.json"))
    beside = Database(url)
    app = create_app(settings, beside)
    try:
        client = app.test_client()
        assert client.get("/v1/places/22").get_json()["type"] == "Tỉnh"
        load(desk, RENAMED)
        time.sleep(WITHIN)
        assert client.get("/v1/places/22").get_json()["type"] == "Thành phố"
    finally:
        app.extensions["sogoc"].hot_lookup.close()
        beside.close()


def test_one_database_knows_nothing_of_the_facts_of_another(desk: Desk, other: Database) -> None:
    load(desk, RENAMED)
    with desk.database.reading():
        assert catalogue().convert("22").candidates[0].unit.type == "Thành phố"
        with other.reading():
            assert catalogue().convert("22").candidates[0].unit.type == "Tỉnh"
        assert catalogue().convert("22").candidates[0].unit.type == "Thành phố"
    assert session_in_use() is None
    assert catalogue().convert("22").candidates[0].unit.type == "Tỉnh"


def test_what_is_read_under_one_session_stays_the_same(desk: Desk) -> None:
    with desk.database.reading():
        before = catalogue()
        load(desk, RENAMED)
        time.sleep(WITHIN)
        assert catalogue() is before


def test_a_load_that_is_not_kept_changes_nothing(desk: Desk) -> None:
    checked = desk.check(write(desk.folder / "places.csv", [RENAMED]), dataset="places")
    with desk.database.reading():
        before = catalogue().version
    with pytest.raises(InterruptedError), desk.database.transaction() as session:
        review.open_unusual(session, checked.id, "approver")
        review.approve(session, checked.id, "approver")
        publishing.publish(session, checked.id, "approver")
        assert catalogue().version != before
        raise InterruptedError
    time.sleep(WITHIN)
    with desk.database.reading():
        assert catalogue().version == before


def test_an_address_is_converted_anew_after_a_load(desk: Desk) -> None:
    found, address = resident(desk)
    assert not {"split_commune", "unknown_commune"} & found
    assert address["current"]["commune"] == {"code": "26740", "label": "Phường Sài Gòn"}
    load(desk, *SPLIT)
    time.sleep(WITHIN)
    found, address = resident(desk)
    assert "split_commune" in found
    assert (address["candidates"], "current" in address) == (["26738", "26740"], False)


def test_an_address_bears_the_name_that_its_province_has_now(desk: Desk) -> None:
    load(
        desk,
        RENAMED | {"code": "79", "name": "Thành phố Sài Gòn", "predecessors": f"79@{DAY}:whole"},
    )
    time.sleep(WITHIN)
    _, address = resident(desk)
    assert address["current"]["province"] == {"code": "79", "label": "Thành phố Sài Gòn"}


def test_the_books_of_a_unit_end_with_it(desk: Desk) -> None:
    home = [Residence({"current": {"commune": {"code": "26740"}}}, REFORM, date.max)]
    books = [Book("26740", REFORM, 2025, None)]
    load(desk, WARD | {"name": "Phường Mới", "predecessors": f"26740@{DAY}:whole"})
    time.sleep(WITHIN)
    with desk.database.reading():
        [gap] = uncovered(home, covered_days(books), REFORM)
        assert (gap.start, gap.office, gap.name) == (date(2026, 5, 1), "26740", "Phường Mới")
        books.append(Book("26740", date(2026, 5, 1), 2026, None))
        assert uncovered(home, covered_days(books), REFORM) == []


def test_a_change_to_come_waits_for_its_day(service: Service, desk: Desk) -> None:
    coming = WARD | {"valid_from": "01/01/2030", "predecessors": "26740@01/01/2030:whole"}
    with fixed(datetime(2029, 12, 31, tzinfo=UTC)):
        load(desk, coming | {"name": "Phường Mai Sau"})
        time.sleep(WITHIN)
        before = service.app.test_client().get("/v1/places/convert?code=26740&as_of=2026-01-01")
        assert before.get_json()["candidates"][0]["place"]["name"] == "Phường Sài Gòn"
        assert get(service, "/26740?as_of=2030-01-01")["name"] == "Phường Mai Sau"
    with fixed(datetime(2030, 1, 1, tzinfo=UTC)):
        after = service.app.test_client().get("/v1/places/convert?code=26740&as_of=2026-01-01")
        assert after.get_json()["candidates"][0]["place"]["name"] == "Phường Mai Sau"
        assert after.headers["ETag"] != before.headers["ETag"]
