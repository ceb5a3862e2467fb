"""Administrative units over HTTP: public, cacheable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from flask import Response, g, request
from flask.views import MethodView

from auth.guard import public
from registry.http import Blueprint, database
from registry.kernel.clock import today
from registry.places import records, schemas
from registry.places.catalogue import Conversion, Unit, catalogue

blp = Blueprint(
    "places",
    __name__,
    url_prefix="/v1/places",
    description="Đơn vị hành chính mọi thời kỳ / administrative units of every generation",
)

# A published load must not hide behind caches for long; asking again by the tag costs little.
_SECONDS = 60


@contextmanager
def _known() -> Iterator[None]:
    """Answer from the facts of this server's database, and remember which these were."""
    with database().reading():
        g.places = catalogue().version
        yield


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
        with _known():
            return records.list_places(filters, as_of, cursor, limit)


@blp.route("/<code>")
class Place(MethodView):
    """One unit."""

    @public
    @blp.arguments(schemas.OnDay, location="query")
    @blp.response(200, schemas.PlaceSchema)
    def get(self, query: dict[str, date], code: str) -> Unit:
        """Một đơn vị vào một ngày / one unit on a day."""
        with _known():
            return records.read_place(code, query.get("as_of"))


@blp.route("/convert")
class Convert(MethodView):
    """Conversion of codes."""

    @public
    @blp.arguments(schemas.ConvertQuery, location="query")
    @blp.response(200, schemas.ConversionSchema)
    def get(self, query: dict[str, Any]) -> Conversion:
        """Mã cũ nay thuộc đơn vị nào / what an old code is today."""
        with _known():
            return records.convert(query["code"], query.get("as_of"))


@blp.after_request
def _cacheable(response: Response) -> Response:
    # OPTIONS answers too, of no facts.
    if response.status_code == 200 and "places" in g:  # noqa: PLR2004 - the status is the name
        response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
        # An answer without as_of is about today, so it is another one tomorrow.
        response.set_etag(f"{g.places}-{today()}")
        response.make_conditional(request)
    return response
