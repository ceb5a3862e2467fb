"""While a load is published, every answer is all of the old or all of the new, and logged."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import flask
import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from datasets import publishing, review
from registry.citizens import changes
from registry.kernel.access_log import AccessEvent
from registry.kernel.clock import today
from registry.kernel.db import Database
from tests.benchmarks.stage import serving
from tests.conftest import PURPOSE, Service
from tests.datasets.mortal import mortals, wait_for
from tests.datasets.rows import CITIZEN
from tests.datasets.test_submissions import Desk
from tests.people import BAY, LAN, change

PEOPLE = 2000
OLD, NEW = "Nguyễn Thị Lan", "Nguyễn Thị Mới"
FIRST, LAST = "900190000001", f"900190{PEOPLE:06d}"
WAIT_SECONDS = 5
ABSENT = "absent"


Send = Callable[..., Any]


class Asker:
    """Looks two people up in one request, and remembers what it was told of them."""

    def __init__(self, service: Service, send: Send | None = None, **moment: str) -> None:
        self._send = send or service.app.test_client().post
        self._headers = {**PURPOSE, "Authorization": f"Bearer {service.token()}"}
        self._moment = moment
        self.told: Counter[tuple[str, ...]] = Counter()
        self.refused = 0
        self.longest = 0.0

    def ask(self, *identifiers: str) -> int:
        question = {"identifiers": identifiers, "fields": ["name.full"], **self._moment}
        begun = time.monotonic()
        answer = self._send("/v1/citizens/lookup", json=question, headers=self._headers)
        self.longest = max(self.longest, time.monotonic() - begun)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            self.refused += 1
        else:
            assert answer.status_code == 200, answer.text
            self.told[tuple(map(_name, orjson.loads(answer.data)["results"]))] += 1
        return answer.status_code


@contextmanager
def _served(service: Service) -> Iterator[Send]:
    """Run the product's server on the service's database; give what posts to it."""
    url = service.database.engine.url.render_as_string(hide_password=False)
    settings = replace(service.app.extensions["sogoc"].settings, database_url=url)
    with serving(settings) as port:
        door = HTTPConnection("127.0.0.1", port)

        def send(path: str, json: dict[str, Any], headers: dict[str, str]) -> flask.Response:
            kind = {"Content-Type": "application/json"}
            door.request("POST", path, orjson.dumps(json), {**headers, **kind})
            answer = door.getresponse()
            return flask.Response(answer.read(), answer.status, dict(answer.getheaders()))

        with closing(door):
            yield send


def _name(result: dict[str, Any]) -> str:
    return str(result["record"]["name"]["full"]) if result["status"] == "found" else ABSENT


def _people(name: str, count: int = PEOPLE) -> list[dict[str, str]]:
    return [
        CITIZEN | {"personal_id": f"900190{number:06d}", "full_name": name}
        for number in range(1, count + 1)
    ]


def _logged(database: Database) -> int:
    with database.reading() as session:
        query = sa.select(sa.func.count()).where(AccessEvent.outcome == "delivered")
        return session.scalar(query) or 0


@contextmanager
def _asking(ask: Callable[[], Any]) -> Iterator[None]:
    ended = threading.Event()

    def ask_on() -> None:
        while not ended.wait(0.01):
            ask()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask_on)
        try:
            yield
        finally:
            ended.set()
        waiting.result()


@pytest.mark.parametrize("moment", [{}, {"as_of": today().isoformat()}], ids=["present", "as_of"])
def test_readers_see_all_of_a_load_or_nothing_of_it(
    service: Service, tmp_path: Path, moment: dict[str, str]
) -> None:
    desk = Desk(service.database, tmp_path)
    desk.load("citizens", *_people(OLD))
    submission = desk.submit("citizens", *_people(NEW))
    desk.check(submission)
    with service.database.transaction() as session:
        review.open_unusual(session, submission, "approver")
        review.approve(session, submission, "approver")
    with mortals(service.database, desk.uploads) as workers, _served(service) as send:
        asker = Asker(service, send, **moment)
        with _asking(lambda: asker.ask(FIRST, LAST)):
            wait_for(lambda: (OLD, OLD) in asker.told)
            job = workers.finish(workers.ask_to_publish(submission))
            assert job.state == "done", job.error
            wait_for(lambda: (NEW, NEW) in asker.told)
    assert set(asker.told) == {(OLD, OLD), (NEW, NEW)}
    # Nobody waits longer than for the lock, and each answer stands in the log for both people.
    assert asker.longest < WAIT_SECONDS + 2
    assert _logged(service.database) == 2 * asker.told.total()


def test_a_publish_that_takes_long_lets_nobody_wait_for_ever(
    service: Service, tmp_path: Path
) -> None:
    """SQLite has one writer: who asks meanwhile is told to come again, or answered and logged."""
    desk = Desk(service.database, tmp_path)
    desk.load("citizens", *_people(OLD, 2))
    submission = desk.submit("citizens", *_people(NEW, 2))
    desk.check(submission)
    asker = Asker(service)
    with service.database.transaction() as session:
        review.open_unusual(session, submission, "approver")
        review.approve(session, submission, "approver")
    with service.database.transaction() as session:
        publishing.publish(session, submission, "approver")
        status = asker.ask(FIRST, "900190000002")
    assert status == (503 if service.database.dialect == "sqlite" else 200)
    asker.ask(FIRST, "900190000002")
    assert asker.longest < WAIT_SECONDS + 2
    assert asker.told[NEW, NEW] == 1
    assert asker.told.total() + asker.refused == 2
    assert _logged(service.database) == 2 * asker.told.total()


@contextmanager
def _published_after_the_first_read(
    database: Database, publish: Callable[[], None]
) -> Iterator[None]:
    """Have something published between the first and the second statement that reads citizens."""
    threads: list[threading.Thread] = []

    def after(*arguments: Any) -> None:
        statement = arguments[2]
        if not threads and "FROM citizen" in statement:
            threads.append(threading.Thread(target=publish))
            threads[0].start()
            # On SQLite it has to wait until the reader has ended.
            threads[0].join(1)

    event.listen(database.engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(database.engine, "after_cursor_execute", after)
        assert threads
        threads[0].join()


def test_a_release_between_two_statements_of_an_answer_is_not_seen(service: Service) -> None:
    since = date(1990, 5, 17)
    with service.database.transaction() as session:
        changes.apply_changes(session, [change(LAN, since)], source="test", load=None)

    def publish() -> None:
        renamed = change(LAN, since, name={"full": NEW})
        with service.database.transaction() as session:
            changes.apply_changes(session, [renamed, change(BAY)], source="test", load=None)

    question = {"identifiers": [LAN, BAY], "fields": ["name.full"], "as_of": str(today())}

    def ask() -> list[str]:
        answer = service.call("POST", "/v1/citizens/lookup", json=question).get_json()
        return list(map(_name, answer["results"]))

    with _published_after_the_first_read(service.database, publish):
        assert ask() == [OLD, ABSENT]
    assert ask() == [NEW, OLD]
