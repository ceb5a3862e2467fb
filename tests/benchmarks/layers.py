"""The waterfall of one look-up, in process: what each layer costs, and its share of the whole.

Usage: ``python -m tests.benchmarks.layers [--citizens N]``. Microseconds on one machine mean
little; the shares say where to look. Each line is the best of several rounds.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import orjson

from auth.guard import authorize, new_trace_id
from auth.oauth.senders import Sent
from registry.app import create_app
from registry.citizens.hot import HotLookup, Question
from registry.fastpath import FastPath
from registry.kernel.clock import today
from registry.kernel.db import Database
from registry.kernel.fields import Document
from registry.kernel.hotpath import Asking, HotPath, Row, Told
from tests.benchmarks import stage
from tests.cluster import cluster

_FIELDS = ("name", "birth_date", "sex", "residence.permanent", "ethnicity")
_ROUNDS, _EACH = 5, 1000


def waterfall(url: str, citizens: int) -> None:
    """Print the layers of a look-up on the database at ``url``."""
    with tempfile.TemporaryDirectory() as folder:
        settings = stage.settings_for(url, Path(folder))
        database = Database(url, synchronous=settings.sqlite_synchronous)
        stage.fill(database, citizens)
        app = create_app(settings, database)
        state = app.extensions["sogoc"]
        bearer = stage.token(settings)
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Sogoc-Procedure": stage.PROCEDURE,
            "Sogoc-Case": "BENCH-0001",
        }
        sent = Sent(_environ(headers, b"", 0))
        principal = authorize(state.door, sent, "citizens:read", "0" * 32, personal=True)
        lookup: HotLookup = state.hot_lookup
        path: HotPath = lookup._path
        question = lookup.question(principal, _FIELDS)
        asking = Asking(question.context, "BENCH-0001", "0" * 32)
        kept: list[Row] = []

        def grab(rows: Sequence[Row]) -> tuple[None, list[Told]]:
            kept.extend(rows)
            return None, [("delivered", rows[0][0])]

        path.run([stage.person(0)], asking, grab)
        document = kept[0][-1]
        one_id = stage.person(1)

        def ask(through: Any, body: bytes, length: int) -> None:
            environ = _environ(headers, body, length)
            for _ in through(environ, lambda *_: None):
                pass

        def log(rows: Sequence[Row]) -> tuple[None, list[Told]]:
            return None, [("delivered", rows[0][0])]

        body = orjson.dumps({"identifiers": [one_id], "fields": list(_FIELDS)})
        short = cast("FastPath", app.wsgi_app)
        environ = _environ(headers, body, len(body))
        layers: dict[str, Callable[[], Any]] = {
            "request read": lambda: short._content(_environ(headers, body, len(body))),
            "door: token, purpose, agreement": lambda: authorize(
                state.door, sent, "citizens:read", new_trace_id(""), personal=True
            ),
            "door and selection, as remembered": lambda: short._question(lookup, environ, _FIELDS),
            "read and durable access row": lambda: path.run([one_id], asking, log),
            "document read as far as needed": lambda: question.read(document),
            "document cut and rendered": lambda: _render(question.read(document), question),
            "the whole short way": lambda: ask(short, body, len(body)),
            "the same through Flask": lambda: ask(short._wsgi, body, len(body)),
        }
        sys.stdout.write(f"{database.dialect}, document of {len(document)} bytes\n")
        found = {name: _best(layer) for name, layer in layers.items()}
        whole = found["the whole short way"]
        for name, micros in found.items():
            sys.stdout.write(f"  {micros:8.1f} us  {micros / whole:5.0%}  {name}\n")
        lookup.close()
        database.close()


def _render(excerpt: Document, question: Question) -> bytes:
    return msgspec.json.encode(question.selection.cut(excerpt, today()))


def _environ(headers: dict[str, str], body: bytes, length: int) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/citizens/lookup",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(length),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }


def _best(layer: Callable[[], Any]) -> float:
    layer()
    return min(timeit.repeat(layer, number=_EACH, repeat=_ROUNDS)) / _EACH * 1e6


def main() -> None:
    """Print the waterfall on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=20_000)
    citizens = parser.parse_args().citizens
    with tempfile.TemporaryDirectory() as folder:
        waterfall(f"sqlite:///{folder}/registry.db", citizens)
    with cluster(durable=True) as address:
        waterfall(address.replace("postgresql://", "postgresql+psycopg://"), citizens)


if __name__ == "__main__":
    main()
