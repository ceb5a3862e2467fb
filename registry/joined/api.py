"""One citizen in all the registers, over HTTP."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from auth.guard import current_principal, require_scope
from registry.http import Blueprint, answer, database, moment_of
from registry.joined import schemas
from registry.joined.records import REGISTERS, read_joined

blp = Blueprint("joined", __name__, url_prefix="/v1", description="Liên thông các sổ / joined")


@blp.route("/citizens/<record_id>/registers")
class Joined(MethodView):
    """One citizen in several registers."""

    @require_scope("citizens:read")
    @blp.arguments(schemas.JoinedQuery, location="query")
    @blp.response(200, schemas.JoinedAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Một công dân trong nhiều sổ cùng lúc / one citizen in several registers at once."""
        fields = {name: tuple(data[name]) for name in REGISTERS if name in data}
        with database().transaction(snapshot=True) as session:
            return answer(
                read_joined(session, current_principal(), record_id, fields, moment_of(data))
            )
