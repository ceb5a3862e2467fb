"""What may happen once happens once, and what has ended has ended, on every worker together.

The servers are real processes: two with two workers each on PostgreSQL, the one worker on SQLite,
where the verbs are raced from several processes besides.
"""

from __future__ import annotations

import multiprocessing
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from threading import Event

import orjson
import pytest

from auth.agreements import create_agreement, end_agreement, list_agreements
from auth.clients import create_client, disable_client
from auth.grants.grants import revoke_grants_of_person
from auth.grants.pushed import open_request
from auth.models import UsedOnce
from auth.oauth.assertions import ASSERTION_TYPE
from auth.signin.people import Person
from auth.signin.relying_party import Identity
from auth.signin.sessions import open_session
from registry.kernel.clock import now
from registry.kernel.db import Database, new_id
from tests.auth.grants import CALLBACK, PERSON, SEX, Form, form_of
from tests.auth.racer import Race, take_part
from tests.auth.servers import AT_ONCE, Fleet, at_once, fleet
from tests.auth.signing import AGENCY, assertion, proof
from tests.conftest import PURPOSE, _created

AGAIN = range(3)
TOKEN, LOOK_UP = "/oauth/token", "/v1/citizens/lookup"
QUESTION = orjson.dumps({"identifiers": ["900190000001"], "fields": ["sex"]})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Give servers on a database of each kind, the same ones to every test."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as open_ones:
        if request.param == "sqlite":
            shutil.copyfile(request.getfixturevalue("migrated_file"), folder / "registry.db")
            database = Database(f"sqlite:///{folder / 'registry.db'}")
            open_ones.callback(database.close)
        else:
            address = request.getfixturevalue("postgresql")
            template = request.getfixturevalue("migrated_template")
            database = open_ones.enter_context(_created(address, template))
        yield open_ones.enter_context(fleet(database, folder))


@pytest.fixture
def form(running: Fleet) -> Iterator[Form]:
    with form_of(running.service) as made:
        yield made


def _once(statuses: list[int], refused: int) -> None:
    assert sorted(statuses) == [200] + [refused] * (AT_ONCE - 1)


def _look_up(running: Fleet, number: int, headers: dict[str, str]) -> int:
    kind = {"Content-Type": "application/json"}
    return running.ask(number, "POST", LOOK_UP, PURPOSE | kind | headers, QUESTION).status


def _signed() -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(),
    }


def test_of_fifty_redemptions_of_a_code_one_succeeds_and_its_tokens_die_with_the_rest(
    running: Fleet, form: Form
) -> None:
    won = []
    for _ in AGAIN:
        asked = {
            "grant_type": "authorization_code",
            "code": form.agree()["code"],
            "redirect_uri": CALLBACK,
            "code_verifier": form.verifier,
        }
        answers = at_once(lambda n, asked=asked: running.post_form(n, TOKEN, asked, running.basic))
        _once([answer.status for answer in answers], 400)
        told = [answer.json() for answer in answers]
        assert {each.get("error") for each in told} == {None, "invalid_grant"}
        won += [each for each in told if "access_token" in each]
    # The others were reuse, and that ends all that a code has issued.
    time.sleep(1)
    for issued in won:
        bearer = {"Authorization": f"Bearer {issued['access_token']}"}
        assert {_look_up(running, n, bearer) for n in range(8)} == {401}
        refresh = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
        assert running.post_form(0, TOKEN, refresh, running.basic).status == 400


def test_of_fifty_uses_of_one_assertion_one_succeeds(running: Fleet) -> None:
    over = now() - timedelta(hours=1)
    for _ in AGAIN:
        # Those that are over are swept away by whoever comes, so many sweep at once.
        with running.service.database.transaction() as session:
            session.add_all(
                UsedOnce(kind="assertion", holder=AGENCY, value=new_id(), expires_at=over)
                for _ in range(100)
            )
        asked, proofs = _signed(), [{"DPoP": proof()} for _ in range(AT_ONCE)]
        answers = at_once(
            lambda n, asked=asked, proofs=proofs: running.post_form(n, TOKEN, asked, proofs[n])
        )
        _once([answer.status for answer in answers], 401)


def test_of_fifty_token_requests_with_one_proof_one_succeeds(running: Fleet) -> None:
    for _ in AGAIN:
        header, forms = {"DPoP": proof()}, [_signed() for _ in range(AT_ONCE)]
        answers = at_once(
            lambda n, header=header, forms=forms: running.post_form(n, TOKEN, forms[n], header)
        )
        _once([answer.status for answer in answers], 400)
        assert {answer.json().get("error") for answer in answers} == {None, "invalid_dpop_proof"}


def test_of_fifty_look_ups_with_one_proof_one_succeeds(running: Fleet) -> None:
    issued = running.post_form(0, TOKEN, _signed(), {"DPoP": proof()}).json()
    token = issued["access_token"]
    for _ in AGAIN:
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof(token=token)}
        _once(at_once(lambda n, headers=headers: _look_up(running, n, headers)), 401)


def test_of_fifty_decisions_on_one_request_one_counts(running: Fleet, form: Form) -> None:
    person = Person(PERSON, staff=False, name="Nguyễn Thị Lan")
    identity = Identity("https://p", "s", person.name, None, "urn:example:2", ("pwd",), now())
    with running.service.database.transaction() as session:
        cookie = "sogoc=" + open_session(session, person, identity)
    for _ in AGAIN:
        uri = form.uri()
        path = f"/oauth/authorize?client_id=ward-office&request_uri={uri}"
        page = running.ask(0, "GET", path, {"Cookie": cookie}, b"")
        flow = SimpleCookie(page.headers["Set-Cookie"])["sogoc-flow"].value
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.data.decode())
        asked = {**dict(hidden), "decision": "agree"}
        headers = {"Cookie": f"{cookie}; sogoc-flow={flow}"}
        answers = at_once(
            lambda n, asked=asked, headers=headers: running.post_form(
                n, "/oauth/authorize", asked, headers
            )
        )
        assert sorted(a.status for a in answers) == [303] + [400] * (AT_ONCE - 1)
        [back] = [a.headers["Location"] for a in answers if a.status == 303]
        assert "code=" in back


_PROCESSES = 3


def test_in_several_processes_each_verb_counts_once(running: Fleet, form: Form) -> None:
    """The verbs themselves, without any server before them that would put them in a row."""
    database = running.service.database
    races: list[Race] = []
    for _ in AGAIN:
        uri = form.uri()
        with database.transaction() as session:
            assert open_request(session, uri, "ward-office", "browser") is not None
        races += [
            ("code", (form.agree()["code"],)),
            ("decide", (uri, "ward-office", "browser")),
            ("use_once", ("holder", new_id(), now().timestamp() + 60)),
        ]
    url = database.engine.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    gate, results = context.Barrier(_PROCESSES), context.Queue()
    processes = [
        context.Process(target=take_part, args=(url, races, gate, results))
        for _ in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    gained = [results.get(timeout=40) for _ in processes]
    for process in processes:
        process.join()
    assert [sum(each) for each in zip(*gained, strict=True)] == [1] * len(races)


class _Askers:
    """Threads that keep asking all servers with one token, and when each was answered how."""

    def __init__(self, running: Fleet, token: str) -> None:
        self._running = running
        self._headers = {"Authorization": f"Bearer {token}"}
        self._stop = Event()
        self.seen: list[tuple[float, int]] = []

    def ask(self, number: int) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            self.seen.append((begun, _look_up(self._running, number, self._headers)))

    def until(self, enough: Callable[[], bool]) -> None:
        """Wait, long enough for a machine that others use too; the test fails afterwards."""
        deadline = time.monotonic() + 20
        while not enough() and time.monotonic() < deadline:
            time.sleep(0.02)

    def after(self, act: Callable[[], None], refused: int) -> None:
        """Let ``act`` end the token while all ask; from a second after it, nobody gets anything."""
        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(self.ask, number) for number in range(8)]
            try:
                self.until(lambda: len(self.seen) > 60)
                act()
                limit = time.monotonic() + 1
                self.until(lambda: sum(begun > limit for begun, _ in list(self.seen)) > 60)
            finally:
                self._stop.set()
            for each in asking:
                each.result()
        assert {status for _, status in self.seen[:40]} == {200}
        late = [status for begun, status in self.seen if begun > limit]
        assert len(late) > 60
        assert set(late) == {refused}


def test_a_revoked_token_is_out_everywhere_within_a_second_of_load(running: Fleet) -> None:
    token = running.service.token()

    def revoke() -> None:
        assert running.post_form(0, "/oauth/revoke", {"token": token}, running.basic).status == 200

    _Askers(running, token).after(revoke, 401)


def test_a_revoked_grant_is_out_everywhere_within_a_second_of_load(
    running: Fleet, form: Form
) -> None:
    token = form.access_token(authorization_details=SEX)

    def revoke() -> None:
        with running.service.database.transaction() as session:
            revoke_grants_of_person(session, PERSON)

    _Askers(running, token).after(revoke, 401)


def _leaver(running: Fleet) -> tuple[str, str]:
    """Return a client of its own, which every worker knows, and a token of it."""
    name = f"leaver-{new_id()}"
    with running.service.database.transaction() as session:
        made = create_client(session, name, "Cơ quan khác", ["citizens:read"])
        [held] = list_agreements(session, "ward-office")
        create_agreement(session, replace(held, id="", client_id=name))
    form = {"grant_type": "client_credentials"}
    answer = running.service.app.test_client().post(
        TOKEN, data=form, auth=(name, made.secret or "")
    )
    time.sleep(0.6)
    return name, str(answer.get_json()["access_token"])


def test_a_disabled_client_is_out_everywhere_within_a_second_of_load(running: Fleet) -> None:
    name, token = _leaver(running)

    def disable() -> None:
        with running.service.database.transaction() as session:
            disable_client(session, name)

    _Askers(running, token).after(disable, 401)


def test_an_ended_agreement_is_out_everywhere_within_a_second_of_load(running: Fleet) -> None:
    name, token = _leaver(running)

    def end() -> None:
        with running.service.database.transaction() as session:
            [agreement] = list_agreements(session, name)
            end_agreement(session, agreement.id)

    _Askers(running, token).after(end, 403)
