"""The authorization endpoint: a pushed request, a person who is signed in, and their decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode, urlsplit

import flask
from flask.views import MethodView
from sqlalchemy.orm import Session

from auth import browsers
from auth.browsers import see_other, state
from auth.consent_pages import (
    Frame,
    Question,
    Subject,
    consent_page,
    language_of,
    look,
    question_of,
    weigh,
)
from auth.consents.choosing import Agreed
from auth.consents.records import record_decision
from auth.grants.credentials import issue_code
from auth.grants.grants import Grantor, Terms, make_grant
from auth.grants.models import Grant, PushedRequest
from auth.grants.pushed import decide, open_request
from auth.guard import public
from auth.oauth.authentication import unmet
from auth.oauth.clients import KnownClient
from auth.pages import problem_page, style
from auth.scopes import STAFF_SCOPES
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


def _back(redirect_uri: str, answer: Mapping[str, str | None]) -> flask.Response:
    """Return to the client with 303, saying who answers (RFC 9207)."""
    said = {name: value for name, value in answer.items() if value}
    said["iss"] = state().settings.issuer
    glue = "&" if urlsplit(redirect_uri).query else "?"
    return see_other(f"{redirect_uri}{glue}{urlencode(said)}")


def _client(values: Mapping[str, str]) -> KnownClient | None:
    client: KnownClient | None = state().oauth.query_client(values.get("client_id", ""))
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
        browser = browsers.browser()
        client = _client(values)
        pushed = self._open(values, browser) if client else None
        if pushed is None or client is None:
            return problem_page(_UNKNOWN)
        return browsers.remember(self._ask(pushed, client, browser), browser)

    @staticmethod
    def _open(values: Mapping[str, str], browser: str) -> PushedRequest | None:
        with state().database.transaction() as session:
            found: PushedRequest | None = open_request(
                session,
                values["request_uri"],
                values.get("client_id", ""),
                browsers.digest(browser),
            )
        return found

    @staticmethod
    def _ask(pushed: PushedRequest, client: KnownClient, browser: str) -> flask.Response:
        person = state().visitors.person()
        lacking = _lacking(pushed, person)
        if person is None or lacking:
            return _send_to_sign_in(pushed, lacking, again=person is not None)
        if "none" in pushed.parameters.get("prompt", "").split():
            # Nobody has ever agreed for good: there is always a page to be shown.
            return _error(pushed, "interaction_required")
        question = _question(pushed, client, person)
        with state().database.transaction() as session:
            shown = look(session, question)
        frame = _frame(pushed, flask.request.args["request_uri"], browser, person)
        return consent_page(question, shown, frame)

    @public
    def post(self) -> flask.Response:
        """Quyết định của người dân / the person's decision."""
        form, browser = flask.request.form, browsers.known_browser()
        uri, person = form.get("request_uri", ""), state().visitors.person()
        client = _client(form)
        if client is None or person is None:
            return problem_page(_UNKNOWN)
        if not browsers.is_ours(browser, uri, person):
            return problem_page(_FORGED)
        with state().database.transaction() as session:
            pushed = open_request(session, uri, client.client_id, browsers.digest(browser))
            if pushed is None:
                return problem_page(_UNKNOWN)
            if _lacking(pushed, person):
                # It became too old in front of the page.
                return see_other(_here(client.client_id, uri))
            return self._decide(session, pushed, _question(pushed, client, person), client)

    @staticmethod
    def _decide(
        session: Session, pushed: PushedRequest, question: Question, client: KnownClient
    ) -> flask.Response:
        form, browser = flask.request.form, browsers.known_browser()
        uri, person, agreed = form["request_uri"], question.person, None
        if form.get("decision") == "agree" and _may_grant(person, pushed):
            outcome = weigh(session, question)
            if not isinstance(outcome, Agreed):
                shown, flaws = outcome
                frame = _frame(pushed, uri, browser, person)
                return consent_page(question, shown, frame, flaws)
            agreed = outcome
        if not decide(session, uri, client.client_id, browsers.digest(browser)):
            return problem_page(_UNKNOWN)
        code = _keep(session, client, pushed, question, agreed)
        error = None if agreed else "access_denied"
        answer = {"code": code, "error": error, "state": pushed.parameters.get("state")}
        return _back(pushed.parameters["redirect_uri"], answer)


def _question(pushed: PushedRequest, client: KnownClient, person: Grantor) -> Question:
    subject = Subject(
        pushed.sha256,
        client.client_id,
        client.row.name,
        pushed.parameters.get("scope", "").split(),
        pushed.parameters["authorization_details"],
        pushed.expires_at,
    )
    return question_of(subject, person, language_of(pushed.parameters.get("ui_locales", "")))


def _frame(pushed: PushedRequest, uri: str, browser: str, person: Grantor) -> Frame:
    target = urlsplit(pushed.parameters["redirect_uri"])
    csrf = browsers.form_token(browser, uri, person)
    return Frame(
        "/oauth/authorize",
        {"client_id": pushed.client_id, "request_uri": uri, "csrf": csrf},
        _here(pushed.client_id, uri),
        f"'self' {target.scheme}://{target.netloc}",
    )


def _keep(
    session: Session,
    client: KnownClient,
    pushed: PushedRequest,
    question: Question,
    agreed: Agreed | None,
) -> str | None:
    """Keep the decision, and return a code where it is a yes."""
    grant: Grant | None = None
    if agreed is not None:
        sector = client.row.sector or client.client_id
        terms = Terms(client.client_id, question.asked.scopes, agreed.details, agreed.people)
        grant = make_grant(session, sector, question.person, terms, state().settings.grant_days)
    record_decision(session, question.asked, grant)
    return issue_code(session, grant, pushed) if grant is not None else None


def _may_grant(person: Grantor, pushed: PushedRequest) -> bool:
    """Say whether the person holds every role that is asked for: nobody gives what isn't theirs."""
    return set(pushed.parameters.get("scope", "").split()) & STAFF_SCOPES <= person.roles


def _lacking(pushed: PushedRequest, person: Grantor | None) -> str | None:
    """Return as an error what is lacking of the sign-in that the request asks for."""
    if person is None:
        return "login_required"
    return unmet(pushed.parameters, person, state().settings)


def _send_to_sign_in(pushed: PushedRequest, lacking: str | None, *, again: bool) -> flask.Response:
    """Send the person to sign in, unless the client wants no page or nobody can sign in.

    Whoever was sent to prove more and comes back without it is not sent once more.
    """
    values = flask.request.args
    back = _here(values["client_id"], values["request_uri"], sent=again)
    address = state().visitors.address(back, again=again)
    quiet = "none" in pushed.parameters.get("prompt", "").split()
    if address is not None and not quiet and not (again and "sent" in values):
        return see_other(address)
    gave_up = lacking if address is not None or quiet else None
    return _error(pushed, gave_up or "temporarily_unavailable")


def _here(client_id: str, request_uri: str, *, sent: bool = False) -> str:
    """Return this endpoint's path for a request; ``sent`` only ends a circle, and opens nothing."""
    values = {"client_id": client_id, "request_uri": request_uri} | ({"sent": "1"} if sent else {})
    return f"/oauth/authorize?{urlencode(values)}"


def _error(pushed: PushedRequest, error: str) -> flask.Response:
    answer = {"error": error, "state": pushed.parameters.get("state")}
    return _back(pushed.parameters["redirect_uri"], answer)


blp.add_url_rule("/oauth/authorize", view_func=Authorize.as_view("authorize"))
blp.add_url_rule("/oauth/page.css", view_func=Style.as_view("style"))
