"""The window of the button: from a page to the consent page, and back with a filled form."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlencode

import flask
import orjson

from auth.browsers import see_other
from auth.guard import CASE, PROCEDURE_PATTERN, ask_as, count_subjects, public
from auth.principals import Purpose
from registry.kernel.clock import today
from registry.kernel.errors import Malformed, SogocError, Text, TooManyRequests, Unavailable
from registry.prefill import button
from registry.prefill.button import Here, Pressed
from registry.prefill.profiles import for_procedure
from registry.web import button_window as window
from registry.web.button_asking import agreement_of, desk, filled, principal_of, state
from registry.web.errors import blueprint
from registry.web.rendering import POLICY, page

blp = blueprint("web_button")
_PROCEDURE = re.compile(PROCEDURE_PATTERN)
_ORIGIN = re.compile(r"https?://[0-9a-z.:\[\]-]{1,300}")
_STATE = re.compile(r"[!-~]{1,200}")
# A path of that very origin: with two slashes in front, browsers read another host.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")
_LANGUAGES = ("vi", "en")
_INCOMPLETE = Text(
    "Nút điền sẵn trên trang trước gọi sai: hãy quay lại và điền bằng tay, và báo cho cơ quan.",
    "The button on the page before asked wrongly: go back, fill in by hand, and tell the agency.",
)
_STRANGE = Text(
    "Câu trả lời không phải của lần điền này: hãy quay lại biểu mẫu và bấm lại.",
    "The answer is not of this visit: go back to the form and press the button again.",
)
# What a page is told by one word; anything else is ours to mend, and the form goes on by hand.
_DECLINED, _REFUSED, _BUSY, _FAILED = "declined", "refused", "too_many_requests", "unavailable"


class Visit(NamedTuple):
    """A visit as it began, apart from the row that is used up."""

    client_id: str
    purpose: Purpose
    origin: str
    page_state: str
    return_path: str


@blp.get(window.START)
@public
def start() -> flask.Response:
    """Mở cửa sổ điền sẵn / open the window of the button."""
    pressed = _pressed()
    issuer = state().settings.issuer
    browser = window.browser(issuer)
    with state().database.reading() as session:
        button.require_origin(session, pressed.client_id, pressed.origin)
    agreement = agreement_of(pressed.client_id, pressed.procedure)
    profile = for_procedure(pressed.procedure, today())
    with state().database.transaction() as session:
        uri = button.begin(session, pressed, profile, agreement, Here(issuer, browser))
    query = urlencode({"client_id": pressed.client_id, "request_uri": uri})
    return window.remember(issuer, see_other(f"/oauth/authorize?{query}"), browser)


def _pressed() -> Pressed:
    asked = _once()
    case, path = asked.get("case", ""), asked.get("return_path", "")
    language = asked.get("lang", "")
    fine = (
        _PROCEDURE.fullmatch(asked.get("procedure", ""))
        and CASE.fullmatch(case)
        and _ORIGIN.fullmatch(asked.get("origin", ""))
        and _STATE.fullmatch(asked.get("state", ""))
        and (not path or _PATH.fullmatch(path))
    )
    if not fine:
        raise Malformed(_INCOMPLETE)
    return Pressed(
        asked.get("client_id", ""),
        asked["origin"],
        asked["procedure"],
        case,
        asked["state"],
        path,
        language if language in _LANGUAGES else "",
    )


def _once() -> dict[str, str]:
    values = flask.request.args
    if any(len(given) > 1 for given in values.listvalues()):
        raise Malformed(_INCOMPLETE)
    return values.to_dict()


@blp.get(window.DONE)
@public
def done() -> flask.Response:
    """Đưa câu trả lời về trang của biểu mẫu / hand the answer to the page of the form."""
    asked = _once()
    settings = state().settings
    browser = window.known_browser(settings.issuer)
    if asked.get("iss") != settings.issuer:
        # RFC 9207: the answer is somebody else's.
        raise Malformed(_STRANGE)
    with state().database.reading() as session:
        visit = _copy(button.find_visit(session, asked.get("state", ""), browser))
    if "code" not in asked:
        with state().database.transaction() as session:
            button.finish_visit(session, asked["state"], browser)
        error = _DECLINED if asked.get("error") == "access_denied" else _FAILED
        return _delivered(visit, {"error": error})
    try:
        return _delivered(visit, {"answer": _fill(visit, asked, browser)})
    except (TooManyRequests, Unavailable) as error:
        busy = isinstance(error, TooManyRequests)
        return _delivered(visit, {"error": _BUSY if busy else _FAILED})
    except SogocError:
        return _delivered(visit, {"error": _REFUSED})


def _copy(row: Any) -> Visit:
    purpose = Purpose(row.procedure, row.case)
    return Visit(row.client_id, purpose, row.origin, row.page_state, row.return_path)


def _fill(visit: Visit, asked: dict[str, str], browser: str) -> dict[str, Any]:
    """Use the visit and its code up and fill the form: all of it, or nothing."""
    ask_as(principal_of(visit.client_id, visit.purpose))
    person = state().visitors.person()
    about = person.person_id if person else None
    count_subjects([about] if about else [])
    at = desk(about)
    with state().database.transaction(snapshot=True) as session:
        grant = button.redeem(
            session, button.finish_visit(session, asked["state"], browser), asked["code"]
        )
        button.require_origin(session, visit.client_id, visit.origin)
        principal = principal_of(visit.client_id, visit.purpose, grant)
        return filled(session, principal, visit.origin, at)


def _delivered(visit: Visit, outcome: dict[str, Any]) -> flask.Response:
    """Return the page that hands ``outcome`` to the form's page and to nobody else."""
    told = {"type": "sogoc-prefill", "state": visit.page_state, **outcome}
    response = page(
        "button_window",
        origin=visit.origin,
        target=f"{visit.origin}{visit.return_path}" if visit.return_path else "",
        page_state=visit.page_state,
        message=orjson.dumps(told).decode(),
        answer=orjson.dumps(outcome["answer"]).decode() if "answer" in outcome else "",
        error=outcome.get("error", ""),
    )
    if visit.return_path:
        response.headers["Content-Security-Policy"] = POLICY.replace(
            "form-action 'self'", f"form-action 'self' {visit.origin}"
        )
    return response
