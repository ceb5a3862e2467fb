"""What ends TLS in front of the server, as an agency's proxy would: one request a connection.

It tells the server the client's certificate by RFC 9440, and lets nobody else tell it one.
"""

from __future__ import annotations

import base64
import http.client
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

from tests.interop.authority import ADDRESS, Authority

_SECONDS = 15


class _Terminator(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, authority: Authority, behind: int) -> None:
        self.behind = behind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*authority.server())
        self.context.load_verify_locations(authority.file)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        super().__init__((ADDRESS, 0), _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: _Terminator

    def handle(self) -> None:
        self.request.settimeout(_SECONDS)
        # Who goes away in the middle, or does not like our certificate, is no error of ours.
        with (
            suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as client,
        ):
            self._forward(client)

    def _forward(self, client: ssl.SSLSocket) -> None:
        with client.makefile("rb") as asked:
            line = asked.readline(65_537)
            if not line:
                return
            headers = http.client.parse_headers(asked)
            if "Transfer-Encoding" in headers:
                client.sendall(b"HTTP/1.1 %d\r\n\r\n" % HTTPStatus.LENGTH_REQUIRED)
                return
            body = asked.read(int(headers.get("Content-Length", 0)))
        lines = [f"{name}: {value}\r\n" for name, value in headers.items() if not _is_ours(name)]
        lines.append("Connection: close\r\n")
        certificate = client.getpeercert(binary_form=True)
        if certificate:
            lines.append(f"Client-Cert: :{base64.b64encode(certificate).decode()}:\r\n")
        head = line + "".join(lines).encode("latin-1") + b"\r\n"
        with socket.create_connection((ADDRESS, self.server.behind), _SECONDS) as server:
            server.sendall(head + body)
            with server.makefile("rb") as answer, client.makefile("wb") as out:
                shutil.copyfileobj(answer, out)


def _is_ours(name: str) -> bool:
    """Say whether only a proxy may say it: servers read an underscore as if it were a dash."""
    return name.lower().replace("_", "-") in {"client-cert", "client-cert-chain", "connection"}


@contextmanager
def terminating(authority: Authority, behind: int) -> Iterator[int]:
    """End TLS in front of the port ``behind``; give the port."""
    with _Terminator(authority, behind) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
