"""Calls to the OpenID provider of the settings: bounded in time and size, never followed on.

The addresses come from the settings or from what that very provider says of itself, and only TLS
will do, except for a provider on this machine (which tests and the demo have).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_OK = 200
_CHUNK = 65_536
_JSON = ("application/json", "application/jwk-set+json")


class ProviderFailed(Exception):
    """The provider did not answer, or not as agreed; the message holds nothing personal."""


def is_safe(url: str, *, loopback: bool) -> bool:
    """Say whether ``url`` may be called or shown: https, or http to this machine if ``loopback``.

    >>> is_safe("https://id.example.vn/token", loopback=False)
    True
    >>> is_safe("http://id.example.vn/token", loopback=True)
    False
    """
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not {" ", "#", "\\"} & set(url)
    local = loopback and parts.scheme == "http" and parts.hostname in _LOOPBACK
    return whole and plain and "@" not in parts.netloc and (parts.scheme == "https" or local)


class Outbound:
    """JSON over HTTP to one provider; times in seconds, ``most_bytes`` of one answer."""

    def __init__(
        self,
        *,
        each_seconds: float = 3,
        total_seconds: float = 6,
        most_bytes: int = 262_144,
    ) -> None:
        self._each_seconds = each_seconds
        self._total_seconds = total_seconds
        self._most_bytes = most_bytes
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at ``url``; raises ProviderFailed."""
        return self._ask("GET", url, None, headers or {})

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object that a form is answered with; raises ProviderFailed."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, urlencode(form).encode(), kind | dict(headers))

    def _ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        deadline = time.monotonic() + self._total_seconds
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers=sent,
                timeout=urllib3.Timeout(connect=self._each_seconds, read=self._each_seconds),
                redirect=False,
                preload_content=False,
            )
            try:
                return self._object(response, deadline)
            except BaseException:
                # What is left of the answer must not be the next one's beginning.
                response.close()
                raise
            finally:
                response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ProviderFailed(type(error).__name__) from None

    def _object(self, response: urllib3.BaseHTTPResponse, deadline: float) -> dict[str, Any]:
        if response.status != _OK:
            raise ProviderFailed(f"status {response.status}")
        if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in _JSON:
            raise ProviderFailed("the answer is not JSON by its type")
        data = bytearray()
        while chunk := response.read1(_CHUNK, decode_content=False):
            data += chunk
            if len(data) > self._most_bytes:
                raise ProviderFailed("the answer is too large")
            if time.monotonic() > deadline:
                raise ProviderFailed("the answer takes too long")
        try:
            found = orjson.loads(bytes(data))
        except orjson.JSONDecodeError:
            raise ProviderFailed("the answer is not JSON") from None
        if not isinstance(found, dict):
            raise ProviderFailed("the answer is no object")
        return found
