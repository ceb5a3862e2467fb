"""The button: a page of another origin is filled, and nobody but that page."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from auth.grants.grants import revoke_grant
from auth.grants.models import Grant
from auth.models import Client
from auth.registration import change_client
from registry.kernel.access_log import AccessEvent
from registry.prefill.models import Prefill
from tests.auth.grants import filled
from tests.conftest import Service
from tests.flows.buttons import BIRTH, ORIGIN, OTHER, Page, message, page_of

NAME = "owner.full_name"


@pytest.fixture
def page(service: Service) -> Iterator[Page]:
    with page_of(service) as made:
        made.sits("mai")
        yield made


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "nobody"},
        {"origin": OTHER},
        {"origin": f"{ORIGIN}/"},
        {"procedure": "9.999999"},
        {"procedure": "2.000986"},
        {"case": ""},
        {"state": ""},
        {"return_path": "//other.example.vn/"},
        {"return_path": "/\\other.example.vn/"},
        {"return_path": "https://other.example.vn/"},
    ],
)
def test_a_button_that_is_not_registered_leads_to_a_page_that_says_what_to_do(
    page: Page, change: dict[str, str]
) -> None:
    answer = page.press(**change)
    assert 400 <= answer.status_code < 500
    assert answer.mimetype == "text/html"
    assert "Location" not in answer.headers


def test_a_form_is_filled_on_the_persons_consent_and_told_to_its_origin_alone(page: Page) -> None:
    done = page.browser.get(page.decide(page.press()))
    told = message(done)
    assert (told["type"], told["state"]) == ("sogoc-prefill", "page-state")
    assert told["answer"]["fields"][NAME]["value"] == "LÊ THỊ MAI"
    assert f'data-origin="{ORIGIN}"' in done.text
    policy = done.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert done.headers["Cache-Control"] == "no-store"


def test_a_page_without_script_gets_a_form_that_posts_to_its_own_origin_alone(page: Page) -> None:
    done = page.browser.get(page.decide(page.press(return_path="/forms/back")))
    assert f'action="{ORIGIN}/forms/back"' in done.text
    assert f"form-action 'self' {ORIGIN};" in done.headers["Content-Security-Policy"]
    assert "data-message" not in done.text
    assert 'name="sogoc_state" value="page-state"' in done.text


def test_a_no_is_told_as_a_no_and_nothing_is_read(page: Page) -> None:
    told = message(page.browser.get(page.decide(page.press(), "decline")))
    assert told == {"type": "sogoc-prefill", "state": "page-state", "error": "declined"}
    with page.form.service.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Prefill)) == 0


def test_the_way_back_works_once_and_in_the_browser_that_began(page: Page) -> None:
    path = page.decide(page.press())
    stranger = page.form.service.app.test_client()
    assert stranger.get(path).status_code == 403
    forged = path.replace("iss=http", "iss=https")
    assert page.browser.get(forged).status_code == 400
    assert page.browser.get(path).status_code == 200
    assert page.browser.get(path).status_code == 403


def test_an_origin_that_was_taken_away_is_told_nothing_any_more(page: Page) -> None:
    path = page.decide(page.press())
    held = page.fill(case="H29-2")
    with page.form.service.database.transaction() as session:
        session.execute(sa.update(Client).values(button_origins=[OTHER]))
    assert message(page.browser.get(path))["error"] == "refused"
    assert page.ask("verify", held, fields={}).status_code == 403


def test_what_comes_back_unchanged_is_verified_and_a_change_needs_a_reason(page: Page) -> None:
    held = page.fill()
    given = {k: leaf.get("code", leaf.get("value")) for k, leaf in held["fields"].items()}
    assert page.ask("verify", held, fields=given).get_json()["valid"] is True
    changed = given | {NAME: "LÊ THỊ MÁI"}
    assert page.ask("verify", held, fields=changed).get_json()["valid"] is False
    disputed = given | {NAME: {"value": "LÊ THỊ MÁI", "reason": "misspelt"}}
    told = page.ask("verify", held, fields=disputed).get_json()
    assert told["valid"] is True
    assert told["fields"][NAME]["correction"]["due_on"] > "2026"


def test_a_receipt_alone_opens_nothing(page: Page) -> None:
    held, other = page.fill(), page.fill(case="H29-2")
    for path, body in (
        ("verify", {"fields": {}}),
        ("invite", {"role": "other_parent"}),
        ("refill", {}),
    ):
        # Evidence travels; what a page may ask is in its pass.
        assert page.ask(path, held | {"pass": held["receipt"]}, **body).status_code == 403
        assert page.ask(path, held | {"pass": other["pass"]}, **body).status_code == 403
        assert page.ask(path, held, OTHER, **body).status_code == 403
        assert page.ask(path, held, "", **body).status_code == 403
    with page.form.service.database.reading() as session:
        refused = session.scalars(
            sa.select(AccessEvent.outcome).where(AccessEvent.outcome == "refused")
        )
        assert len(list(refused)) == 12


def test_only_pages_of_registered_origins_may_read_the_answers(page: Page) -> None:
    held = page.fill()
    client = page.form.service.app.test_client()
    asked = {"Access-Control-Request-Method": "POST"}
    for origin, known in ((ORIGIN, ORIGIN), (OTHER, None), ("null", None)):
        preflight = client.options("/button/verify", headers={"Origin": origin, **asked})
        assert preflight.headers.get("Access-Control-Allow-Origin") == known
        assert preflight.headers["Vary"] == "Origin"
    allowed = client.options("/button/verify", headers={"Origin": ORIGIN, **asked}).headers
    assert allowed["Access-Control-Allow-Headers"] == "Content-Type"
    assert "Access-Control-Allow-Credentials" not in allowed
    refused = page.ask("verify", held, fields={"nobody.knows": "it"})
    assert refused.status_code == 422
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN
    ready = client.get("/button/ready", headers={"Origin": OTHER})
    assert ready.headers["Access-Control-Allow-Origin"] == "*"


def test_another_adult_is_invited_by_code_and_the_form_filled_again(page: Page) -> None:
    held = page.fill(BIRTH)
    assert {"role": "other_parent", "number": 0, "state": "awaiting_consent"} in held[
        "participants"
    ]
    made = page.ask("invite", held, role="other_parent").get_json()
    page.sits("tuan")
    form = filled(page.browser.get("/consent", query_string={"code": made["code"]}))
    agreed = page.browser.post("/consent", data=form | {"code": made["code"], "decision": "agree"})
    assert agreed.status_code == 200, agreed.text
    again = page.ask("refill", held).get_json()
    assert again["fields"]["other_parent.full_name"]["value"] == "PHẠM QUỐC TUẤN"
    assert again["receipt"] != held["receipt"]


def test_after_a_withdrawal_the_page_is_told_to_ask_anew(page: Page) -> None:
    held = page.fill()
    with page.form.service.database.transaction() as session:
        for grant in session.scalars(sa.select(Grant)).all():
            revoke_grant(session, grant.id)
    refused = page.ask("refill", held)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "consent-needed")


def test_only_the_window_of_the_button_keeps_its_opener(page: Page) -> None:
    opener = "Cross-Origin-Opener-Policy"
    plain = page.form.service.app.test_client()
    assert plain.get("/oauth/authorize").headers[opener] == "same-origin"
    pressed = page.press()
    assert pressed.headers[opener] == "unsafe-none"
    assert page.browser.get(pressed.headers["Location"]).headers[opener] == "unsafe-none"
    for path in ("/", "/citizen", "/consent", "/docs"):
        assert page.browser.get(path).headers[opener] == "same-origin"


def test_a_press_is_a_call_of_the_client_like_any_other(page: Page) -> None:
    path = page.decide(page.press())
    with page.form.service.database.transaction() as session:
        change_client(session, "ward-office", {"calls_per_minute": 1}, production=False)
    # Every worker knows within a second.
    time.sleep(0.6)
    outcomes = [message(page.browser.get(path))]
    second = page.decide(page.press(case="H29-2"))
    outcomes.append(message(page.browser.get(second)))
    assert "answer" in outcomes[0]
    assert outcomes[1]["error"] == "too_many_requests"


def test_the_script_is_light_and_may_be_loaded_from_anywhere(page: Page) -> None:
    client = page.form.service.app.test_client()
    short = client.get("/sogoc-prefill.js", headers={"Accept-Encoding": "gzip"})
    assert len(short.data) < 10_000
    assert short.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    plain = client.get("/sogoc-prefill.js")
    assert "Content-Encoding" not in plain.headers
    for word in ("eval(", "innerHTML", "style=", "Function("):
        assert word not in plain.text


def test_what_is_refused_of_a_page_is_in_the_log_under_its_case(page: Page) -> None:
    held = page.fill(case="H29-7")
    page.ask("verify", held, fields={"nobody.knows": "it"})
    rows = page.form.service.rows()
    assert rows[-1].outcome == "refused"
