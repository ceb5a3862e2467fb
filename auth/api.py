"""The authorization server's endpoints, and what a client may ask."""

from __future__ import annotations

from typing import Any

import flask
import flask_smorest
from flask.views import MethodView

from auth.clients import list_agreements
from auth.guard import authenticated, current_principal, public
from auth.schemas import AgreementsAnswer, TokenAnswer
from auth.server import metadata
from registry.kernel.clock import today

_PUBLIC_SECONDS = 3600

blp = flask_smorest.Blueprint("oauth", __name__, description="OAuth 2")
v1 = flask_smorest.Blueprint("me", __name__, url_prefix="/v1/me", description="Ứng dụng / client")


def _state() -> Any:
    return flask.current_app.extensions["sogoc"]


def _public_json(content: dict[str, Any]) -> flask.Response:
    response = flask.jsonify(content)
    response.headers["Cache-Control"] = f"public, max-age={_PUBLIC_SECONDS}"
    return response


@blp.route("/oauth/token")
class Token(MethodView):
    """The token endpoint."""

    @public
    @blp.response(200, TokenAnswer)
    def post(self) -> flask.Response:
        """Cấp mã truy cập / issue an access token (RFC 6749 section 4.4)."""
        response: flask.Response = _state().oauth.create_token_response()
        response.headers["Cache-Control"] = "no-store"
        response.headers["Pragma"] = "no-cache"
        return response


@blp.route("/oauth/jwks")
class Keys(MethodView):
    """The public signing keys."""

    @public
    def get(self) -> flask.Response:
        """Khóa công khai / public keys (RFC 7517)."""
        return _public_json(_state().keys.public())


@blp.route("/.well-known/oauth-authorization-server")
class Metadata(MethodView):
    """The server's metadata."""

    @public
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
