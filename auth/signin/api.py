"""The pages of signing in: to the provider, back from it, who is signed in, and out."""

from __future__ import annotations

import logging
from pathlib import Path

import flask
from werkzeug import Response

from auth import pages
from auth.guard import public, trace_id
from auth.signin import cookies
from auth.signin.door import require_session, sign_in, signed_in
from auth.signin.refusals import STATE, SignInRefused
from auth.signin.relying_party import CALLBACK
from auth.signin.step_up import is_multi_factor, step_up_path

HOME = "/signin/session"
# A page of ours asks nobody else for anything, and nobody may show it inside a page of theirs.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_STYLE = Path(__file__).parent / "templates" / "signin" / "style.css"
logger = logging.getLogger("sogoc")

blp = flask.Blueprint("signin", __name__, template_folder="templates")


@blp.get("/signin")
@public
def depart() -> Response:
    """Send the browser to the provider, to come back to ``return_to``."""
    here, asked = sign_in(), flask.request.args
    browser = cookies.browser(here.settings)
    where = here.depart(browser, asked.get("return_to", HOME), step_up="step_up" in asked)
    response = flask.make_response(flask.redirect(where, 303))
    cookies.write(here.settings, response, cookies.ATTEMPT, browser)
    return response


@blp.get(CALLBACK)
@public
def arrive() -> Response:
    """Take the provider's answer, and open a session for whom it names."""
    here, asked = sign_in(), flask.request.args
    if any(len(values) > 1 for values in asked.listvalues()):
        # RFC 6749 section 3.1: of two, each reader might believe another.
        raise SignInRefused(STATE, "a parameter is given twice")
    arrival = here.arrive(
        cookies.read(here.settings, cookies.ATTEMPT),
        asked.to_dict(),
        cookies.read(here.settings, cookies.SESSION),
    )
    # With our own address in front, the path can't lead anywhere else.
    where = here.settings.issuer + arrival.return_to
    response = flask.make_response(flask.redirect(where, 303))
    cookies.write(here.settings, response, cookies.SESSION, arrival.token)
    cookies.remove(here.settings, response, cookies.ATTEMPT)
    return response


@blp.get(HOME)
@require_session
def session_page() -> Response:
    """Say who is signed in, and offer to prove more or to sign out."""
    found = signed_in()
    multi_factor = is_multi_factor(found.acr, found.amr, sign_in().settings)
    return page("session.html", found=found, multi_factor=multi_factor, more=step_up_path(HOME))


@blp.post("/signout")
@require_session
def sign_out() -> flask.Response:
    """End the session; its cookie is worth nothing from now on."""
    here = sign_in()
    here.leave(cookies.read(here.settings, cookies.SESSION))
    response = page("signed_out.html")
    cookies.remove(here.settings, response, cookies.SESSION)
    return response


@blp.get("/signin/style.css")
@public
def style() -> Response:
    """Return the style of the pages."""
    return pages.style(_STYLE.read_text("utf-8"))


@blp.app_errorhandler(SignInRefused)
def refuse(error: SignInRefused) -> Response:
    """Tell the person why they are not signed in; the log has what was wrong in particular."""
    logger.warning("sign-in %s (%s) trace_id=%s", error.refusal.code, error, trace_id())
    return page("refused.html", error.refusal.status, refusal=error.refusal, trace=trace_id())


def page(template: str, status: int = 200, **values: object) -> flask.Response:
    """Return one of the templates as a page."""
    response = flask.make_response(flask.render_template(f"signin/{template}", **values), status)
    response.headers["Content-Security-Policy"] = POLICY
    return response
