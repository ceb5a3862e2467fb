"""A short way for the one hot question, in front of the framework.

It answers only a well-formed look-up of the present that succeeds. Whatever is unusual (another
route, an error, an unknown parameter, a refusal) goes on to Flask untouched, which decides as if
this were not here; nothing is logged or answered twice. A test compares both ways byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import orjson
import sqlalchemy as sa

from auth.bindings import Binding
from auth.guard import (
    CASE,
    COUNTED,
    SUBJECTS_COUNTED,
    Door,
    authorize,
    credentials,
    new_trace_id,
)
from auth.limits import Limiter
from auth.oauth.senders import NONCE, UNAVAILABLE, Sent
from registry.citizens.hot import HotLookup, Question
from registry.citizens.sourced import CitizenReader
from registry.kernel.clock import now
from registry.kernel.errors import Unavailable
from registry.kernel.fields import MOST_FIELDS
from registry.kernel.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH = "/v1/citizens/lookup"
_PARAMETERS = 2  # identifiers and fields
_ACCEPTED = frozenset({"*/*", "application/json"})
_REMEMBERED = 10_000


class _Known(NamedTuple):
    """A question that was allowed: since when, until when, under which look, and to whom."""

    question: Question
    since: float
    until: float
    look: float
    binding: Binding | None


class FastPath:
    """The product as a WSGI application: the short way first, Flask behind it."""

    def __init__(  # noqa: PLR0913, PLR0917 - one for each part that it goes past Flask to
        self,
        wsgi: WSGIApplication,
        settings: Settings,
        door: Door,
        limiter: Limiter,
        citizens: CitizenReader,
        headers: list[tuple[str, str]],
    ) -> None:
        self._wsgi = wsgi
        self._most_bytes = settings.max_body_bytes
        self._most_identifiers = settings.max_identifiers
        self._door = door
        self._limiter = limiter
        self._citizens = citizens
        self._headers = headers
        self._known: dict[tuple[str, str, tuple[str, ...]], _Known] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if environ["PATH_INFO"] == _PATH and environ["REQUEST_METHOD"] == "POST":
            body = self._answer(environ)
            if body is not None:
                length = ("Content-Length", str(len(body)))
                rate = environ[COUNTED]
                told = (*(rate.headers() if rate else ()), *self._nonce(environ))
                start_response("200 OK", [*self._headers, length, *told])
                return [body]
        return self._wsgi(environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> bytes | None:
        """Return the whole answer, or None to leave the request to Flask."""
        content = self._content(environ)
        if content is None:
            return None
        identifiers, fields = content
        case = environ.get("HTTP_SOGOC_CASE", "")
        try:
            lookup = self._citizens.mirror()
            if lookup is None:
                return None
            question = self._question(lookup, environ, fields)
            counted = CASE.fullmatch(case) is not None and self._count(
                environ, question.context.client_id, identifiers
            )
            if not counted:
                return None
            trace = new_trace_id(environ.get("HTTP_TRACEPARENT", ""))
            return lookup.ask(question, identifiers, case, trace)
        except (Unavailable, sa.exc.SQLAlchemyError):
            environ[UNAVAILABLE] = True
            return None
        except Exception:
            return None

    def _count(self, environ: WSGIEnvironment, client_id: str, identifiers: list[str]) -> bool:
        """Say whether the client may ask; Flask, which may answer after all, won't count again."""
        rate = environ[COUNTED] = self._limiter.call(client_id)
        if rate and not rate.allowed:
            return False
        environ[SUBJECTS_COUNTED] = self._limiter.ask(client_id, identifiers) is None
        return bool(environ[SUBJECTS_COUNTED])

    def _question(
        self, lookup: HotLookup, environ: WSGIEnvironment, fields: tuple[str, ...]
    ) -> Question:
        """Return the question that the headers and fields make; raises what the door raises.

        Remembered as long as nothing that it rests on can change: until clients and agreements
        are looked at again, and within the token's life and the day. Whose token it is has to be
        found out each time, for that rests on the request itself.
        """
        look, moment = self._door.verifier.look(), now().timestamp()
        key = environ.get("HTTP_AUTHORIZATION", ""), environ.get("HTTP_SOGOC_PROCEDURE", ""), fields
        known = self._known.get(key)
        if known and known.look == look and known.since <= moment < known.until:
            if known.binding is not None:
                sent = Sent(environ)
                self._door.senders.check(known.binding, *credentials(sent), sent)
            return known.question
        principal = authorize(self._door, Sent(environ), "citizens:read", "", personal=True)
        question = lookup.question(principal, fields)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = _Known(question, moment, principal.until, look, principal.binding)
        return question

    def _nonce(self, environ: WSGIEnvironment) -> list[tuple[str, str]]:
        """Return the header for whoever proves a key: what the next proof may say."""
        if "HTTP_DPOP" not in environ:
            return []
        nonce = self._door.senders.nonce()
        return [(NONCE, nonce)] if nonce else []

    def _content(self, environ: WSGIEnvironment) -> tuple[list[str], tuple[str, ...]] | None:
        """Return the identifiers and fields of a plain request."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if (
            environ.get("CONTENT_TYPE") != "application/json"
            or environ.get("HTTP_ACCEPT", "*/*") not in _ACCEPTED
            or environ.get("QUERY_STRING")
            or not (length.isascii() and length.isdigit())
            or int(length) > self._most_bytes
        ):
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            data = orjson.loads(body)
            identifiers, fields = data["identifiers"], data["fields"]
            fine = (
                len(data) == _PARAMETERS
                and type(identifiers) is list
                and type(fields) is list
                and 0 < len(identifiers) <= self._most_identifiers
                and 0 < len(fields) <= MOST_FIELDS
                # One more quotation mark, and a name may be there twice: Flask says what of it.
                and body.count(b'"') == 2 * (_PARAMETERS + len(identifiers) + len(fields))
            )
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None
        return (identifiers, tuple(fields)) if fine else None
