"""Households over HTTP."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from auth.guard import current_principal, require_scope
from registry.households import records, schemas
from registry.http import Blueprint, answer, database, moment_of, require_up

blp = Blueprint("households", __name__, url_prefix="/v1", description="Hộ gia đình / households")


@blp.route("/households/<record_id>")
class Household(MethodView):
    """One household."""

    @require_scope("households:read")
    @blp.arguments(schemas.HouseholdQuery, location="query")
    @blp.response(200, schemas.HouseholdAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Một hộ theo mã bản ghi / one household by record id."""
        with database().transaction(snapshot=True) as session:
            return answer(
                records.read_household(
                    session, current_principal(), record_id, tuple(data["paths"]), moment_of(data)
                )
            )


@blp.route("/citizens/<record_id>/household")
class HouseholdOfCitizen(MethodView):
    """The household of a citizen."""

    @require_scope("households:read")
    @blp.arguments(schemas.HouseholdQuery, location="query")
    @blp.response(200, schemas.HouseholdAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Hộ của một công dân / the household of a citizen."""
        require_up("households", record_id)
        with database().transaction(snapshot=True) as session:
            return answer(
                records.read_household_of(
                    session, current_principal(), record_id, tuple(data["paths"]), moment_of(data)
                )
            )
