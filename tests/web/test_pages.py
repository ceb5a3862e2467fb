"""What holds of every page: its language, its errors, its assets and the look that is shared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.kernel.db import Database
from registry.web import citizen
from tests.people import LAN
from tests.web.visiting import Site, site

_HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/nowhere", "application/json"), ("/nowhere", "*/*"), ("/v1/nowhere", _HTML)],
)
def test_a_program_is_told_of_a_missing_path_in_its_own_form(
    place: Site, path: str, accept: str
) -> None:
    answer = place.app.test_client().get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_browser_is_told_in_both_languages_and_what_to_do(place: Site) -> None:
    answer = place.app.test_client().get("/nowhere", headers={"Accept": _HTML})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Không tìm thấy trang" in answer.text
    assert "Check the address" in answer.text


def test_an_unexpected_error_tells_its_reference_and_nothing_else(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("900190000001 Nguyễn Thị Lan")

    monkeypatch.setattr(citizen, "list_dependants", broken)
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = place.visit(LAN).get("/citizen", traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert trace in answer.text
    assert "900190000001" not in answer.text


def test_the_language_is_asked_for_then_remembered_then_liked(place: Site) -> None:
    client = place.app.test_client()

    def language(path: str = "/", liked: str = "") -> str:
        answer = client.get(path, headers={"Accept-Language": liked})
        assert f'<html lang="{answer.headers["Content-Language"]}">' in answer.text
        return answer.headers["Content-Language"]

    assert language() == "vi"
    assert language(liked="fr") == "vi"
    assert language(liked="en-GB,vi;q=0.5") == "en"
    assert language("/?lang=xx", liked="vi") == "vi"
    assert language("/?lang=en", liked="vi") == "en"
    assert language(liked="vi") == "en"
    assert language("/?lang=vi") == "vi"


def test_assets_keep_for_ever_and_another_name_is_none(place: Site) -> None:
    client = place.app.test_client()
    page = client.get("/").text
    style = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(style)
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/assets/page-000000000000.css").status_code == 404
    # The pages of authorization and of signing in are dressed by the same tokens.
    for shared in ("/oauth/page.css", "/signin/style.css"):
        assert client.get(shared).text.split("@media")[0] == answer.text.split("@media")[0]
