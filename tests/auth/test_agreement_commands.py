"""The commands of agreements: two persons, a warning on its own stream, and a dry run to read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from registry.cli import main
from registry.kernel.clock import today
from tests.auth.agreeing import AN, BINH, draft, present
from tests.conftest import Service

Run = Callable[..., Result]
PARTS = ("ward-office", "1.004222", "--legal-basis", "Luật Cư trú", "--attribute", "citizens:name")


@pytest.fixture
def run(service: Service) -> Run:
    """Give the command on the service's own database."""
    url = service.database.engine.url.render_as_string(hide_password=False)

    def run(*words: str, code: int = 0) -> Result:
        done = CliRunner(env={"SOGOC_DATABASE_URL": url}).invoke(main, ["agreement", *words])
        assert done.exit_code == code, done.output
        return done

    return run


def _json(run: Run, *words: str) -> Any:
    return orjson.loads(run(*words, "--json").stdout)


def test_one_person_can_not_do_both(run: Run) -> None:
    made = _json(run, "draft", *PARTS, "--by", AN)
    assert "tự duyệt" in run("approve", made["id"], "--by", AN, code=1).stderr
    assert _json(run, "approve", made["id"], "--by", BINH)["valid_from"] == today().isoformat()


def test_every_version_is_listed_with_its_state(service: Service, run: Run) -> None:
    held = present(service)
    first = _json(run, "draft", *PARTS, "--series", held.series, "--by", AN)
    second = _json(run, "draft", *PARTS, "--series", held.series, "--by", AN)
    run("approve", first["id"], "--by", BINH)
    run("reject", second["id"], "--by", BINH, "--reason", "Thiếu điều luật")
    states = {entry["version"]: entry["state"] for entry in _json(run, "list")}
    assert states == {1: "approved", 2: "approved", 3: "rejected"}
    assert {entry["series"] for entry in _json(run, "list")} == {held.series}


def test_an_end_without_another_to_follow_is_warned_of(service: Service, run: Run) -> None:
    assert run("list").stderr == ""
    soon = today() + timedelta(days=9)
    made = draft(service, valid_to=soon)
    run("approve", made, "--by", BINH)
    warned = run("list", "--json")
    assert f"{made}: hết hạn sau 9 ngày / ends in 9 days" in warned.stderr
    assert orjson.loads(warned.stdout)
    run("approve", draft(service, valid_from=soon), "--by", BINH)
    assert run("list").stderr == ""


def test_a_created_agreement_says_that_it_was_set_up(run: Run) -> None:
    made = _json(run, "create", *PARTS, "--from", "2026-01-01", "--to", "2026-02-01")
    [entry] = [entry for entry in _json(run, "list") if entry["id"] == made["id"]]
    assert (entry["proposed_by"], entry["approved_by"]) == ("setup", "setup-approver")
    run("end", made["id"], code=1)


def test_a_dry_run_is_read_by_people_and_by_programs(service: Service, run: Run) -> None:
    body = {"identifiers": ["900190000001"], "fields": ["sex"]}
    assert service.call("POST", "/v1/citizens/lookup", json=body).status_code == 200
    made = draft(service, "sex", valid_from=today())
    text = run("try", made).stdout
    assert "refused: 1/1" in text
    assert "1x" in text
    assert "lacks: sex" in text
    found = _json(run, "try", made)
    assert (found["calls"], found["gap"], found["criteria"]) == (1, None, {})
    [asked] = found["refused"]
    assert (asked["attributes"], asked["calls"], asked["lacks"]) == (["sex"], 1, ["sex"])
    assert "900190000001" not in text


def test_a_dry_run_tells_of_days_without_an_agreement(service: Service, run: Run) -> None:
    made = draft(service, valid_from=today() + timedelta(days=2), search={})
    run("end", present(service).id)
    text = run("try", made).stdout
    assert f"no agreement: {today()} – {today() + timedelta(days=2)}" in text
    assert run("try", made, "--days", "0", code=2).stdout == ""


def test_an_unknown_draft_is_exit_1(run: Run) -> None:
    for word in ("nonsense", "0198c0de-0000-7000-8000-000000000001"):
        for command in (("try",), ("approve",), ("reject", "--reason", "x"), ("end",)):
            run(*command, word, code=1)
