"""Who sent a request: the key behind a proof or a certificate, held against what a token says."""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from auth.bindings import Binding
from auth.oauth.certificates import Certificate, Proxies, read_certificate
from auth.oauth.dpop import ProofRefused, read_proof
from auth.oauth.nonces import Nonces
from auth.once import use_once
from registry.kernel.db import Database
from registry.kernel.errors import Unauthenticated, Unavailable
from registry.kernel.settings import Settings

# Set in a request's environment by whoever has found that the database does not answer.
UNAVAILABLE = "sogoc.unavailable"
NONCE = "DPoP-Nonce"
# Set in a request's environment once its proof has been used: it works once, but a request that
# the short way leaves to the framework comes to the door twice.
_PROVEN = "sogoc.proven"


class Sent:
    """What a request says of itself and its sender, read from its WSGI environment (PEP 3333)."""

    __slots__ = ("environ",)

    def __init__(self, environ: MutableMapping[str, Any]) -> None:
        self.environ = environ

    def get(self, key: str, default: str) -> str:
        """Return a header, or ``default``."""
        value: str = self.environ.get("HTTP_" + key.upper().replace("-", "_"), default)
        return value

    @property
    def method(self) -> str:
        """The request's method."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The request's path, decoded."""
        # PEP 3333 hands bytes on as if they were Latin-1.
        return str(self.environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")


class Senders:
    """Checks proofs and certificates, each proof once on all workers together."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._issuer = settings.issuer
        self._mtls = settings.mtls_url
        self._nonce_required = settings.dpop_nonce == "required"
        self._database = database
        self._nonces = Nonces(database)
        self._proxies = Proxies(settings.trusted_proxies)
        self._header = settings.client_cert_header

    def binding(self, sent: Sent) -> Binding | None:
        """Return what a token for this sender is bound to, a proof before a certificate.

        None if the request has neither. Raises ProofRefused.
        """
        if "HTTP_DPOP" in sent.environ:
            return Binding("jkt", self._proven(sent))
        certificate = self.certificate(sent)
        return certificate.binding if certificate else None

    def certificate(self, sent: Sent) -> Certificate | None:
        """Return the client's certificate, as far as a proxy that is believed hands one on."""
        header = sent.get(self._header, "")
        if not header or not self._proxies.include(str(sent.environ.get("REMOTE_ADDR", ""))):
            return None
        return read_certificate(header)

    def check(self, binding: Binding | None, scheme: str, token: str, sent: Sent) -> None:
        """Hold a token's binding against its sender. Raises Unauthenticated with its error.

        ``scheme`` is the one of the Authorization header, in small letters, ``token`` its text.
        A token that is bound to a key under another scheme is refused (RFC 9449 section 7.2), and
        so is a plain one as if it were bound.
        """
        if binding is None or binding.kind != "jkt":
            if scheme == "dpop":
                raise Unauthenticated(error="invalid_token")
            if binding is not None:
                self._check_certificate(binding, sent)
            return
        if scheme != "dpop":
            raise Unauthenticated(error="invalid_token")
        try:
            thumbprint = self._proven(sent, token, binding)
        except ProofRefused as refused:
            raise Unauthenticated(refused.reason, error=refused.error) from None
        if not hmac.compare_digest(thumbprint, binding.value):
            raise Unauthenticated(error="invalid_token")

    def nonce(self) -> str | None:
        """Return the nonce to offer, None while the database can't say the secret behind it."""
        try:
            return self._nonces.current()
        except sa.exc.SQLAlchemyError:
            return None

    def _check_certificate(self, binding: Binding, sent: Sent) -> None:
        certificate = self.certificate(sent)
        if certificate is None or not hmac.compare_digest(certificate.binding.value, binding.value):
            raise Unauthenticated(error="invalid_token")

    def _proven(self, sent: Sent, token: str | None = None, held: Binding | None = None) -> str:
        """Return the thumbprint of the key behind the request's one proof, which is now used.

        Raises ProofRefused, and Unauthenticated if it isn't the key that the token is ``held`` by;
        whatever is refused leaves no trace in the database.
        """
        if _PROVEN in sent.environ:
            return str(sent.environ[_PROVEN])
        path = quote(sent.path)
        alias = None if self._mtls is None else self._mtls + path
        text, url = sent.get("DPoP", ""), self._issuer + path
        proof = read_proof(text, sent.method, url, token, alias=alias)
        if held and not hmac.compare_digest(proof.thumbprint, held.value):
            raise Unauthenticated(error="invalid_token")
        self._check_nonce(proof.nonce)
        if sent.environ.get(UNAVAILABLE):
            # The short way has already waited in vain; waiting again would double the wait.
            raise Unavailable
        if not use_once(self._database, "dpop", proof.thumbprint, proof.jti, proof.until):
            raise ProofRefused("Bằng chứng đã dùng.", "the proof has been used")
        sent.environ[_PROVEN] = proof.thumbprint
        return proof.thumbprint

    def _check_nonce(self, nonce: str | None) -> None:
        if nonce is None and not self._nonce_required:
            return
        if nonce is None or not self._nonces.are_ours(nonce):
            raise ProofRefused(
                "Cần nonce của máy chủ.", "a nonce of this server is needed", "use_dpop_nonce"
            )
