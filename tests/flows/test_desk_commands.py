"""The stewards' whole way by commands alone, on both databases."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import migrations
from datasets import work
from registry import background
from registry.citizens.changes import LEDGER
from registry.kernel.access_log import AccessEvent
from registry.kernel.clock import now
from registry.kernel.db import Database
from tests.datasets.reports import mend
from tests.datasets.rows import CITIZEN, write
from tests.flows.test_commands import NOBODY, Shell
from tests.people import BAY

BROKEN = CITIZEN | {"personal_id": "12", "full_name": "Nguyễn Văn Bảy", "birth_date": "1945"}
BROKEN |= {"sex": "Nam"}


@pytest.fixture
def shell(database: Database, tmp_path: Path) -> Shell:
    """Give a shell on a migrated database of each kind."""
    migrations.upgrade(database)
    return Shell(database.engine.url.render_as_string(hide_password=False), tmp_path)


def _checked(shell: Shell, *rows: dict[str, str], code: int = 0) -> str:
    path = write(shell.folder / "dan.csv", rows)
    made = shell.json("dataset", "submit", "citizens", str(path), "--as", "an")
    shell.json("dataset", "check", made["id"], "--as", "an", code=code)
    return str(made["id"])


def _publish(shell: Shell, submission: str) -> int:
    shell.json("dataset", "compare", submission, "--unusual", "--as", "binh")
    shell.json("dataset", "approve", submission, "--as", "binh")
    return int(shell.json("dataset", "publish", submission, "--as", "binh")["number"])


def _sex(database: Database) -> str:
    with database.reading() as session:
        return str(session.scalars(sa.select(LEDGER.records.document)).one()["sex"]["label"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", NOBODY),
        ("findings", NOBODY),
        ("report", NOBODY, "f.xlsx"),
        ("compare", NOBODY),
        ("approve", NOBODY),
        ("return", NOBODY, "--reason", "sai"),
        ("withdraw", NOBODY, "--reason", "nhầm"),
        ("rollback", NOBODY),
        ("rollback", "nonsense"),
        ("rollback", "99"),
    ],
)
def test_what_is_not_there_is_exit_1(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert "There is no such" in shell.refused("dataset", *arguments, code=1)
    assert not Path("f.xlsx").exists()


def test_wrong_usage_is_exit_2(shell: Shell) -> None:
    assert "--format" in shell.refused("dataset", "report", NOBODY, "f.exe", code=2)
    assert "--reason" in shell.refused("dataset", "return", NOBODY, code=2)
    assert "--at" in shell.refused("dataset", "publish", NOBODY, "--at", "noon", code=2)
    path = write(shell.folder / "dan.csv", [CITIZEN])
    said = shell.refused(
        "dataset", "submit", "citizens", str(path), "--set", "shoe_size=38", code=1
    )
    assert "Cột điền sẵn" in said


def test_a_file_is_looked_at_mended_and_healed(shell: Shell, database: Database) -> None:
    submission = _checked(shell, CITIZEN, BROKEN, code=1)
    seen = json.loads(shell.run("dataset", "inspect", submission, "--as", "an").stdout)
    assert (seen["kind"], seen["mapping"]["full_name"]) == ("csv", "full_name")
    told = shell.run("dataset", "findings", submission).stdout
    assert "Định dạng cột là chữ x1" in told
    assert "error personal_id_shape" in told
    report = shell.folder / "can-sua.xlsx"
    shell.run("dataset", "report", submission, str(report), "--as", "an")
    back = mend(report, lambda row: row | {"personal_id": BAY}, shell.folder / "da-sua.xlsx")
    assert shell.json("dataset", "correct", submission, str(back), "--as", "an") == {"rows": 1}
    shell.json("dataset", "check", submission, "--as", "an")
    found = shell.json("dataset", "findings", submission)
    assert found["healed"] == [{"rule": "personal_id_shape", "count": 1}]
    assert (
        "đã sửa / healed: personal_id_shape x1"
        in shell.run("dataset", "findings", submission).stdout
    )
    with database.reading() as session:
        read = session.scalars(sa.select(AccessEvent).order_by(AccessEvent.id)).all()
    assert [(row.attributes, row.person_id) for row in read] == [
        ("inspection", "an"),
        ("findings", "an"),
    ]


def test_two_persons_compare_approve_publish_and_take_back(
    shell: Shell, database: Database
) -> None:
    assert _publish(shell, _checked(shell, CITIZEN)) == 1
    submission = _checked(shell, CITIZEN | {"sex": "Nam"})
    assert "Người duyệt phải khác" in shell.refused(
        "dataset", "approve", submission, "--as", "an", code=1
    )
    assert "bất thường" in shell.refused("dataset", "approve", submission, "--as", "binh", code=1)
    shown = shell.run("dataset", "compare", submission, "--unusual", "--as", "binh").stdout
    assert "! sex" in shown
    assert "Nữ" in shown
    shell.json("dataset", "approve", submission, "--as", "binh")
    returned = shell.json("dataset", "return", submission, "--reason", "chưa rõ", "--as", "binh")
    assert returned["state"] == "returned"
    shell.json("dataset", "check", submission, "--as", "an")
    assert _publish(shell, submission) == 2
    assert _sex(database) == "Nam"
    back = shell.json("dataset", "rollback", "2", "--as", "an")
    assert back["undoes"]
    assert "changed" in shell.run("dataset", "compare", back["id"], "--as", "binh").stdout
    assert _publish(shell, back["id"]) == 3
    assert _sex(database) == "Nữ"
    listed = shell.json("dataset", "releases")
    assert [release["number"] for release in listed] == [1, 2, 3]
    assert listed[2]["undoes"] == listed[1]["id"]
    assert len(shell.run("dataset", "releases").stdout.splitlines()) == 3


def test_the_glass_is_broken_with_a_reason_alone(shell: Shell) -> None:
    submission = _checked(shell, CITIZEN)
    alone = ("dataset", "approve", submission, "--as", "an", "--break-glass")
    assert "lý do" in shell.refused(*alone, " ", code=1)
    assert shell.json(*alone, "bão")["break_glass"] == "bão"


def test_a_withdrawn_submission_is_off_the_desk(shell: Shell) -> None:
    submission = _checked(shell, CITIZEN)
    told = shell.json("dataset", "withdraw", submission, "--reason", "nhầm tệp", "--as", "an")
    assert told["state"] == "withdrawn"
    shell.refused("dataset", "approve", submission, "--as", "binh", code=1)


def test_quality_is_measured_and_told(shell: Shell) -> None:
    _publish(shell, _checked(shell, CITIZEN))
    assert shell.json("dataset", "quality")[0]["records"] == 0
    [citizens] = shell.json("dataset", "quality", "--measure")
    assert (citizens["dataset"], citizens["records"]) == ("citizens", 1)
    told = [dimension["vi"] for dimension in citizens["dimensions"]]
    assert told == ["Đúng", "Đủ", "Sạch", "Sống", "Thống nhất"]
    assert "citizens  1  Đúng" in shell.run("dataset", "quality").stdout


@pytest.fixture
def only_the_desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `worker` do the jobs of the desk in this process, whose signals come back."""
    monkeypatch.setattr(background, "HANDLERS", work.HANDLERS)
    monkeypatch.setattr(background, "RECURRING", ())
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("only_the_desk")
def test_a_worker_publishes_at_the_set_time(shell: Shell, database: Database) -> None:
    submission = _checked(shell, CITIZEN)
    shell.json("dataset", "approve", submission, "--as", "binh")

    def publish(at: timedelta) -> None:
        moment = f"{now() + at:%Y-%m-%dT%H:%M:%S%z}"
        told = shell.json("dataset", "publish", submission, "--at", moment, "--as", "binh")
        assert told["state"] == "approved"
        shell.run("worker", "--once")

    publish(timedelta(days=2))
    assert shell.json("dataset", "releases") == []
    publish(-timedelta(minutes=1))
    [release] = shell.json("dataset", "releases")
    assert (release["submission"], release["published_by"]) == (submission, "binh")
    assert _sex(database) == "Nữ"
