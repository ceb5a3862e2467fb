"""Another person's consent: whose code it is, how often one may guess, and what it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from werkzeug.test import TestResponse

from auth.clients import disable_client
from auth.consents import invitations
from auth.consents.codes import ALPHABET, WRONG_BY_PERSON, invitation_link, key_of, new_code
from auth.consents.invitations import Invited, Wanted, find_accepted, list_invitations
from auth.consents.records import list_consents, withdraw
from auth.grants.grants import Terms, bind_case
from registry.kernel.clock import fixed, now
from registry.kernel.errors import Conflict, NotFound, Refused
from tests.auth.grants import DETAIL, PERSON, Form, filled, form_of
from tests.auth.previews import BORN, NAME, Family
from tests.conftest import ISSUER, Service

SPOUSE = "01980000-0000-7000-8000-000000000088"
STRANGER = "01980000-0000-7000-8000-000000000099"
OFFICER = "01980000-0000-7000-8000-0000000000ff"
ASKED = {**DETAIL, "attributes": [BORN, NAME], "subjects": ["spouse"]}


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service, preview=Family()) as made:
        yield made


@pytest.fixture
def inviting(form: Form) -> str:
    """Return the grant of the person who fills the form in, and let the spouse sit there next."""
    form.agree(authorization_details=json.dumps([DETAIL]))
    with form.service.database.reading() as session:
        [given] = list_consents(session, PERSON)
    form.someone.id = SPOUSE
    form.browser = form.service.app.test_client()
    assert given.grant_id is not None
    return given.grant_id


def wanted(**change: Any) -> Wanted:
    fine: dict[str, Any] = {
        "client_id": "ward-office",
        "procedure": "1.004222",
        "case": "H29-0001",
        "role": "spouse",
        "details": [ASKED],
        "expected_person_id": SPOUSE,
    }
    return Wanted(**(fine | change))


def invite(form: Form, inviting: str, **change: Any) -> Invited:
    with form.service.database.transaction() as session:
        return invitations.invite(session, wanted(**change), inviting)


def at_counter(form: Form, **change: Any) -> Invited:
    with form.service.database.transaction() as session:
        given = {"role": "self", "expected_person_id": None} | change
        return invitations.invite_at_counter(session, wanted(**given), OFFICER)


def open_code(form: Form, code: str) -> TestResponse:
    return form.browser.get("/consent", query_string={"code": code})


def decide(form: Form, page: TestResponse, decision: str = "agree", **change: Any) -> TestResponse:
    asked = filled(page) | {"decision": decision} | change
    return form.browser.post("/consent", data=asked)


def stands(form: Form, inviting: str) -> list[str]:
    with form.service.database.reading() as session:
        return [each.state for each in list_invitations(session, inviting)]


# What is refused.


def test_a_code_of_somebody_else_says_so_and_not_whose(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    for other in (STRANGER, PERSON):
        form.someone.id = other
        page = open_code(form, made.code)
        assert page.status_code == 403
        assert "dành cho người khác" in page.text
        assert SPOUSE not in page.text
        assert "Ngày sinh" not in page.text
    form.someone.id = SPOUSE
    assert open_code(form, made.code).status_code == 200


def test_nobody_accepts_their_own_invitation(form: Form, inviting: str) -> None:
    made = invite(form, inviting, role="adult", expected_person_id=None)
    form.someone.id = PERSON
    assert open_code(form, made.code).status_code == 403
    counter = at_counter(form)
    form.someone.id = OFFICER
    assert open_code(form, counter.code).status_code == 403
    form.someone.id = STRANGER
    assert open_code(form, counter.code).status_code == 200


def test_a_page_shown_to_one_person_is_not_answered_by_another(form: Form, inviting: str) -> None:
    made = invite(form, inviting, expected_person_id=None)
    page = open_code(form, made.code)
    form.someone.id = STRANGER
    assert decide(form, page).status_code == 400
    assert stands(form, inviting) == ["REQUESTED"]


def test_a_code_that_is_guessed_too_often_is_not_even_looked_at(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    # A right code costs nothing, however often it is opened.
    for _ in range(WRONG_BY_PERSON + 1):
        assert open_code(form, made.code).status_code == 200
    with fixed(now().replace(minute=0, second=5)):
        for _ in range(WRONG_BY_PERSON):
            assert open_code(form, new_code()).status_code == 400
        assert open_code(form, made.code).status_code == 429
        # Another person has tries of their own.
        form.someone.id = STRANGER
        assert open_code(form, new_code()).status_code == 400
    form.someone.id = SPOUSE
    with fixed(now().replace(minute=16, second=5)):
        assert open_code(form, made.code).status_code == 200


def test_all_together_guess_a_minute_no_more_than_so_often(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.consents.codes._WRONG_BY_ALL", 3)
    answers = []
    with fixed(now().replace(second=5)):
        for number in range(4):
            form.someone.id = f"{STRANGER[:-2]}{number:02}"
            answers.append(open_code(form, new_code()).status_code)
    assert answers == [400, 400, 400, 429]


@pytest.mark.parametrize("decision", ["agree", "decline"])
def test_a_code_is_used_once(form: Form, inviting: str, decision: str) -> None:
    made = invite(form, inviting)
    page = open_code(form, made.code)
    assert decide(form, page, decision).status_code == 200
    assert decide(form, page, decision).status_code == 400
    assert open_code(form, made.code).status_code == 400


def test_of_many_who_accept_at_once_one_does(form: Form, inviting: str) -> None:
    made = invite(form, inviting, expected_person_id=None)
    database, barrier = form.service.database, Barrier(8)
    person = form.someone.person()
    assert person is not None
    with database.reading() as session:
        invitation = invitations.open_invitation(session, made.code, person)

    def accept(_: int) -> bool:
        barrier.wait()
        try:
            with database.transaction() as session:
                terms = Terms("ward-office", (), [ASKED])
                invitations.accept(session, invitation, person, terms, sector="x", days=1)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(accept, range(8))) == 1


def test_a_code_lives_a_day_and_a_quarter_of_an_hour_at_a_counter(
    form: Form, inviting: str
) -> None:
    made, counter = invite(form, inviting), at_counter(form)
    with fixed(now() + timedelta(minutes=16)):
        assert open_code(form, counter.code).status_code == 400
        assert open_code(form, made.code).status_code == 200
    with fixed(now() + timedelta(hours=24, seconds=1)):
        assert open_code(form, made.code).status_code == 400
        assert stands(form, inviting) == ["EXPIRED"]


def test_an_invitation_ends_with_the_consent_that_invites(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    page = open_code(form, made.code)
    with form.service.database.transaction() as session:
        [given] = list_consents(session, PERSON)
        withdraw(session, PERSON, given.id)
    assert decide(form, page).status_code == 400
    with form.service.database.transaction() as session, pytest.raises(Refused):
        invitations.invite(session, wanted(), inviting)


def test_no_client_invites_into_the_case_of_another(form: Form, inviting: str) -> None:
    with form.service.database.transaction() as session, pytest.raises(Refused):
        invitations.invite(session, wanted(client_id="another"), inviting)


def test_a_client_that_is_disabled_asks_nobody(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    with form.service.database.transaction() as session:
        disable_client(session, "ward-office")
    assert open_code(form, made.code).status_code == 400


def test_who_is_not_signed_in_is_sent_there_and_back_with_the_code(
    form: Form, inviting: str
) -> None:
    made = invite(form, inviting)
    form.someone.present = False
    answer = open_code(form, made.code)
    assert answer.status_code == 303
    assert made.code in answer.headers["Location"]
    assert form.browser.post("/consent", data={"code": made.code}).status_code == 303
    assert stands(form, inviting) == ["REQUESTED"]


def test_a_form_of_another_site_opens_and_decides_nothing(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    page = open_code(form, made.code)
    assert form.browser.post("/consent", data={"code": made.code}).status_code == 400
    assert decide(form, page, csrf="x").status_code == 400
    assert stands(form, inviting) == ["REQUESTED"]


@pytest.mark.parametrize("code", ["", "ABCD", "AAAA-AAAA", "KX7P-29Q!", "K" * 5000])
def test_what_can_not_be_a_code_is_none(form: Form, code: str) -> None:
    person = form.someone.person()
    assert person is not None
    with form.service.database.reading() as session, pytest.raises(NotFound):
        invitations.open_invitation(session, code, person)


# What it gives.


def test_a_code_is_typed_in_any_way_and_opens_what_is_asked(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    typing = form.browser.get("/consent")
    assert typing.status_code == 200
    asked = filled(typing) | {"code": f" {made.code.replace('-', ' ').lower()} "}
    page = form.browser.post("/consent", data=asked)
    for words in ("UBND phường", "1.004222", "Luật Cư trú", "17/05/1990"):
        assert words in page.text
    assert "checked" not in page.text


def test_who_accepts_gives_a_grant_of_their_own_for_that_case(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    answer = decide(form, open_code(form, made.code), share=[])
    assert "Bạn đã đồng ý" in answer.text
    with form.service.database.transaction() as session:
        [given] = find_accepted(session, inviting, "spouse")
        assert find_accepted(session, inviting, "adult") == []
        assert (given.person_id, given.details[0]["attributes"]) == (SPOUSE, [NAME])
        [kept] = list_consents(session, SPOUSE)
        assert (kept.state, kept.via, kept.role) == ("APPROVED", "invitation", "spouse")
        assert (kept.case, kept.grant_id) == ("H29-0001", given.grant_id)
        assert not bind_case(session, given.grant_id, "H29-0002")
    assert stands(form, inviting) == ["APPROVED"]
    with form.service.database.transaction() as session:
        withdraw(session, SPOUSE, kept.id)
        assert find_accepted(session, inviting, "spouse") == []
    assert stands(form, inviting) == ["REVOKED"]


def test_who_declines_gives_nothing(form: Form, inviting: str) -> None:
    made = invite(form, inviting)
    assert "từ chối" in decide(form, open_code(form, made.code), "decline").text
    with form.service.database.reading() as session:
        assert find_accepted(session, inviting, "spouse") == []
        assert [each.state for each in list_consents(session, SPOUSE)] == ["DECLINED"]
    assert stands(form, inviting) == ["DECLINED"]


def test_a_consent_at_the_counter_says_so(form: Form) -> None:
    made = at_counter(form)
    decide(form, open_code(form, made.code))
    with form.service.database.reading() as session:
        assert [each.via for each in list_consents(session, PERSON)] == ["counter"]


def test_codes_are_read_aloud_without_doubt() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(rf"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", code) for code in codes)
    assert not set("01OIUS6BDWAEYZ") & set(ALPHABET)
    assert all(key_of(code) for code in codes)
    assert invitation_link(ISSUER, "KX7P-29QM") == f"{ISSUER}/consent?code=KX7P-29QM"
