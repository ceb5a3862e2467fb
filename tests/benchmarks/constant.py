"""A WSGI application that answers every request with the same bytes, for comparison."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def load() -> WSGIApplication:
    """Return the application; ``BENCH_SIZE`` is the length of its answer in bytes."""
    body = b"x" * int(os.environ["BENCH_SIZE"])
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", headers)
        return [body]

    return answer
