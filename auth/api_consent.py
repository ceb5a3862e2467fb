"""Another person's own consent: they type a code, see what is asked, and decide."""

from __future__ import annotations

from urllib.parse import urlencode

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
from auth.consents import invitations
from auth.consents.choosing import Agreed
from auth.consents.codes import give_back, may_try
from auth.consents.models import ConsentInvitation
from auth.consents.records import record_decision
from auth.grants.grants import Grantor, Terms
from auth.guard import public
from auth.pages import page, problem_page
from registry.kernel.errors import Conflict, NotFound, Refused, Text

# Pages, and no part of the described API.
blp = flask.Blueprint("consent", __name__)

# What the forms here are about, so that no other form's token opens them.
_SUBJECT = "consent"
_WRONG = Text(
    "Mã không đúng, đã dùng hoặc đã hết hạn.", "The code is wrong, used or no longer valid."
)
_TOO_OFTEN = Text(
    "Bạn đã nhập sai quá nhiều lần. Hãy thử lại sau 15 phút.",
    "Too many wrong codes. Try again in 15 minutes.",
)
_NOBODY = Text("Chưa có nơi để đăng nhập.", "There is nowhere to sign in.")
_FORGED = Text("Biểu mẫu không phải của phiên này.", "The form is not of this visit.")
_AGREED = Text("Bạn đã đồng ý.", "You have agreed.")
_DECLINED = Text("Bạn đã từ chối. Không có gì được chia sẻ.", "You declined. Nothing is shared.")
_BAD, _REFUSED, _OFTEN = 400, 403, 429


class Consent(MethodView):
    """The page behind an invitation's code."""

    @public
    def get(self) -> flask.Response:
        """Nhập mã, xem điều được hỏi / type the code, see what is asked."""
        code = flask.request.args.get("code", "")
        person = state().visitors.person()
        if person is None:
            return _send_to_sign_in(code)
        browser = browsers.browser()
        answer = _look_up(code, person, browser) if code else _code_page(browser, person)
        return browsers.remember(answer, browser)

    @public
    def post(self) -> flask.Response:
        """Mã, hoặc quyết định / the code, or the decision."""
        form, browser = flask.request.form, browsers.known_browser()
        person = state().visitors.person()
        if person is None:
            return _send_to_sign_in("")
        if not browsers.is_ours(browser, _SUBJECT, person):
            return problem_page(_FORGED, language=language_of())
        return _look_up(form.get("code", ""), person, browser)


def _look_up(code: str, person: Grantor, browser: str) -> flask.Response:
    """Open what is behind a code, and show it or decide on it; wrong ones are counted."""
    database, language = state().database, language_of()
    if not may_try(database, person.person_id):
        return problem_page(_TOO_OFTEN, _OFTEN, language)
    try:
        with database.transaction() as session:
            invitation = invitations.open_invitation(session, code, person)
            answer = _answer(session, invitation, code, person, browser)
    except (NotFound, Conflict):
        return _code_page(browser, person, code, _WRONG)
    except Refused as refused:
        return problem_page(refused.detail, _REFUSED, language)
    give_back(database, person.person_id)
    return answer


def _answer(
    session: Session, invitation: ConsentInvitation, code: str, person: Grantor, browser: str
) -> flask.Response:
    decision = flask.request.form.get("decision")
    client = state().oauth.query_client(invitation.client_id)
    if client is None or client.row.disabled_at is not None:
        raise NotFound
    question = _question(invitation, client.row.name, person)
    frame = Frame(
        "/consent",
        {"code": code, "csrf": browsers.form_token(browser, _SUBJECT, person)},
        f"/consent?{urlencode({'code': code})}",
    )
    if decision is None:
        return consent_page(question, look(session, question), frame)
    agreed = None
    if decision == "agree":
        outcome = weigh(session, question)
        if not isinstance(outcome, Agreed):
            shown, flaws = outcome
            return consent_page(question, shown, frame, flaws)
        agreed = outcome
    _keep(session, invitation, question, agreed, client.row.sector or client.client_id)
    language = question.asked.language
    return page("answered", language=language, address="", text=_AGREED if agreed else _DECLINED)


def _question(invitation: ConsentInvitation, client_name: str, person: Grantor) -> Question:
    subject = Subject(
        invitation.id,
        invitation.client_id,
        client_name,
        invitation.scopes,
        invitation.details,
        invitation.expires_at,
        invitation.role,
        "counter" if invitation.via == "counter" else "invitation",
    )
    return question_of(subject, person, language_of())


def _keep(
    session: Session,
    invitation: ConsentInvitation,
    question: Question,
    agreed: Agreed | None,
    sector: str,
) -> None:
    """Use the invitation up, and keep what was decided."""
    if agreed is None:
        invitations.decline(session, invitation, question.person)
        record_decision(session, question.asked, None)
        return
    terms = Terms(
        invitation.client_id,
        invitation.scopes,
        agreed.details,
        agreed.people,
        invitation.case,
    )
    days = state().settings.grant_days
    grant = invitations.accept(
        session, invitation, question.person, terms, sector=sector, days=days
    )
    record_decision(session, question.asked, grant)


def _code_page(
    browser: str, person: Grantor, code: str = "", flaw: Text | None = None
) -> flask.Response:
    return page(
        "code",
        _BAD if flaw else 200,
        form_action="'self'",
        language=language_of(),
        address="/consent?",
        code=code,
        flaw=flaw,
        csrf=browsers.form_token(browser, _SUBJECT, person),
    )


def _send_to_sign_in(code: str) -> flask.Response:
    back = f"/consent?{urlencode({'code': code})}" if code else "/consent"
    address = state().visitors.address(back)
    return see_other(address) if address else problem_page(_NOBODY, language=language_of())


blp.add_url_rule("/consent", view_func=Consent.as_view("consent"))
