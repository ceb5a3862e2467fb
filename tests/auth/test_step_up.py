"""Approving needs a person, by more than one factor, lately: the challenge says so (RFC 9470)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from auth.principals import Authentication
from auth.signin.staff import add_staff, disable_staff
from auth.signin.step_up import LONGEST_AGE, require_multi_factor
from registry.kernel.clock import now
from registry.kernel.errors import StepUpNeeded
from registry.kernel.settings import Settings
from tests.auth.grants import PERSON, Form, another, form_of
from tests.conftest import Service
from tests.datasets.rows import CITIZEN
from tests.flows.desk import APPROVER, DeskClient, csv_of

OTHER = "01980000-0000-7000-8000-000000000078"
MFA = "urn:example:3"
ROLES = frozenset({"datasets:submit", "datasets:approve"})


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service, {"signin_mfa_acr": MFA}) as made:
        yield made


@pytest.fixture
def desk(form: Form) -> DeskClient:
    return DeskClient(form.service)


def _sign(desk: DeskClient, form: Form, who: str, **how: Any) -> str:
    """Sign ``who`` in at a console, and return by which name the desk knows their token."""
    someone = form.someone
    someone.id, someone.roles = who, ROLES
    someone.acr, someone.amr = how.get("acr", MFA), how.get("amr", ("pwd",))
    someone.age = how.get("age", timedelta(0))
    name = f"{who}@{form.client_id}"
    desk.tokens[name] = form.access_token(scope="datasets:submit datasets:approve")
    return name


def _checked(desk: DeskClient, who: str) -> str:
    """Return a submission of ``who`` that waits for its approval."""
    answer = desk.send("citizens/submissions", csv_of(CITIZEN), who=who)
    assert answer.status_code == 201, answer.text
    path = f"datasets/submissions/{answer.get_json()['id']}"
    desk.check(path)
    return path


@pytest.mark.parametrize(
    "how",
    [
        {"acr": "urn:example:2", "amr": ("pwd", "otp")},
        {"acr": ""},
        {"age": timedelta(hours=12, seconds=5)},
        {"amr": ("pwd", "mfa"), "acr": "", "age": timedelta(days=2)},
    ],
)
@pytest.mark.parametrize("body", [{}, {"break_glass": "bão"}])
def test_a_sign_in_that_is_weak_or_old_approves_nothing(
    form: Form, desk: DeskClient, how: dict[str, Any], body: dict[str, str]
) -> None:
    path = _checked(desk, _sign(desk, form, PERSON))
    answer = desk.call(_sign(desk, form, OTHER, **how), "POST", f"{path}/approve", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "step-up-needed")
    first = answer.headers.getlist("WWW-Authenticate")[0]
    assert first.startswith("Bearer ")
    for told in (
        'error="insufficient_user_authentication"',
        f'acr_values="{MFA}"',
        f'max_age="{LONGEST_AGE}"',
    ):
        assert told in first
    assert desk.get(path, APPROVER)["submission"]["state"] == "checked"
    [row] = desk.logged("refused")
    assert (row.person_id, row.reason) == (OTHER, "step-up-needed")


def test_in_production_no_client_approves_alone(form: Form, desk: DeskClient) -> None:
    path = _checked(desk, _sign(desk, form, PERSON))
    desk.set(environment="production")
    for body in ({}, {"break_glass": "bão"}):
        answer = desk.call(APPROVER, "POST", f"{path}/approve", json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "step-up-needed")
    desk.set(environment="demo")
    assert desk.post(f"{path}/approve", APPROVER)["approved_by"] == APPROVER


def test_two_persons_at_one_console_are_two(form: Form, desk: DeskClient) -> None:
    path = _checked(desk, _sign(desk, form, PERSON))
    desk.set(environment="production")
    done = desk.post(f"{path}/approve", _sign(desk, form, OTHER))
    assert (done["submitted_by"], done["approved_by"]) == (PERSON, OTHER)


def test_one_person_at_two_consoles_is_one(form: Form, desk: DeskClient) -> None:
    console = another(form, "console")
    path = _checked(desk, _sign(desk, form, PERSON))
    elsewhere = _sign(desk, console, PERSON)
    answer = desk.call(elsewhere, "POST", f"{path}/approve", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "outside-agreement")
    broken = desk.post(f"{path}/approve", elsewhere, break_glass="bão")
    assert broken["approved_by"] == PERSON


def test_whoever_leaves_the_staff_approves_nothing_more(form: Form, desk: DeskClient) -> None:
    with form.service.database.transaction() as session:
        member = add_staff(session, "Bình", "https://id.example.vn", "s-1", sorted(ROLES))
    path = _checked(desk, _sign(desk, form, PERSON))
    leaving = _sign(desk, form, member)
    assert desk.call(leaving, "GET", path).status_code == 200
    with form.service.database.transaction() as session:
        disable_staff(session, member)
    time.sleep(1)
    answer = desk.call(leaving, "POST", f"{path}/approve", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


def test_what_the_challenge_asks_for_is_what_helps(form: Form, desk: DeskClient) -> None:
    path = _checked(desk, _sign(desk, form, PERSON))
    weak = _sign(desk, form, OTHER, acr="urn:example:2")
    assert desk.call(weak, "POST", f"{path}/approve", json={}).status_code == 401
    asked = {"acr_values": MFA, "max_age": str(LONGEST_AGE)}
    assert form.open(form.uri(**asked)).headers["Location"].endswith("step_up=1")
    form.someone.acr = MFA
    desk.tokens["again"] = form.access_token(scope="datasets:approve", **asked)
    assert desk.post(f"{path}/approve", "again")["state"] == "approved"


def test_without_a_known_acr_the_challenge_names_none() -> None:
    long_ago = int(now().timestamp()) - LONGEST_AGE - 5
    with pytest.raises(StepUpNeeded) as refused:
        require_multi_factor(Authentication("s", "", ("mfa",), long_ago), Settings())
    assert refused.value.members == {
        "error": "insufficient_user_authentication",
        "max_age": LONGEST_AGE,
    }
