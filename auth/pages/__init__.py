"""The few pages of authorization: what is asked, what became of it, and why it can't go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import flask
import jinja2
from markupsafe import Markup

from registry.kernel.errors import Text

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("auth", "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_BAD_REQUEST = 400


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _correction(attribute: str) -> str:
    """Return where a person says that a value of the register is wrong."""
    register, _, path = attribute.partition(":")
    return f"/citizen/corrections/new?{urlencode({'register': register, 'path': path})}"


_TEMPLATES.filters |= {"day": _day, "correction": _correction}


def _say(language: str, vi: str | Text, en: str = "") -> Markup:
    """Return a text in both languages, the reader's own first and the other one smaller."""
    text = vi if isinstance(vi, Text) else Text(vi, en)
    other = "vi" if language == "en" else "en"
    if text.vi == text.en:
        return Markup("{}").format(text.vi)
    return Markup('{} <small lang="{}">{}</small>').format(
        text.pick(language), other, text.pick(other)
    )


def page(
    template: str,
    status: int = 200,
    form_action: str = "'none'",
    language: str = "vi",
    **values: Any,
) -> flask.Response:
    """Return the page ``template`` of ``values``, which posts to ``form_action`` alone.

    It runs no script, stands in no frame, and asks nobody outside for anything.
    """
    say: Callable[..., Markup] = partial(_say, language)
    body = _TEMPLATES.get_template(f"{template}.html").render(values, say=say, language=language)
    response = flask.Response(body, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action {form_action};"
        " frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def problem_page(text: Text, status: int = _BAD_REQUEST, language: str = "vi") -> flask.Response:
    """Return the page of a request that can't go back to any client."""
    return page("problem", status, language=language, text=text, address="")


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
