"""The style sheet and the script of the pages, named by their content: they keep for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import flask

from auth.guard import public
from auth.pages import look

blp = flask.Blueprint("web_assets", __name__)
_DIGITS = 12
_FOREVER = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file as it is served."""

    name: str
    content: bytes
    mimetype: str


@cache
def assets() -> dict[str, Asset]:
    """Return the assets by what templates call them."""
    style = look() + _text("page.css")
    return {
        "style": _named("page", "css", style, "text/css"),
        "script": _named("page", "js", _text("page.js"), "text/javascript"),
        "demo": _named("demo", "js", _text("demo.js"), "text/javascript"),
        "window": _named("window", "js", _text("window.js"), "text/javascript"),
    }


def _text(name: str) -> str:
    return files("registry.web").joinpath("static", name).read_text("utf-8")


def _named(stem: str, ending: str, text: str, mimetype: str) -> Asset:
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
    return Asset(f"{stem}-{digest}.{ending}", content, mimetype)


@blp.get("/assets/<name>")
@public
def asset(name: str) -> flask.Response:
    """Return a file of the pages; an older name is gone, for no page asks by it any more."""
    found = next((each for each in assets().values() if each.name == name), None)
    if found is None:
        flask.abort(404)
    response = flask.Response(found.content, mimetype=found.mimetype)
    response.headers["Cache-Control"] = _FOREVER
    return response
