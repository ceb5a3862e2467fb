"""«Cho phép sử dụng»: what a person has let others see, and how they take it back."""

from __future__ import annotations

import flask
import orjson
from werkzeug import Response

from auth.signin.door import require_session
from registry.kernel.errors import NotFound, Text
from registry.web.citizen import person
from registry.web.errors import blueprint
from registry.web.ports import Consents, ConsentShown, web
from registry.web.rendering import page

blp = blueprint("web_consents")
_JSON_LD = "application/ld+json"
# What a state is called, and the class of its badge.
STATES = {
    "REQUESTED": (Text("Đang chờ bạn", "Waiting for you"), "wait"),
    "APPROVED": (Text("Đang cho phép", "In force"), "good"),
    "DECLINED": (Text("Đã từ chối", "Declined"), "over"),
    "EXPIRED": (Text("Đã hết hạn", "Expired"), "over"),
    "REVOKED": (Text("Đã rút lại", "Withdrawn"), "over"),
    "INAPPLICABLE": (Text("Không áp dụng", "Not applicable"), "over"),
}


@blp.get("/citizen/consents")
@require_session
def overview() -> flask.Response:
    """Các lần cho phép / all consents."""
    who = person()
    with web().database.reading() as session:
        found = _port().list_consents(session, who)
    return page("consents", consents=found, states=STATES)


@blp.get("/citizen/consents/<record_id>")
@require_session
def one(record_id: str) -> flask.Response:
    """Một lần cho phép / one consent."""
    found = _find(record_id)
    return page(
        "consent",
        consent=found,
        states=STATES,
        attributes=[_named(attribute) for attribute in found.attributes],
        withdrawn="withdrawn" in flask.request.args,
    )


@blp.get("/citizen/consents/<record_id>/receipt")
@require_session
def receipt(record_id: str) -> flask.Response:
    """Biên nhận / the receipt, to be kept."""
    who = person()
    with web().database.reading() as session:
        told = _port().receipt(session, who, record_id)
    response = flask.Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), mimetype=_JSON_LD)
    name = f"sogoc-consent-{_find(record_id).id}.jsonld"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blp.get("/citizen/consents/<record_id>/withdraw")
@require_session
def ask(record_id: str) -> flask.Response:
    """Hỏi lại trước khi rút / ask before it is taken back."""
    return page("withdraw", consent=_find(record_id))


@blp.post("/citizen/consents/<record_id>/withdraw")
@require_session
def withdraw(record_id: str) -> Response:
    """Rút lại / take it back."""
    who = person()
    with web().database.transaction() as session:
        _port().withdraw(session, who, record_id)
    where = flask.url_for("web_consents.one", record_id=record_id, withdrawn="1")
    return flask.redirect(where, 303)


def _find(record_id: str) -> ConsentShown:
    who = person()
    with web().database.reading() as session:
        return _port().find_consent(session, who, record_id)


def _port() -> Consents:
    found = web().consents
    if found is None:
        raise NotFound
    return found


def _named(attribute: str) -> Text:
    """Return what an attribute is called; one that is in no catalogue any more is told as it is."""
    register, _, path = attribute.partition(":")
    catalogue = web().catalogues.get(register)
    known = catalogue.attributes if catalogue else ()
    return next((Text(a.vi, a.en) for a in known if a.path == path), Text(attribute, attribute))
