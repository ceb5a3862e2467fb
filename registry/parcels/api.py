"""Parcels over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import flask
from flask.views import MethodView
from marshmallow import ValidationError

from auth.guard import current_principal, require_scope
from registry.citizens.records import Answer
from registry.http import Blueprint, answer, database, moment_of, require_up, value_error
from registry.kernel.clock import now
from registry.parcels import features, records, schemas

blp = Blueprint("parcels", __name__, url_prefix="/v1", description="Thửa đất / parcels")


def _tagged(found: Answer) -> flask.Response:
    response = answer(found.record)
    response.set_etag(found.tag)
    response.make_conditional(flask.request)
    return response


@blp.route("/parcels/<record_id>")
class Parcel(MethodView):
    """One parcel."""

    @require_scope("parcels:read")
    @blp.arguments(schemas.ParcelQuery, location="query")
    @blp.response(200, schemas.ParcelAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Một thửa đất theo mã bản ghi / one parcel by record id."""
        with database().transaction(snapshot=True) as session:
            found = records.read_parcel(
                session, current_principal(), record_id, tuple(data["paths"]), moment_of(data)
            )
        return _tagged(found)


@blp.route("/parcels/<record_id>/history")
class History(MethodView):
    """The history of one parcel."""

    @require_scope("parcels:read")
    @blp.arguments(schemas.HistoryQuery, location="query")
    @blp.response(200, schemas.ParcelHistory)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Lịch sử của thửa đất / the history of one parcel."""
        with database().transaction(snapshot=True) as session:
            versions = records.list_versions(
                session, current_principal(), record_id, tuple(data["paths"])
            )
        return answer({"versions": versions})


@blp.route("/parcels/<record_id>/lineage")
class Lineage(MethodView):
    """The lineage of one parcel."""

    @require_scope("parcels:read")
    @blp.arguments(schemas.ParcelLineageQuery, location="query")
    @blp.response(200, schemas.ParcelLineage)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Thửa đất do đâu mà có, nay thành gì / what a parcel came from and became."""
        del data
        with database().transaction(snapshot=True) as session:
            return answer(records.read_lineage(session, current_principal(), record_id))


@blp.route("/parcels/lookup")
class Lookup(MethodView):
    """Look-up by reference, certificate or permanent id."""

    @require_scope("parcels:read")
    @blp.arguments(schemas.ParcelLookup)
    @blp.response(200, schemas.ParcelAnswer)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Tra cứu đúng một thửa / look exactly one parcel up; several answer 409."""
        with database().transaction(snapshot=True) as session:
            found = records.lookup(
                session, current_principal(), schemas.wanted(data), tuple(data["paths"])
            )
        return answer(found.record)


@blp.route("/citizens/<record_id>/parcels")
class ParcelsOfCitizen(MethodView):
    """The parcels of a citizen."""

    @require_scope("parcels:read")
    @blp.arguments(schemas.ParcelQuery, location="query")
    @blp.response(200, schemas.ParcelsAnswer)
    def get(self, data: dict[str, Any], record_id: str) -> flask.Response:
        """Các thửa đất của một công dân / the parcels of a citizen."""
        require_up("parcels", record_id)
        with database().transaction(snapshot=True) as session:
            held = records.list_parcels_of(
                session, current_principal(), record_id, tuple(data["paths"]), moment_of(data)
            )
        return answer({"parcels": held})


@blp.route("/parcels")
class Map(MethodView):
    """The map."""

    @require_scope("parcels:read")
    @blp.arguments(schemas.ParcelMap, location="query")
    @blp.response(200, schemas.ParcelFeatures, content_type="application/geo+json")
    def get(self, data: dict[str, Any]) -> flask.Response:
        """Thửa đất trong một khung / parcels in a rectangle, nothing personal."""
        try:
            query = schemas.map_query(data)
            with database().transaction(snapshot=True) as session:
                page = features.list_features(session, current_principal(), query)
        except ValidationError:
            raise value_error("/bbox", "bbox") from None
        except features.UnknownCursor:
            raise value_error("/cursor", "cursor") from None
        body = features.collection(page.features, _links(page.cursor), now().isoformat())
        response = flask.Response(body, mimetype="application/geo+json")
        response.headers["Content-Crs"] = f"<{query.crs.uri}>"
        return response


def _links(cursor: str | None) -> list[dict[str, str]]:
    links = [_link("self", flask.request.args.to_dict())]
    if cursor:
        links.append(_link("next", {**flask.request.args.to_dict(), "cursor": cursor}))
    return links


def _link(rel: str, arguments: dict[str, str]) -> dict[str, str]:
    issuer = flask.current_app.extensions["sogoc"].settings.issuer
    href = f"{issuer}/v1/parcels?{urlencode(arguments)}"
    return {"rel": rel, "type": "application/geo+json", "href": href}
