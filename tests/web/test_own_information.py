"""What people see of themselves and of their children, what they don't, and what is logged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.citizens import changes
from registry.kernel.db import Database
from tests.acts import AN, HOA, MINH
from tests.people import BAY, LAN
from tests.web.visiting import Site, site, text_of


@pytest.fixture
def family(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path) as made:
        yield made


def _protect(family: Site, number: str, secrecy: changes.Secrecy) -> None:
    with family.database.transaction() as session:
        changes.set_secrecy(session, family.ids[number], secrecy)


def test_a_stranger_is_sent_to_sign_in(family: Site) -> None:
    answer = family.app.test_client().get("/citizen")
    assert (answer.status_code, answer.location) == (303, "/signin?return_to=%2Fcitizen")
    assert family.rows() == []


def test_staff_see_nothing_here(family: Site) -> None:
    answer = family.visit_as_staff().get("/citizen")
    assert answer.status_code == 403
    assert "dành cho công dân" in answer.text
    assert family.rows() == []


@pytest.mark.parametrize("who", [BAY, HOA])
def test_nobody_opens_a_child_that_is_not_theirs_and_the_attempt_is_logged(
    family: Site, who: str
) -> None:
    answer = family.visit(who).get(f"/citizen/people/{family.ids[AN]}")
    assert answer.status_code == 404
    assert "Trần Minh An" not in answer.text
    [row] = family.rows()
    assert (row.outcome, row.subject_id) == ("refused", family.ids[AN])
    assert (row.client_id, row.context.person_id) == ("sogoc", family.ids[who])


def test_a_spouse_is_nobody_to_open(family: Site) -> None:
    assert family.visit(LAN).get(f"/citizen/people/{family.ids[MINH]}").status_code == 404


@pytest.mark.parametrize("key", ["nobody", "0198c0de-0000-7000-8000-000000000001"])
def test_who_is_not_there_answers_like_who_may_not_be_seen(family: Site, key: str) -> None:
    def told(record_id: str) -> str:
        text = family.visit(LAN).get(f"/citizen/people/{record_id}").text
        return re.sub("[0-9a-f]{32,64}", "", text).replace(record_id, "")

    assert told(key) == told(family.ids[MINH])


def test_the_numbers_of_others_are_masked_and_the_cause_of_a_death_is_not_told(
    family: Site,
) -> None:
    text = family.visit(LAN).get("/citizen").text
    assert "900•••••0002" in text
    assert LAN in text
    assert "Khai tử" in text
    assert not re.search("900045000002|900090000003|900218000004|Bệnh tim", text)


def test_religion_is_told_only_when_it_is_asked_for(family: Site) -> None:
    visit = family.visit(LAN)
    assert "Tôn giáo</dt>" not in visit.get("/citizen").text.replace(" <span", "</dt><span")
    assert not [row for row in family.rows() if "religion" in row.context.attributes]
    assert "Tôn giáo" in text_of(visit.get("/citizen?show=sensitive"))
    assert [row for row in family.rows() if "religion" in row.context.attributes]


def test_every_group_is_told_with_its_source_and_since_when(family: Site) -> None:
    text = text_of(family.visit(LAN).get("/citizen"))
    for words in (
        "Nhân thân Nguồn: Cơ sở dữ liệu quốc gia về dân cư",
        "Họ và tên từ 01/01/2019 Nguyễn Thị Lan",
        "Nơi thường trú từ 2015 169/8A/12 đường Số 1, Phường Tân Hòa, Thành phố Hồ Chí Minh",
        "Nguyễn Văn Bảy · 900•••••0002",
        "Khai sinh 20/09/2018",
        "Thửa 1, tờ 12, Phường Tân Hòa",
        "Diện tích pháp lý (m²) 400",
        "Đất ở tại đô thị, 400 m²",
    ):
        assert words in text, words


def test_a_value_under_review_says_so(family: Site) -> None:
    with family.database.transaction() as session:
        changes.set_review(session, family.ids[LAN], "birth_date", open_=True, source="test")
    assert "17/05/1990 Đang được xác minh" in text_of(family.visit(LAN).get("/citizen"))


def test_a_look_at_oneself_is_logged_for_a_purpose_of_its_own(family: Site) -> None:
    family.visit(LAN).get("/citizen")
    rows = family.rows()
    assert rows
    assert {(r.client_id, r.context.procedure) for r in rows} == {("sogoc", "citizen-self")}
    assert {row.context.person_id for row in rows} == {family.ids[LAN]}
    assert {row.context.acting_for for row in rows} == {None}
    # Whoever lives with her is told of too, and finds her look in their own log.
    assert {family.ids[LAN], family.ids[BAY]} <= {row.subject_id for row in rows}


def test_a_parents_look_at_a_child_is_the_parents_and_in_the_childs_place(family: Site) -> None:
    visit = family.visit(LAN)
    assert f"/citizen/people/{family.ids[AN]}" in visit.get("/citizen").text
    before = len(family.rows())
    answer = visit.get(f"/citizen/people/{family.ids[AN]}")
    assert re.search("Họ và tên từ [0-9/]+ Trần Minh An", text_of(answer))
    told = {(row.context.person_id, row.context.acting_for) for row in family.rows()[before:]}
    assert told == {(family.ids[LAN], family.ids[AN]), (family.ids[LAN], None)}


def test_a_protected_address_stays_hidden_and_the_rest_is_told(family: Site) -> None:
    _protect(family, LAN, "address")
    text = text_of(family.visit(LAN).get("/citizen"))
    assert "Họ và tên từ 01/01/2019 Nguyễn Thị Lan" in text
    assert text.count("Đang được bảo vệ.") == 3
    assert "169/8A/12" not in text
    assert "withheld" in {row.outcome for row in family.rows()}


def test_a_protected_co_holder_is_not_named(family: Site) -> None:
    _protect(family, BAY, "address")
    text = text_of(family.visit(LAN).get("/citizen"))
    assert "Người cùng sử dụng đất không được hiện" in text
    assert "Thửa 1, tờ 12" in text
    assert "Trần Văn Bảy" not in text


def test_who_is_hidden_altogether_is_not_there(family: Site) -> None:
    _protect(family, LAN, "full")
    assert family.visit(LAN).get("/citizen").status_code == 404


def test_no_cache_keeps_a_page(family: Site) -> None:
    answer = family.visit(LAN).get("/citizen")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
