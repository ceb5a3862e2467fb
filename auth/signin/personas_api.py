"""The routes of the demo's own provider, registered in a demo alone and only when it is on."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

import flask
from werkzeug import Response

from auth.guard import public
from auth.signin.api import page
from auth.signin.personas import PersonaProvider, PersonaRefused
from registry.kernel.settings import PERSONA_PATH

blp = flask.Blueprint("personas", __name__, url_prefix=PERSONA_PATH, template_folder="templates")


def _provider() -> PersonaProvider:
    return cast("PersonaProvider", flask.current_app.extensions["sogoc-personas"])


@blp.get("/.well-known/openid-configuration")
@public
def metadata() -> dict[str, Any]:
    """Return what the provider says of itself."""
    return _provider().metadata()


@blp.get("/jwks")
@public
def jwks() -> dict[str, Any]:
    """Return the provider's public keys."""
    return _provider().jwks()


@blp.get("/authorize")
@public
def choose() -> Response:
    """Let the person choose whom to be."""
    asked = _provider().check_request(flask.request.args)
    return page("personas.html", asked=asked, personas=_provider().personas)


@blp.post("/authorize")
@public
def chosen() -> Response:
    """Send the browser back with a code for the persona that was chosen."""
    where, answer = _provider().answer(flask.request.form)
    return flask.redirect(f"{where}?{urlencode(answer)}", 303)


@blp.post("/token")
@public
def token() -> dict[str, Any]:
    """Give tokens for a code (RFC 6749 section 4.1.3)."""
    return _provider().tokens(flask.request.form)


@blp.errorhandler(PersonaRefused)
def refuse(error: PersonaRefused) -> tuple[dict[str, str], int]:
    """Say what is wrong in OAuth's form."""
    return {"error": error.error}, error.status
