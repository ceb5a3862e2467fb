"""The product's own server behind TLS, the clients that are registered there, and a browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
import sqlalchemy as sa
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from auth.agreements import create_agreement
from auth.clients import create_client
from auth.models import Client
from auth.principals import Agreement
from registry.citizens.changes import apply_changes
from registry.kernel.db import Database
from registry.kernel.settings import PERSONA_PATH, Settings
from registry.server import environ
from tests.auth.provider import CLIENT
from tests.auth.signing import public
from tests.interop.authority import ADDRESS, Authority, subject_of
from tests.interop.installed import free_port
from tests.interop.terminator import terminating
from tests.people import change

# The number of the persona who signs in.
LAN = "900190000102"
CALLBACK = "https://forms.example.vn/callback"
PURPOSE = {"Sogoc-Procedure": "1.004222", "Sogoc-Case": "H29-0001"}
LOOKUP = {"identifiers": [LAN], "fields": ["name.full"]}
NAME = "Nguyễn Thị Lan"
SCOPES = ["citizens:read", "openid"]
DETAIL = {
    "type": "sogoc_prefill",
    "procedure": "1.004222",
    "attributes": ["citizens:name.full"],
}
# One client for each kind of key, known by its public half, and one known by its certificate.
KEYS: dict[str, Key] = {
    "form-es256": ECKey.generate_key("P-256", {"kid": "es256"}),
    "form-ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed25519"}),
    "form-ps256": RSAKey.generate_key(2048, {"kid": "ps256"}),
}
_ALGORITHMS = {"form-es256": "ES256", "form-ed25519": "Ed25519", "form-ps256": "PS256"}
BY_CERTIFICATE = "by-certificate"
_ROOT = Path(__file__).parents[2]
_MOST_PAGES = 12


def private_key(client_id: str) -> dict[str, Any]:
    """Return the client's own key as a JWK, and by which algorithm it signs."""
    held = dict(KEYS[client_id].as_dict(private=True))
    return held | {"alg": _ALGORITHMS[client_id]}


@dataclass(frozen=True, slots=True)
class Served:
    """A server at ``issuer``, and the ``authority`` to trust it by; ``behind`` knows no TLS."""

    issuer: str
    authority: Authority
    behind: int
    nonce: str

    @property
    def lookup(self) -> str:
        """The address to look citizens up at."""
        return f"{self.issuer}/v1/citizens/lookup"

    def session(self) -> requests.Session:
        """Return a session that trusts the server."""
        made = requests.Session()
        made.trust_env = False
        made.verify = str(self.authority.file)
        return made


@contextmanager
def served(database: Database, folder: Path, nonce: str) -> Iterator[Served]:
    """Serve ``database`` as a demo in which personas sign in."""
    authority = Authority(folder)
    _fill(database)
    behind = free_port()
    with terminating(authority, behind) as port:
        issuer = f"https://{ADDRESS}:{port}"
        settings = Settings(
            database_url=database.engine.url.render_as_string(hide_password=False),
            environment="demo",
            issuer=issuer,
            key_file=str(folder / "keys.json"),
            signin_issuer=issuer + PERSONA_PATH,
            signin_client_id=CLIENT,
            persona_provider="on",
            trusted_proxies=ADDRESS,
            dpop_nonce=nonce,
        )
        with _running(settings, behind, authority):
            yield Served(issuer, authority, behind, nonce)


@contextmanager
def _running(settings: Settings, port: int, authority: Authority) -> Iterator[None]:
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "registry", "serve", "--port", str(port)],
        cwd=_ROOT,
        # It asks itself, as its own provider, and has to trust the tests' authority for that.
        env={**os.environ, **environ(settings), "SSL_CERT_FILE": str(authority.file)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex((ADDRESS, port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail("the server did not start")
        yield
    finally:
        server.terminate()
        server.wait(30)


def _fill(database: Database) -> None:
    """Keep one citizen, and the clients with an agreement each."""
    ways: dict[str, dict[str, Any]] = {name: {"jwks": public(key)} for name, key in KEYS.items()}
    ways[BY_CERTIFICATE] = {"tls_subject_dn": subject_of(BY_CERTIFICATE).rfc4514_string()}
    grants = ["client_credentials", "authorization_code", "refresh_token"]
    with database.transaction() as session:
        apply_changes(session, [change(LAN)], source="test", load=None)
        for name, way in ways.items():
            create_client(session, name, "UBND phường", SCOPES, **way)
            create_agreement(
                session,
                Agreement(
                    "",
                    name,
                    "1.004222",
                    {"citizens": frozenset({"name.full"})},
                    {"citizens": frozenset({"personal_id"})},
                    "Luật Cư trú 68/2020/QH14, Điều 20",
                    date(2026, 1, 1),
                ),
            )
        session.execute(sa.update(Client).values(grant_types=grants, redirect_uris=[CALLBACK]))


def visit(server: Served, address: str, persona: str = "lan") -> str:
    """Go where a client sends a person, and return the address that the client hears back at.

    The browser keeps cookies, follows every redirection, signs in and agrees. What it does on a
    page is what the page offers.
    """
    with server.session() as browser:
        answer = browser.get(address, allow_redirects=False)
        for _ in range(_MOST_PAGES):
            while "Location" in answer.headers:
                address = urljoin(address, answer.headers["Location"])
                if address.startswith(CALLBACK):
                    assert answer.status_code == 303
                    return address
                answer = browser.get(address, allow_redirects=False)
            assert answer.status_code == 200, answer.text
            address, form = _form(address, answer.text, persona)
            answer = browser.post(address, data=form, allow_redirects=False)
    raise AssertionError("the pages go in circles")


def _form(address: str, page: str, persona: str) -> tuple[str, dict[str, str]]:
    """Return where the page's form goes, and what it says when the person goes on."""
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    assert action, page
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    buttons = re.findall(r'<button name="([^"]+)" value="([^"]+)"', page)
    [choice] = [pair for pair in buttons if pair[1] in {persona, "agree"}]
    return urljoin(address, action[1]), {
        unescape(name): unescape(value) for name, value in [*hidden, choice]
    }
