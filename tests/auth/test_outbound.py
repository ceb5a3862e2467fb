"""What comes from a provider is bounded in time, size and shape."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from auth.signin.outbound import Outbound, ProviderFailed, is_safe

JSON = "application/json"


@contextmanager
def _answering(
    body: bytes, kind: str = JSON, status: int = 200, pause: float = 0
) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a server, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            for index in range(len(body)) if pause else ():
                try:
                    self.wfile.write(body[index : index + 1])
                    time.sleep(pause)
                except OSError:
                    return
            if not pause:
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("body", "more", "message"),
    [
        (b"{}", {"kind": "text/html"}, "not JSON by its type"),
        (b"{", {}, "not JSON"),
        (b"[]", {}, "no object"),
        (b'{"a": "' + b"a" * 2000 + b'"}', {}, "too large"),
        (b"{}", {"status": 302}, "status 302"),
        (b"{}", {"status": 307}, "status 307"),
        (b"{}", {"status": 500}, "status 500"),
    ],
)
def test_what_is_not_as_agreed_is_not_read(body: bytes, more: dict[str, Any], message: str) -> None:
    outbound = Outbound(most_bytes=1000)
    with (
        _answering(body, **more) as (address, asked),
        pytest.raises(ProviderFailed, match=message),
    ):
        outbound.get(address)
    outbound.close()
    assert asked == ["/"]


def test_an_answer_that_drips_is_given_up() -> None:
    outbound = Outbound(each_seconds=1, total_seconds=0.3)
    start = time.monotonic()
    with (
        _answering(b" " * 40 + b"{}", pause=0.05) as (address, _),
        pytest.raises(ProviderFailed, match="too long"),
    ):
        outbound.get(address)
    outbound.close()
    assert time.monotonic() - start < 1.5


def test_a_provider_that_is_not_there_is_told_so() -> None:
    with _answering(b"{}") as (address, _):
        pass
    outbound = Outbound()
    with pytest.raises(ProviderFailed):
        outbound.get(address)
    outbound.close()


@pytest.mark.parametrize(
    "address",
    [
        "http://id.example.vn/",
        "http://127.0.0.1.example.vn/",
        "http://10.0.0.1/",
        "http://[::2]/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:secret@id.example.vn/",
        "https://id.example.vn/#a",
        "https://id.example.vn/a b",
        "https://id.example.vn\\@evil.example/",
        "https://id.example.vn:0/",
        "https://id.example.vn:x/",
        "https://",
        "https://[id/",
        "",
    ],
)
def test_an_unsafe_address_is_not_called(address: str) -> None:
    assert not is_safe(address, loopback=True)


def test_only_a_provider_of_this_machine_may_do_without_tls() -> None:
    for host in ("127.0.0.1:1", "localhost", "[::1]:8000"):
        assert is_safe(f"http://{host}/token", loopback=True)
        assert not is_safe(f"http://{host}/token", loopback=False)
