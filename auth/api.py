"""The authorization server's endpoints, and what a client may ask."""

from __future__ import annotations

from typing import Any

import flask
import flask_smorest
from flask.views import MethodView

from auth.clients import list_agreements
from auth.guard import authenticated, current_principal, public
from auth.schemas import (
    AgreementsAnswer,
    KeysAnswer,
    MetadataAnswer,
    OAuthError,
    TokenAnswer,
    TokenForm,
)
from auth.server import metadata
from registry.kernel.clock import today

_PUBLIC_SECONDS = 3600

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
_ERRORS = {500: "server_error", 503: "temporarily_unavailable"}

_FORM = {
    "required": True,
    "content": {"application/x-www-form-urlencoded": {"schema": TokenForm}},
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


@blp.route(TOKEN_PATH)
class Token(MethodView):
    """The token endpoint."""

    @public
    @blp.doc(requestBody=_FORM, security=[{"client": []}, {}])
    @blp.response(200, TokenAnswer)
    @blp.alt_response(400, schema=OAuthError, description="Yêu cầu sai / invalid request")
    @blp.alt_response(401, schema=OAuthError, description="invalid_client")
    @blp.alt_response(413, schema=OAuthError, description="Quá lớn / too large")
    @blp.alt_response(415, schema=OAuthError, description="Sai kiểu / wrong media type")
    @blp.alt_response(500, schema=OAuthError, description="Lỗi hệ thống / internal error")
    @blp.alt_response(503, schema=OAuthError, description="Tạm ngừng / unavailable")
    def post(self) -> flask.Response:
        """Cấp mã truy cập / issue an access token (RFC 6749 section 4.4)."""
        return _never_stored(_state().oauth.create_token_response())


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


@v1.route("/agreement")
class Agreement(MethodView):
    """The client's own agreements."""

    @authenticated
    @v1.response(200, AgreementsAnswer)
    def get(self) -> dict[str, Any]:
        """Ứng dụng này được hỏi gì / what this client may ask."""
        principal = current_principal()
        with _state().database.reading() as session:
            held = list_agreements(session, principal.client_id)
        return {
            "client_id": principal.client_id,
            "scopes": sorted(principal.scopes),
            "agreements": [_wire(agreement) for agreement in held],
        }


def _wire(agreement: Any) -> dict[str, Any]:
    shape = {
        "id": agreement.id,
        "procedure": agreement.procedure,
        "attributes": {key: sorted(paths) for key, paths in agreement.attributes.items()},
        "search": {key: sorted(names) for key, names in agreement.search.items()},
        "legal_basis": agreement.legal_basis,
        "valid_from": agreement.valid_from,
        "in_force": agreement.in_force(today()),
    }
    return shape | ({"valid_to": agreement.valid_to} if agreement.valid_to else {})
