"""The authorization endpoint: a pushed request, a person who is signed in, and their decision."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import flask
from flask.views import MethodView

from auth.grants.credentials import issue_code
from auth.grants.grants import Grantor, make_grant
from auth.grants.models import PushedRequest
from auth.grants.pushed import decide, open_request
from auth.guard import public
from auth.oauth.authentication import unmet
from auth.oauth.clients import KnownClient
from auth.pages import page, problem_page, style
from auth.scopes import SCOPES, STAFF_SCOPES
from registry.kernel.errors import Text

# Pages, and no part of the described API.
blp = flask.Blueprint("authorize", __name__)

_UNKNOWN = Text(
    "Yêu cầu không hợp lệ, đã dùng hoặc đã hết hạn. Hãy quay lại ứng dụng và bắt đầu lại.",
    "The request is unknown, used or over. Go back to the application and start again.",
)
_FORGED = Text("Biểu mẫu không phải của phiên này.", "The form is not of this visit.")


class Visitors(Protocol):
    """How the endpoint knows who sits in front of the browser."""

    def person(self) -> Grantor | None:
        """Return who is signed in in this request."""

    def address(self, return_to: str, *, again: bool = False) -> str | None:
        """Return the path that signs a person in and comes back; None where nobody can.

        ``again`` asks for a new and a stronger proof of who is signed in already.
        """


def _state() -> Any:
    return flask.current_app.extensions["sogoc"]


def _cookie() -> str:
    """Return the name of the cookie that knows a browser; over TLS no other site can set it."""
    secure = _state().settings.issuer.startswith("https://")
    return "__Host-sogoc-flow" if secure else "sogoc-flow"


def _remember(response: flask.Response, browser: str) -> flask.Response:
    name = _cookie()
    response.set_cookie(
        name, browser, secure=name.startswith("__Host-"), httponly=True, samesite="Lax", path="/"
    )
    return response


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def _csrf(browser: str, request_uri: str, person: Grantor) -> str:
    """Return what makes a form that browser's, for that request, shown to that person alone."""
    shown = f"{person.person_id} {request_uri}"
    return hmac.new(browser.encode(), shown.encode(), "sha256").hexdigest()


def _back(redirect_uri: str, answer: Mapping[str, str | None]) -> flask.Response:
    """Return to the client with 303, saying who answers (RFC 9207)."""
    said = {name: value for name, value in answer.items() if value}
    said["iss"] = _state().settings.issuer
    glue = "&" if urlsplit(redirect_uri).query else "?"
    return _see_other(f"{redirect_uri}{glue}{urlencode(said)}")


def _see_other(address: str) -> flask.Response:
    """RFC 9700 section 4.12: never 307, which would post again what a person typed."""
    return flask.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def _client(values: Mapping[str, str]) -> KnownClient | None:
    client: KnownClient | None = _state().oauth.query_client(values.get("client_id", ""))
    return client if client and client.row.disabled_at is None else None


def _without_push(values: Mapping[str, str]) -> flask.Response:
    """Answer a request that was not pushed: to a registered address, never to another."""
    client, redirect_uri = _client(values), values.get("redirect_uri", "")
    if client is None or not client.check_redirect_uri(redirect_uri):
        return problem_page(_UNKNOWN)
    about = "push the request first (RFC 9126)"
    error = {"error": "invalid_request", "error_description": about, "state": values.get("state")}
    return _back(redirect_uri, error)


class Style(MethodView):
    """The style sheet of the pages."""

    @public
    def get(self) -> flask.Response:
        """Trình bày của trang / how the page looks."""
        return style()


class Authorize(MethodView):
    """The authorization endpoint."""

    @public
    def get(self) -> flask.Response:
        """Hỏi ý người dân / ask the person (RFC 6749 section 3.1)."""
        values = flask.request.args
        if any(len(given) > 1 for given in values.listvalues()):
            return problem_page(_UNKNOWN)
        if {"request", "request_uri"} <= values.keys():
            # RFC 9101 section 5: never both.
            return problem_page(_UNKNOWN)
        if "request_uri" not in values:
            return _without_push(values)
        browser = flask.request.cookies.get(_cookie()) or secrets.token_urlsafe(32)
        client = _client(values)
        pushed = self._open(values, browser) if client else None
        if pushed is None or client is None:
            return problem_page(_UNKNOWN)
        return _remember(self._ask(pushed, client, browser), browser)

    @staticmethod
    def _open(values: Mapping[str, str], browser: str) -> PushedRequest | None:
        with _state().database.transaction() as session:
            found: PushedRequest | None = open_request(
                session, values["request_uri"], values.get("client_id", ""), _digest(browser)
            )
        return found

    @staticmethod
    def _ask(pushed: PushedRequest, client: KnownClient, browser: str) -> flask.Response:
        person = _state().visitors.person()
        lacking = _lacking(pushed, person)
        if person is None or lacking:
            return _send_to_sign_in(pushed, lacking, again=person is not None)
        if "none" in pushed.parameters.get("prompt", "").split():
            # Nobody has ever agreed for good: there is always a page to be shown.
            return _error(pushed, "interaction_required")
        uri = flask.request.args["request_uri"]
        target = urlsplit(pushed.parameters["redirect_uri"])
        return page(
            "consent",
            form_action=f"'self' {target.scheme}://{target.netloc}",
            client=client.row.name,
            client_id=client.client_id,
            name=person.name,
            details=_told(pushed, _state().verifier.agreement),
            scopes=_texts(pushed.parameters.get("scope", "").split()),
            request_uri=uri,
            csrf=_csrf(browser, uri, person),
        )

    @public
    def post(self) -> flask.Response:
        """Quyết định của người dân / the person's decision."""
        form = flask.request.form
        browser = flask.request.cookies.get(_cookie(), "")
        uri, person = form.get("request_uri", ""), _state().visitors.person()
        client = _client(form)
        if client is None or person is None:
            return problem_page(_UNKNOWN)
        expected, given = _csrf(browser, uri, person), form.get("csrf", "")
        if not browser or not hmac.compare_digest(expected.encode(), given.encode()):
            return problem_page(_FORGED)
        agreed = form.get("decision") == "agree"
        with _state().database.transaction() as session:
            pushed = open_request(session, uri, client.client_id, _digest(browser))
            if pushed is not None and _lacking(pushed, person):
                # It became too old in front of the page.
                return _see_other(_here(client.client_id, uri))
            if pushed is None or not decide(session, uri, client.client_id, _digest(browser)):
                return problem_page(_UNKNOWN)
            code = None
            agreed = agreed and _may_grant(person, pushed)
            if agreed:
                sector = client.row.sector or client.client_id
                days = _state().settings.grant_days
                grant = make_grant(session, sector, person, pushed, days)
                code = issue_code(session, grant, pushed)
        error = None if agreed else "access_denied"
        state = pushed.parameters.get("state")
        answer = {"code": code, "error": error, "state": state}
        return _back(pushed.parameters["redirect_uri"], answer)


def _may_grant(person: Grantor, pushed: PushedRequest) -> bool:
    """Say whether the person holds every role that is asked for: nobody gives what isn't theirs."""
    return set(pushed.parameters.get("scope", "").split()) & STAFF_SCOPES <= person.roles


def _lacking(pushed: PushedRequest, person: Grantor | None) -> str | None:
    """Return as an error what is lacking of the sign-in that the request asks for."""
    if person is None:
        return "login_required"
    return unmet(pushed.parameters, person, _state().settings)


def _send_to_sign_in(pushed: PushedRequest, lacking: str | None, *, again: bool) -> flask.Response:
    """Send the person to sign in, unless the client wants no page or nobody can sign in.

    Whoever was sent to prove more and comes back without it is not sent once more.
    """
    values = flask.request.args
    back = _here(values["client_id"], values["request_uri"], sent=again)
    address = _state().visitors.address(back, again=again)
    quiet = "none" in pushed.parameters.get("prompt", "").split()
    if address is not None and not quiet and not (again and "sent" in values):
        return _see_other(address)
    gave_up = lacking if address is not None or quiet else None
    return _error(pushed, gave_up or "temporarily_unavailable")


def _here(client_id: str, request_uri: str, *, sent: bool = False) -> str:
    """Return this endpoint's path for a request; ``sent`` only ends a circle, and opens nothing."""
    values = {"client_id": client_id, "request_uri": request_uri} | ({"sent": "1"} if sent else {})
    return f"/oauth/authorize?{urlencode(values)}"


def _error(pushed: PushedRequest, error: str) -> flask.Response:
    answer = {"error": error, "state": pushed.parameters.get("state")}
    return _back(pushed.parameters["redirect_uri"], answer)


def _told(pushed: PushedRequest, find: Callable[[str, str], Any]) -> list[dict[str, Any]]:
    """Return what is asked, with the law of the client's agreement and never the client's words."""
    told = []
    for detail in pushed.parameters["authorization_details"]:
        agreement = find(pushed.client_id, detail["procedure"])
        told.append({**detail, "basis": agreement.legal_basis if agreement else None})
    return told


def _texts(scopes: Sequence[str]) -> list[Text]:
    return [SCOPES[scope] for scope in scopes if scope in SCOPES]


blp.add_url_rule("/oauth/authorize", view_func=Authorize.as_view("authorize"))
blp.add_url_rule("/oauth/page.css", view_func=Style.as_view("style"))
