"""What the script of the button asks from a page of another origin, and the script itself.

Only pages of origins that an operator has registered for a client may read the answers, and each
asks with the receipt and the pass that it was given: no cookie counts here.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import flask
import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.guard import ask_as, count_subjects, public, public_of_people
from auth.principals import Principal, Purpose
from registry.corrections.rules import Terms as Due
from registry.http import Blueprint, answer
from registry.kernel.clock import today
from registry.kernel.errors import Refused, Text, Unavailable
from registry.prefill import button, consenting, schemas_button, verifying
from registry.prefill.disputes import opener
from registry.prefill.passes import read_pass
from registry.prefill.profiles import for_procedure
from registry.prefill.receipts import read_receipt
from registry.prefill.transforms import TRANSFORMS
from registry.prefill.values_today import reader
from registry.web.button_asking import desk, filled, principal_of, state

blp = Blueprint("button_calls", __name__)
SCRIPT, READY = "/sogoc-prefill.js", "/button/ready"
# What tells nothing of anybody, and any page may ask.
_FOR_ALL = frozenset({SCRIPT, READY})
_SCRIPT_SECONDS, _PREFLIGHT_SECONDS = 300, 600
_VALUES = reader(TRANSFORMS)
_OTHERS = Text(
    "Biên nhận này không phải của trang đang gọi.", "The receipt is not of the page that asks."
)


class Held(NamedTuple):
    """What a page has shown: who asks by it, about which prefill."""

    principal: Principal
    purpose: Purpose
    prefill_id: str
    origin: str


@blp.get(READY)
@public
def ready() -> flask.Response:
    """Có điền sẵn được không / whether a form can be filled now."""
    try:
        with state().database.reading() as session:
            session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        raise Unavailable from None
    return answer({"status": "ok"})


@cache
def _script() -> tuple[bytes, bytes]:
    """Return the script, and the same compressed, as nearly every browser takes it."""
    text = files("registry.web").joinpath("static", "sogoc-prefill.js").read_bytes()
    return text, gzip.compress(text, mtime=0)


@blp.get(SCRIPT)
@public
def script() -> flask.Response:
    """Nút điền sẵn / the script of the button."""
    plain, short = _script()
    compressed = flask.request.accept_encodings["gzip"] > 0
    response = flask.Response(short if compressed else plain, mimetype="text/javascript")
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"public, max-age={_SCRIPT_SECONDS}"
    # Pages that let in nothing without leave (COEP) may have it too.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    response.make_conditional(flask.request)
    return response


@blp.post("/button/verify")
@public_of_people
@blp.arguments(schemas_button.ButtonVerify)
def verify(data: dict[str, Any]) -> flask.Response:
    """Đối chiếu trước khi nộp / compare before submission."""
    held = _held(data)
    case = opener(Due.of(state().settings))
    with state().database.transaction() as session:
        told = verifying.verify(
            session, held.principal, held.prefill_id, data["fields"], _VALUES, case
        )
    return answer(told)


@blp.post("/button/invite")
@public_of_people
@blp.arguments(schemas_button.ButtonInvite)
def invite(data: dict[str, Any]) -> flask.Response:
    """Mời người khác đồng ý / let another adult agree for themselves."""
    held = _held(data)
    profile = for_procedure(held.principal.asker.procedure, today())
    with state().database.transaction() as session:
        who = _with_grant(session, held)
        made = consenting.invite_to(session, who, profile, data["role"], data["number"])
    return answer(consenting.with_link(made, state().settings.issuer), 201)


@blp.post("/button/refill")
@public_of_people
@blp.arguments(schemas_button.ButtonRefill)
def refill(data: dict[str, Any]) -> flask.Response:
    """Điền lại khi người khác đã trả lời / fill again after others have answered."""
    held = _held(data)
    with state().database.reading() as session:
        person = _with_grant(session, held).person_id
    count_subjects([person] if person else [])
    at = desk(person)
    with state().database.transaction(snapshot=True) as session:
        who = _with_grant(session, held)
        told = filled(session, who, held.origin, at, data["choices"])
    return answer(told)


def _held(data: dict[str, Any]) -> Held:
    """Return who asks by the receipt and the pass of a page, both of them the page's own."""
    keys = state().keys.verifying
    receipt, held = read_receipt(keys, data["receipt"]), read_pass(keys, data["pass_"])
    origin = flask.request.headers.get("Origin", "")
    if (held.prefill_id, held.client_id) != (receipt.prefill_id, receipt.client_id):
        raise Refused(_OTHERS)
    if held.origin != origin:
        raise Refused(_OTHERS)
    with state().database.reading() as session:
        button.require_origin(session, held.client_id, origin)
    purpose = Purpose(receipt.procedure, receipt.case)
    principal = principal_of(held.client_id, purpose)
    ask_as(principal)
    return Held(principal, purpose, receipt.prefill_id, origin)


def _with_grant(session: Session, held: Held) -> Principal:
    grant = button.standing(session, held.principal, held.prefill_id)
    return principal_of(held.principal.client_id, held.purpose, grant)


@blp.after_request
def _share(response: flask.Response) -> flask.Response:
    """Say which pages may read the answer, to a preflight as well (Fetch, CORS protocol)."""
    headers, path = response.headers, flask.request.path
    if path in _FOR_ALL:
        headers["Access-Control-Allow-Origin"] = "*"
        return response
    headers["Vary"] = "Origin"
    origin = flask.request.headers.get("Origin", "")
    if origin and _is_registered(origin):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        if flask.request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "POST"
            headers["Access-Control-Allow-Headers"] = "Content-Type"
            headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def _is_registered(origin: str) -> bool:
    try:
        with state().database.reading() as session:
            return button.is_registered(session, origin)
    except sa.exc.SQLAlchemyError:
        # The page is told nothing then; its breaker takes it for a failure, which it is.
        return False
