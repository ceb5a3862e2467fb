"""OAuth requests as Authlib reads them: form parameters alone, each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flask
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import InvalidRequestError
from werkzeug.datastructures import ImmutableMultiDict

_SECURE = "https://issuer.invalid/oauth/token"


class _Form(FlaskOAuth2Payload):  # type: ignore[misc]  # the library has no types
    """The parameters of a request: those of the body alone, never of the URL."""

    @property
    def data(self) -> Any:
        return _given(self._request)


def _given(request: flask.Request) -> ImmutableMultiDict[str, str]:
    """Return the form; what is sent without a value counts as left out (RFC 6749 section 3.2)."""
    return ImmutableMultiDict(
        (name, value) for name, value in request.form.items(multi=True) if value
    )


class FormRequest(FlaskOAuth2Request):  # type: ignore[misc]
    """A request of a client under the address that clients use, whatever a proxy makes of it."""

    def __init__(self, request: flask.Request) -> None:
        # The library refuses an address without TLS. Ours is decided once, by the settings; what
        # it would see here is the way from the proxy.
        super(FlaskOAuth2Request, self).__init__(request.method, _SECURE, headers=request.headers)
        self._request = request
        self.payload = _Form(request)

    @property
    def form(self) -> Any:
        """The parameters that have a value."""
        return self.payload.data


def check_form(request: flask.Request, required: Sequence[str]) -> None:
    """Raise InvalidRequestError for a request that RFC 6749 sections 2.3 and 3.2 don't allow."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequestError(
            "the body must be application/x-www-form-urlencoded", status_code=415
        )
    if request.args:
        raise InvalidRequestError("parameters belong in the body, never in the URL")
    if any(len(values) > 1 for values in request.form.listvalues()):
        raise InvalidRequestError("a parameter is given twice")
    for name in required:
        if not request.form.get(name):
            raise InvalidRequestError(f"{name} is missing")
    credentials = ("client_assertion" in request.form, "client_secret" in request.form)
    if sum((*credentials, "Authorization" in request.headers)) > 1:
        raise InvalidRequestError("more than one way of client authentication")
