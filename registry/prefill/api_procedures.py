"""The catalogue of procedures over HTTP: public, cacheable; nothing of it is about a person."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from flask import Response, g, request
from flask.views import MethodView

from auth.guard import public
from registry.http import Blueprint, answers
from registry.kernel.clock import today
from registry.prefill import schemas_procedures as schemas
from registry.prefill.adapters import ADAPTERS
from registry.prefill.catalogue import describe, summary
from registry.prefill.manifest import manifest
from registry.prefill.profiles import codes_in_force, for_procedure, list_profiles, version

HTML = "text/html"
_SECONDS = 300

blp = Blueprint(
    "procedures",
    __name__,
    url_prefix="/v1/procedures",
    description="Thủ tục và dữ liệu điền sẵn / procedures and what fills their forms",
)


def _day(query: dict[str, Any]) -> date:
    """Return the day asked about, and remember that this answer may be cached."""
    g.procedures = version()
    found: date = query.get("on") or today()
    return found


@blp.route("")
class Procedures(MethodView):
    """The list."""

    @public
    @blp.arguments(schemas.ProcedureDay, location="query")
    @blp.response(200, schemas.ProceduresSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Các thủ tục có hồ sơ dịch vụ / the procedures with a service profile."""
        on = _day(query)
        found = [profile for profile in list_profiles() if codes_in_force(profile, on)]
        return {"procedures": [summary(profile, on) for profile in found]}


@blp.route("/<code>")
class Procedure(MethodView):
    """One procedure."""

    @public
    @blp.arguments(schemas.ProcedureDay, location="query")
    @blp.response(200, schemas.ProcedureSchema)
    def get(self, query: dict[str, Any], code: str) -> dict[str, Any]:
        """Trường, nguồn, căn cứ, giấy tờ được thay / fields, sources, bases, papers replaced."""
        on = _day(query)
        return describe(for_procedure(code, on), code, on)


@blp.route("/<code>/manifest")
class Manifest(MethodView):
    """The form of one procedure."""

    @public
    @answers(HTML)
    @blp.arguments(schemas.ManifestQuery, location="query")
    @blp.alt_response(200, schema={}, content_type="*/*")
    def get(self, query: dict[str, Any], code: str) -> Response:
        """Biểu mẫu cho trình dựng biểu mẫu / the form, for a form builder."""
        on = _day(query)
        made = ADAPTERS[query["adapter"]](manifest(for_procedure(code, on), code, on))
        if isinstance(made, str):
            return Response(made, mimetype=HTML)
        return Response(orjson.dumps(made), mimetype="application/json")


@blp.after_request
def _cacheable(response: Response) -> Response:
    if response.status_code == 200 and "procedures" in g:  # noqa: PLR2004 - the status is the name
        response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
        # The same profiles mean another thing tomorrow, when a code or a basis begins or ends.
        response.set_etag(f"{g.procedures}-{today()}")
        response.make_conditional(request)
    return response
