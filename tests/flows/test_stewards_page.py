"""The page for stewards works as it is printed: its commands run in order, its calls exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

import migrations
from registry.kernel.db import Database
from tests.conftest import Service
from tests.flows.test_commands import ROOT, Shell

PAGE = (ROOT / "docs" / "stewards.md").read_text("utf-8")


def test_its_commands_run_in_their_order(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations.upgrade(database)
    shell = Shell(database.engine.url.render_as_string(hide_password=False), tmp_path)
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^sogoc (.*)$", PAGE, re.MULTILINE)
    submission = ""
    for line in lines:
        words = [submission if word == "ID" else word for word in shlex.split(line)]
        words, target = (words[:-2], words[-1]) if ">" in words else (words, os.devnull)
        if words[1] == "correct":
            shutil.copy("can-sua.xlsx", "da-sua.xlsx")
        made = words[1] in {"submit", "rollback"}
        done = shell.run(*words, *(["--json"] if made else []))
        Path(target).write_text(done.stdout, "utf-8")
        submission = json.loads(done.stdout)["id"] if made else submission
    [first, back] = shell.json("dataset", "releases")
    assert (back["undoes"], first["notes"]) == (first["id"], "Đợt 1")
    assert len(lines) > 15


def test_every_call_of_the_desk_is_on_it(service: Service) -> None:
    described = service.app.test_client().get("/openapi.json").get_json()["paths"]
    calls = {
        f"{method.upper()} {path}"
        for path, item in described.items()
        for method in item
        if method != "parameters" and path.startswith(("/v1/datasets", "/v1/changes"))
    }
    told = set(re.findall(r"`((?:GET|POST) /v1/[^`]+)`", PAGE))
    assert told == calls | {"GET /v1/jobs/{job_id}"}
