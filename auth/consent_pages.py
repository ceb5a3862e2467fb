"""The page that asks a person: what it shows, and what their answer means."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import flask
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from auth.browsers import state
from auth.consents.choosing import (
    Agreed,
    Answer,
    Flaw,
    agree,
    digest_of,
    optional_of,
    within,
)
from auth.consents.models import Via
from auth.consents.preview import Shown
from auth.consents.records import Asked, record_request
from auth.grants.grants import Grantor
from auth.pages import page
from auth.scopes import SCOPES
from registry.kernel.clock import VIET_NAM, now
from registry.kernel.errors import Text

_LANGUAGES = ("vi", "en")
_CHANGED = Text(
    "Thông tin hoặc thỏa thuận vừa thay đổi: hãy xem lại rồi quyết định.",
    "The information or the agreement has just changed: look again, then decide.",
)
_ENDED = Text(
    "Thỏa thuận chia sẻ dữ liệu của cơ quan này không còn hiệu lực: không có gì để chia sẻ.",
    "The data-sharing agreement of this agency no longer holds: there is nothing to share.",
)
_NO_ANSWER = Answer()


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the person who is signed in; ``over`` if no agreement holds it any longer."""

    asked: Asked
    client_name: str
    person: Grantor
    over: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a page stands: where its form goes to and with what, and its own address.

    ``form_action`` is the policy for where a form may lead to.
    """

    action: str
    hidden: Mapping[str, str]
    address: str
    form_action: str = "'self'"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked, before anybody looks whether the client's agreement holds it.

    ``origin`` is the digest of the pushed request or the id of the invitation.
    """

    origin: str
    client_id: str
    client_name: str
    scopes: Sequence[str]
    details: Sequence[Mapping[str, Any]]
    expires_at: datetime
    role: str = "submitter"
    via: Via = field(default="browser")


def question_of(subject: Subject, person: Grantor, language: str) -> Question:
    """Return the question to a person, held against the agreement of today."""
    find = state().verifier.agreement
    details = within(subject.details, subject.client_id, find)
    procedure = subject.details[0]["procedure"] if subject.details else ""
    agreement = find(subject.client_id, procedure) if procedure else None
    asked = Asked(
        subject.origin,
        person.person_id,
        subject.client_id,
        procedure,
        subject.role,
        tuple(subject.scopes),
        details,
        agreement.id if agreement else None,
        agreement.legal_basis if agreement else "",
        language,
        subject.via,
        subject.expires_at,
    )
    return Question(asked, subject.client_name, person, bool(subject.details) and not details)


def language_of(wished: str = "") -> str:
    """Return the language of this request: chosen, or by ``wished`` (ui_locales), or preferred."""
    chosen = (flask.request.values.get("lang", ""), *wished.split())
    for language in chosen:
        if language[:2] in _LANGUAGES:
            return language[:2]
    return flask.request.accept_languages.best_match(_LANGUAGES, "vi")


def look(session: Session, question: Question) -> Shown:
    """Return what the person is shown, and keep that they are asked."""
    record_request(session, question.asked)
    return _shown(session, question)


def _shown(session: Session, question: Question) -> Shown:
    asked = question.asked
    if not asked.details:
        return Shown(())
    shown: Shown = state().preview.show(session, asked.client_id, question.person, asked.details)
    return shown


def weigh(session: Session, question: Question) -> Agreed | tuple[Shown, list[Flaw]]:
    """Return what the form of this request agrees to, or what to show again and why.

    An answer counts only for what was shown: if that has changed since, nothing is agreed to.
    """
    form = flask.request.form
    shown = _shown(session, question)
    if question.over:
        return shown, []
    given = form.get("shown", "")
    if not hmac.compare_digest(_digest(question, shown).encode(), given.encode()):
        return shown, [Flaw("", _CHANGED)]
    outcome = agree(question.asked.details, shown, _answer(form))
    return outcome if isinstance(outcome, Agreed) else (shown, outcome)


def _digest(question: Question, shown: Shown) -> str:
    asked = question.asked
    about = (asked.origin, asked.client_id, question.client_name, asked.agreement_id)
    return digest_of(about, asked.details, shown)


def _answer(form: MultiDict[str, str]) -> Answer:
    pairs = (value.partition(" ") for value in form.getlist("share"))
    chosen = {name: form.getlist(name) for name in form if name.startswith("person:")}
    return Answer(
        frozenset((role, attribute) for role, _, attribute in pairs),
        {name.removeprefix("person:"): tuple(values) for name, values in chosen.items()},
    )


def consent_page(
    question: Question, shown: Shown, frame: Frame, flaws: Sequence[Flaw] = ()
) -> flask.Response:
    """Return the page; with ``flaws`` it says them first and keeps what the person chose.

    Nothing is ticked that the person has not ticked, and of several people nobody is chosen.
    """
    asked = question.asked
    answer = _answer(flask.request.form) if flaws else _NO_ANSWER
    told = [Flaw("", _ENDED)] if question.over else list(flaws)
    until = (now() + timedelta(days=state().settings.grant_days)).astimezone(VIET_NAM)
    return page(
        "consent",
        200 if not flaws else 400,
        form_action=frame.form_action,
        language=asked.language,
        address=frame.address,
        question=question,
        asked=asked,
        shown=shown,
        optional=optional_of(asked.details, shown),
        ticked=answer.ticked,
        chosen=answer.people,
        flaws=told,
        until=until.date(),
        scopes=[SCOPES[scope] for scope in asked.scopes if scope in SCOPES],
        action=frame.action,
        hidden={
            **frame.hidden,
            "shown": _digest(question, shown),
            "lang": asked.language,
        },
    )
