"""The pages of consents: nobody else's, nothing taken back by accident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.kernel.db import Database
from tests.people import LAN
from tests.web.kept import CONSENT
from tests.web.visiting import Site, site, text_of

_ONE = f"/citizen/consents/{CONSENT}"


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path) as made:
        yield made


def test_one_that_is_not_the_persons_is_not_there(place: Site) -> None:
    visit = place.visit(LAN)
    other = "/citizen/consents/0198c0de-0000-7000-8000-000000000009"
    for path in (other, f"{other}/receipt", f"{other}/withdraw"):
        assert visit.get(path).status_code == 404, path
    assert visit.post(f"{other}/withdraw").status_code == 404


def test_nothing_is_taken_back_without_the_token_of_the_session(place: Site) -> None:
    visit = place.visit(LAN)
    assert visit.client.post(f"{_ONE}/withdraw").status_code == 403
    assert visit.post(f"{_ONE}/withdraw", form_token="0" * 64).status_code == 403
    assert "Đang cho phép" in visit.get(_ONE).text


def test_a_look_at_the_question_takes_nothing_back(place: Site) -> None:
    visit = place.visit(LAN)
    assert "Rút lại sự cho phép?" in visit.get(f"{_ONE}/withdraw").text
    assert "Đang cho phép" in visit.get(_ONE).text


def test_what_was_taken_back_says_so_and_can_not_be_twice(place: Site) -> None:
    visit = place.visit(LAN)
    answer = visit.post(f"{_ONE}/withdraw")
    assert (answer.status_code, answer.location) == (303, f"{_ONE}?withdrawn=1")
    page = visit.get(answer.location)
    assert "Đã rút lại. Nơi nhận không xem được nữa" in page.text
    assert f'href="{_ONE}/withdraw"' not in page.text
    assert visit.post(f"{_ONE}/withdraw").status_code == 409


def test_a_consent_says_who_what_for_what_and_until_when(place: Site) -> None:
    visit = place.visit(LAN)
    assert "Thủ tục 1.004222 · 02/11/2026 · đến 31/12/2099" in text_of(
        visit.get("/citizen/consents")
    )
    text = text_of(visit.get(_ONE))
    for words in (
        "Cổng dịch vụ công Thành phố",
        "Họ, chữ đệm và tên",
        "Thành viên và quan hệ với chủ hộ",
        "gone:away",
        "Luật Cư trú 68/2020/QH14, Điều 20",
        "Hết hạn ngày 31/12/2099",
    ):
        assert words in text, words


def test_the_receipt_is_a_file_of_linked_data(place: Site) -> None:
    answer = place.visit(LAN).get(f"{_ONE}/receipt")
    assert answer.mimetype == "application/ld+json"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json(force=True)["identifier"] == CONSENT


def test_a_service_that_is_not_here_has_no_page_and_no_link(
    database: Database, tmp_path: Path
) -> None:
    with site(database, tmp_path, services=False) as bare:
        visit = bare.visit(LAN)
        text = visit.get("/citizen").text
        assert "/citizen/consents" not in text
        assert "/citizen/corrections" not in text
        assert visit.get("/citizen/consents", Accept="text/html").status_code == 404
        assert visit.get("/citizen/corrections/new", Accept="text/html").status_code == 404
