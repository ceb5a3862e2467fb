"""Turning a template into an answer: strict about names, about scripts and about caches."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import flask
import jinja2
from markupsafe import Markup, escape

from auth.signin import cookies
from auth.signin.door import sign_in
from auth.signin.sessions import SignedIn
from registry.kernel.errors import Text
from registry.web import languages
from registry.web.assets import assets
from registry.web.ports import web
from registry.web.writing import day, written

# Nothing inline, nothing from elsewhere, in nobody's frame; forms come back here alone.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("registry.web", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, status: int = 200, **values: Any) -> flask.Response:
    """Return the page ``template`` of ``values``; no cache keeps it."""
    language = languages.language()
    text = _TEMPLATES.get_template(f"{template}.html").render(**_shared(language), **values)
    response = flask.Response(text, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language
    languages.keep(response)
    return response


def visitor() -> SignedIn | None:
    """Return who is signed in at this browser, whether or not the page asks for it."""
    if "signed_in" not in flask.g:
        here = sign_in()
        flask.g.signed_in = here.who(cookies.read(here.settings, cookies.SESSION))
    found: SignedIn | None = flask.g.signed_in
    return found


def _shared(language: languages.Language) -> dict[str, Any]:
    here = web()

    def say(vi: str, en: str) -> str:
        return en if language == "en" else vi

    def t(text: Text | str) -> str | Markup:
        if isinstance(text, Text):
            return text.pick(language)
        # What the registers hold is Vietnamese, and a screen reader should read it so.
        return Markup('<span lang="vi">{}</span>').format(text) if language == "en" else text

    def lines(value: Any) -> list[str | Markup]:
        return [escape(t(line)) for line in written(value)]

    return {
        "lang": language,
        "say": say,
        "t": t,
        "day": day,
        "lines": lines,
        "assets": assets(),
        "visitor": visitor(),
        "synthetic": here.synthetic,
        "has_consents": here.consents is not None,
        "has_corrections": here.corrections is not None,
        "path": flask.request.path,
        "other_language": _other(language),
    }


def _other(language: languages.Language) -> str:
    """Return this page's address in the other language."""
    query = flask.request.args.to_dict() | {"lang": "vi" if language == "en" else "en"}
    return f"{flask.request.path}?{urlencode(query)}"
