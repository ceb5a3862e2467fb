"""What a consent is: of what was shown, by whom it was asked, for one case, until taken back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from auth.agreements import create_agreement, end_agreement
from auth.consents.events import list_events
from auth.consents.records import Consent, find_consent, list_consents, withdraw
from auth.grants.grants import bind_case, revoke_grant
from auth.grants.models import Grant
from registry.kernel.clock import fixed, now, today
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound
from tests.auth.agreeing import present
from tests.auth.grants import DETAIL, PERSON, Form, filled, form_of, told
from tests.auth.previews import BORN, CHILDREN, NAME, Family
from tests.conftest import PURPOSE, Service

CHILD = DETAIL | {"subjects": ["child"], "optional": []}
FAMILY = json.dumps([DETAIL, CHILD])
OWN = json.dumps([DETAIL])


@pytest.fixture
def family() -> Family:
    return Family()


@pytest.fixture
def form(service: Service, family: Family) -> Iterator[Form]:
    with form_of(service, preview=family) as made:
        yield made


def consents(form: Form, person: str = PERSON) -> list[Consent]:
    with form.service.database.reading() as session:
        return list_consents(session, person)


def states(form: Form) -> list[tuple[str, str]]:
    """Return the feed of the client, as states with their consents."""
    with form.service.database.transaction() as session:
        return [(each.state, each.consent_id) for each in list_events(session, "ward-office")]


def grants(form: Form) -> list[Grant]:
    with form.service.database.reading() as session:
        return list(session.scalars(sa.select(Grant)))


def shown(form: Form, details: str = FAMILY) -> tuple[str, TestResponse]:
    uri = form.uri(authorization_details=details)
    return uri, form.open(uri)


def choosing(*record_ids: str) -> dict[str, Any]:
    """Return what the form says of the child."""
    return {"person:child": list(record_ids)}


def status(form: Form, token: str) -> int:
    headers = {**PURPOSE, "Authorization": f"Bearer {token}"}
    question = {"identifiers": ["900190000001"], "fields": ["name.full"]}
    client = form.service.app.test_client()
    return client.post("/v1/citizens/lookup", json=question, headers=headers).status_code


# What is refused.


def test_a_no_grants_nothing_and_is_kept(form: Form) -> None:
    uri, page = shown(form)
    assert told(form.decide(uri, page, "decline"))["error"] == "access_denied"
    [kept] = consents(form)
    assert (kept.state, kept.grant_id, kept.people) == ("DECLINED", None, {})
    assert kept.decided_at is not None
    assert grants(form) == []
    with form.service.database.transaction() as session, pytest.raises(Conflict):
        withdraw(session, PERSON, kept.id)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([], "Hãy chọn một người"),
        ([child.record_id for child in CHILDREN], "Chỉ chọn được một người"),
        ([PERSON], "không có trong danh sách"),
        ([CHILDREN[0].record_id, PERSON], "không có trong danh sách"),
    ],
)
def test_a_child_is_chosen_among_the_persons_own(form: Form, chosen: list[str], words: str) -> None:
    uri, page = shown(form)
    again = form.decide(uri, page, **choosing(*chosen))
    assert again.status_code == 400
    assert words in again.text
    assert 'href="#role-child-1"' in again.text
    assert 'id="role-child-1" type="radio"' in again.text
    assert 'aria-describedby="error-child"' in again.text
    assert "Lỗi:" in again.text
    assert grants(form) == []
    # Nothing was used up, and what was ticked still is.
    assert re.search(r'value="self citizens:birth_date" checked', again.text)
    assert "code" in told(form.decide(uri, again, **choosing(CHILDREN[1].record_id)))
    [grant] = grants(form)
    assert grant.people == {"child": [CHILDREN[1].record_id]}


def test_nobody_is_chosen_for_a_role_without_a_choice(form: Form) -> None:
    uri, page = shown(form, OWN)
    again = form.decide(uri, page, **{"person:self": PERSON})
    assert again.status_code == 400
    assert grants(form) == []


def test_nothing_is_ticked_before_the_person_does(form: Form) -> None:
    _, page = shown(form)
    assert re.search(r'type="checkbox" name="share" value="self citizens:birth_date">', page.text)
    assert re.search(r'type="radio" name="person:child"', page.text)
    assert "checked" not in page.text


def test_what_is_not_ticked_is_in_no_token(form: Form) -> None:
    uri, page = shown(form, OWN)
    code = told(form.decide(uri, page, share=[]))["code"]
    issued = form.redeem(code).get_json()
    [detail] = issued["authorization_details"]
    assert (detail["attributes"], detail["optional"]) == ([NAME], [])
    [kept] = consents(form)
    assert kept.details == (detail,)
    wider = form.token(
        grant_type="refresh_token",
        refresh_token=issued["refresh_token"],
        authorization_details=OWN,
    )
    assert wider.get_json()["error"] == "invalid_authorization_details"


def test_a_tick_is_for_its_own_role(form: Form) -> None:
    both = DETAIL | {"subjects": ["child", "self"]}
    uri, page = shown(form, json.dumps([both]))
    answer = choosing(CHILDREN[0].record_id) | {"share": [f"self {BORN}"]}
    code = told(form.decide(uri, page, **answer))["code"]
    details = form.redeem(code).get_json()["authorization_details"]
    assert {(*each["subjects"],): each["attributes"] for each in details} == {
        ("child",): [NAME],
        ("self",): sorted([BORN, NAME]),
    }


def test_who_ticks_nothing_of_what_is_all_optional_is_asked_again(form: Form) -> None:
    uri, page = shown(form, json.dumps([DETAIL | {"optional": [BORN, NAME]}]))
    again = form.decide(uri, page, share=[])
    assert again.status_code == 400
    assert "chưa chọn thông tin nào" in again.text
    assert "code" in told(form.decide(uri, again, share=[f"self {BORN}"]))


def test_what_the_preview_does_not_show_is_not_granted(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = Family.show

    def hide(self: Family, *asked: Any) -> Any:
        whole = show(self, *asked)
        [section] = whole.sections
        items = tuple(item for item in section.items if item.attribute != NAME)
        return replace(whole, sections=(replace(section, items=items),))

    monkeypatch.setattr(Family, "show", hide)
    uri, page = shown(form, OWN)
    # A box that was not on the page ticks nothing.
    share = [f"self {BORN}", f"self {NAME}"]
    code = told(form.decide(uri, page, share=share))["code"]
    [detail] = form.redeem(code).get_json()["authorization_details"]
    assert detail["attributes"] == [BORN]


def test_an_answer_counts_for_what_was_shown_alone(form: Form, family: Family) -> None:
    uri, page = shown(form, OWN)
    family.as_of = date(2026, 11, 3)
    again = form.decide(uri, page)
    assert again.status_code == 400
    assert "vừa thay đổi" in again.text
    assert grants(form) == []
    assert form.decide(uri, page, shown="").status_code == 400
    assert "code" in told(form.decide(uri, again))


def test_an_agreement_that_ends_between_page_and_answer_leaves_nothing_to_agree_to(
    form: Form,
) -> None:
    uri, page = shown(form, OWN)
    with form.service.database.transaction() as session:
        end_agreement(session, present(form.service).id, today())
    time.sleep(1)
    again = form.decide(uri, page)
    assert "không còn hiệu lực" in again.text
    assert 'value="agree"' not in again.text
    assert grants(form) == []
    assert form.decide(uri, again).status_code != 303
    assert told(form.decide(uri, again, "decline"))["error"] == "access_denied"


def test_only_the_person_withdraws(form: Form) -> None:
    form.agree(authorization_details=OWN)
    [kept] = consents(form)
    with form.service.database.transaction() as session:
        for person, consent in ((new_id(), kept.id), (PERSON, new_id()), (PERSON, "x")):
            with pytest.raises(NotFound):
                withdraw(session, person, consent)
            assert find_consent(session, person, consent) is None
    assert [each.state for each in consents(form)] == ["APPROVED"]


def test_after_a_withdrawal_no_token_counts(form: Form) -> None:
    issued = form.redeem(form.agree(authorization_details=OWN)["code"]).get_json()
    assert status(form, issued["access_token"]) == 200
    [kept] = consents(form)
    for _ in range(2):
        with form.service.database.transaction() as session:
            taken = withdraw(session, PERSON, kept.id)
        assert (taken.state, taken.withdrawn_at is None) == ("REVOKED", False)
    time.sleep(1)
    assert status(form, issued["access_token"]) == 401
    again = form.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert again.get_json()["error"] == "invalid_grant"
    assert [state for state, _ in states(form)] == ["REQUESTED", "APPROVED", "REVOKED"]


def test_a_consent_serves_one_case(form: Form) -> None:
    form.agree(authorization_details=OWN)
    [grant] = grants(form)
    barrier = Barrier(8)

    def bind(number: int) -> bool:
        barrier.wait()
        with form.service.database.transaction() as session:
            return bind_case(session, grant.id, f"H29-{number}")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(bind, range(8))) == 1
    [kept] = consents(form)
    case = kept.case or ""
    with form.service.database.transaction() as session:
        assert bind_case(session, grant.id, case)
        assert not bind_case(session, grant.id, case + "x")
        revoke_grant(session, grant.id)
        assert not bind_case(session, grant.id, case)


def test_nobody_is_asked_for_two_purposes_at_once(form: Form) -> None:
    with form.service.database.transaction() as session:
        create_agreement(session, replace(present(form.service), id="", procedure="1.000894"))
    time.sleep(1)
    other = DETAIL | {"procedure": "1.000894"}
    assert form.push(authorization_details=json.dumps([other])).status_code == 201
    both = form.push(authorization_details=json.dumps([DETAIL, other]))
    assert both.get_json()["error"] == "invalid_authorization_details"


# What is kept and told.


def test_who_only_looked_was_asked_once_and_it_is_over_in_time(form: Form) -> None:
    uri, _ = shown(form)
    form.open(uri)
    [kept] = consents(form)
    assert (kept.state, kept.client_name, kept.procedure) == (
        "REQUESTED",
        "UBND phường",
        "1.004222",
    )
    assert kept.legal_basis == "Luật Cư trú 68/2020/QH14, Điều 20"
    with fixed(now() + timedelta(minutes=11)):
        assert [each.state for each in consents(form)] == ["EXPIRED"]
        assert states(form) == [("REQUESTED", kept.id), ("EXPIRED", kept.id)]
        assert states(form) == [("REQUESTED", kept.id), ("EXPIRED", kept.id)]


def test_a_grant_that_another_ends_makes_its_consent_inapplicable(form: Form) -> None:
    code = form.agree(authorization_details=OWN)["code"]
    form.redeem(code)
    form.redeem(code)
    assert [each.state for each in consents(form)] == ["INAPPLICABLE"]
    assert [state for state, _ in states(form)] == ["REQUESTED", "APPROVED", "INAPPLICABLE"]


def test_a_client_reads_on_from_its_cursor_and_nobody_elses(form: Form) -> None:
    for _ in range(3):
        form.agree(authorization_details=OWN)
    with form.service.database.transaction() as session:
        first = list_events(session, "ward-office", limit=4)
        rest = list_events(session, "ward-office", after=first[-1].number)
        assert list_events(session, "somebody-else") == []
    assert [each.state for each in (*first, *rest)] == ["REQUESTED", "APPROVED"] * 3
    assert {each.grant_id for each in rest} <= {grant.id for grant in grants(form)}


def test_the_page_shows_the_values_their_source_and_where_to_object(form: Form) -> None:
    _, page = shown(form)
    for words in ("Nguyễn Thị Lan", "17/05/1990", "Sổ gốc công dân", "02/11/2026", "Trần Minh An"):
        assert words in page.text
    assert "/citizen/corrections/new?register=citizens&amp;path=birth_date" in page.text
    assert "Đăng ký khai sinh" in page.text
    assert CHILDREN[0].record_id not in page.headers["Content-Security-Policy"]


def test_one_child_is_named_and_needs_no_choice(form: Form, family: Family) -> None:
    family.children = CHILDREN[:1]
    uri, page = shown(form)
    assert "Trần Minh An" in page.text
    assert 'type="radio"' not in page.text
    assert "code" in told(form.decide(uri, page))
    [grant] = grants(form)
    assert grant.people == {"child": [CHILDREN[0].record_id]}


def test_several_children_where_the_form_takes_them(form: Form, family: Family) -> None:
    family.many = True
    uri, page = shown(form)
    both = [child.record_id for child in CHILDREN]
    assert "code" in told(form.decide(uri, page, **choosing(*both)))
    [grant] = grants(form)
    assert grant.people == {"child": sorted(both)}


def test_no_client_is_told_whom_the_person_chose(form: Form) -> None:
    uri, page = shown(form)
    code = told(form.decide(uri, page, **choosing(CHILDREN[0].record_id)))["code"]
    issued = form.redeem(code).get_json()
    asked = {"token": issued["access_token"]}
    seen = form.service.app.test_client().post("/oauth/introspect", data=asked, auth=form.auth)
    assert CHILDREN[0].record_id not in json.dumps([issued, seen.get_json()])


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ({"lang": "en"}, {}, "en"),
        ({}, {"Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ({}, {"Accept-Language": "fr"}, "vi"),
        ({"lang": "vi"}, {"Accept-Language": "en"}, "vi"),
    ],
)
def test_the_page_speaks_the_readers_language_first(
    form: Form, query: dict[str, str], headers: dict[str, str], language: str
) -> None:
    uri = form.uri(authorization_details=OWN)
    asked = {"client_id": "ward-office", "request_uri": uri, **query}
    page = form.browser.get("/oauth/authorize", query_string=asked, headers=headers)
    assert f'<html lang="{language}">' in page.text
    assert filled(page)["lang"] == language
    form.decide(uri, page)
    assert [each.language for each in consents(form)] == [language]
