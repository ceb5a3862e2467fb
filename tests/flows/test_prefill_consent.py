"""On whose consent a form is filled: nobody's data without it, and never more than it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from auth.agreements import approve_agreement, draft_agreement, list_agreements
from auth.consents.records import list_consents, withdraw
from auth.oauth.metadata import ACCESS_TOKEN, EXCHANGE
from registry.kernel.clock import today
from registry.prefill.filling import needed_attributes
from tests.auth.grants import another, told
from tests.town import BUILDING, PROFILES, STATUS, Town, agree_with, state_of

OFFICER_SCOPE = "prefill:read people:assist"
NAME, BORN, PHONE = "citizens:name.full", "citizens:birth_date", "citizens:phone"
DETAILS = PROFILES[BUILDING].details(BUILDING)


@contextmanager
def _as_client(town: Town, client: str) -> Iterator[str]:
    """Let another client ask in place of the form."""
    mine, town.form = town.form, another(town.form, client)
    try:
        yield client
    finally:
        town.form = mine


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def _withdraw(town: Town, slug: str) -> None:
    """Take back the consent that a persona gave last."""
    with town.database.transaction() as session:
        given = list_consents(session, town.people[slug])[0]
        withdraw(session, given.person_id, given.id)


# What is refused.


def test_a_client_alone_fills_nothing(town: Town) -> None:
    answer = town.fill(town.form.service.token(), BUILDING, "C-1")
    assert _code(answer) == (403, "consent-needed")
    assert [row.outcome for row in town.rows("C-1")] == ["refused"]


def test_whoever_declines_gives_no_token(town: Town) -> None:
    town.sits("mai")
    uri, page = town.ask(BUILDING)
    answer = told(town.form.decide(uri, page, "decline"))
    assert (answer["error"], "code" in answer) == ("access_denied", False)


def test_a_consent_for_one_procedure_fills_no_other_form(town: Town) -> None:
    token = town.token("mai", BUILDING)
    assert _code(town.fill(token, STATUS, "C-2"))[0] == 403
    assert {row.outcome for row in town.rows("C-2")} == {"refused"}


def test_a_consent_serves_one_case(town: Town) -> None:
    token = town.token("mai", BUILDING)
    assert town.fill(token, BUILDING, "C-4").status_code == 200
    assert _code(town.fill(token, BUILDING, "C-5")) == (409, "conflict")
    assert town.fill(token, BUILDING, "C-4").status_code == 200
    assert {row.outcome for row in town.rows("C-5")} == {"refused"}


def test_a_consent_that_is_withdrawn_fills_nothing_from_then_on(town: Town) -> None:
    token = town.token("mai", BUILDING)
    prefill = town.filled(token, BUILDING, "C-6")["id"]
    _withdraw(town, "mai")
    assert town.fill(token, BUILDING, "C-6").status_code in {401, 403}
    time.sleep(1)
    path = f"/v1/prefill/{prefill}"
    assert town.call(token, "GET", path, BUILDING, "C-6").status_code == 401
    assert town.fill(token, BUILDING, "C-6").status_code == 401


def test_no_client_uses_what_was_given_to_another(town: Town) -> None:
    filled = town.filled(town.token("mai", BUILDING), BUILDING, "C-7")
    with _as_client(town, "tax-office") as client:
        agree_with(town, client, BUILDING)
        token = town.token("tuan", BUILDING)
        for method, path in (("GET", ""), ("POST", "/verify"), ("POST", "/close")):
            more: dict[str, Any] = {"json": {"fields": {}}} if path == "/verify" else {}
            target = f"/v1/prefill/{filled['id']}{path}"
            answer = town.call(token, method, target, BUILDING, "C-7", **more)
            assert answer.status_code == 404, path
        whom = {"role": "owner"}
        assert town.invite(token, BUILDING, "C-7", filled["id"], **whom).status_code == 404


def test_an_officer_s_token_for_somebody_is_nobody_s_consent(town: Town) -> None:
    town.form.someone.roles = frozenset({"people:assist"})
    try:
        own = town.token(town.officer, BUILDING, scope=OFFICER_SCOPE)
    finally:
        town.form.someone.roles = frozenset()
    got = town.form.token(
        grant_type=EXCHANGE,
        subject_token=own,
        subject_token_type=ACCESS_TOKEN,
        sogoc_subject=town.people["mai"],
    )
    assert got.status_code == 200, got.text
    token = got.get_json()["access_token"]
    assert _code(town.fill(token, BUILDING, "C-8")) == (403, "consent-needed")
    assert "delivered" not in {row.outcome for row in town.rows("C-8")}


def test_a_field_that_the_form_has_not_is_named(town: Town) -> None:
    answer = town.fill(
        town.token("mai", BUILDING), BUILDING, "C-9", keys=["owner.religion", "owner.full_name"]
    )
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/keys/0"]


# What a leaf says of it.


def test_what_was_not_ticked_is_not_told(town: Town) -> None:
    token = town.token("mai", BUILDING, share=[])
    answer = town.filled(token, BUILDING, "C-10")
    assert state_of(answer["fields"]["submitter.phone"]) == ("unavailable", "no_consent")
    assert state_of(answer["fields"]["submitter.full_name"]) == ("ok", None)
    assert "0900000002" not in str(answer)
    # For one role and not for the other is for that one alone.
    token = town.token("mai", BUILDING, share=[f"owner {PHONE}"])
    fields = town.filled(token, BUILDING, "C-11")["fields"]
    assert state_of(fields["submitter.phone"]) == ("unavailable", "no_consent")
    assert fields["owner.phone"]["value"] == "0900000002"


def test_what_the_agreement_no_longer_has_is_said_so_and_nothing_more(town: Town) -> None:
    with _as_client(town, "narrow") as client:
        agree_with(town, client, BUILDING)
        token = town.token("mai", BUILDING)
        _narrow(town, client)
        fields = town.filled(token, BUILDING, "C-12")["fields"]
    assert state_of(fields["owner.parcel_number"]) == ("unavailable", "outside_agreement")
    assert state_of(fields["owner.full_name"]) == ("ok", None)


def _narrow(town: Town, client: str) -> None:
    """Let the next version of a client's agreement have only names, from now on."""
    with town.database.transaction() as session:
        held = list_agreements(session, client)[0]
        names = {"citizens": frozenset({"name.full"})}
        less = replace(held, id="", attributes=names, valid_from=today())
        approve_agreement(session, draft_agreement(session, less, "an", held.series), "bình")
    time.sleep(1)


def test_what_the_form_has_no_field_for_is_never_told(town: Town) -> None:
    wide = [
        {**detail, "attributes": [*detail["attributes"], "citizens:mother.name"]}
        for detail in DETAILS
    ]
    held = needed_attributes(PROFILES[BUILDING])
    with _as_client(town, "wide") as client:
        more = {**held, "citizens": held["citizens"] | {"mother.name"}}
        agree_with(town, client, BUILDING, attributes=more)
        answer = town.filled(town.token("mai", BUILDING, wide), BUILDING, "C-13")
    assert "Đỗ Thị Nga" not in str(answer)
    assert all("mother" not in row.attributes for row in town.rows("C-13"))


# At a counter.


def _invitation(town: Town, code: str, case: str) -> tuple[str, dict[str, Any]]:
    """Return the officer's token and an invitation for whoever stands at the counter."""
    town.form.someone.roles = frozenset({"people:assist"})
    try:
        token = town.token(town.officer, code, scope=OFFICER_SCOPE)
    finally:
        town.form.someone.roles = frozenset()
    answer = town.call(token, "POST", "/v1/prefill/invitations", code, case)
    assert answer.status_code == 201, answer.text
    return token, answer.get_json()


def test_a_counter_fills_nothing_before_the_citizen_agrees(town: Town) -> None:
    token, made = _invitation(town, BUILDING, "K-1")
    for invitation in (made["id"], town.people["mai"], "none"):
        answer = town.fill(token, BUILDING, "K-1", invitation=invitation)
        assert _code(answer) == (403, "consent-needed")
    town.answer("mai", made["code"], "decline")
    assert town.fill(token, BUILDING, "K-1", invitation=made["id"]).status_code == 403
    assert {row.outcome for row in town.rows("K-1")} == {"refused"}


def test_only_the_officer_who_invited_uses_the_citizen_s_answer(town: Town) -> None:
    token, made = _invitation(town, BUILDING, "K-2")
    town.answer("mai", made["code"])
    own = town.token("tuan", BUILDING)
    answer = town.fill(own, BUILDING, "K-2", invitation=made["id"])
    assert answer.status_code == 403
    assert town.fill(token, BUILDING, "K-3", invitation=made["id"]).status_code == 409
    assert town.fill(token, BUILDING, "K-2", invitation=made["id"]).status_code == 200


def test_a_citizen_without_an_account_agrees_at_the_counter_by_a_code(town: Town) -> None:
    token, made = _invitation(town, BUILDING, "K-5")
    assert made["link"].endswith(made["code"])
    assert "Bạn đã đồng ý" in town.answer("mai", made["code"]).text
    answer = town.filled(token, BUILDING, "K-5", invitation=made["id"])
    assert answer["fields"]["owner.full_name"]["value"] == "LÊ THỊ MAI"
    rows = [row for row in town.rows("K-5") if row.outcome == "delivered"]
    # Who sat there and looked was the officer, and it is in the citizen's log.
    assert {row.person_id for row in rows} == {town.officer}
    assert town.people["mai"] in {row.subject_id for row in rows}
