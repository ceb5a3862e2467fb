"""What an operator sees of corrections in a shell: how late they are, and nothing of anybody."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import migrations
from registry.corrections.cases import Reported, open_case
from registry.kernel.clock import fixed
from registry.kernel.db import Database
from tests.flows.test_commands import NOBODY, Shell

RECORD = "01980000-0000-7000-8000-000000000001"


@pytest.fixture
def case_id(tmp_path: Path) -> str:
    database = Database(f"sqlite:///{tmp_path / 'registry.db'}")
    migrations.upgrade(database)
    reported = Reported(
        register="citizens",
        record_id=RECORD,
        path="name.full",
        subject_id=RECORD,
        declared="Nguyễn Thị Loan",
        reason="misspelt",
        source="agency",
        opened_by="ward-office",
        client_id="ward-office",
        procedure="1.004222",
        case_number="H29-0001",
        note="Giấy khai sinh ghi Loan",
        registered="Nguyễn Thị Lan",
    )
    with fixed(datetime(2026, 2, 12, 3, tzinfo=UTC)), database.transaction() as session:
        made = open_case(session, reported).id
    database.close()
    return made


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(f"sqlite:///{tmp_path / 'registry.db'}", tmp_path)


def test_a_case_that_is_not_there_is_refused(case_id: str, shell: Shell) -> None:
    assert case_id != NOBODY
    assert "Not found" in shell.refused("correction", "show", NOBODY, code=1)
    assert "lost" in shell.refused("correction", "list", "--state", "lost", code=2)


def test_late_cases_are_listed_without_a_value(case_id: str, shell: Shell) -> None:
    done = shell.run("correction", "list", "--overdue")
    assert done.stdout == f"{case_id}  open  2026-03-05  citizens:name.full  quá hạn / overdue\n"
    [told] = shell.json("correction", "list", "--state", "open")
    assert (told["reply_due"], told["overdue"]) == ("2026-02-23", True)
    assert shell.run("correction", "list", "--state", "done").stdout == ""


def test_the_steps_of_a_case_are_shown_without_a_word(case_id: str, shell: Shell) -> None:
    shown = shell.run("correction", "show", case_id).stdout
    assert shown.splitlines()[1].split() == ["2026-02-12", "03:00", "opened", "ward-office"]
    told = shell.run("correction", "show", case_id, "--json").stdout
    assert '"action":"opened"' in told
    for personal in ("Loan", "Lan", RECORD):
        assert personal not in shown + told
