"""Whom the list offers to be, one can be: each signs in over real HTTP, as in production."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import flask
import pytest
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from auth.signin.sessions import SignedIn
from datasets.synthetic.personas import Persona, load
from registry.kernel.db import Database
from tests.sandbox import Sandbox, sandbox


@pytest.fixture
def here(database: Database, tmp_path: Path) -> Iterator[Sandbox]:
    """Give a loaded sandbox that is its own provider, listening for real."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    signin = {"signin_issuer": f"{issuer}/demo/provider", "signin_client_id": "sogoc"}
    with sandbox(database, tmp_path, issuer=issuer, **signin) as made:
        server = make_server("127.0.0.1", port, made.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _arrive(app: flask.Flask, persona: Persona) -> tuple[TestResponse, SignedIn | None]:
    """Return the answer to coming back from the provider, and who is signed in then."""
    client = app.test_client()
    where = urlsplit(client.get("/signin").location)
    chosen = dict(parse_qsl(where.query)) | {"persona": persona.slug}
    back = urlsplit(client.post(where.path, data=chosen).location)
    answer = client.get(f"{back.path}?{back.query}")
    cookie = client.get_cookie("sogoc")
    found: SignedIn | None = app.extensions["sogoc-signin"].who(cookie.value) if cookie else None
    return answer, found


def test_everybody_who_is_offered_signs_in_and_nobody_else(here: Sandbox) -> None:
    offered = [persona for persona in load().personas if persona.sign_in]
    refused = []
    for persona in offered:
        answer, found = _arrive(here.app, persona)
        if answer.status_code == 403:
            refused.append(persona.slug)
            continue
        assert found, persona.slug
        assert found.person.name == persona.name
        assert ("mfa" in found.amr) == persona.multi_factor
    # The register has no such person, which the story tells.
    assert refused == [p.slug for p in offered if "no_match" in p.tags] == ["khong-ai"]
