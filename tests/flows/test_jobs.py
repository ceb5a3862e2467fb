"""Background jobs as those who wait for them see them: over HTTP, and in a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import migrations
from auth.clients import create_client
from registry import background
from registry.jobs import queue
from registry.jobs.pulse import Pulse
from registry.jobs.worker import Worker
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from tests.conftest import Service
from tests.flows.test_commands import NOBODY, ROOT, Shell
from tests.registry.jobs.process import HANDLERS, MARKS, SECRET


def _ask(database: Database, kind: str, key: str = "", **payload: Any) -> str:
    with database.transaction() as session:
        return queue.enqueue(session, kind, key, payload, "steward").id


def _work(database: Database) -> None:
    MARKS.create(database.engine, checkfirst=True)
    Worker(database, Settings(), HANDLERS).run(lambda: False, idle_exit=0)


def _refused(service: Service, method: str, path: str, status: int, code: str) -> None:
    answer = service.call(method, path)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code), path


@pytest.mark.parametrize("path", ["/v1/jobs", f"/v1/jobs/{NOBODY}"])
def test_only_those_who_submit_or_approve_see_jobs(service: Service, path: str) -> None:
    with service.database.transaction() as session:
        made = create_client(session, "reader", "Reader", ["citizens:read"])
    client = service.app.test_client()
    assert client.get(path).status_code == 401
    form = {"grant_type": "client_credentials"}
    token = client.post("/oauth/token", data=form, auth=("reader", made.secret or "")).get_json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    answer = client.get(path, headers=bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient-scope")


@pytest.mark.parametrize("scope", ["datasets:submit", "datasets:approve"])
def test_either_scope_is_enough(service: Service, scope: str) -> None:
    bearer = {"Authorization": f"Bearer {service.token(scope)}"}
    answer = service.app.test_client().get("/v1/jobs", headers=bearer)
    assert answer.get_json() == {"jobs": [], "cursor": None}


def test_a_job_or_page_that_is_not_there_is_refused(service: Service) -> None:
    for name in (NOBODY, "nonsense"):
        _refused(service, "GET", f"/v1/jobs/{name}", 404, "not-found")
        _refused(service, "POST", f"/v1/jobs/{name}/cancel", 404, "not-found")
    _refused(service, "GET", "/v1/jobs?state=lost", 422, "invalid")
    _refused(service, "GET", "/v1/jobs?cursor=lost", 400, "malformed")


def test_a_job_tells_how_it_went_and_not_what_it_was_given(service: Service) -> None:
    job = _ask(service.database, "wait_and_mark", steps=1, hint=SECRET)
    waiting = service.call("GET", f"/v1/jobs/{job}")
    assert waiting.headers["Retry-After"] == "1"
    assert waiting.get_json()["state"] == "queued"
    _work(service.database)
    answer = service.call("GET", f"/v1/jobs/{job}")
    assert "Retry-After" not in answer.headers
    told = answer.get_json()
    assert (told["state"], told["result"]) == ("done", {"attempt": 1})
    assert told["progress"].pop("at")
    assert told["progress"] == {"done": 1, "total": 1, "phase": "walking"}
    assert SECRET not in answer.text
    _refused(service, "POST", f"/v1/jobs/{job}/cancel", 409, "conflict")


def test_a_failed_job_tells_its_problem(service: Service) -> None:
    job = _ask(service.database, "fail", hint=SECRET)
    _work(service.database)
    answer = service.call("GET", f"/v1/jobs/{job}")
    error = answer.get_json()["error"]
    assert error.keys() == {"code", "vi", "en"}
    page = service.app.test_client().get(f"/problems/{error['code']}")
    assert page.status_code == 200
    assert SECRET not in answer.text


def test_a_waiting_job_can_be_cancelled(service: Service) -> None:
    job = _ask(service.database, "mark")
    told = service.call("POST", f"/v1/jobs/{job}/cancel").get_json()
    assert told["state"] == "cancelled"
    assert told["cancel_requested_at"]


def test_pages_of_jobs_follow_one_another(service: Service) -> None:
    asked = [_ask(service.database, "mark", str(number)) for number in range(3)]
    first = service.call("GET", "/v1/jobs?limit=2&state=queued").get_json()
    rest = service.call("GET", f"/v1/jobs?limit=2&cursor={first['cursor']}").get_json()
    assert [job["id"] for job in (*first["jobs"], *rest["jobs"])] == asked[::-1]
    assert rest["cursor"] is None
    assert service.call("GET", "/v1/jobs?state=done").get_json()["jobs"] == []


@pytest.fixture
def shell(database: Database, tmp_path: Path) -> Shell:
    """Give a shell on a migrated database of each kind."""
    migrations.upgrade(database)
    return Shell(database.engine.url.render_as_string(hide_password=False), tmp_path)


def _worker(shell: Shell, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "registry", "worker", *options],
        cwd=ROOT,
        env=os.environ | shell.settings,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_unknown_jobs_and_an_old_database_are_exit_1(shell: Shell, tmp_path: Path) -> None:
    for verb in ("show", "wait", "cancel", "retry"):
        assert "There is no such job" in shell.refused("job", verb, NOBODY, code=1)
    empty = {"SOGOC_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}
    assert "sogoc db upgrade" in shell.refused("worker", "--once", code=1, **empty)


def test_a_stewards_commands_on_jobs(shell: Shell, database: Database) -> None:
    job = _ask(database, "refuse")
    assert shell.json("job", "show", job)["state"] == "queued"
    assert shell.json("job", "cancel", job)["state"] == "cancelled"
    assert "cancelled" in shell.run("job", "list").stdout
    assert shell.json("job", "retry", job)["state"] == "queued"
    _work(database)
    assert shell.json("job", "wait", job, code=1)["error"]["code"] == "invalid"
    assert "Tệp hỏng." in shell.run("job", "show", job).stdout
    assert shell.json("job", "list", "--state", "queued") == {"jobs": [], "workers": []}


def test_waiting_shows_progress_in_plain_lines(shell: Shell, database: Database) -> None:
    job = _ask(database, "wait_and_mark", steps=3)
    _work(database)
    done = shell.run("job", "wait", job)
    assert done.stderr == "wait_and_mark: walking: 3/3\n"
    assert "done" in done.stdout


def test_workers_do_the_work_of_the_day_once_between_them(shell: Shell) -> None:
    process = _worker(shell, "--concurrency", "2", "--idle-exit", "1")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    jobs = shell.json("job", "list")["jobs"]
    kinds = sorted(work.kind for work in background.RECURRING)
    assert sorted(job["kind"] for job in jobs) == kinds
    assert {job["state"] for job in jobs} == {"done"}
    assert all(said.count(f"{kind}: done") == 1 for kind in kinds)


@pytest.fixture
def tests_own_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the command do the jobs of the tests, in this process, whose signals come back."""
    monkeypatch.setattr(background, "HANDLERS", HANDLERS)
    monkeypatch.setattr(background, "RECURRING", ())
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("tests_own_work")
def test_a_worker_that_ends_by_itself_is_exit_1_if_a_job_failed(
    shell: Shell, database: Database
) -> None:
    job = _ask(database, "refuse")
    shell.run("worker", "--once", code=1)
    assert shell.json("job", "show", job)["state"] == "failed"
    shell.run("worker", "--idle-exit", "0")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_all_processes_of_a_worker_end_with_it(
    shell: Shell, database: Database, number: signal.Signals
) -> None:
    process = _worker(shell, "--concurrency", "2")
    deadline = time.monotonic() + 30
    with closing(Pulse(database)) as pulse:
        while len(pulse.workers()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    process.send_signal(number)
    # Ends once nobody holds the other end.
    _, said = process.communicate(timeout=30)
    assert process.returncode == (0 if number == signal.SIGINT else -number)
    assert "Traceback" not in said
    assert shell.json("job", "list")["workers"] == []


def test_what_runs_in_the_background_has_a_handler() -> None:
    assert {work.kind for work in background.RECURRING} <= background.HANDLERS.keys()
