"""A release of administrative units is taken back, and that taken back again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import migrations
from datasets import publishing, review
from datasets.publishing import load_file
from datasets.rollbacks import propose_rollback
from datasets.submissions import Uploads
from registry.kernel.db import Database
from registry.kernel.errors import Conflict
from registry.places.catalogue import catalogue
from tests.datasets.rows import write
from tests.places import RENAMED

PEOPLE = ("steward", "approver")


def _name(database: Database) -> str:
    # Another application on the same database knows nothing of what this one has in mind.
    url = database.engine.url.render_as_string(hide_password=False)
    other = Database(url)
    with other.reading():
        unit = catalogue().unit("22", date(2026, 10, 1))
    other.close()
    return unit.name if unit else ""


def _roll_back(database: Database, number: int) -> None:
    with database.transaction() as session:
        release = publishing.require_release(session, str(number))
        made = propose_rollback(session, release, "steward")
        review.approve(session, made.id, "approver")
        publishing.publish(session, made.id, "approver")


def test_a_release_of_units_goes_back_and_comes_again(database: Database, tmp_path: Path) -> None:
    migrations.upgrade(database)
    uploads = Uploads(tmp_path / "uploads")
    before = _name(database)
    for name in ("Thành phố Quảng Ninh", "Thành phố Hạ Long"):
        path = write(tmp_path / "places.csv", [RENAMED | {"name": name}])
        load_file(database, uploads, "places", path, PEOPLE)
    assert _name(database) == "Thành phố Hạ Long"
    with pytest.raises(Conflict):
        _roll_back(database, 1)  # the second load tells of the same unit
    _roll_back(database, 2)
    assert _name(database) == "Thành phố Quảng Ninh"
    _roll_back(database, 3)
    assert _name(database) == "Thành phố Hạ Long"
    _roll_back(database, 4)
    with pytest.raises(Conflict):
        _roll_back(database, 2)  # once is enough
    assert _name(database) == "Thành phố Quảng Ninh" != before
