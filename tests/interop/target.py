"""One of the two servers that are asked the same, and what a client of it can make and send."""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import ECKey, Key

from auth.oauth.assertions import ASSERTION_TYPE
from tests.auth import signing
from tests.auth.signing import EC

CLIENT, OTHER = "asker", "another-asker"
CALLBACK = "https://forms.example.vn/callback"
SCOPES = "openid citizens:read"
# The other client's own, so that neither can sign as the other.
OTHERS = ECKey.generate_key("P-256", {"kid": "others"})
VERIFIER = secrets.token_urlsafe(48)
_REDIRECTED = (302, 303)
_MOST_HOPS = 8

# The status and the error: of the JSON, of the redirection, or "page" for a page without either.
# Where there is no error: "code" of a redirection, "active" or "inactive" of introspection.
Answer = tuple[int, str]
Form = Mapping[str, str | None]


@dataclass(frozen=True)
class Response:
    """What came back; ``body`` is the text."""

    status: int
    headers: http.client.HTTPMessage
    body: str

    def json(self) -> dict[str, Any]:
        """Return the members of a JSON object, none if it is no JSON."""
        if "json" not in self.headers.get("Content-Type", ""):
            return {}
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def told(self) -> dict[str, str]:
        """What a redirection to the client says."""
        location = self.headers.get("Location", "")
        if self.status not in _REDIRECTED or not location.startswith(CALLBACK):
            return {}
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    @property
    def answer(self) -> Answer:
        """What is compared."""
        found = self.json()
        if "active" in found:
            return self.status, "active" if found["active"] else "inactive"
        error = found.get("error") or self.told.get("error")
        if error:
            return self.status, str(error)
        if "code" in self.told:
            return self.status, "code"
        return self.status, "page" if "html" in self.headers.get("Content-Type", "") else ""


def post(url: str, form: Form | str, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Send a form, which is encoded already where it is a text."""
    body = form if isinstance(form, str) else urlencode(given(form))
    kinds = [] if any(name == "Content-Type" for name, _ in headers) else [_FORM]
    return request("POST", url, body, [*kinds, *headers])


_FORM = ("Content-Type", "application/x-www-form-urlencoded")


def request(
    method: str, url: str, body: str = "", headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """Send one request, each header as often as it is given."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.putrequest(method, f"{parts.path}?{parts.query}" if parts.query else parts.path)
        for name, value in headers:
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.putheader("Content-Length", str(len(body.encode())))
        connection.endheaders(body.encode())
        response = connection.getresponse()
        return Response(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


def given(form: Form) -> dict[str, str]:
    """Return a form without what is None."""
    return {name: value for name, value in form.items() if value is not None}


def signed(
    header: Mapping[str, Any], claims: Mapping[str, Any], by: Callable[[bytes], bytes]
) -> str:
    """Return a JWT whose signature is whatever ``by`` makes."""
    head, payload = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
        for each in (header, claims)
    )
    made = base64.urlsafe_b64encode(by(f"{head}.{payload}".encode())).rstrip(b"=")
    return f"{head}.{payload}.{made.decode()}"


@dataclass(frozen=True)
class Target:
    """A server: its issuer, its addresses, and ``later``, which moves its clock for a while."""

    issuer: str
    token: str
    par: str
    authorize: str
    revoke: str
    introspect: str
    later: Callable[[int], AbstractContextManager[None]]

    def assertion(self, key: Key = EC, alg: str = "ES256", **claims: Any) -> str:
        """Return a fine assertion of the client except for what is given, ``header`` too."""
        fine = {"iss": CLIENT, "sub": CLIENT, "aud": self.issuer}
        return signing.assertion(key, alg, **(fine | claims))

    def who(self, client: str = CLIENT, text: str | None = None) -> dict[str, str]:
        """Return the parameters by which a client authenticates."""
        if text is None:
            key = EC if client == CLIENT else OTHERS
            text = self.assertion(key, iss=client, sub=client)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}

    def proof(self, key: Key = signing.HOLDER, alg: str = "ES256", **claims: Any) -> str:
        """Return a fine proof for the token endpoint except for what is given."""
        return signing.proof(key, alg, **({"htu": self.token} | claims))

    def ask(
        self,
        form: Form,
        client: str = CLIENT,
        proof: str | None = "",
        url: str = "",
        headers: Iterable[tuple[str, str]] = (),
    ) -> Response:
        """Send a form of ``client`` to the token endpoint or to ``url``.

        With a fine proof unless another is given; None is none.
        """
        proofs = [] if proof is None else [("DPoP", proof or self.proof())]
        proofs = proofs if not url or url == self.token else []
        return post(url or self.token, {**self.who(client), **form}, [*proofs, *headers])

    def wishes(self, client: str = CLIENT, **change: str | None) -> dict[str, str | None]:
        """Return the parameters of a fine authorization request except for what is given."""
        fine: dict[str, str | None] = {
            "client_id": client,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": SCOPES,
            "state": "s1",
            "nonce": "n1",
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        return fine | change

    def push(
        self, client: str = CLIENT, proof: str | None = None, **change: str | None
    ) -> Response:
        """Push a fine request except for what is given."""
        proofs = [] if proof is None else [("DPoP", proof)]
        return post(self.par, {**self.who(client), **self.wishes(client, **change)}, proofs)

    def uri(self, client: str = CLIENT, **change: str | None) -> str:
        """Return the address of a pushed request."""
        pushed = self.push(client, **change)
        assert pushed.status == 201, pushed.body
        return str(pushed.json()["request_uri"])

    def browse(self, query: str | Form, client: str = CLIENT, method: str = "GET") -> Response:
        """Open the authorization endpoint as somebody who agrees; return how that ends.

        ``query`` is a request_uri, or all the parameters.
        """
        asked = {"client_id": client, "request_uri": query} if isinstance(query, str) else query
        return self.walk(urlencode(given(asked)), method)

    def walk(self, query: str, method: str = "GET") -> Response:
        """Do the same with an encoded query."""
        url, body, jar = self.authorize, query, dict[str, str]()
        if method == "GET":
            url, body = f"{url}?{query}", ""
        for _ in range(_MOST_HOPS):
            cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
            headers = [("Cookie", cookie)] + ([_FORM] if body else [])
            response = request(method, url, body, headers)
            for line in response.headers.get_all("Set-Cookie") or ():
                jar |= {name: held.value for name, held in SimpleCookie(line).items()}
            location = response.headers.get("Location", "")
            if response.told or location.startswith("/signin"):
                return response
            csrf = re.search(r'name="csrf" value="([^"]+)"', response.body)
            if response.status in _REDIRECTED and location:
                method, url, body = "GET", urljoin(url, location), ""
            elif csrf:
                fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', response.body)
                form = {name: unescape(value) for name, value in fields} | {"decision": "agree"}
                method, url, body = "POST", self.authorize, urlencode(form)
            else:
                return response
        raise AssertionError("the server goes in circles")

    def code(self, client: str = CLIENT, **change: str | None) -> str:
        """Return a code."""
        answer = self.browse(self.uri(client, **change), client)
        return answer.told["code"]

    def redeem(
        self, code: str, client: str = CLIENT, proof: str | None = "", **change: str | None
    ) -> Response:
        """Redeem a code by a fine request except for what is given."""
        fine: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.ask(fine | change, client, proof)

    def refresh(
        self, token: str, client: str = CLIENT, proof: str | None = "", **change: str | None
    ) -> Response:
        """Use a refresh token by a fine request except for what is given."""
        fine = {"grant_type": "refresh_token", "refresh_token": token}
        return self.ask(fine | change, client, proof)

    def tokens(self, client: str = CLIENT) -> dict[str, str]:
        """Return what a person's grant brings: an access token and a refresh token."""
        told: dict[str, str] = self.redeem(self.code(client), client).json()
        return told

    def own_token(self, client: str = CLIENT) -> str:
        """Return a token of a client itself."""
        form = {"grant_type": "client_credentials", "scope": "citizens:read"}
        return str(self.ask(form, client).json()["access_token"])


Probe = Callable[[Target], Answer]
