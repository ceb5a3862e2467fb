"""The first page: doors to what is here."""

from __future__ import annotations

import flask

from auth.guard import public
from registry.web.errors import blueprint
from registry.web.rendering import page

blp = blueprint("web_home")


@blp.get("/")
@public
def home() -> flask.Response:
    """Trang đầu / the first page."""
    return page("home")
