"""A form is filled in a real browser: by a persona on a small phone, from the press to the case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from auth.consents.records import list_consents, withdraw
from registry.citizens.records import find_record_ids
from tests.conftest import new_database
from tests.web.browser import PHONE, Visitor, chromium, visitor
from tests.web.portal import Portal, another_origin, portal

BUILDING, BIRTH = "/demo/form/1.013225", "/demo/form/1.001193"
MAI, TUAN, LAN, MANG = "Lê Thị Mai", "Phạm Quốc Tuấn", "Trần Thị Lan", "Tạ Văn Mạng"
BUTTON = "Điền từ Sổ Gốc"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    with new_database(request, "sqlite", folder) as database, portal(database, folder) as made:
        yield made


@pytest.fixture
def phone(browser: Browser, place: Portal) -> Iterator[Visitor]:
    # axe is put into the page from outside, which the page's policy would not let in.
    with visitor(browser, place.site, bypass_csp=True) as made:
        yield made


@contextmanager
def window(page: Page) -> Iterator[Page]:
    """Press the button and give the window; it has closed itself at the end."""
    with page.expect_popup() as opening:
        page.get_by_role("button", name=BUTTON).click()
    opened = opening.value
    opened.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield opened
    if not opened.is_closed():
        opened.wait_for_event("close")


def sign_in(page: Page, name: str) -> None:
    """Choose a persona, and arrive at what is asked."""
    page.get_by_role("button", name=name).first.click()
    page.get_by_role("button", name=re.compile("Đồng ý")).wait_for()


def fill(page: Page, name: str, *, share: bool = True) -> None:
    """Let a persona fill the form, with everything that they may leave out or without it."""
    with window(page) as opened:
        sign_in(opened, name)
        for box in opened.get_by_role("checkbox").all() if share else ():
            box.check()
        opened.get_by_role("button", name=re.compile("Đồng ý")).click()
    expect(page.locator(".sogoc-status")).to_contain_text("Đã điền")


def field(page: Page, key: str) -> Locator:
    return page.locator(f'[data-sogoc-key="{key}"]')


def finish(page: Page) -> None:
    """Type what no register knows, and confirm what is asked."""
    for box in page.locator('input[name^="sogoc_confirm."]').all():
        box.check()
    for each in page.locator("[required]").all():
        if each.input_value() == "" and each.get_attribute("type") != "checkbox":
            if each.evaluate("each => each.tagName") == "SELECT":
                each.select_option(index=1)
            else:
                kind = each.get_attribute("type")
                each.fill({"number": "2", "date": "2026-11-20"}.get(str(kind), "Hạng mục"))


def submit(page: Page) -> None:
    page.get_by_role("button", name="Nộp hồ sơ").click()


def test_a_form_is_filled_agreed_to_and_verified(phone: Visitor) -> None:
    page = phone.page
    phone.go(BUILDING)
    wrong = {"empty": (phone.sideways, phone.findings())}
    fill(page, MAI)
    expect(field(page, "owner.full_name")).to_have_value("LÊ THỊ MAI")
    assert field(page, "owner.full_name").get_attribute("readonly") is not None
    assert field(page, "submitter.phone").input_value() == "0900000002"
    expect(page.locator("#no-sketch")).to_contain_text("chưa có hình đo vẽ")
    note = page.locator('[id="sogoc-owner.full_name"]')
    expect(note).to_contain_text(re.compile(r"Từ Cơ sở dữ liệu dân cư, ngày \d\d/\d\d/\d{4}"))
    wrong["filled"] = (phone.sideways, phone.findings())
    finish(page)
    submit(page)
    page.get_by_role("heading", name="Đã nhận hồ sơ").wait_for()
    said = page.locator("main").inner_text()
    assert re.search(r"DEMO-[0-9A-F]{8}", said)
    assert "khớp với sổ" in said
    assert "Bản vẽ thiết kế xây dựng" in said
    assert "Giấy chứng nhận quyền sử dụng đất" not in said
    assert "Giấy tờ tùy thân của chủ đầu tư" not in said
    wrong["done"] = (phone.sideways, phone.findings())
    assert {name: found for name, found in wrong.items() if found != (0, [])} == {}


def test_what_is_not_ticked_does_not_come(phone: Visitor) -> None:
    phone.go(BUILDING)
    fill(phone.page, MAI, share=False)
    expect(field(phone.page, "submitter.phone")).to_have_value("")
    expect(phone.page.locator('[id="sogoc-submitter.phone"]')).to_contain_text("không chia sẻ")


def test_who_declines_goes_on_by_hand(phone: Visitor) -> None:
    page = phone.page
    phone.go(BUILDING)
    with window(page) as opened:
        sign_in(opened, MAI)
        opened.get_by_role("button", name=re.compile("Từ chối")).click()
    expect(page.locator(".sogoc-status")).to_contain_text("không có gì được chia sẻ")
    assert field(page, "owner.full_name").input_value() == ""
    finish(page)
    submit(page)
    expect(page.locator("main")).to_contain_text("Hồ sơ điền bằng tay")


def test_a_locked_value_is_changed_with_a_reason_or_not_at_all(phone: Visitor) -> None:
    page = phone.page
    phone.go(BUILDING)
    fill(page, MAI)
    finish(page)
    page.get_by_role("button", name="Báo sai: Họ, chữ đệm, tên").last.click()
    field(page, "owner.full_name").fill("LÊ THỊ MÁI")
    submit(page)
    expect(page.locator(".sogoc-status")).to_contain_text("chưa có lý do")
    assert field(page, "owner.full_name").get_attribute("aria-invalid") is not None
    assert phone.findings() == []
    page.locator('[name="sogoc_reason.owner.full_name"]').select_option("misspelt")
    submit(page)
    correction = page.locator(".correction")
    expect(correction).to_contain_text(re.compile(r"trả lời trước ngày \d\d/\d\d/\d{4}"))
    expect(page.locator("main")).to_contain_text("Giấy tờ tùy thân của chủ đầu tư")


def test_a_second_adult_agrees_on_their_own_phone(
    browser: Browser, place: Portal, phone: Visitor
) -> None:
    page = phone.page
    phone.go(BIRTH)
    fill(page, MAI)
    page.get_by_role("button", name="Mời đồng ý").click()
    code = page.locator(".sogoc-code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert (phone.sideways, phone.findings()) == (0, [])
    with visitor(browser, place.site) as other:
        other.go(f"/consent?code={code}")
        sign_in(other.page, TUAN)
        other.page.get_by_role("button", name=re.compile("Đồng ý")).click()
        expect(other.page.locator("main")).to_contain_text("Bạn đã đồng ý")
    page.get_by_role("button", name="Thử lại").click()
    expect(field(page, "other_parent.full_name")).to_have_value("PHẠM QUỐC TUẤN")
    finish(page)
    submit(page)
    page.get_by_role("heading", name="Đã nhận hồ sơ").wait_for()


def test_a_consent_that_is_withdrawn_fills_nothing_again(place: Portal, phone: Visitor) -> None:
    page = phone.page
    phone.go(BIRTH)
    fill(page, MAI)
    with place.database.transaction() as session:
        person = find_record_ids(session, ["999188000002"])["999188000002"]
        [*_, newest] = sorted(
            (each for each in list_consents(session, person) if each.state == "APPROVED"),
            key=lambda each: each.requested_at,
        )
        withdraw(session, person, newest.id)
    page.get_by_role("button", name="Thử lại").click()
    expect(page.locator(".sogoc-status")).to_contain_text("Sự đồng ý đã được rút")


def test_the_outline_of_a_parcel_is_drawn(phone: Visitor) -> None:
    page = phone.page
    phone.go(BUILDING)
    fill(page, LAN)
    expect(page.locator("#sketch")).to_be_visible()
    assert page.locator("#sketch").evaluate("each => each.naturalWidth") > 0


def test_a_register_that_is_down_leaves_its_fields_to_be_typed(phone: Visitor) -> None:
    page = phone.page
    phone.go(BUILDING)
    fill(page, MANG)
    expect(field(page, "owner.parcel_area")).to_have_value("")
    note = page.locator('[id="sogoc-owner.parcel_area"]')
    expect(note).to_contain_text("tạm thời không trả lời")
    expect(note).to_contain_text("Cần giấy: Giấy chứng nhận quyền sử dụng đất")
    finish(page)
    submit(page)
    page.get_by_role("heading", name="Đã nhận hồ sơ").wait_for()


def test_it_works_without_any_script(browser: Browser, place: Portal) -> None:
    with visitor(browser, place.site, scripts=False) as phone:
        page = phone.page
        phone.go(BUILDING)
        page.get_by_role("link", name=BUTTON).click()
        sign_in(page, LAN)
        page.get_by_role("button", name=re.compile("Đồng ý")).click()
        page.get_by_role("button", name="Tiếp tục").click()
        expect(field(page, "owner.full_name")).to_have_value("TRẦN THỊ LAN")
        assert field(page, "owner.full_name").get_attribute("readonly") is not None
        finish(page)
        submit(page)
        page.get_by_role("heading", name="Đã nhận hồ sơ").wait_for()
        expect(page.locator("main")).to_contain_text("khớp với sổ")


STATIC = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Tờ khai</title>
<meta name="viewport" content="width=device-width"></head><body><main><h1>Tờ khai</h1>
<form id="paper" method="get" action="/"><p><label>Họ tên <input name="owner.full_name"></label></p>
<p><label>Số thửa <input name="owner.parcel_number"></label></p>
<button type="submit">Nộp</button></form></main>
<script src="{site}/sogoc-prefill.js" data-procedure="1.013225" data-client="demo-portal"
 data-case="{case}" data-form="#paper" data-lang="vi"></script></body></html>"""


@pytest.fixture
def other(place: Portal, tmp_path: Path) -> Iterator[str]:
    page = STATIC.format(site=place.site, case=f"OTHER-{tmp_path.name[-12:]}")
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    with another_origin(tmp_path, place.other, place.site) as address:
        yield address


def test_a_static_page_of_another_origin_needs_one_tag(
    browser: Browser, place: Portal, other: str
) -> None:
    with visitor(browser, place.site) as phone:
        page = phone.page
        page.goto(other)
        fill(page, MAI, share=False)
        expect(page.locator('[name="owner.full_name"]')).to_have_value("LÊ THỊ MAI")
        with page.expect_request(re.compile(r"owner\.full_name=")) as sent:
            page.get_by_role("button", name="Nộp", exact=True).click()
        assert "sogoc_receipt=" in sent.value.url
        assert "sogoc_degraded" not in sent.value.url
        assert [each for each in phone.complaints if "Content Security Policy" in each] == []


def test_a_form_is_sent_by_hand_while_the_registry_is_away(
    browser: Browser, place: Portal, other: str
) -> None:
    with visitor(browser, place.site) as phone:
        page = phone.page
        page.goto(other)
        fill(page, MAI, share=False)
        try:
            place.stop()
            with page.expect_request(re.compile("sogoc_degraded=1")):
                page.get_by_role("button", name="Nộp", exact=True).click()
            # Now not even the script comes.
            page.goto(other)
            page.locator('[name="owner.full_name"]').fill("LÊ THỊ MAI")
            with page.expect_request(re.compile(r"owner\.full_name=")):
                page.get_by_role("button", name="Nộp", exact=True).click()
        finally:
            place.start()
