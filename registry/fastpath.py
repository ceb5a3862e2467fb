"""A short way for the one hot question, in front of the framework.

It answers only a well-formed look-up of the present that succeeds. Whatever is unusual (another
route, an error, an unknown parameter, a refusal) goes on to Flask untouched, which decides as if
this were not here; nothing is logged or answered twice. A test compares both ways byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from auth.guard import UNAVAILABLE, authorize, new_trace_id
from auth.tokens import TokenVerifier
from registry.citizens.sourced import CitizenReader
from registry.kernel.errors import SogocError, Unavailable
from registry.kernel.fields import MOST_FIELDS
from registry.kernel.identifiers import kind_of
from registry.kernel.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH = "/v1/citizens/lookup"
_PARAMETERS = {"identifiers", "fields"}
_NAMES = {
    "Authorization": "HTTP_AUTHORIZATION",
    "Sogoc-Procedure": "HTTP_SOGOC_PROCEDURE",
    "Sogoc-Case": "HTTP_SOGOC_CASE",
}


class _Headers:
    """The few headers that the door reads, from a WSGI environment."""

    __slots__ = ("_environ",)

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, key: str, default: str) -> str:
        value: str = self._environ.get(_NAMES[key], default)
        return value


class FastPath:
    """The product as a WSGI application: the short way first, Flask behind it."""

    def __init__(
        self,
        wsgi: WSGIApplication,
        settings: Settings,
        verifier: TokenVerifier,
        citizens: CitizenReader,
        headers: list[tuple[str, str]],
    ) -> None:
        self._wsgi = wsgi
        self._settings = settings
        self._verifier = verifier
        self._citizens = citizens
        self._headers = headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if environ["PATH_INFO"] == _PATH and environ["REQUEST_METHOD"] == "POST":
            body = self._answer(environ)
            if body is not None:
                length = ("Content-Length", str(len(body)))
                start_response("200 OK", [*self._headers, length])
                return [body]
        return self._wsgi(environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> bytes | None:
        """Return the whole answer, or None to leave the request to Flask."""
        content = self._content(environ)
        if content is None:
            return None
        identifiers, fields = content
        try:
            principal = authorize(
                self._verifier,
                _Headers(environ),
                "citizens:read",
                new_trace_id(environ.get("HTTP_TRACEPARENT", "")),
                personal=True,
            )
            results = self._citizens.lookup(principal, identifiers, fields)
        except (Unavailable, sa.exc.SQLAlchemyError):
            environ[UNAVAILABLE] = True
            return None
        except SogocError:
            return None
        except Exception:
            return None
        return orjson.dumps({"results": results})

    def _content(self, environ: WSGIEnvironment) -> tuple[list[str], tuple[str, ...]] | None:
        """Return the identifiers and fields of a plain request that is right in every way."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if (
            environ.get("CONTENT_TYPE") != "application/json"
            or environ.get("HTTP_ACCEPT", "*/*") not in {"*/*", "application/json"}
            or environ.get("QUERY_STRING")
            or not (length.isascii() and length.isdigit())
            or int(length) > self._settings.max_body_bytes
        ):
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(data, dict) or data.keys() != _PARAMETERS:
            return None
        identifiers, fields = data["identifiers"], data["fields"]
        fine = (
            _texts(identifiers, self._settings.max_identifiers)
            and _texts(fields, MOST_FIELDS)
            and all(kind_of(value) for value in identifiers)
            # One more quotation mark, and a name may be there twice: Flask's way says what of it.
            and body.count(b'"') == 2 * (len(_PARAMETERS) + len(identifiers) + len(fields))
        )
        return (identifiers, tuple(fields)) if fine else None


def _texts(values: Any, most: int) -> bool:
    return (
        isinstance(values, list)
        and 0 < len(values) <= most
        and all(isinstance(value, str) for value in values)
    )
