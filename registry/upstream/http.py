"""The one module that calls another computer: a source that is a JSON API over HTTP.

``POST`` of ``{"identifiers": […]}`` is answered ``{"results": [{"identifier", "status": "found",
"message": {…}}, {"identifier", "status": "not_found"}]}``, every identifier once, in any order.
What a message looks like is the business of the function that reads it. A source of another shape
gets another adapter of this size.

The answer comes from outside, so it is bounded in time and size, never decompressed, never
followed to another address, and believed only in the agreed shape.
"""

from __future__ import annotations

import logging
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
import urllib3

from registry.kernel.fields import Document
from registry.upstream.address import require_address
from registry.upstream.breaker import Breaker
from registry.upstream.credentials import ClientCredentials, Header, read_credentials
from registry.upstream.source import Limits, SourceDown

ToDocument = Callable[[Mapping[str, Any]], Document]
_OK, _UNAUTHORIZED = 200, 401
_CHUNK = 65_536
# A token is given up this long before it ends, so that none ends on its way.
_SPARE_SECONDS = 30
_DEFAULT_TOKEN_SECONDS = 60
logger = logging.getLogger("sogoc")


class HttpSource:
    """Fetches documents from the API at ``url``.

    ``to_document`` reads one message and raises ValueError for one it can't read.
    """

    def __init__(
        self,
        url: str,
        to_document: ToDocument,
        credentials: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._url = require_address(url)
        self._to_document = to_document
        self._credentials = credentials
        self._limits = limits or Limits()
        self._breaker = Breaker(self._limits.failures, self._limits.open_seconds)
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)
        self._lock = Lock()
        self._token: tuple[str, float] = "", float("-inf")

    @property
    def name(self) -> str:
        """The host, which is what an auditor wants to read behind a value."""
        return urlsplit(self._url).hostname or ""

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def fetch(self, identifiers: Sequence[str]) -> dict[str, Document | None]:
        """Ask for ``identifiers`` in batches; what came before a failure is kept."""
        deadline = time.monotonic() + self._limits.total_seconds
        found: dict[str, Document | None] = {}
        for start in range(0, len(identifiers), self._limits.batch):
            part = identifiers[start : start + self._limits.batch]
            try:
                messages = self._ask(part, deadline)
            except SourceDown as error:
                logger.warning("source %s: %s", self.name, error)
                if not found:
                    raise
                break
            found |= self._documents(messages)
        return found

    def _documents(self, messages: Mapping[str, Any]) -> dict[str, Document | None]:
        found: dict[str, Document | None] = {}
        for identifier, message in messages.items():
            try:
                found[identifier] = None if message is None else self._to_document(message)
            except ValueError:
                logger.warning("source %s: a message can't be read", self.name)
        return found

    def _ask(self, identifiers: Sequence[str], deadline: float) -> Mapping[str, Any]:
        self._breaker.admit()
        try:
            found = _messages(self._answer(identifiers, deadline), identifiers)
        except BaseException:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return found

    def _answer(self, identifiers: Sequence[str], deadline: float) -> Any:
        body = orjson.dumps({"identifiers": list(identifiers)})
        kind = {"Content-Type": "application/json"}
        status, data = self._post(self._url, body, kind | self._authorization(deadline), deadline)
        if status == _UNAUTHORIZED and self._token[0]:
            # It was revoked before its time; a new one decides.
            self._token = "", float("-inf")
            headers = kind | self._authorization(deadline)
            status, data = self._post(self._url, body, headers, deadline)
        return _json(status, data)

    def _authorization(self, deadline: float) -> dict[str, str]:
        if self._credentials is None:
            return {}
        held = read_credentials(self._credentials)
        if isinstance(held, Header):
            return {held.header: held.value}
        with self._lock:
            if time.monotonic() >= self._token[1]:
                self._token = self._new_token(held, deadline)
            return {"Authorization": f"Bearer {self._token[0]}"}

    def _new_token(self, held: ClientCredentials, deadline: float) -> tuple[str, float]:
        """RFC 6749 section 4.4, the client authenticated by section 2.3.1."""
        form = {"grant_type": "client_credentials"}
        form |= {"scope": held.scope} if held.scope else {}
        pair = f"{quote(held.client_id, '')}:{quote(held.client_secret, '')}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic " + b64encode(pair.encode()).decode(),
        }
        asked = time.monotonic()
        answer = _json(*self._post(held.token_url, urlencode(form).encode(), headers, deadline))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        seconds = answer.get("expires_in", _DEFAULT_TOKEN_SECONDS) if token else 0
        if not isinstance(token, str) or not isinstance(seconds, int) or not token.isprintable():
            raise SourceDown("the token endpoint gave no token")
        return token, asked + max(seconds - _SPARE_SECONDS, 0)

    def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, bytes]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise SourceDown("no time left")
        limits = self._limits
        timeout = urllib3.Timeout(
            connect=min(limits.connect_seconds, left), read=min(limits.read_seconds, left)
        )
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            response = self._pool.request(
                "POST",
                url,
                body=body,
                headers=sent,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
            try:
                return response.status, self._body(response, deadline)
            except BaseException:
                # What is left of the answer must not be the next one's beginning.
                response.close()
                raise
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise SourceDown(type(error).__name__) from None

    def _body(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        if response.status not in {_OK, _UNAUTHORIZED}:
            raise SourceDown(f"status {response.status}")
        data = bytearray()
        while chunk := response.read1(_CHUNK, decode_content=False):
            data += chunk
            if len(data) > self._limits.most_bytes:
                raise SourceDown("the answer is too large")
            if time.monotonic() > deadline:
                raise SourceDown("the answer takes too long")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.status == _OK and kind != "application/json":
            raise SourceDown("the answer is not JSON by its type")
        return bytes(data)


def _json(status: int, data: bytes) -> Any:
    if status != _OK:
        raise SourceDown(f"status {status}")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise SourceDown("the answer is not JSON") from None


def _messages(answer: Any, asked: Sequence[str]) -> dict[str, Any]:
    """Return the message of each identifier, None for not found; raises SourceDown.

    One that the answer leaves out stays unanswered: silence is not "not found".
    """
    found: dict[str, Any] = {}
    try:
        for result in answer["results"]:
            identifier, status = result["identifier"], result["status"]
            message = result["message"] if status == "found" else None
            right = isinstance(message, dict) if status == "found" else status == "not_found"
            if not right or identifier not in asked or identifier in found:
                raise SourceDown("the answer is not of the agreed shape")
            found[identifier] = message
    except (KeyError, TypeError):
        raise SourceDown("the answer is not of the agreed shape") from None
    return found
