"""The feed of releases over HTTP, for systems that keep in step; it never tells a value."""

from __future__ import annotations

from typing import Any

import flask
import orjson
from flask.views import MethodView

from auth.guard import require_one_of
from datasets import feed, schemas
from registry.http import Blueprint, answers, database

BATCH = "application/cloudevents-batch+json"
_EVENT = "application/cloudevents+json"

blp = Blueprint(
    "changes",
    __name__,
    url_prefix="/v1/changes",
    description="Các bản công bố, theo CloudEvents / releases as CloudEvents",
)
_reader = require_one_of("changes:read")


def _source() -> str:
    issuer: str = flask.current_app.extensions["sogoc"].settings.issuer
    return issuer


@blp.route("")
class Changes(MethodView):
    """The feed."""

    @_reader
    @answers(BATCH)
    @blp.arguments(schemas.ReleasesQuery, location="query")
    @blp.alt_response(200, schema=schemas.CloudEventSchema(many=True), content_type=BATCH)
    def get(self, query: dict[str, Any]) -> flask.Response:
        """Các bản công bố sau một số thứ tự / the releases after a sequence number."""
        with database().reading() as session:
            told = feed.read_feed(session, _source(), **query)
        return flask.Response(orjson.dumps(told), mimetype=BATCH)


@blp.route("/last")
class LastChange(MethodView):
    """The newest release."""

    @_reader
    @answers(_EVENT)
    @blp.alt_response(200, schema=schemas.CloudEventSchema, content_type=_EVENT)
    def get(self) -> flask.Response:
        """Bản công bố mới nhất; hỏi lại bằng ETag / the newest; ask again by its ETag."""
        with database().reading() as session:
            told = feed.read_last(session, _source())
        response = flask.Response(orjson.dumps(told), mimetype=_EVENT)
        response.set_etag(told["id"])
        response.make_conditional(flask.request)
        return response
