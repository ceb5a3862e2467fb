"""An OpenID provider over real HTTP that says whatever a test wants it to, lies included."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, Key, KeySet

from registry.kernel.clock import now

CLIENT = "sogoc"


class Provider:
    """Answers as told: ``claims`` are put over the fine ones, None taking one away."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key: Key = ECKey.generate_key("P-256", {"kid": "first"})
        self.alg = "ES256"
        self.header: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.published: list[Key] | None = None
        self.userinfo: dict[str, Any] = {}
        self.id_token: str | None = None
        self.status = 200
        self.asked: dict[str, str] = {}
        self.form: dict[str, str] = {}
        self.authorization: str | None = None
        self.times_keys_were_asked = 0

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return self._told() | self.metadata
        if path == "/jwks":
            self.times_keys_were_asked += 1
            keys = [self.key] if self.published is None else self.published
            return dict(KeySet(keys).as_dict(private=False))
        if path == "/userinfo":
            return self.userinfo
        return {
            "access_token": "opaque",
            "token_type": "Bearer",
            "id_token": self.id_token or self.signed(),
        }

    def _told(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }

    def fine(self) -> dict[str, Any]:
        """Return the claims of an ID token for the sign-in that was asked for last."""
        moment = int(now().timestamp())
        return {
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": CLIENT,
            "iat": moment,
            "exp": moment + 300,
            "nonce": self.asked.get("nonce"),
        }

    def signed(self) -> str:
        whole = self.fine() | self.claims
        said = {name: value for name, value in whole.items() if value is not None}
        header = {"alg": self.alg, "kid": self.key.kid} | self.header
        head = {name: value for name, value in header.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=[self.alg], strict_check_header=False)
        return jws.serialize_compact(head, json.dumps(said).encode(), self.key, registry=registry)

    def unsigned(self, alg: str, signature: bytes = b"") -> str:
        """Return the token with the algorithm's name alone, and whatever signature."""
        parts = ({"alg": alg, "kid": self.key.kid}, self.fine())
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_encoded(signature)}"

    def verifies(self) -> bool:
        """Say whether the code came with the verifier of the challenge that was sent."""
        digest = hashlib.sha256(self.form["code_verifier"].encode()).digest()
        return _encoded(digest) == self.asked["code_challenge"]


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Provider]:
    """Give a provider that listens on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.authorization = self.headers.get("Authorization")
            self._answer()

        def _answer(self) -> None:
            body = json.dumps(provider.answer(urlsplit(self.path).path)).encode()
            self.send_response(provider.status)
            if provider.status in {302, 307}:
                self.send_header("Location", self.path)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
