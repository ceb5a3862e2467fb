"""Fetching a small document from an address that somebody else named.

The name is resolved once, each of its addresses is checked, and the connection goes to one of
those very addresses: a name that leads elsewhere when asked again gains nothing. TLS is checked
for the name. No redirect is followed, no proxy asked, nothing decompressed; time and bytes are
counted at the socket, so slow or endless headers are bounded like the body.
"""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from threading import Thread
from typing import Any, cast

from registry.kernel.reach import NotAllowed, Reach, Target

Resolver = Callable[[str, int], Sequence[str]]
_OK = 200
_HEADER_BYTES = 32_768


class NotFetched(Exception):
    """Nothing that may be used came back; the message is a short reason, never what was sent."""


def addresses(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses that the system's resolver has for ``host``; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@cache
def trust(ca_file: str = "") -> ssl.SSLContext:
    """Return what certificates are checked by: the system's authorities, and those of a file.

    Raises OSError where the file is none of certificates. It is read once in a process.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


@dataclass(frozen=True, slots=True)
class Outbound:
    """How to fetch: whom, by which authorities, and within ``seconds`` and ``most_bytes``."""

    reach: Reach
    trusted: ssl.SSLContext
    resolve: Resolver = addresses
    seconds: float = 3.0
    most_bytes: int = 65_536


def fetch_public(url: str, outbound: Outbound, kinds: Sequence[str]) -> bytes:
    """Return what a GET of ``url`` answers with status 200 and one of these media types.

    Raises NotFetched for all else, after ``outbound.seconds`` in total at the latest.
    """
    deadline = time.monotonic() + outbound.seconds
    try:
        target = outbound.reach.target(url)
        found = _resolved(outbound, target, deadline)
        with _connected(found, target, deadline) as plain:
            if not target.secure:
                return _asked(plain, target, outbound, kinds, deadline)
            plain.settimeout(_left(deadline))
            wrapped = outbound.trusted.wrap_socket(plain, server_hostname=target.host)
            with wrapped as secure:
                return _asked(secure, target, outbound, kinds, deadline)
    except NotAllowed as error:
        raise NotFetched(str(error)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(type(error).__name__) from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotFetched("it takes too long")
    return left


def _resolved(outbound: Outbound, target: Target, deadline: float) -> Sequence[str]:
    """Ask the resolver in a thread of its own: the system's has no limit of time."""
    answer: Future[Sequence[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(outbound.resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    Thread(target=ask, daemon=True, name="resolver").start()
    try:
        found = answer.result(_left(deadline))
    except TimeoutError:
        raise NotFetched("its name takes too long") from None
    # One address inside is enough to refuse: an honest name has none.
    if not found or not all(outbound.reach.admits(a, secure=target.secure) for a in found):
        raise NotFetched("its name leads to no public address")
    return found


def _connected(found: Sequence[str], target: Target, deadline: float) -> socket.socket:
    for address in found:
        with contextlib.suppress(OSError):
            # A number: nothing is resolved again.
            return socket.create_connection((address, target.port), _left(deadline))
    raise NotFetched("it can't be reached")


def _asked(
    connection: socket.socket,
    target: Target,
    outbound: Outbound,
    kinds: Sequence[str],
    deadline: float,
) -> bytes:
    usual = target.port == (443 if target.secure else 80)
    request = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.host}" + ("" if usual else f":{target.port}"),
        f"Accept: {', '.join(kinds)}",
        "Accept-Encoding: identity",
        "Connection: close",
        "\r\n",
    )
    connection.settimeout(_left(deadline))
    connection.sendall("\r\n".join(request).encode())
    stream = _Stream(connection, deadline, outbound.most_bytes + _HEADER_BYTES)
    # Of a socket, the reader of answers wants its stream alone.
    with HTTPResponse(cast("socket.socket", stream), method="GET") as answer:
        answer.begin()
        if answer.status != _OK:
            raise NotFetched(f"status {answer.status}")
        if answer.headers.get_content_type() not in kinds:
            raise NotFetched("another media type")
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise NotFetched("it is compressed")
        body = answer.read(outbound.most_bytes + 1)
    if len(body) > outbound.most_bytes:
        raise NotFetched("it is too large")
    return body


class _Stream(io.RawIOBase):
    """What comes from a socket until the deadline, and no more than ``most`` bytes of it."""

    def __init__(self, connection: socket.socket, deadline: float, most: int) -> None:
        self._connection = connection
        self._deadline = deadline
        self._left = most

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._deadline))
        count = self._connection.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise NotFetched("it is too large")
        return count
