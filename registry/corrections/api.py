"""Correction cases over HTTP: reporting, looking how it goes, and the stewards' part."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView
from sqlalchemy.orm import Session

from auth.guard import count_subjects, current_principal, require_scope, require_steward
from auth.principals import Principal
from auth.signin.step_up import require_multi_factor
from registry.corrections import cases, desk, schemas
from registry.corrections.cases import Doer, Reported
from registry.corrections.models import CorrectionCase
from registry.corrections.reporting import Found, Place, find_registered
from registry.corrections.rules import Terms
from registry.http import Blueprint, answer, database, value_error
from registry.kernel.settings import Settings

blp = Blueprint(
    "corrections",
    __name__,
    url_prefix="/v1/corrections",
    description="Báo sai sót trong sổ / reports of wrong values",
)
_steward = require_steward("datasets:submit", "datasets:approve")
_submitter = require_steward("datasets:submit")
_approver = require_steward("datasets:approve")


def _settings() -> Settings:
    found: Settings = flask.current_app.extensions["sogoc"].settings
    return found


def _doer() -> Doer:
    principal = current_principal()
    return Doer(principal.person_id or principal.client_id, principal.client_id)


def _told(session: Session, case: CorrectionCase) -> flask.Response:
    """Return a case as stewards see it, after the row that says so."""
    cases.record_told(session, [case], _doer(), current_principal().trace_id)
    return answer(schemas.describe_whole(case))


@blp.route("")
class Corrections(MethodView):
    """The cases."""

    @require_scope("corrections:write")
    @blp.arguments(schemas.CorrectionReport)
    @blp.response(201, schemas.CorrectionCaseSchema)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Báo một giá trị sai; báo lại là cùng hồ sơ / report a wrong value; again is the same."""
        principal = current_principal()
        found = _find(principal, data)
        with database().transaction() as session:
            person = cases.citizen_of(session, principal)
            reported = _reported(principal, found, data, of_citizen=person is not None)
            case = cases.open_case(session, reported, Terms.of(_settings()))
        return answer(schemas.describe(case), 201, Location=f"/v1/corrections/{case.id}")

    @_steward
    @blp.arguments(schemas.CorrectionsQuery, location="query")
    @blp.response(200, schemas.CorrectionCasesSchema)
    def get(self, query: dict[str, Any]) -> flask.Response:
        """Các hồ sơ, cũ nhất trước / the cases, the oldest first."""
        wanted = cases.Wanted(**query)
        with database().transaction() as session:
            try:
                found = cases.list_cases(session, wanted)
            except ValueError:
                raise value_error("/cursor", "cursor") from None
            cases.record_told(session, found, _doer(), current_principal().trace_id)
        told = [schemas.describe_whole(case) for case in found]
        full = len(found) == wanted.limit
        return answer({"corrections": told, "cursor": found[-1].id if full else None})


def _find(principal: Principal, data: dict[str, Any]) -> Found:
    """Find what is reported, in a snapshot of its own, since opening a case must not be in one."""
    ids = {name: str(data[name]) for name in ("record_id", "subject_id") if name in data}
    # Whoever names nobody asks for themselves, and is counted like anybody who is asked for.
    count_subjects(set(ids.values()) or {principal.person_id or principal.client_id})
    with database().transaction(snapshot=True) as session:
        if not ids and cases.citizen_of(session, principal) is None:
            raise value_error("/record_id", "required")
        return find_registered(session, principal, Place(data["register"], data["path"], **ids))


def _reported(
    principal: Principal, found: Found, data: dict[str, Any], *, of_citizen: bool
) -> Reported:
    asker = principal.asker
    return Reported(
        register=data["register"],
        record_id=found.record_id,
        path=data["path"],
        subject_id=found.subject_id,
        declared=data["declared"],
        reason=data["reason"],
        source="citizen" if of_citizen else "agency",
        opened_by=asker.person_id or asker.client_id,
        client_id=asker.client_id,
        procedure=asker.procedure,
        case_number=asker.case,
        note=data.get("note"),
        registered=found.registered,
    )


@blp.route("/<case_id>")
class Correction(MethodView):
    """One case, for whoever reported it."""

    @require_scope("corrections:write")
    @blp.response(200, schemas.CorrectionCaseSchema)
    def get(self, case_id: str) -> flask.Response:
        """Báo cáo của mình đến đâu / how one's own report goes."""
        with database().transaction(snapshot=True) as session:
            case = cases.read_case(session, current_principal(), case_id)
        return answer(schemas.describe(case))


@blp.route("/<case_id>/reply")
class Reply(MethodView):
    """The first answer."""

    @_submitter
    @blp.arguments(schemas.CorrectionAnswer)
    @blp.response(200, schemas.DeskCorrectionCaseSchema)
    def post(self, data: dict[str, Any], case_id: str) -> flask.Response:
        """Phản hồi người báo và nhận xử lý / reply, and take the case up."""
        with database().transaction() as session:
            return _told(session, desk.reply(session, case_id, _doer(), data["answer"]))


@blp.route("/<case_id>/decide")
class Decide(MethodView):
    """The decision."""

    @_approver
    @blp.arguments(schemas.CorrectionDecision)
    @blp.response(200, schemas.DeskCorrectionCaseSchema)
    def post(self, data: dict[str, Any], case_id: str) -> flask.Response:
        """Quyết định, do người khác người báo và người phản hồi / decide, as somebody else."""
        require_multi_factor(current_principal().authentication, _settings())
        with database().transaction() as session:
            decided = desk.decide(session, case_id, _doer(), data["decision"], data["answer"])
            return _told(session, decided)


@blp.route("/<case_id>/finish")
class Finish(MethodView):
    """The end."""

    @_submitter
    @blp.arguments(schemas.CorrectionFinish)
    @blp.response(200, schemas.DeskCorrectionCaseSchema)
    def post(self, data: dict[str, Any], case_id: str) -> flask.Response:
        """Sổ đã được sửa / the register is corrected."""
        with database().transaction() as session:
            return _told(session, desk.finish(session, case_id, _doer(), data.get("answer")))


@blp.route("/<case_id>/extend")
class Extend(MethodView):
    """More time, once."""

    @_submitter
    @blp.arguments(schemas.CorrectionAnswer)
    @blp.response(200, schemas.DeskCorrectionCaseSchema)
    def post(self, data: dict[str, Any], case_id: str) -> flask.Response:
        """Gia hạn một lần, trước khi quá hạn / put the end off, once and in time."""
        terms = Terms.of(_settings())
        with database().transaction() as session:
            return _told(session, desk.extend(session, case_id, _doer(), data["answer"], terms))
