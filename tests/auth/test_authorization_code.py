"""From a pushed request to tokens: what is refused at each step, and that each happens once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.clients import create_client
from auth.grants.credentials import redeem_code
from auth.grants.grants import revoke_grants_of_person, subject_of
from auth.grants.pushed import decide
from registry.kernel.clock import fixed, now
from tests.auth.grants import CALLBACK, DETAIL, PERSON, SEX, Form, form_of, told
from tests.conftest import ISSUER, PURPOSE, Service

DETAILS = json.dumps([DETAIL])


@pytest.fixture
def form(service: Service) -> Iterator[Form]:
    with form_of(service) as made:
        yield made


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "?x=1"}, "invalid_request"),
        ({"redirect_uri": "https://forms.example.vn.evil.example/callback"}, "invalid_request"),
        ({"redirect_uri": "https://FORMS.example.vn/callback"}, "invalid_request"),
        ({"redirect_uri": "http://forms.example.vn/callback"}, "invalid_request"),
        ({"client_id": "other"}, "invalid_request"),
        ({"client_id": None}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request": "a.b.c", "redirect_uri": None}, "request_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"state": "x" * 3000}, "invalid_request"),
        ({"authorization_details": "x"}, "invalid_authorization_details"),
        ({"authorization_details": "{}"}, "invalid_authorization_details"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": '[{"type":"payment"}]'}, "invalid_authorization_details"),
    ],
)
def test_a_request_that_breaks_a_rule_is_not_kept(
    form: Form, change: dict[str, str | None], error: str
) -> None:
    answer = form.push(**change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "change",
    [
        {"attributes": []},
        {"attributes": ["citizens:religion"]},
        {"attributes": ["name.full"]},
        {"attributes": "citizens:name.full"},
        {"optional": ["citizens:sex"]},
        {"procedure": "9.999999"},
        {"subjects": ["Ai đó"]},
        {"note": "x"},
    ],
)
def test_details_beyond_the_agreement_are_refused(form: Form, change: dict[str, object]) -> None:
    answer = form.push(authorization_details=json.dumps([DETAIL | change]))
    assert (answer.status_code, answer.get_json()["error"]) == (
        400,
        "invalid_authorization_details",
    )


def test_nobody_pushes_for_another_or_without_authentication(form: Form) -> None:
    client = form.service.app.test_client()
    answer = client.post(
        "/oauth/par",
        data={"client_id": "ward-office", "redirect_uri": "x", "response_type": "code"},
    )
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_a_request_that_was_not_pushed_goes_back_to_a_registered_address_alone(form: Form) -> None:
    query = {"client_id": "ward-office", "redirect_uri": CALLBACK, "state": "s"}
    back = told(form.browser.get("/oauth/authorize", query_string=query))
    assert (back["error"], back["state"], back["iss"]) == ("invalid_request", "s", ISSUER)
    for change in ({"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}):
        answer = form.browser.get("/oauth/authorize", query_string=query | change)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_only_its_client_and_its_browser_open_a_request(form: Form) -> None:
    uri = form.uri()
    assert form.open(uri, "other").status_code == 400
    assert form.open(uri).status_code == 200
    assert form.open(uri).status_code == 200
    form.browser = form.service.app.test_client()
    assert form.open(uri).status_code == 400


def test_a_request_object_beside_a_pushed_request_is_refused(form: Form) -> None:
    query = {"client_id": "ward-office", "request_uri": form.uri(), "request": "a.b.c"}
    assert form.browser.get("/oauth/authorize", query_string=query).status_code == 400
    del query["request"]
    assert form.browser.get("/oauth/authorize", query_string=query).status_code == 200


def test_what_is_sent_without_a_value_counts_as_left_out(form: Form) -> None:
    assert "state" not in form.agree(state="", dpop_jkt="")
    issued = form.agree()["code"]
    for left_out in ({"code": ""}, {"code_verifier": ""}):
        answer = form.redeem(issued, **left_out)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert form.redeem(issued, scope="").get_json()["scope"] == "citizens:read openid"


@pytest.mark.parametrize("uri", ["", "urn:x", "https://evil.example/request.jwt"])
def test_an_unknown_request_is_refused(form: Form, uri: str) -> None:
    assert form.open(uri).status_code == 400


def test_a_request_waits_ninety_seconds_for_a_page_and_ten_minutes_for_a_decision(
    form: Form,
) -> None:
    early, late = form.uri(), form.uri()
    page = form.open(early)
    with fixed(now() + timedelta(seconds=91)):
        assert form.open(late).status_code == 400
        assert form.open(early).status_code == 200
    with fixed(now() + timedelta(seconds=601)):
        assert form.decide(early, page).status_code == 400


def test_a_form_of_another_visit_decides_nothing(form: Form) -> None:
    uri = form.uri()
    page = form.open(uri)
    other = form.service.app.test_client()
    mine, form.browser = form.browser, other
    assert form.decide(uri, page).status_code == 400
    form.browser = mine
    assert "code" in told(form.decide(uri, page))


def test_who_is_not_signed_in_is_sent_there_and_decides_nothing(form: Form) -> None:
    uri = form.uri()
    page = form.open(uri)
    form.someone.present = False
    assert form.decide(uri, page).status_code == 400
    answer = form.open(uri)
    assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/signin?")
    quiet = form.uri(prompt="none")
    assert told(form.open(quiet))["error"] == "login_required"


def test_a_decision_counts_once(form: Form) -> None:
    uri = form.uri()
    page = form.open(uri)
    assert told(form.decide(uri, page, "decline")) == {
        "error": "access_denied",
        "state": "s1",
        "iss": ISSUER,
    }
    assert form.decide(uri, page).status_code == 400
    assert form.open(uri).status_code == 400


def test_the_page_says_who_asks_for_what_by_which_law(form: Form) -> None:
    page = form.open(form.uri(authorization_details=DETAILS))
    for words in ("UBND phường", "1.004222", "Luật Cư trú", "Họ, chữ đệm, tên", "Lan"):
        assert words in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://forms.example.vn" in policy
    assert "script" not in page.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code": "x"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
    ],
)
def test_a_wrong_redemption_gives_nothing_and_uses_nothing_up(
    form: Form, change: dict[str, str | None], error: str
) -> None:
    code = form.agree()["code"]
    answer = form.redeem(code, **change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert form.redeem(code).status_code == 200


def test_a_code_is_its_clients_own(form: Form) -> None:
    code = form.agree()["code"]
    from auth.clients import create_client  # noqa: PLC0415 - one use

    with form.service.database.transaction() as session:
        made = create_client(session, "thief", "x", ["citizens:read"])
    answer = form.service.app.test_client().post(
        "/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": form.verifier,
        },
        auth=("thief", made.secret or ""),
    )
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unauthorized_client")


def test_nobody_grants_a_role_that_is_not_theirs(form: Form) -> None:
    assert form.agree(scope="datasets:approve")["error"] == "access_denied"
    form.someone.roles = frozenset({"datasets:approve"})
    assert "code" in form.agree(scope="datasets:approve")


def test_the_access_log_knows_the_person_behind_a_token(form: Form) -> None:
    issued = form.redeem(form.agree(authorization_details=SEX)["code"]).get_json()
    assert _status(form, issued["access_token"]) == 200
    row = form.service.rows()[-1]
    assert (row.client_id, row.person_id) == ("ward-office", PERSON)


def test_a_code_lives_a_minute(form: Form) -> None:
    code = form.agree()["code"]
    with fixed(now() + timedelta(seconds=61)):
        assert form.redeem(code).get_json()["error"] == "invalid_grant"


def _status(form: Form, token: str) -> int:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    question = {"identifiers": ["900190000001"], "fields": ["sex"]}
    client = form.service.app.test_client()
    return client.post("/v1/citizens/lookup", json=question, headers=headers).status_code


def test_a_code_that_comes_again_ends_what_it_has_issued(form: Form) -> None:
    code = form.agree(authorization_details=SEX)["code"]
    issued = form.redeem(code).get_json()
    assert _status(form, issued["access_token"]) == 200
    assert form.redeem(code).get_json()["error"] == "invalid_grant"
    time.sleep(1)
    assert _status(form, issued["access_token"]) == 401
    again = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert again.get_json()["error"] == "invalid_grant"


def test_what_is_issued_says_who_agreed_to_what(form: Form) -> None:
    issued = form.redeem(form.agree(authorization_details=DETAILS)["code"]).get_json()
    keys = KeySet.import_key_set(form.browser.get("/oauth/jwks").get_json())
    access = jwt.decode(issued["access_token"], keys, algorithms=["ES256"]).claims
    identity = jwt.decode(issued["id_token"], keys, algorithms=["ES256"]).claims
    assert access["sub"] == identity["sub"] != PERSON
    assert PERSON not in json.dumps([access, identity])
    assert identity["nonce"] == "n1"
    assert (identity["iss"], identity["aud"]) == (ISSUER, "ward-office")
    [detail] = issued["authorization_details"]
    assert detail == access["authorization_details"][0]
    assert detail["attributes"] == sorted(DETAIL["attributes"])
    assert detail["subjects"] == ["self"]
    assert issued["scope"] == "citizens:read openid"


def test_a_person_is_known_to_each_sector_by_another_subject(form: Form) -> None:
    with form.service.database.transaction() as session:
        one = subject_of(session, "one", PERSON)
        assert one == subject_of(session, "one", PERSON)
        assert one != subject_of(session, "two", PERSON) != PERSON


def test_a_refresh_token_serves_again_and_never_for_more(form: Form) -> None:
    issued = form.redeem(form.agree(authorization_details=DETAILS)["code"]).get_json()
    refresh = issued["refresh_token"]
    for _ in range(3):
        again = form.token(grant_type="refresh_token", refresh_token=refresh).get_json()
        assert again["access_token"] != issued["access_token"]
        assert "refresh_token" not in again
        assert again["authorization_details"] == issued["authorization_details"]
    less = form.token(grant_type="refresh_token", refresh_token=refresh, scope="citizens:read")
    assert less.get_json()["scope"] == "citizens:read"
    more = form.token(grant_type="refresh_token", refresh_token=refresh, scope="citizens:search")
    assert more.get_json()["error"] == "invalid_scope"
    wider = json.dumps([DETAIL | {"attributes": ["citizens:sex"], "optional": []}])
    escalated = form.token(
        grant_type="refresh_token", refresh_token=refresh, authorization_details=wider
    )
    assert escalated.get_json()["error"] == "invalid_authorization_details"


def test_another_client_can_not_revoke_a_refresh_token(form: Form) -> None:
    issued = form.redeem(form.agree()["code"]).get_json()
    with form.service.database.transaction() as session:
        other = create_client(session, "other", "Cơ quan khác", ["citizens:read"])
    given = {"token": issued["refresh_token"], "token_type_hint": "refresh_token"}
    auth = ("other", other.secret or "")
    answer = form.service.app.test_client().post("/oauth/revoke", data=given, auth=auth)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    again = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert again.status_code == 200


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", ""])
def test_a_revoked_refresh_token_takes_its_access_tokens_along(form: Form, hint: str) -> None:
    issued = form.redeem(form.agree()["code"]).get_json()
    given = {"token": issued["refresh_token"]} | ({"token_type_hint": hint} if hint else {})
    client = form.service.app.test_client()
    answer = client.post("/oauth/revoke", data=given, auth=form.auth)
    assert (answer.status_code, answer.get_json()) == (200, {})
    ended = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert ended.get_json()["error"] == "invalid_grant"
    time.sleep(1)
    told = client.post("/oauth/introspect", data={"token": issued["access_token"]}, auth=form.auth)
    assert told.get_json() == {"active": False}


def test_a_refresh_token_ends_with_the_grant_and_in_time(form: Form) -> None:
    refresh = form.redeem(form.agree()["code"]).get_json()["refresh_token"]
    with fixed(now() + timedelta(days=31)):
        over = form.token(grant_type="refresh_token", refresh_token=refresh)
        assert over.get_json()["error"] == "invalid_grant"
    with form.service.database.transaction() as session:
        revoke_grants_of_person(session, PERSON)
    ended = form.token(grant_type="refresh_token", refresh_token=refresh)
    assert ended.get_json()["error"] == "invalid_grant"


def test_a_client_that_moves_over_rotates_and_a_second_use_ends_the_grant(
    service: Service,
) -> None:
    with form_of(service, rotates_refresh=True) as form:
        first = form.redeem(form.agree()["code"]).get_json()["refresh_token"]
        second = form.token(grant_type="refresh_token", refresh_token=first).get_json()
        assert second["refresh_token"] != first
        with fixed(now() + timedelta(seconds=61)):
            reused = form.token(grant_type="refresh_token", refresh_token=first)
            assert reused.get_json()["error"] == "invalid_grant"
        ended = form.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
        assert ended.get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize("again", ["the same", "the lost one"])
def test_a_lost_answer_is_asked_for_once_more_and_no_other_use_is_one(
    service: Service, again: str
) -> None:
    with form_of(service, rotates_refresh=True) as asking:

        def refresh(token: str) -> dict[str, str]:
            return dict(asking.token(grant_type="refresh_token", refresh_token=token).get_json())

        first = asking.redeem(asking.agree()["code"]).get_json()["refresh_token"]
        lost, got = refresh(first)["refresh_token"], refresh(first)["refresh_token"]
        assert len({first, lost, got}) == 3
        # Whoever else used it, the second use of one of these tells, and ends what all have.
        reused = refresh(first if again == "the same" else lost)
        assert reused["error"] == "invalid_grant"
        assert refresh(got)["error"] == "invalid_grant"


def test_after_a_retry_the_client_goes_on(service: Service) -> None:
    with form_of(service, rotates_refresh=True) as form:
        token = form.redeem(form.agree()["code"]).get_json()["refresh_token"]
        for _ in range(3):
            for _ in range(2):
                answer = form.token(grant_type="refresh_token", refresh_token=token).get_json()
            token = answer["refresh_token"]


def test_a_client_alone_is_never_a_person(form: Form) -> None:
    answer = form.token(grant_type="client_credentials", scope="openid")
    assert answer.get_json()["error"] == "invalid_scope"
    alone = form.token(grant_type="client_credentials").get_json()
    assert "openid" not in alone["scope"].split()
    assert "id_token" not in alone


def test_of_many_at_once_one_redeems_and_one_decides(form: Form) -> None:
    uri = form.uri()
    form.open(uri)
    code = form.agree()["code"]
    cookie = form.browser.get_cookie("sogoc-flow")
    assert cookie is not None
    from auth.browsers import digest  # noqa: PLC0415 - the browser as the table knows it

    browser, barrier = digest(cookie.value), Barrier(16)

    def redeem(_: int) -> bool:
        barrier.wait()
        with form.service.database.transaction() as session:
            return redeem_code(session, code)

    def settle(_: int) -> bool:
        barrier.wait()
        with form.service.database.transaction() as session:
            return decide(session, uri, "ward-office", browser)

    with ThreadPoolExecutor(16) as pool:
        for once in (redeem, settle):
            assert sum(pool.map(once, range(16))) == 1
