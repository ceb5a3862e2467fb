"""Citizens over HTTP."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from auth.guard import count_subjects, current_principal, require_scope
from registry.citizens import records, schemas
from registry.citizens.sourced import CitizenReader
from registry.http import Blueprint, answer, database, moment_of, require_up

blp = Blueprint(
    "citizens",
    __name__,
    url_prefix="/v1/citizens",
    description="Công dân / citizens",
)


def _reader() -> CitizenReader:
    found: CitizenReader = flask.current_app.extensions["sogoc"].citizens
    return found


@blp.route("/lookup")
class Lookup(MethodView):
    """Look-up by identifiers."""

    @require_scope("citizens:read")
    @blp.arguments(schemas.LookupRequest)
    @blp.response(200, schemas.LookupAnswer)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Tra cứu theo số định danh / look citizens up by identifier."""
        count_subjects(data["identifiers"])
        results = _reader().lookup(
            current_principal(), data["identifiers"], tuple(data["paths"]), moment_of(data)
        )
        return answer({"results": results})


@blp.route("/search")
class Search(MethodView):
    """Search by facts."""

    @require_scope("citizens:search")
    @blp.arguments(schemas.SearchRequest)
    @blp.response(200, schemas.SearchAnswer)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Tìm đúng một người / find exactly one person."""
        paths = tuple(data["paths"])
        return answer(_reader().search(current_principal(), data["criteria"], paths))


@blp.route("/verify")
class Verify(MethodView):
    """Verification of claims."""

    @require_scope("citizens:verify")
    @blp.arguments(schemas.VerifyRequest)
    @blp.response(200, schemas.VerifyAnswer)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Kiểm tra thông tin khai / verify claims, disclosing nothing else."""
        count_subjects([data["identifier"]])
        return answer(
            _reader().verify(
                current_principal(),
                data["identifier"],
                data["claims"],
                schemas.asked_predicates(data["predicates"]),
            )
        )


@blp.route("/<record_id>")
class Citizen(MethodView):
    """One citizen."""

    @require_scope("citizens:read")
    @blp.arguments(schemas.RecordQuery, location="query")
    @blp.response(200, schemas.RecordAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Một công dân theo mã bản ghi / one citizen by record id."""
        require_up("citizens", record_id)
        # The data was asked for, so it is logged as delivered even where the client's own copy
        # turns out to be the same and the answer is 304: "nothing changed" says it all again.
        found = _reader().read(
            current_principal(), record_id, tuple(data["paths"]), moment_of(data)
        )
        response = answer(found.record)
        response.set_etag(found.tag)
        response.make_conditional(flask.request)
        return response


@blp.route("/<record_id>/history")
class History(MethodView):
    """The history of one citizen."""

    @require_scope("citizens:read")
    @blp.arguments(schemas.HistoryQuery, location="query")
    @blp.response(200, schemas.HistoryAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Lịch sử của bản ghi / the history of one record."""
        require_up("citizens", record_id)
        with database().transaction(snapshot=True) as session:
            versions = records.list_versions(
                session, current_principal(), record_id, tuple(data["paths"])
            )
        return answer({"versions": versions})
