"""Signing in: what is refused, what is believed, and how long a session lasts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import flask
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from auth.signin import cookies
from auth.signin.attempts import begin, require_own_path
from auth.signin.models import ProviderSubject, SignInAttempt, WebSession
from auth.signin.refusals import SignInRefused
from auth.signin.staff import add_staff, disable_staff
from auth.signin.step_up import is_multi_factor
from registry.kernel.clock import fixed, now
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from tests.auth.browser import Browser, application, refused
from tests.auth.provider import Provider, running
from tests.conftest import ISSUER
from tests.people import LAN

STATE, UNKNOWN, DECLINED = "used already", "No citizen", "did not confirm"
NOT_BELIEVED = "not believed"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as made:
        made.claims = {"personal_id": LAN, "name": "Nguyễn Thị Lan"}
        yield made


@pytest.fixture
def app(database: Database, tmp_path: Path, provider: Provider) -> Iterator[flask.Flask]:
    with application(database, tmp_path, provider.issuer) as made:
        yield made


@pytest.fixture
def browser(app: flask.Flask, provider: Provider) -> Browser:
    return Browser(app, provider)


ELSEWHERE = [
    "",
    "evil.example",
    "https://evil.example",
    "HTTPS://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/%2f/evil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/a//evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "javascript:alert(1)",
    "/javascript:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "http:/evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example",
    "/\u2028/evil.example",
    "/\uff0fevil.example",
    "/x\r\nSet-Cookie: a=b",
    "/docs#//evil.example",
    "/docs?a=\\",
    "/" + "a" * 1000,
]


@pytest.mark.parametrize("where", ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_nobody_is_sent_elsewhere(where: str) -> None:
    with pytest.raises(SignInRefused):
        require_own_path(where)


def test_a_way_elsewhere_begins_no_sign_in(browser: Browser) -> None:
    response = browser.client.get("/signin", query_string={"return_to": "//evil.example"})
    assert refused(response, 400, "not of this site")


@pytest.mark.parametrize("where", ["/", "/docs", "/a/b?c=d&e=/f//g", "/signin/session?x=%2F"])
def test_people_come_back_to_where_they_were(browser: Browser, where: str) -> None:
    response = browser.sign_in(return_to=where)
    assert (response.status_code, response.location) == (303, ISSUER + where)


def test_a_state_is_used_once(browser: Browser) -> None:
    assert browser.sign_in().status_code == 303
    assert refused(browser.back(), 400, STATE)


def test_a_state_is_used_once_even_at_once(app: flask.Flask, browser: Browser) -> None:
    asked = browser.go()
    held = browser.cookie("sogoc-signin")

    def back(_: int) -> int:
        client = app.test_client()
        client.set_cookie("sogoc-signin", held, domain="localhost")
        query = {"code": "a-code", "state": asked["state"]}
        return client.get("/signin/callback", query_string=query).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(back, range(4))) == [303, 400, 400, 400]


def test_another_browsers_state_is_refused_and_left_to_it(
    app: flask.Flask, browser: Browser, provider: Provider
) -> None:
    asked = dict(browser.go())
    other = Browser(app, provider)
    assert refused(other.back(), 400, STATE)
    other.client.get("/signin")
    assert refused(other.back(state=asked["state"]), 400, STATE)
    assert browser.back().status_code == 303


def test_a_state_is_of_ten_minutes(browser: Browser) -> None:
    browser.go()
    with fixed(now() + timedelta(minutes=10, seconds=1)):
        assert refused(browser.back(), 400, STATE)


@pytest.mark.parametrize("state", ["", "made-up"])
def test_a_state_of_nobody_is_refused(browser: Browser, state: str) -> None:
    browser.go()
    assert refused(browser.back(state=state), 400, STATE)


def test_a_parameter_twice_is_refused(browser: Browser) -> None:
    asked = browser.go()
    response = browser.client.get(f"/signin/callback?code=a&code=b&state={asked['state']}")
    assert refused(response, 400, STATE)


def test_what_comes_back_is_kept_by_digest(browser: Browser, database: Database) -> None:
    asked = browser.go()
    with database.reading() as session:
        [row] = session.scalars(sa.select(SignInAttempt)).all()
    kept = {row.state_sha256, row.browser, row.nonce, row.verifier}
    assert not kept & {asked["state"], browser.cookie("sogoc-signin")}


def test_attempts_of_the_past_are_swept(database: Database) -> None:
    with database.transaction() as session:
        begin(session, "browser", "/")
    with fixed(now() + timedelta(hours=1)), database.transaction() as session:
        begin(session, "browser", "/")
        assert session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 1


def test_what_the_provider_declined_is_no_sign_in(browser: Browser) -> None:
    browser.go()
    assert refused(browser.back(error="access_denied"), 403, DECLINED)
    assert refused(browser.back(), 400, STATE)


def test_an_answer_of_another_provider_is_refused(browser: Browser, provider: Provider) -> None:
    browser.go()
    assert refused(browser.back(iss="https://evil.example"), 403, NOT_BELIEVED)
    assert provider.form == {}
    browser.go()
    assert refused(browser.back(iss="https://evil.example", error="x"), 403, NOT_BELIEVED)


def test_a_provider_that_names_itself_always_does(browser: Browser, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    assert refused(browser.sign_in(), 403, NOT_BELIEVED)
    browser.go()
    assert browser.back(iss=provider.issuer).status_code == 303


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"response_types_supported": ["id_token"]},
        {"code_challenge_methods_supported": ["plain"]},
    ],
    ids=lambda told: next(iter(told)),
)
def test_an_unsafe_provider_is_not_used(
    browser: Browser, provider: Provider, metadata: dict[str, object]
) -> None:
    provider.metadata = metadata
    assert refused(browser.client.get("/signin"), 503, "does not answer")


@pytest.mark.parametrize("status", [302, 307, 400, 500])
def test_a_provider_that_fails_is_not_followed(
    browser: Browser, provider: Provider, status: int
) -> None:
    provider.status = status
    assert refused(browser.client.get("/signin"), 503, "does not answer")
    provider.status = 200
    browser.go()
    provider.status = status
    assert refused(browser.back(), 403, NOT_BELIEVED)


def test_a_number_that_leads_to_nobody_opens_nothing(browser: Browser, provider: Provider) -> None:
    provider.userinfo = {"sub": "subject-1"}
    for number in ("900190000999", "12", "", 900190000001, None):
        provider.claims = {"personal_id": number}
        assert refused(browser.sign_in(), 403, UNKNOWN), number


def test_userinfo_of_another_person_is_not_mixed_in(browser: Browser, provider: Provider) -> None:
    provider.claims = {}
    provider.userinfo = {"sub": "subject-2", "personal_id": LAN}
    assert refused(browser.sign_in(), 403, NOT_BELIEVED)
    provider.userinfo = {"sub": "subject-1", "personal_id": LAN}
    assert browser.sign_in().status_code == 303


def test_the_subject_leads_to_the_record_once_it_is_known(
    browser: Browser, provider: Provider, database: Database
) -> None:
    browser.sign_in()
    first = browser.who()
    provider.claims = {"personal_id": "900190000999"}
    browser.sign_in()
    again = browser.who()
    assert first
    assert again
    assert (first.person.id, first.person.staff) == (again.person.id, False)
    with database.reading() as session:
        [link] = session.scalars(sa.select(ProviderSubject)).all()
    assert (link.issuer, link.subject) == (provider.issuer, "subject-1")
    assert link.person_id == first.person.id


def test_the_code_comes_with_its_verifier_and_our_key(
    browser: Browser, provider: Provider, app: flask.Flask
) -> None:
    browser.sign_in()
    assert provider.verifies()
    assert provider.asked["code_challenge_method"] == "S256"
    assert provider.form["redirect_uri"] == f"{ISSUER}/signin/callback"
    assert provider.form["client_assertion"].count(".") == 2
    assert provider.authorization is None
    assert app.extensions["sogoc"].settings.signin_client_secret == ""


def test_a_secret_is_sent_in_the_header_alone(
    database: Database, tmp_path: Path, provider: Provider
) -> None:
    with application(
        database,
        tmp_path,
        provider.issuer,
        signin_client_secret="a:b c",  # noqa: S106 - made up
    ) as made:
        assert Browser(made, provider).sign_in().status_code == 303
    assert provider.authorization == "Basic c29nb2M6YSUzQWIlMjBj"
    assert "client_assertion" not in provider.form


def test_a_session_that_was_chosen_beforehand_is_never_used(
    app: flask.Flask, browser: Browser
) -> None:
    browser.client.set_cookie("sogoc", "A" * 43, domain="localhost")
    browser.sign_in()
    first = browser.cookie()
    assert first != "A" * 43
    browser.sign_in()
    assert browser.cookie() != first
    here = app.extensions["sogoc-signin"]
    assert here.who("A" * 43) is None
    assert here.who(first) is None
    assert here.who(browser.cookie()) is not None


def test_a_session_is_kept_by_digest(browser: Browser, database: Database) -> None:
    browser.sign_in()
    with database.reading() as session:
        [row] = session.scalars(sa.select(WebSession)).all()
    assert browser.cookie() not in {row.sha256, row.person_id, row.name}


def test_a_session_ends_after_fifteen_idle_minutes(browser: Browser) -> None:
    browser.sign_in()
    start = now()
    for minutes in (14, 28):
        with fixed(start + timedelta(minutes=minutes)):
            assert browser.who()
    with fixed(start + timedelta(minutes=43, seconds=1)):
        assert browser.who() is None


def test_a_session_ends_after_eight_hours(browser: Browser) -> None:
    browser.sign_in()
    start = now()
    for minutes in range(10, 8 * 60, 10):
        with fixed(start + timedelta(minutes=minutes)):
            assert browser.who()
    with fixed(start + timedelta(hours=8)):
        assert browser.who() is None


def test_signing_out_needs_the_forms_token_and_ends_the_session(browser: Browser) -> None:
    browser.sign_in()
    found = browser.who()
    assert found
    held = browser.cookie()
    for token in ("", "0" * 64, "é"):
        response = browser.client.post("/signout", data={"form_token": token})
        assert response.status_code == 403
    assert browser.who()
    response = browser.client.post("/signout", data={"form_token": found.form_token})
    assert response.status_code == 200
    assert browser.cookie() == ""
    assert browser.app.extensions["sogoc-signin"].who(held) is None


def test_a_page_without_a_session_leads_to_signing_in(browser: Browser) -> None:
    response = browser.client.get("/signin/session?a=b")
    assert response.location == "/signin?return_to=%2Fsignin%2Fsession%3Fa%3Db"
    assert refused(browser.client.post("/signout"), 403, "The session has ended")


def test_pages_ask_nobody_else_and_speak_vietnamese_first(browser: Browser) -> None:
    browser.sign_in()
    response = browser.client.get("/signin/session")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert response.headers["Cache-Control"] == "no-store"
    assert 'lang="vi"' in response.text
    assert "://" not in response.text
    assert " style=" not in response.text
    assert "Nguyễn Thị Lan" in response.text
    assert response.text.index("Đăng xuất") < response.text.index("Sign out")
    style = browser.client.get("/signin/style.css")
    assert (style.status_code, style.mimetype) == (200, "text/css")
    style.close()


def test_cookies_are_of_this_host_and_over_tls() -> None:
    def sent(issuer: str, environment: str = "production") -> str:
        settings = Settings(issuer=issuer, environment=environment)
        with flask.Flask("x").test_request_context():
            response = flask.Response()
            cookies.write(settings, response, cookies.SESSION, "v" * 43)
        return str(response.headers["Set-Cookie"])

    fine = f"__Host-sogoc={'v' * 43}; Secure; HttpOnly; Path=/; SameSite=Lax"
    assert sent("https://registry.example") == fine
    assert sent("http://127.0.0.1:8000") == fine
    assert sent("http://demo.example", environment="demo") == fine
    plain = sent("http://127.0.0.1:8000", environment="demo")
    assert plain == f"sogoc={'v' * 43}; HttpOnly; Path=/; SameSite=Lax"


def test_disabled_staff_are_out_at_once_and_stay_out(
    browser: Browser, provider: Provider, database: Database
) -> None:
    with database.transaction() as session:
        member = add_staff(
            session, "Lê Thị Thu", provider.issuer, "subject-1", ["datasets:approve"]
        )
    assert browser.sign_in().status_code == 303
    found = browser.who()
    assert found
    assert found.person.staff
    assert (found.person.id, found.person.name) == (member, "Lê Thị Thu")
    assert found.roles == {"datasets:approve"}
    with database.transaction() as session:
        disable_staff(session, member)
    assert browser.who() is None
    assert refused(browser.sign_in(), 403, "has been disabled")


def test_staff_of_another_provider_are_nobody_here(browser: Browser, database: Database) -> None:
    with database.transaction() as session:
        add_staff(session, "Thu", "https://id.example", "subject-1", ["datasets:approve"])
    browser.sign_in()
    found = browser.who()
    assert found
    assert not found.person.staff
    assert found.roles == frozenset()


@pytest.mark.parametrize(
    ("acr", "amr", "more"),
    [("", [], False), ("low", ["pwd"], False), ("high", [], True), ("", ["otp", "mfa"], True)],
)
def test_more_than_one_factor_is_what_the_settings_or_the_method_say(
    acr: str, amr: list[str], *, more: bool
) -> None:
    settings = Settings(signin_mfa_acr="higher high")
    assert is_multi_factor(acr, amr, settings) is more
    assert not is_multi_factor("", [], Settings())


def test_how_somebody_proved_who_they_are_is_kept(browser: Browser, provider: Provider) -> None:
    at = int(now().timestamp()) - 100
    provider.claims |= {"acr": "high", "amr": ["pwd", "otp"], "auth_time": at}
    asked = browser.go(step_up="1")
    assert asked["prompt"] == "login"
    browser.back()
    found = browser.who()
    assert found
    assert (found.acr, found.amr) == ("high", ("pwd", "otp"))
    assert found.auth_time.timestamp() == at


def test_without_a_provider_nobody_signs_in(database: Database, tmp_path: Path) -> None:
    with application(database, tmp_path, "", signin_client_id="") as app:
        client: FlaskClient = app.test_client()
        for path in ("/signin", "/signin/callback?code=a&state=b"):
            assert refused(client.get(path), 404, "not set up")
        assert client.get("/demo/provider/jwks").status_code == 404
