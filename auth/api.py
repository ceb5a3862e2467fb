"""The authorization server's endpoints, and what a client may ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import flask
import flask_smorest
from flask.views import MethodView
from marshmallow import Schema

from auth import principals
from auth.agreements import expiring, list_agreements, upcoming
from auth.guard import authenticated, current_principal, public
from auth.oauth.metadata import RESOURCE_METADATA_PATH, metadata, resource_metadata
from auth.oauth.pushed import ENDPOINT as PUSHED
from auth.schemas import (
    AgreementsAnswer,
    IntrospectionAnswer,
    KeysAnswer,
    MetadataAnswer,
    Nothing,
    OAuthError,
    PushAnswer,
    PushForm,
    ResourceAnswer,
    TokenAnswer,
    TokenForm,
    TokenToJudge,
)
from registry.kernel.clock import today

_PUBLIC_SECONDS = 3600
View = TypeVar("View", bound=Callable[..., Any])

# Where errors have the form of RFC 6749 section 5.2 and not that of the API.
OAUTH_PATHS = ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect")
_ERRORS_TOLD = {
    400: "Yêu cầu sai / invalid request",
    401: "invalid_client",
    413: "Quá lớn / too large",
    415: "Sai kiểu / wrong media type",
    500: "Lỗi hệ thống / internal error",
    503: "Tạm ngừng / unavailable",
}
_ERRORS = {500: "server_error", 503: "temporarily_unavailable"}


def _form(schema: type[Schema]) -> dict[str, Any]:
    return {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": schema}},
    }


blp = flask_smorest.Blueprint("oauth", __name__, description="OAuth 2")
v1 = flask_smorest.Blueprint("me", __name__, url_prefix="/v1/me", description="Ứng dụng / client")


def _state() -> Any:
    return flask.current_app.extensions["sogoc"]


def oauth_error(status: int) -> flask.Response:
    """Return what the token endpoint says of an error outside of the grant: OAuth's JSON."""
    response = flask.jsonify({"error": _ERRORS.get(status, "invalid_request")})
    response.status_code = status
    return _never_stored(response)


def _never_stored(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _public_json(content: dict[str, Any]) -> flask.Response:
    response = flask.jsonify(content)
    response.headers["Cache-Control"] = f"public, max-age={_PUBLIC_SECONDS}"
    return response


def _of_client(form: type[Schema], answer: type[Schema], done: int = 200) -> Callable[[View], View]:
    """Describe an endpoint that a client posts a form to, authenticated."""

    def describe(view: View) -> View:
        view = blp.doc(requestBody=_form(form), security=[{"client": []}, {}])(view)
        view = blp.response(done, answer)(view)
        for status, about in _ERRORS_TOLD.items():
            view = blp.alt_response(status, schema=OAuthError, description=about)(view)
        return view

    return describe


@blp.route("/oauth/token")
class Token(MethodView):
    """The token endpoint."""

    @public
    @_of_client(TokenForm, TokenAnswer)
    def post(self) -> flask.Response:
        """Cấp mã truy cập / issue an access token (RFC 6749 section 4.4)."""
        return _never_stored(_state().oauth.create_token_response())


@blp.route("/oauth/par")
class PushedRequests(MethodView):
    """The pushed authorization request endpoint."""

    @public
    @_of_client(PushForm, PushAnswer, 201)
    def post(self) -> flask.Response:
        """Gửi trước yêu cầu xin phép / push an authorization request (RFC 9126)."""
        return _never_stored(_state().oauth.create_endpoint_response(PUSHED))


@blp.route("/oauth/revoke")
class Revocation(MethodView):
    """The revocation endpoint."""

    @public
    @_of_client(TokenToJudge, Nothing)
    def post(self) -> flask.Response:
        """Hủy một mã truy cập của mình / give up a token of one's own (RFC 7009)."""
        return _never_stored(_state().oauth.create_endpoint_response("revocation"))


@blp.route("/oauth/introspect")
class Introspection(MethodView):
    """The introspection endpoint."""

    @public
    @_of_client(TokenToJudge, IntrospectionAnswer)
    def post(self) -> flask.Response:
        """Mã truy cập này nói gì / what a token says (RFC 7662, as a JWT by RFC 9701)."""
        return _never_stored(_state().oauth.create_endpoint_response("introspection"))


@blp.route("/oauth/jwks")
class Keys(MethodView):
    """The public signing keys."""

    @public
    @blp.response(200, KeysAnswer)
    def get(self) -> flask.Response:
        """Khóa công khai / public keys (RFC 7517)."""
        return _public_json(_state().keys.public())


@blp.route("/.well-known/oauth-authorization-server")
class Metadata(MethodView):
    """The server's metadata."""

    @public
    @blp.response(200, MetadataAnswer)
    def get(self) -> flask.Response:
        """Siêu dữ liệu máy chủ cấp quyền / server metadata (RFC 8414)."""
        return _public_json(metadata(_state().settings))


@blp.route(RESOURCE_METADATA_PATH)
class ResourceMetadata(MethodView):
    """The metadata of the API as a protected resource."""

    @public
    @blp.response(200, ResourceAnswer)
    def get(self) -> flask.Response:
        """Siêu dữ liệu của API / protected-resource metadata (RFC 9728)."""
        return _public_json(resource_metadata(_state().settings))


@v1.route("/agreement")
class Agreement(MethodView):
    """The client's own agreements."""

    @authenticated
    @v1.response(200, AgreementsAnswer)
    def get(self) -> dict[str, Any]:
        """Ứng dụng này được hỏi gì / what this client may ask, now and soon."""
        principal, day = current_principal(), today()
        with _state().database.reading() as session:
            held = list_agreements(session, principal.client_id)
        return {
            "client_id": principal.client_id,
            "scopes": sorted(principal.scopes),
            "agreements": [_wire(one, day) for one in held if one.valid_from <= day],
            "upcoming": [_wire(one, day) for one in held if upcoming(one, day)],
        }


def _wire(agreement: principals.Agreement, day: date) -> dict[str, Any]:
    shape = {
        "id": agreement.id,
        "procedure": agreement.procedure,
        "attributes": {key: sorted(paths) for key, paths in agreement.attributes.items()},
        "search": {key: sorted(names) for key, names in agreement.search.items()},
        "legal_basis": agreement.legal_basis,
        "version": agreement.version,
        "state": agreement.state,
        "legal_task": agreement.legal_task,
        "valid_from": agreement.valid_from,
        "in_force": agreement.in_force(day),
    }
    if agreement.valid_to:
        shape["valid_to"] = agreement.valid_to
    left = expiring(agreement, day)
    return shape if left is None else shape | {"expires_in_days": left}
