"""«Thông tin của tôi»: all that the registers hold of who is signed in, and of their children."""

from __future__ import annotations

from uuid import UUID

import flask

from auth.guard import trace_id
from auth.principals import Principal
from auth.signin.door import require_session, signed_in
from registry.citizens.standings import standings
from registry.civil_status.representation import ground_to_act
from registry.kernel.access_log import record_refusal
from registry.kernel.clock import today
from registry.kernel.errors import NotFound, Refused, Text
from registry.web.dependants import list_dependants
from registry.web.errors import blueprint
from registry.web.information import Reading
from registry.web.own import self_principal
from registry.web.ports import web
from registry.web.rendering import page

blp = blueprint("web_citizen")
_STAFF = Text(
    "Trang này dành cho công dân. Bạn đang đăng nhập với tư cách cán bộ.",
    "This page is for citizens. You are signed in as a member of staff.",
)
_ASKED = ("name.full",)


@blp.get("/citizen")
@require_session
def mine() -> flask.Response:
    """Thông tin của tôi / my information."""
    return _information(person())


@blp.get("/citizen/people/<record_id>")
@require_session
def of_another(record_id: str) -> flask.Response:
    """Thông tin của con hoặc người được giám hộ / of a child or a ward."""
    return _information(person(), record_id)


def person() -> str:
    """Return the record id of the citizen who is signed in; raises Refused for staff."""
    found = signed_in().person
    if found.staff:
        raise Refused(_STAFF)
    return found.id


def principal_for(person_id: str, subject_id: str | None = None) -> Principal:
    """Return the person as one who asks for ``subject_id``, themselves by default.

    Raises NotFound for anybody whom they may not act for, like for somebody who isn't there; the
    log has the attempt.
    """
    here = web()
    catalogues = here.catalogues.values()
    if subject_id is None or subject_id == person_id:
        return self_principal(person_id, catalogues, trace_id())
    known = _known(subject_id)
    with here.database.reading() as session:
        may = known and ground_to_act(session, person_id, known, today())
        exists = bool(known and standings(session, [known]))
    if known is None or not may:
        own = self_principal(person_id, catalogues, trace_id())
        told = known if exists else None
        record_refusal(here.database, own.asker, Refused.code, _ASKED, told)
        raise NotFound
    return self_principal(person_id, catalogues, trace_id(), known)


def _known(record_id: str) -> str | None:
    """Return an id as the tables write it, None for what is no id."""
    try:
        return str(UUID(record_id))
    except ValueError:
        return None


def _information(person_id: str, subject_id: str | None = None) -> flask.Response:
    here, sensitive = web(), flask.request.args.get("show") == "sensitive"
    asks = principal_for(person_id, subject_id)
    told = Reading(here, asks).sections(sensitive=sensitive)
    with here.database.transaction(snapshot=True) as session:
        others = list_dependants(session, principal_for(person_id))
    return page(
        "information",
        sections=told,
        dependants=others,
        subject=asks.person_id,
        person_id=person_id,
        name=signed_in().person.name,
        sensitive=sensitive,
    )
