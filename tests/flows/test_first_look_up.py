"""An agency gets a token and looks a citizen up; the log has the row."""

from __future__ import annotations

from registry.citizens.changes import apply_changes
from tests.conftest import Service
from tests.people import BAY, LAN, change


def test_an_agency_looks_a_citizen_up(service: Service) -> None:
    with service.database.transaction() as session:
        apply_changes(session, [change()], source="test", load=None)
    asked = {"identifiers": [LAN, BAY], "fields": ["name.full", "birth_date", "age"]}
    answer = service.call("POST", "/v1/citizens/lookup", json=asked)
    assert answer.status_code == 200, answer.get_json()
    found, missing = answer.get_json()["results"]
    assert found["status"] == "found"
    assert found["record"]["name"] == {"full": "Nguyễn Thị Lan"}
    assert found["record"]["birth_date"] == {"value": "1990-05-17", "precision": "day"}
    assert missing == {"identifier": BAY, "status": "not_found"}
    assert [row.outcome for row in service.rows()] == ["delivered", "not_found"]
    again = service.call("GET", f"/v1/citizens/{found['record']['id']}?fields=sex")
    assert again.get_json()["sex"] == {"code": "2", "label": "Nữ"}
