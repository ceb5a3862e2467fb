"""In which language a page speaks: as the address says, as it did before, as the browser likes."""

from __future__ import annotations

from typing import Literal

import flask

from auth.signin import cookies
from registry.kernel.settings import Settings

Language = Literal["vi", "en"]
COOKIE = "sogoc-lang"
_YEAR = 365 * 24 * 3600
_NAMES: dict[str, Language] = {"vi": "vi", "en": "en"}


def language() -> Language:
    """Return the language of this request; Vietnamese unless somebody wants English."""
    asked = _NAMES.get(flask.request.args.get("lang", ""))
    kept = _NAMES.get(flask.request.cookies.get(cookies.name_of(_settings(), COOKIE), ""))
    return asked or kept or _liked()


def _liked() -> Language:
    liked = (tag.partition("-")[0].lower() for tag, q in flask.request.accept_languages if q)
    return next((_NAMES[tag] for tag in liked if tag in _NAMES), "vi")


def keep(response: flask.Response) -> None:
    """Let the browser remember a language that its address asked for."""
    asked = _NAMES.get(flask.request.args.get("lang", ""))
    if asked:
        name = cookies.name_of(_settings(), COOKIE)
        response.set_cookie(
            name,
            asked,
            max_age=_YEAR,
            path="/",
            secure=name.startswith("__Host-"),
            httponly=True,
            samesite="Lax",
        )


def _settings() -> Settings:
    found: Settings = flask.current_app.extensions["sogoc"].settings
    return found
