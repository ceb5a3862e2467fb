"""The few pages of authorization: what is asked, and why it can't go on."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import flask
import jinja2

from registry.kernel.errors import Text

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("auth", "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
_BAD_REQUEST = 400


def page(
    template: str, status: int = 200, form_action: str = "'none'", **values: Any
) -> flask.Response:
    """Return the page ``template`` of ``values``, which posts to ``form_action`` alone.

    It runs no script, stands in no frame, and asks nobody outside for anything.
    """
    body = _TEMPLATES.get_template(f"{template}.html").render(values)
    response = flask.Response(body, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action {form_action};"
        " frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def problem_page(text: Text) -> flask.Response:
    """Return the page of a request that can't go back to any client."""
    return page("problem", _BAD_REQUEST, text=text)


@cache
def look() -> str:
    """Return the style that all pages share, whoever serves them."""
    return _source("tokens.css")


def _source(name: str) -> str:
    return files("auth.pages").joinpath(name).read_text("utf-8")


def style(more: str | None = None) -> flask.Response:
    """Return the shared style sheet with that of these pages, or with ``more`` in its place."""
    own = _source("page.css") if more is None else more
    response = flask.Response(look() + own, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
