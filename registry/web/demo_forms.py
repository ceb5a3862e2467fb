"""Forms of a made-up portal, to see prefill work; a demo alone serves them.

They carry the button by the very tag that any portal pastes, work without script by its other way,
and compare what is submitted by the registry's own verb, as a portal's server does. Nothing that is
sent here is kept: there is no office behind it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import flask
import orjson

from auth import browsers
from auth.grants.grants import Grantor
from auth.guard import CASE, ask_as, public
from auth.principals import Purpose
from registry.corrections.rules import Terms as Due
from registry.kernel.clock import today
from registry.kernel.errors import Invalid, Malformed, Refused, SogocError, Text
from registry.kernel.ledger import Moment
from registry.parcels.records import list_parcels_of
from registry.prefill import verifying
from registry.prefill.disputes import opener
from registry.prefill.filling import papers
from registry.prefill.leaves import Leaf
from registry.prefill.manifest import manifest
from registry.prefill.preview import own_look
from registry.prefill.profiles import for_procedure
from registry.prefill.receipts import Receipt, read_receipt
from registry.prefill.shapes import Profile
from registry.prefill.transforms import TRANSFORMS
from registry.prefill.values_today import reader
from registry.web.button_asking import principal_of, state
from registry.web.dossier import declared, parts
from registry.web.errors import blueprint
from registry.web.languages import language
from registry.web.rendering import POLICY, page
from registry.web.sketch import sketch

blp = blueprint("web_demo_forms")
CLIENT = "demo-portal"
_VALUES = reader(TRANSFORMS)
_OUTLINE = ("geometry.coordinates", "reference")
_STRANGE = Text(
    "Câu trả lời không phải của biểu mẫu này: hãy mở lại biểu mẫu.",
    "The answer is not for this form: open the form again.",
)
_OTHERS = Text(
    "Biên nhận không phải của hồ sơ này: hãy điền sẵn lại.",
    "The receipt is not of this case: fill the form again.",
)


@blp.get("/demo/form/<code>")
@public
def form(code: str) -> flask.Response:
    """Biểu mẫu của bản thử / a form of the demo."""
    profile = for_procedure(code, today())
    case = flask.request.args.get("case", "")
    if not CASE.fullmatch(case):
        query = {"case": f"DEMO-{secrets.token_hex(4).upper()}"} | _languages()
        return browsers.see_other(f"/demo/form/{code}?{urlencode(query)}")
    return _form(profile, code, case, {}, "")


def _languages() -> dict[str, str]:
    chosen = flask.request.args.get("lang", "")
    return {"lang": chosen} if chosen in {"vi", "en"} else {}


@blp.post("/demo/form/<code>/filled")
@public
def back(code: str) -> flask.Response:
    """Biểu mẫu đã điền, không cần mã kịch bản / the filled form, for a browser without script."""
    profile, sent = for_procedure(code, today()), flask.request.form
    case = flask.request.args.get("case", "")
    expected = _state(browsers.known_browser(), code, case)
    if not hmac.compare_digest(expected.encode(), sent.get("sogoc_state", "").encode()):
        raise Refused(_STRANGE)
    try:
        answer = orjson.loads(sent.get("sogoc_answer", "{}"))
        leaves = dict(answer.get("fields", {}))
    except (ValueError, AttributeError, TypeError):
        raise Malformed(_STRANGE) from None
    return _form(profile, code, case, leaves | {"": answer}, sent.get("sogoc_error", ""))


def _form(
    profile: Profile, code: str, case: str, told: Mapping[str, Any], error: str
) -> flask.Response:
    """Return the form, with what the button told by key; under no key is the whole answer."""
    browser = browsers.browser()
    leaves = {key: leaf for key, leaf in told.items() if key}
    answer = told.get("", {})
    query = {
        "client_id": CLIENT,
        "procedure": code,
        "case": case,
        "origin": state().settings.issuer,
        "state": _state(browser, code, case),
        "return_path": f"/demo/form/{code}/filled?{urlencode({'case': case})}",
        "lang": language(),
    }
    response = page(
        "demo_form",
        profile=profile,
        code=code,
        case=case,
        client=CLIENT,
        parts=list(parts(manifest(profile, code, today()), leaves)),
        receipt=answer.get("receipt", ""),
        salts=orjson.dumps(answer.get("salts", {})).decode(),
        papers=[each for each in answer.get("papers", ()) if each["needed"]],
        error=error,
        without_script=f"/button/start?{urlencode(query)}",
        has_parcels=any(each.register == "parcels" for each in profile.fields if each.attribute),
        drawn=any(
            (leaf.get("source") or {}).get("register") == "parcels" for leaf in leaves.values()
        ),
    )
    response.headers["Content-Security-Policy"] = f"{POLICY}; connect-src 'self'"
    # The window of the button keeps its hold on this page; nobody else gets one.
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return browsers.remember(response, browser)


def _state(browser: str, code: str, case: str) -> str:
    """Return what only this browser's form of this case can expect to come back."""
    return hmac.new(browser.encode(), f"demo {code} {case}".encode(), "sha256").hexdigest()


@blp.get("/demo/form/<code>/parcels.svg")
@public
def parcels(code: str) -> flask.Response:
    """Sơ đồ thửa đất của người đang đăng nhập / a sketch of the parcels of who is signed in."""
    person: Grantor | None = state().visitors.person()
    if person is None:
        flask.abort(404)
    try:
        with state().database.transaction(snapshot=True) as session:
            who = own_look(person, code)
            held = list_parcels_of(session, who, person.person_id, _OUTLINE, Moment())
        drawn = sketch([(_named(each), _outline(each)) for each in held])
    except (SogocError, ValueError):
        flask.abort(404)
    return flask.Response(drawn, mimetype="image/svg+xml")


def _outline(record: Mapping[str, Any]) -> Any:
    return (record.get("geometry") or {}).get("coordinates")


def _named(record: Mapping[str, Any]) -> str:
    reference = record.get("reference") or {}
    return f"{reference.get('sheet', '')} / {reference.get('number', '')}"


@blp.post("/demo/form/<code>")
@public
def submit(code: str) -> flask.Response:
    """Nộp hồ sơ / submit the form: compare it with the registry, and say what comes next."""
    profile, sent = for_procedure(code, today()), flask.request.form
    case = sent.get("case", "")
    if not CASE.fullmatch(case):
        raise Malformed(_STRANGE)
    token = sent.get("sogoc_receipt", "")
    told, receipt = _verify(profile, code, case, token) if token else ({}, None)
    labels = {each.key: each.label for each in profile.fields}
    response = page(
        "demo_done",
        200 if told.get("valid", True) else 422,
        profile=profile,
        code=code,
        case=case,
        told=told,
        rows=[(_label(labels, key), each) for key, each in told.get("fields", {}).items()],
        papers=[each for each in _papers(profile, receipt, told) if each["needed"]],
        degraded=bool(sent.get("sogoc_degraded")),
    )
    return browsers.remember(response, browsers.browser())


def _label(labels: Mapping[str, Text], key: str) -> Text:
    role, _, rest = key.partition(".")
    number, _, name = rest.partition(".")
    if not number.isdigit():
        return labels[key]
    label = labels[f"{role}.{name}"]
    return Text(f"{label.vi} ({int(number) + 1})", f"{label.en} ({int(number) + 1})")


def _verify(profile: Profile, code: str, case: str, token: str) -> tuple[dict[str, Any], Receipt]:
    receipt = read_receipt(state().keys.verifying, token)
    if (receipt.client_id, receipt.procedure, receipt.case) != (CLIENT, code, case):
        raise Invalid(_OTHERS)
    principal = principal_of(CLIENT, Purpose(code, case))
    ask_as(principal)
    sent = declared(manifest(profile, code, today()), flask.request.form)
    # A list of people may have lines that nobody was prefilled in; they are the person's own.
    known = {key: value for key, value in sent.items() if key in receipt.fields}
    with state().database.transaction() as session:
        told = verifying.verify(
            session,
            principal,
            receipt.prefill_id,
            known,
            _VALUES,
            opener(Due.of(state().settings)),
        )
    return told, receipt


def _papers(
    profile: Profile, receipt: Receipt | None, told: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the papers of the dossier, by what is certain after the comparison."""
    known: dict[str, Leaf] = {each.key: Leaf(each, "not_found") for each in profile.fields}
    if receipt is not None:
        fields = {each.key: each for each in profile.fields}
        known = {}
        for key, given in receipt.fields.items():
            role, _, rest = key.partition(".")
            number, _, name = rest.partition(".")
            field = fields[f"{role}.{name}" if number.isdigit() else key]
            same = told["fields"][key]["result"] == "unchanged"
            lock: Any = given.lock
            known[key] = Leaf(
                field, "ok" if given.state == "ok" and same else "not_found", lock=lock
            )
    return papers(profile, known)
