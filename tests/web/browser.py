"""A real browser: the system's own Chromium, driven by Playwright, which downloads none.

Nothing is skipped: where there is no Chromium, the tests that need it fail and say so.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Request, Response, sync_playwright

from tests.interop.installed import installed

PHONE = {"width": 360, "height": 740}
Scheme = Literal["light", "dark"]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_MILLISECONDS = 15_000
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser, without a window."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("Chromium is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        # The sandbox needs rights that a container lacks; the pages are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One person at a phone; ``asked`` are the requests and ``heavy`` the bytes of each answer."""

    page: Page
    site: str
    asked: list[str] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Response:
        """Open one of the site's pages, as if nothing of it were kept from before."""
        self.weights.clear()
        response = self.page.goto(self.site + path)
        assert response is not None
        return response

    def sign_in(self, name: str, path: str = "/citizen") -> None:
        """Sign a persona in the way a person does, and arrive at ``path``."""
        self.go(path)
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(self.site + path)

    @property
    def sideways(self) -> int:
        """How many pixels of the page lie outside of the screen."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))

    def findings(self) -> list[str]:
        """Return what axe finds serious or critical on the page that is open."""
        self.page.evaluate(_axe())
        options = json.dumps({"runOnly": _RULES, "resultTypes": ["violations"]})
        found: dict[str, Any] = self.page.evaluate(f"axe.run(document, {options})")
        return [
            f"{each['id']}: {node['html']}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]


@contextmanager
def visitor(
    browser: Browser, site: str, scheme: Scheme = "light", *, scripts: bool = True, **more: Any
) -> Iterator[Visitor]:
    """Give a phone with no cookie; ``scripts`` are those of pages."""
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        color_scheme=scheme,
        java_script_enabled=scripts,
        locale="vi-VN",
        **more,
    )
    context.set_default_timeout(_MILLISECONDS)
    made = Visitor(context.new_page(), site)

    def weigh(request: Request) -> None:
        sizes = request.sizes()
        made.weights[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    made.page.on("request", lambda request: made.asked.append(request.url))
    made.page.on("requestfinished", weigh)
    made.page.on("console", lambda message: made.complaints.append(message.text))
    made.page.on("dialog", lambda dialog: made.complaints.append(dialog.message))
    yield made
    context.close()


@cache
def _axe() -> str:
    return (installed() / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
