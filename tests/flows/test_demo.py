"""The demo is a story that works as it is printed: every line of it can be pasted."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from registry.jobs import queue
from registry.jobs.pulse import Pulse
from registry.kernel.db import Database

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"-u demo-agency:(\S+)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(folder: Path, port: int) -> list[str]:
    options = ["--port", str(port), "--citizens", "20", "--data-dir", str(folder)]
    return [sys.executable, "-m", "registry", "demo", *options]


@contextmanager
def _demo(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run the demo and give what it prints; it is ended as a terminal's Ctrl-C ends it."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        _command(folder, port or _free_port()),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own, so that Ctrl-C is for the demo and not for the tests.
        start_new_session=True,
    )
    assert process.stdout
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        yield "".join(lines)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert process.returncode in {0, 130}, messages
    assert "Traceback" not in messages


def _refused(folder: Path, port: int | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        _command(folder, port or _free_port()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give what a new demo prints, while it serves."""
    with _demo(tmp_path_factory.mktemp("new") / "demo") as printed:
        yield printed


def _readme() -> Any:
    [shown] = re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return json.loads(shown)


def _timeless(answer: Any) -> Any:
    """Return the answer without what differs from demo to demo and from year to year."""
    for result in answer["results"]:
        del result["record"]["id"], result["record"]["age"]
        assert len(result["record"]["birth_date"].pop("basis")) == 1
    return answer


def _answers(told: str) -> list[Any]:
    """Return what the printed lines answer, one after the other."""
    bash, curl = shutil.which("bash"), shutil.which("curl")
    assert bash, "the printed lines are for bash: install it"
    assert curl, "the printed lines are for curl: install it"
    lines = [line for line in told.splitlines() if re.match(r"[A-Z]+=|curl ", line)]
    done = subprocess.run(  # noqa: S603 - what the demo printed, as it stands
        # A failed line ends the script, so that no answer is taken for another's.
        [bash, "-c", "\n".join(["set -eu", *lines])],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line]
    assert len(answers) == sum(line.startswith("curl ") for line in lines)
    return answers


@pytest.fixture(scope="module")
def answers(told: str) -> list[Any]:
    """Give the answers to all that is printed, in its order."""
    return _answers(told)


def test_every_printed_line_answers(answers: list[Any]) -> None:
    looked_up, found, household, land, refused, agreement, _, converted = answers[:8]
    assert _timeless(looked_up) == _timeless(_readme())
    assert found["status"] == "found"
    assert found["record"]["name"]["full"] == "Trần Thị Lan"
    relations = [member["relation"]["label"] for member in household["members"]]
    assert relations == ["Chủ hộ", "Vợ", "Con đẻ", "Con đẻ", "Cha đẻ"]
    [parcel] = land["parcels"]
    assert [holder["name"] for holder in parcel["holders"]] == ["Nguyễn Văn Hòa", "Trần Thị Lan"]
    assert parcel["certificates"][0]["serial"] == "BĐ 266864"
    assert parcel["lineage"]["from"][0]["event"]["code"] == "split"
    assert (refused["code"], refused["attributes"]) == ("outside-agreement", ["religion"])
    assert "citizens" in json.dumps(agreement)
    assert converted["result"] == "candidates"


def test_a_family_can_be_followed_through_birth_marriage_household_and_move(
    answers: list[Any],
) -> None:
    birth, unmarried, married, before, after, fewer, more = answers[8:15]
    assert birth["record"]["persons"]["child"]["name"]["full"] == "Nguyễn Ngọc My"
    assert [later["kind"] for later in birth["record"]["amended_by"]] == ["correction"]
    # Nobody knows of those years where she lived, so no act is not "single".
    assert unmarried["marital_status"]["state"] == "unknown"
    assert unmarried["marital_status"]["coverage"]["complete"] is False
    assert married["marital_status"]["code"] == "married"
    assert married["spouse"]["name"] == "Nguyễn Văn Hòa"
    assert "Tân Thông Hội" in before["effective_residence"]["address"]["as_recorded"]
    assert "đường Số 1" in after["effective_residence"]["address"]["as_recorded"]
    assert (len(fewer["members"]), len(more["members"])) == (4, 5)


def test_a_corrected_birthday_is_right_on_every_day_and_what_was_known_stays(
    answers: list[Any],
) -> None:
    acts, *told = answers[15:20]
    [change] = acts["acts"][1]["amendment"]["changes"]
    assert (change["from"]["value"], change["to"]["value"]) == ("2020-02-21", "2020-02-11")
    days = [answer["birth_date"]["value"] for answer in told]
    assert days == ["2020-02-11", "2020-02-11", "2020-02-21", "2020-02-21"]


def test_a_load_waits_for_a_second_person_and_becomes_a_release(answers: list[Any]) -> None:
    summary, unusual, refused, approved, job, quality = answers[20:]
    submission = summary["submission"]
    assert (submission["state"], submission["rows_rejected"]) == ("checked", 3)
    assert submission["rows_read"] == submission["rows_valid"] + 3
    assert {repair["count"] for repair in summary["repairs"]}
    [strange] = unusual["differences"]
    assert strange["unusual"] == ["nationality"]
    assert refused["status"] == 403
    assert (approved["state"], approved["approved_by"]) == ("approved", "demo-approver")
    assert (job["kind"], job["state"]) == ("publish", "queued")
    assert {entry["dataset"] for entry in quality["datasets"]} >= {"citizens", "parcels"}


def test_what_the_page_of_the_sandbox_shows_answers_as_it_says(told: str) -> None:
    [address] = re.findall(r"OpenAPI +(http://127\.0\.0\.1:\d+)/", told)
    token = next(line for line in told.splitlines() if line.startswith("TOKEN="))
    page = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
    shown = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    # On the page an answer needs no line of its own; here it tells where the next one begins.
    lines = f"{token}\n{shown}".replace("http://127.0.0.1:8000", address)
    answers = _answers(re.sub(r"^curl -s ", r"curl -s -w '\\n' ", lines, flags=re.MULTILINE))
    personas, found, by_old_number, odd, down = answers
    assert personas["version"] == "2026-11"
    assert found == {"status": "no_unique_match"}
    assert by_old_number["results"][0]["record"]["name"]["full"] == "Nguyễn Văn Sơn"
    assert [result["status"] for result in odd["results"]] == ["moved", "withheld"]
    assert (down["status"], down["code"]) == (503, "unavailable")


def test_it_says_that_nobody_in_it_is_real(told: str) -> None:
    assert "SYNTHETIC DATA, NO REAL PERSON" in told
    [address] = re.findall(r"OpenAPI +(http://127\.0\.0\.1:\d+)/", told)
    with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:  # noqa: S310 - ours
        assert answer.headers["Sogoc-Data"] == "synthetic"


def test_a_second_start_uses_the_same_data(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with _demo(folder) as first:
        made = (folder / "registry.db").stat().st_ino
    with _demo(folder) as second:
        pass
    assert SECRET.findall(first) == SECRET.findall(second)
    assert (folder / "registry.db").stat().st_ino == made


def test_a_worker_runs_beside_the_server_and_ends_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with _demo(folder):
        database = Database(f"sqlite:///{folder / 'registry.db'}")
        pulse = Pulse(database)
        deadline = time.monotonic() + 60
        while not (pulse.workers() and ("refresh_marital_status", "done") in _jobs(database)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert pulse.workers() == []
    pulse.close()
    database.close()


def _jobs(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(job.kind, job.state) for job in queue.list_jobs(session)[0]]


def test_a_first_run_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "SYNTHETIC").write_text("{}")
    (folder / "registry.db").write_text("half of it")
    with _demo(folder) as printed:
        assert SECRET.findall(printed)
    assert (folder / "registry.db").read_bytes().startswith(b"SQLite format 3")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    assert "choose another --data-dir" in _refused(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_port_in_use_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = _refused(tmp_path / "demo", taken.getsockname()[1])
    assert "choose another --port" in said
    assert not list((tmp_path / "demo").iterdir())
