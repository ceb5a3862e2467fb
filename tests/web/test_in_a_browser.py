"""The pages in a real browser on a small phone: seen, weighed, read aloud and walked by keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.conftest import new_database
from tests.web.browser import Scheme, Visitor, chromium, visitor
from tests.web.kept import CONSENT
from tests.web.server import PAYLOAD, serving

LAN = "Trần Thị Lan"
HEAVIEST = 100_000
LEAST_TO_REACH = 40
# Every page that a citizen comes to without filling anything in.
PAGES = (
    "/",
    "/?lang=en",
    "/citizen?lang=vi",
    "/citizen?show=sensitive",
    "/citizen?lang=en",
    "/citizen/consents",
    f"/citizen/consents/{CONSENT}",
    f"/citizen/consents/{CONSENT}/withdraw?lang=vi",
    "/citizen/corrections",
    "/nowhere",
    "/signin/session",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    with new_database(request, "sqlite", folder) as database, serving(database, folder) as made:
        yield made


@pytest.fixture
def phone(browser: Browser, place: str) -> Iterator[Visitor]:
    with visitor(browser, place) as made:
        yield made


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_small_phone_and_can_be_read_by_everybody(
    browser: Browser, place: str, scheme: Scheme
) -> None:
    with visitor(browser, place, scheme, bypass_csp=True) as phone:
        phone.go("/citizen")
        wrong = {"personas": (phone.sideways, phone.findings())}
        phone.sign_in(LAN)
        for path in PAGES:
            phone.go(path)
            phone.page.evaluate(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            wrong[path] = (phone.sideways, phone.findings())
        phone.go("/citizen?lang=vi")
        phone.page.get_by_role("link", name="Báo sai Ngày, tháng, năm sinh").click()
        wrong["form"] = (phone.sideways, phone.findings())
        phone.page.get_by_role("button", name="Tiếp tục").click()
        wrong["errors"] = (phone.sideways, phone.findings())
    assert {path: found for path, found in wrong.items() if found != (0, [])} == {}


def test_letters_of_twice_the_size_fit_a_still_smaller_phone(phone: Visitor) -> None:
    phone.sign_in(LAN)
    phone.page.set_viewport_size({"width": 320, "height": 640})
    for path in PAGES:
        phone.go(path)
        phone.page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert phone.sideways == 0, path


def test_a_page_is_light_and_asks_nobody_else(phone: Visitor) -> None:
    phone.sign_in(LAN)
    for path in PAGES:
        phone.go(path)
        phone.page.wait_for_load_state("networkidle")
        assert 0 < sum(phone.weights.values()) < HEAVIEST, path
    assert [url for url in phone.asked if not url.startswith(phone.site)] == []
    # Nothing was refused by the policy of the pages, and nothing failed in their script.
    assert [told for told in phone.complaints if "404" not in told] == []


def test_what_somebody_wrote_into_a_name_is_shown_and_does_nothing(phone: Visitor) -> None:
    phone.sign_in("Nguyễn Văn Bảy")
    assert phone.page.get_by_text(PAYLOAD).count() >= 2
    assert phone.page.title() == "Thông tin của tôi · Sổ Gốc"
    assert phone.page.locator("main img, main script").count() == 0


def test_everything_is_reached_and_done_by_keys(phone: Visitor) -> None:
    phone.sign_in(LAN)
    page = phone.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    every = page.locator("a[href], button, summary, input:not([type=hidden]), textarea").count()
    wanted = every - page.locator("details:not([open]) dl a").count()
    reached = set()
    for _ in range(wanted):
        seen = page.evaluate(
            "(() => { const e = document.activeElement; const b = e.getBoundingClientRect();"
            " return [e.outerHTML, getComputedStyle(e).outlineStyle, b.height >= 23.9]; })()"
        )
        assert seen[1] != "none", seen[0]
        assert seen[2], seen[0]
        reached.add(seen[0])
        page.keyboard.press("Tab")
    assert len(reached) == wanted > LEAST_TO_REACH
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None


def test_an_error_is_reported_without_any_script(browser: Browser, place: str) -> None:
    with visitor(browser, place, scripts=False) as phone:
        phone.sign_in(LAN)
        page = phone.page
        page.get_by_role("link", name="Báo sai Ngày, tháng, năm sinh").click()
        page.get_by_role("button", name="Tiếp tục").click()
        assert page.get_by_role("alert").get_by_role("link").count() == 2
        page.get_by_label("Đúng ra phải là").fill("18/05/1990")
        page.get_by_label("Ghi sai chính tả hoặc sai số").check()
        page.get_by_role("button", name="Tiếp tục").click()
        page.get_by_role("button", name="Gửi").click()
        assert page.get_by_role("status").inner_text().startswith("✓ Đã gửi")
        page.get_by_role("link", name="Báo sai", exact=True).click()
        assert page.get_by_role("link", name="Ngày, tháng, năm sinh").count() == 1


def test_a_consent_is_taken_back_by_two_presses(phone: Visitor) -> None:
    phone.sign_in(LAN, f"/citizen/consents/{CONSENT}")
    phone.page.get_by_role("link", name="Rút lại").click()
    phone.page.get_by_role("button", name="Rút lại").click()
    assert "Đã rút lại" in phone.page.get_by_role("status").inner_text()


def test_what_is_wrong_with_a_form_is_read_out_first(phone: Visitor) -> None:
    phone.sign_in(LAN)
    phone.page.get_by_role("link", name="Báo sai Giới tính").click()
    phone.page.get_by_role("button", name="Tiếp tục").click()
    assert phone.page.evaluate("document.activeElement.className") == "errors"
    assert phone.page.title().startswith("Lỗi: ")


def test_signing_out_ends_the_pages(phone: Visitor) -> None:
    phone.sign_in(LAN)
    phone.page.get_by_role("button", name="Đăng xuất").click()
    phone.go("/citizen")
    assert phone.page.url.startswith(f"{phone.site}/demo/provider/")


def test_on_paper_every_act_stands_open_and_nothing_is_to_be_pressed(phone: Visitor) -> None:
    phone.sign_in(LAN)
    phone.page.emulate_media(media="print")
    assert not phone.page.get_by_role("link", name="Báo sai Giới tính").is_visible()
    assert phone.page.get_by_text("01/1990-KS").is_visible()
