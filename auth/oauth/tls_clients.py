"""Client authentication by certificate (RFC 8705 section 2), in Authlib's form of a method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from auth.models import Client
from auth.oauth.certificates import Certificate

METHODS = ("tls_client_auth", "self_signed_tls_client_auth")


class _Held(Protocol):
    row: Client


Known = TypeVar("Known", bound=_Held)
Finder = Callable[[str], Known | None]


def by_certificate(
    method: str, presented: Callable[[], Certificate | None]
) -> Callable[[Finder[Known], Any], Known | None]:
    """Return the check of one of `METHODS`, where ``presented`` gives this request's certificate.

    The client is whom the form names, and the certificate must be the one registered for it.
    """

    def authenticate(find: Finder[Known], request: Any) -> Known | None:
        client_id = request.form.get("client_id")
        certificate = presented() if client_id else None
        client = find(client_id) if certificate else None
        if certificate is None or client is None or client.row.auth_method != method:
            return None
        return client if _is_registered(certificate, client.row) else None

    return authenticate


def _is_registered(certificate: Certificate, row: Client) -> bool:
    if row.tls_subject_dn is not None:
        return certificate.has_subject(row.tls_subject_dn)
    if row.tls_san_dns is not None:
        return certificate.has_dns_name(row.tls_san_dns)
    return row.jwks is not None and certificate.is_of(row.jwks)
