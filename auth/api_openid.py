"""OpenID Connect: what the server says of itself as a provider, and of the person of a token."""

from __future__ import annotations

from typing import Any

import flask
import flask_smorest
from flask.views import MethodView

from auth.guard import current_principal, public, require_one_of
from auth.oauth.metadata import openid_metadata
from auth.oauth.userinfo import MEDIA_TYPE, userinfo, userinfo_jwt
from auth.schemas import ProviderAnswer, UserinfoAnswer
from registry.kernel.errors import Unauthenticated

_PUBLIC_SECONDS = 3600
# What a client may have registered for instead of JSON.
_ALSO_SIGNED = {MEDIA_TYPE: {"schema": {"type": "string"}}}

blp = flask_smorest.Blueprint("openid", __name__, description="OpenID Connect")


def _state() -> Any:
    return flask.current_app.extensions["sogoc"]


@blp.route("/.well-known/openid-configuration")
class Configuration(MethodView):
    """The provider's metadata."""

    @public
    @blp.response(200, ProviderAnswer)
    def get(self) -> flask.Response:
        """Siêu dữ liệu OpenID / provider metadata (OpenID Connect Discovery 1.0)."""
        response = flask.jsonify(openid_metadata(_state().settings))
        response.headers["Cache-Control"] = f"public, max-age={_PUBLIC_SECONDS}"
        return response


@blp.route("/oauth/userinfo")
class Userinfo(MethodView):
    """Who signed in."""

    @require_one_of("openid")
    @blp.doc(responses={200: {"content": _ALSO_SIGNED}})
    @blp.response(200, UserinfoAnswer)
    def get(self) -> flask.Response:
        """Ai đã đăng nhập / who signed in (OpenID Connect Core section 5.3)."""
        return _userinfo()

    @require_one_of("openid")
    @blp.doc(responses={200: {"content": _ALSO_SIGNED}})
    @blp.response(200, UserinfoAnswer)
    def post(self) -> flask.Response:
        """Như GET / the same as GET."""
        return _userinfo()


def _userinfo() -> flask.Response:
    principal = current_principal()
    person, state = principal.authentication, _state()
    if person is None:
        # Only a person gives the scope away; a token without one was never ours to issue.
        raise Unauthenticated(error="invalid_token")
    client = state.oauth.query_client(principal.client_id).row
    signed = userinfo_jwt(state.keys, state.settings.issuer, client, person)
    if signed is None:
        return flask.jsonify(userinfo(person))
    return flask.Response(signed, content_type=MEDIA_TYPE)
