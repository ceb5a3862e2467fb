"""The life of what people grant, step by step in any order, against a model of a few lines."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from auth.clients import count_change, disable_client
from auth.consents.models import ConsentEvent, ConsentRecord
from auth.grants.grants import revoke_grants_of_person
from auth.grants.models import AuthorizationCode, PushedRequest, RefreshToken
from auth.grants.models import Grant as GrantRow
from auth.models import Client, Revocation
from registry.kernel.clock import fixed, now
from tests.auth.grants import PERSON, Form, form_of, told
from tests.conftest import Service

_DAYS = 30


@dataclass(eq=False)
class Grant:
    """What a person agreed to, as far as a client can feel it: until when, unless it was ended."""

    until: float
    ended: bool = False


@dataclass(eq=False)
class Request:
    """A pushed request: how long it waits, and whether a page or a decision came first."""

    uri: str
    until: float
    page: Any = None
    decided: bool = False


@dataclass(eq=False)
class Held:
    """A code, a refresh token or an access token, and the grant that it rests on."""

    text: str
    until: float
    grant: Grant
    over: bool = False


class TokenLife(RuleBasedStateMachine):
    """Every step asks the application and the model, and both have to agree."""

    form: Form
    requests: Bundle[Request] = Bundle("requests")
    codes: Bundle[Held] = Bundle("codes")
    refreshes: Bundle[Held] = Bundle("refreshes")
    tokens: Bundle[Held] = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.database = self.form.service.database
        with self.database.transaction() as session:
            for consents in (ConsentEvent, ConsentRecord):
                session.execute(sa.delete(consents))
            for table in (PushedRequest, AuthorizationCode, RefreshToken, GrantRow, Revocation):
                session.execute(sa.delete(table))
        self.form.browser = self.form.service.app.test_client()
        self.enable()
        self.grants: list[Grant] = []
        self.held: list[Held] = []
        self.clock = now()
        self.at = ExitStack()
        self.at.enter_context(fixed(self.clock))

    def teardown(self) -> None:
        self.at.close()

    @property
    def moment(self) -> float:
        return self.clock.timestamp()

    def _fresh(self) -> None:
        # What a worker knows may be half a second old, which no clock of ours shortens.
        self.form.service.app.extensions["sogoc"].verifier._asked = float("-inf")

    def _keep(self, answer: Any, grant: Grant) -> Held:
        issued = answer.get_json()
        access = Held(issued["access_token"], self.moment + issued["expires_in"], grant)
        self.held.append(access)
        return access

    @rule(target=requests)
    def push(self) -> Request:
        answer = self.form.push()
        assert answer.status_code == (201 if self.enabled else 401)
        if not self.enabled:
            return Request("urn:none", 0)
        return Request(answer.get_json()["request_uri"], self.moment + 90)

    @rule(request=requests)
    def open(self, request: Request) -> None:
        answer = self.form.open(request.uri)
        waits = self.moment < request.until and not request.decided
        assert answer.status_code == (200 if waits and self.enabled else 400)
        if waits and self.enabled and request.page is None:
            request.until = self.moment + 600
            request.page = answer

    @rule(target=codes, request=requests, agree=st.booleans())
    def decide(self, request: Request, agree: bool) -> Any:
        if request.page is None:
            return multiple()
        answer = self.form.decide(request.uri, request.page, "agree" if agree else "decline")
        if not self.enabled or request.decided or self.moment >= request.until:
            assert answer.status_code == 400
            return multiple()
        request.decided = True
        said = told(answer)
        assert ("code" in said) is agree
        if not agree:
            assert said["error"] == "access_denied"
            return multiple()
        grant = Grant(self.moment + _DAYS * 86_400)
        self.grants.append(grant)
        return Held(said["code"], self.moment + 60, grant)

    @initialize(target=codes)
    def begin(self) -> Any:
        return self.go_all_the_way()

    @precondition(lambda self: self.enabled)
    @rule(target=codes)
    def go_all_the_way(self) -> Any:
        """The steps above in their order, so that many examples get to what comes after them."""
        request = self.push()
        self.open(request)
        return self.decide(request, agree=True)

    @rule(target=refreshes, code=codes)
    def redeem(self, code: Held) -> Any:
        answer = self.form.redeem(code.text)
        if not self.enabled:
            assert answer.status_code == 401
            return multiple()
        if code.over or self.moment >= code.until or code.grant.ended:
            assert answer.get_json() | {"error_description": ""} == {
                "error": "invalid_grant",
                "error_description": "",
            }
            # Once used or over, it ends whatever it may have issued.
            code.grant.ended = True
            return multiple()
        assert answer.status_code == 200
        code.over = True
        self._keep(answer, code.grant)
        return Held(answer.get_json()["refresh_token"], code.grant.until, code.grant)

    @rule(token=refreshes)
    def refresh(self, token: Held) -> None:
        answer = self.form.token(grant_type="refresh_token", refresh_token=token.text)
        if not self.enabled:
            assert answer.status_code == 401
        elif token.grant.ended or self.moment >= token.until:
            assert answer.get_json()["error"] == "invalid_grant"
        else:
            assert answer.status_code == 200
            self._keep(answer, token.grant)

    @rule(token=consumes(refreshes))
    def give_refresh_token_up(self, token: Held) -> None:
        self._revoke(token.text)
        if self.enabled and self.moment < token.until:
            token.grant.ended = True

    @rule(pick=st.integers(0, 100))
    def give_access_token_up(self, pick: int) -> None:
        if self.held:
            token = self.held[pick % len(self.held)]
            self._revoke(token.text)
            token.over = token.over or self.enabled

    def _revoke(self, text: str) -> None:
        self._fresh()
        client = self.form.service.app.test_client()
        answer = client.post("/oauth/revoke", data={"token": text}, auth=self.form.auth)
        assert answer.status_code == (200 if self.enabled else 401)

    @precondition(lambda self: self.held)
    @rule()
    def end_all_grants(self) -> None:
        with self.database.transaction() as session:
            revoke_grants_of_person(session, PERSON)
        for grant in self.grants:
            grant.ended = True

    @precondition(lambda self: self.enabled and self.held)
    @rule()
    def disable(self) -> None:
        with self.database.transaction() as session:
            disable_client(session, "ward-office")
        self.enabled = False

    @precondition(lambda self: not self.enabled)
    @rule()
    def enable(self) -> None:
        with self.database.transaction() as session:
            session.execute(sa.update(Client).values(disabled_at=None))
            count_change(session)
        self.enabled = True

    @rule(seconds=st.sampled_from([1, 29, 61, 91, 301, 601, 31 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)
        self.at.close()
        self.at.enter_context(fixed(self.clock))

    @invariant()
    def only_what_counts_opens_the_door(self) -> None:
        self._fresh()
        client = self.form.service.app.test_client()
        for token in self.held[-3:]:
            counts = (
                self.enabled
                and not token.over
                and not token.grant.ended
                and self.moment < token.until
            )
            headers = {"Authorization": f"Bearer {token.text}"}
            answer = client.get("/v1/me/agreement", headers=headers)
            assert answer.status_code == (200 if counts else 401)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_order_of_steps_is_as_the_model_says(service: Service) -> None:
    with form_of(service) as form:
        TokenLife.form = form
        run_state_machine_as_test(
            TokenLife,
            settings=settings(
                max_examples=60, stateful_step_count=25, deadline=None, derandomize=True
            ),
        )
