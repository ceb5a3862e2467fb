"""Administrative units over HTTP: public, cacheable."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, request
from flask.views import MethodView

from auth.guard import public
from registry.http import Blueprint
from registry.kernel.clock import today
from registry.places import records, schemas
from registry.places.catalogue import Conversion, Unit, catalogue

blp = Blueprint(
    "places",
    __name__,
    url_prefix="/v1/places",
    description="Đơn vị hành chính mọi thời kỳ / administrative units of every generation",
)


@blp.route("")
class Places(MethodView):
    """The list."""

    @public
    @blp.arguments(schemas.PlacesQuery, location="query")
    @blp.response(200, schemas.PageSchema)
    def get(self, query: dict[str, Any]) -> records.Page:
        """Danh mục đơn vị hành chính / list administrative units."""
        as_of, cursor, limit = query.pop("as_of", None), query.pop("cursor", None), query["limit"]
        del query["limit"]
        filters = records.Filters(query=query.pop("q", None), **query)
        return records.list_places(filters, as_of, cursor, limit)


@blp.route("/<code>")
class Place(MethodView):
    """One unit."""

    @public
    @blp.arguments(schemas.OnDay, location="query")
    @blp.response(200, schemas.PlaceSchema)
    def get(self, query: dict[str, date], code: str) -> Unit:
        """Một đơn vị vào một ngày / one unit on a day."""
        return records.read_place(code, query.get("as_of"))


@blp.route("/convert")
class Convert(MethodView):
    """Conversion of codes."""

    @public
    @blp.arguments(schemas.ConvertQuery, location="query")
    @blp.response(200, schemas.ConversionSchema)
    def get(self, query: dict[str, Any]) -> Conversion:
        """Mã cũ nay thuộc đơn vị nào / what an old code is today."""
        return records.convert(query["code"], query.get("as_of"))


@blp.after_request
def _cacheable(response: Response) -> Response:
    if response.status_code == 200:  # noqa: PLR2004 - the status is the name
        response.headers["Cache-Control"] = "public, max-age=3600"
        # An answer without as_of is about today, so it is another one tomorrow.
        response.set_etag(f"{catalogue().version}-{today()}")
        response.make_conditional(request)
    return response
