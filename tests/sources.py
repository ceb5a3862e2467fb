"""A source of citizens for the tests: a real HTTP server on this machine, well-behaved or not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.people import LAN

CELLS = {
    "personal_id": LAN,
    "full_name": "Nguyễn Thị Lan",
    "birth_date": "17/05/1990",
    "sex": "Nữ",
    "nine_digit_id": "900000001",
}


class FakeNation:
    """What the server holds, how it behaves, and what it was asked."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {LAN: CELLS}
        self.calls: list[list[str]] = []
        self.headers: list[dict[str, str]] = []
        self.seconds = 0.0
        self.raw: tuple[int, dict[str, str], bytes] | None = None
        self.drip: bytes = b""
        self.tokens: list[str] = []
        self.revoked: set[str] = set()
        self.port = 0
        self.up = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/037"

    def person(self, personal_id: str, **cells: str) -> None:
        self.people[personal_id] = {
            "personal_id": personal_id,
            "full_name": "Trần Văn Bình",
            "birth_date": "01/02/1980",
            **cells,
        }

    def answer(self, identifiers: list[str]) -> dict[str, Any]:
        results = []
        for identifier in identifiers:
            message = self.people.get(identifier) or self._by_old_number(identifier)
            found = {"status": "found", "message": message} if message else {"status": "not_found"}
            results.append({"identifier": identifier, **found})
        return {"results": results}

    def _by_old_number(self, number: str) -> dict[str, Any] | None:
        return next((p for p in self.people.values() if p.get("nine_digit_id") == number), None)

    def breaks(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer this from now on, whatever is asked."""
        kind = {"Content-Type": "application/json"}
        self.raw = status, kind | {k.replace("_", "-"): v for k, v in headers.items()}, body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    nation: FakeNation

    def do_POST(self) -> None:
        nation = self.nation
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not nation.up:
            self.close_connection = True
            return
        if self.path == "/token":
            self._token(body)
            return
        nation.headers.append(dict(self.headers))
        nation.calls.append(json.loads(body)["identifiers"])
        time.sleep(nation.seconds)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer in nation.revoked:
            self._send(401, {}, b"")
        elif nation.drip:
            self._drip()
        elif nation.raw:
            self._send(*nation.raw)
        else:
            text = json.dumps(nation.answer(nation.calls[-1])).encode()
            self._send(200, {"Content-Type": "application/json; charset=utf-8"}, text)

    def _token(self, body: bytes) -> None:
        form = parse_qs(body.decode())
        assert form["grant_type"] == ["client_credentials"]
        self.nation.tokens.append(self.headers["Authorization"])
        told = {"access_token": f"token-{len(self.nation.tokens)}", "expires_in": 300}
        self._send(200, {"Content-Type": "application/json"}, json.dumps(told).encode())

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.nation.drip)))
        self.end_headers()
        for byte in self.nation.drip:
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                self.close_connection = True
                return
            time.sleep(0.05)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def serving(nation: FakeNation) -> Iterator[None]:
    """Serve ``nation`` at its port, or at a free one the first time."""
    handler = type("Handler", (_Handler,), {"nation": nation})
    server = _Server(("127.0.0.1", nation.port), handler)
    nation.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    nation.up = True
    try:
        yield
    finally:
        # Connections that are open would otherwise be answered on.
        nation.up = False
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def nation() -> Iterator[FakeNation]:
    """Give a running source that knows one person."""
    made = FakeNation()
    with serving(made):
        yield made
