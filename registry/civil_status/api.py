"""Civil status over HTTP."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from auth.guard import current_principal, require_scope
from registry.civil_status import records, schemas
from registry.http import Blueprint, answer, database, moment_of, require_up

blp = Blueprint("civil_status", __name__, url_prefix="/v1", description="Hộ tịch / civil status")


@blp.route("/civil-status/<record_id>")
class CivilAct(MethodView):
    """One act."""

    @require_scope("civil_status:read")
    @blp.arguments(schemas.ActQuery, location="query")
    @blp.response(200, schemas.ActAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Một việc hộ tịch theo mã bản ghi / one act by record id."""
        with database().transaction(snapshot=True) as session:
            return answer(
                records.read_act(
                    session, current_principal(), record_id, tuple(data["paths"]), moment_of(data)
                )
            )


@blp.route("/civil-status/lookup")
class CivilActLookup(MethodView):
    """Look-up by entry."""

    @require_scope("civil_status:read")
    @blp.arguments(schemas.ActLookupRequest)
    @blp.response(200, schemas.ActLookupAnswer)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Tra cứu theo số, quyển số, nơi và năm / find an act by its entry."""
        with database().transaction(snapshot=True) as session:
            return answer(
                records.lookup_act(session, current_principal(), data["act"], tuple(data["paths"]))
            )


@blp.route("/citizens/<record_id>/civil-status")
class CivilStatusOfCitizen(MethodView):
    """The acts of a citizen."""

    @require_scope("civil_status:read")
    @blp.arguments(schemas.ActQuery, location="query")
    @blp.response(200, schemas.ActsAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Việc hộ tịch của một công dân / the acts of a citizen."""
        require_up("civil_status", record_id)
        with database().transaction(snapshot=True) as session:
            return answer(
                records.read_acts_of(
                    session, current_principal(), record_id, tuple(data["paths"]), moment_of(data)
                )
            )
