"""The commands as a shell sees them: exit codes, data and messages apart, never a traceback."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import migrations
from datasets.specs import SPECS
from datasets.synthetic import files
from registry.cli import main
from registry.kernel.db import Database
from tests.datasets.rows import CITIZEN, write

ROOT = Path(__file__).parents[2]
NOBODY = "0198c0de-0000-7000-8000-000000000001"


class Shell:
    """Runs the command against one database, with files in a folder of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.settings = {
            "SOGOC_DATABASE_URL": url,
            "SOGOC_UPLOAD_DIR": str(folder / "uploads"),
        }

    def run(self, *arguments: str, code: int = 0, **more: str) -> Result:
        runner = CliRunner(env=self.settings | more)
        done = runner.invoke(main, arguments, prog_name="sogoc")
        # Whatever else gets as far as here would be a traceback in a shell.
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert done.exit_code == code, done.stderr
        return done

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def refused(self, *arguments: str, code: int, **more: str) -> str:
        done = self.run(*arguments, code=code, **more)
        assert done.stdout == ""
        return done.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a shell on a migrated SQLite file."""
    database = Database(f"sqlite:///{tmp_path / 'registry.db'}")
    migrations.upgrade(database)
    database.close()
    return Shell(f"sqlite:///{tmp_path / 'registry.db'}", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("dataset", "submit", "citizens", "no such file.csv"), "does not exist"),
        (("dataset", "submit", "cats", "f.csv"), "cats"),
        (("dataset", "template", "cats"), "cats"),
        (("generate", "cats", "--out", "x"), "cats"),
        (("generate", "all", "--out", "x", "--citizens", "0"), "--citizens"),
        (("no-such-command",), "no-such-command"),
    ],
)
def test_wrong_usage_is_exit_2_and_names_the_word(
    shell: Shell, arguments: tuple[str, ...], word: str
) -> None:
    assert word in shell.refused(*arguments, code=2)


def test_a_misspelt_setting_is_wrong_usage(shell: Shell) -> None:
    said = shell.refused("dataset", "history", code=2, SOGOC_DATABSE_URL="x")
    assert "did you mean SOGOC_DATABASE_URL" in said


@pytest.mark.parametrize("step", ["check", "publish"])
@pytest.mark.parametrize("name", [NOBODY, "nonsense"])
def test_an_unknown_submission_is_exit_1(shell: Shell, step: str, name: str) -> None:
    assert "There is no such submission" in shell.refused("dataset", step, name, code=1)


def test_a_client_may_be_known_by_its_certificate(shell: Shell) -> None:
    create = ("client", "create", "--name", "x", "--scope", "citizens:read")
    assert shell.json(*create, "one", "--tls-subject-dn", "CN=Chi cục thuế,C=VN") == {"id": "one"}
    assert shell.json(*create, "two", "--tls-san-dns", "tax.example.vn") == {"id": "two"}
    assert shell.json(*create, "three").keys() == {"id", "secret"}
    assert [each["auth_method"] for each in shell.json("client", "list")] == [
        "tls_client_auth",
        "client_secret_basic",
        "tls_client_auth",
    ]
    both = ("--tls-subject-dn", "CN=x", "--tls-san-dns", "tax.example.vn")
    assert "Choose one" in shell.refused(*create, "four", *both, code=1)
    assert "RFC 4514" in shell.refused(*create, "four", "--tls-subject-dn", "x", code=1)


def test_an_unchecked_submission_is_not_published(shell: Shell) -> None:
    path = write(shell.folder / "citizens.csv", [CITIZEN])
    made = shell.json("dataset", "submit", "citizens", str(path))
    said = shell.refused("dataset", "publish", made["id"], code=1)
    assert "Chỉ công bố được bản nộp đã được người thứ hai duyệt" in said


def test_a_database_without_tables_says_what_to_do(
    empty_database: Database, tmp_path: Path
) -> None:
    url = empty_database.engine.url.render_as_string(hide_password=False)
    said = Shell(url, tmp_path).refused("dataset", "history", code=1)
    assert "sogoc db upgrade" in said


def test_a_database_in_no_folder_is_one_line(tmp_path: Path) -> None:
    shell = Shell(f"sqlite:///{tmp_path}/nowhere/registry.db", tmp_path)
    assert "unable to open database file" in shell.refused("dataset", "history", code=1)


def test_a_locked_database_is_one_line(shell: Shell) -> None:
    path = write(shell.folder / "citizens.csv", [CITIZEN])
    other = sqlite3.connect(shell.folder / "registry.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        said = shell.refused("dataset", "submit", "citizens", str(path), code=1)
    finally:
        other.close()
    assert "locked" in said


def test_a_folder_that_cannot_be_made_is_one_line(shell: Shell) -> None:
    (shell.folder / "taken").write_text("a file")
    shell.refused("generate", "citizens", "--out", shell.path("taken/below"), code=1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("dataset", "history"), 1), (("dataset", "submit", "citizens", "none.csv"), 2)],
)
def test_a_process_of_its_own_ends_the_same_way(
    tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "registry", *arguments],
        cwd=ROOT,
        env={**os.environ, "SOGOC_DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/registry.db"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_rejected_rows_are_exit_1_with_their_findings(shell: Shell) -> None:
    path = write(shell.folder / "citizens.csv", [CITIZEN, CITIZEN | {"personal_id": "12"}])
    made = shell.json("dataset", "submit", "citizens", str(path))
    checked = shell.json("dataset", "check", made["id"], code=1)
    assert (checked["rows_read"], checked["rows_valid"], checked["rows_rejected"]) == (2, 1, 1)
    [finding] = checked["findings"]
    assert (finding["rule"], finding["first_line"]) == ("personal_id_shape", 3)
    told = shell.run("dataset", "check", made["id"], code=1).stdout
    assert "đọc 2 = hợp lệ 1 + lỗi 1" in told
    assert "dòng 3" in told


def test_a_stewards_whole_way(database: Database, tmp_path: Path) -> None:
    migrations.upgrade(database)
    shell = Shell(database.engine.url.render_as_string(hide_password=False), tmp_path)
    made = shell.json("generate", "all", "--citizens", "60", "--out", shell.path("files"))
    assert [Path(path).name for path in made["files"]] == [f"{name}.csv" for name in files.DATASETS]
    numbers: list[int] = []
    for name in files.DATASETS:
        submitted = shell.json("dataset", "submit", name, shell.path(f"files/{name}.csv"))
        again = shell.json("dataset", "submit", name, shell.path(f"files/{name}.csv"))
        assert submitted["id"] == again["id"]
        assert shell.json("dataset", "check", submitted["id"])["rows_rejected"] == 0
        shell.refused("dataset", "approve", submitted["id"], code=1)
        approved = shell.json("dataset", "approve", submitted["id"], "--as", "binh")
        assert approved["state"] == "approved"
        published = shell.json("dataset", "publish", submitted["id"])
        assert published["counts"]["added"] + published["counts"]["changed"] > 0
        numbers.append(published["number"])
    assert numbers == list(range(1, len(files.DATASETS) + 1))
    history = shell.json("dataset", "history")
    assert [entry["dataset"] for entry in history] == list(reversed(files.DATASETS))


def test_progress_goes_to_standard_error_in_plain_lines(shell: Shell) -> None:
    done = shell.run(
        "generate", "citizens", "--citizens", "10050", "--out", shell.path("many"), "--json"
    )
    assert json.loads(done.stdout) == {"files": [shell.path("many/citizens.csv")]}
    assert re.fullmatch(r"generate: 1000\d\n", done.stderr)


def test_the_template_is_a_file_that_is_right(shell: Shell) -> None:
    template = shell.folder / "template.csv"
    template.write_text(shell.run("dataset", "template", "citizens").stdout)
    made = shell.json("dataset", "submit", "citizens", str(template))
    checked = shell.json("dataset", "check", made["id"])
    assert checked["rows_valid"] == checked["rows_read"] > 1


def test_the_list_names_every_column_of_every_dataset(shell: Shell) -> None:
    listed = {entry["name"]: entry["columns"] for entry in shell.json("dataset", "list")}
    assert listed.keys() == SPECS.keys()
    assert listed.keys() >= {"citizens", "households", "parcels"}
    told = shell.run("dataset", "list").stdout
    assert all(column["name"] in told for columns in listed.values() for column in columns)


@pytest.mark.parametrize("group", [(), ("dataset",), ("dataset", "check"), ("generate",), ("db",)])
def test_help_is_exit_0(shell: Shell, group: tuple[str, ...]) -> None:
    assert "Usage: sogoc" in shell.run(*group, "--help").stdout
