"""Client certificates by RFC 8705, as a proxy that ends TLS hands them on (RFC 9440)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from auth.bindings import Binding
from registry.kernel.clock import now

_LONGEST = 16_384
_SEQUENCE = re.compile(":([0-9A-Za-z+/]+={0,2}):")


class Proxies:
    """The addresses whose word on a certificate is taken, comma-separated, also as networks."""

    def __init__(self, addresses: str) -> None:
        self._networks = [ip_network(each.strip()) for each in addresses.split(",") if each.strip()]

    def include(self, peer: str) -> bool:
        """Say whether the peer, an address as text, is one of them."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


@dataclass(frozen=True)
class Certificate:
    """A client's certificate; that the client holds its key is what the proxy has checked."""

    der: bytes

    @cached_property
    def _parsed(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.der)

    @property
    def binding(self) -> Binding:
        """What a token for the holder of this certificate is bound to."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(self.der).digest())
        return Binding("x5t#S256", digest.rstrip(b"=").decode())

    def in_force(self) -> bool:
        """Say whether it is within its dates. Raises ValueError if it can't be read."""
        return self._parsed.not_valid_before_utc <= now() <= self._parsed.not_valid_after_utc

    def has_subject(self, name: str) -> bool:
        """Say whether its subject is ``name``, both in the form of RFC 4514."""
        return self._parsed.subject.rfc4514_string() == name

    def has_dns_name(self, name: str) -> bool:
        """Say whether ``name`` is one of its alternative DNS names, in any case of letters."""
        try:
            found = self._parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
            return False
        names = found.value.get_values_for_type(x509.DNSName)
        return name.lower() in {each.lower() for each in names}

    def is_of(self, jwks: Mapping[str, Any]) -> bool:
        """Say whether it is registered in a key set: by ``x5c``, or where that is not, by key."""
        spki = self._parsed.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        try:
            keys = KeySet.import_key_set({"keys": list(jwks["keys"])}).keys
            return any(
                hmac.compare_digest(base64.b64decode(jwk["x5c"][0]), self.der)
                if "x5c" in jwk
                else not isinstance(key, OctKey)
                and hmac.compare_digest(key.as_bytes("DER", private=False), spki)
                for key, jwk in zip(keys, jwks["keys"], strict=True)
            )
        except (JoseError, ValueError, KeyError, TypeError, IndexError):
            return False


def read_certificate(header: str) -> Certificate | None:
    """Return the certificate in a ``Client-Cert`` header, None without one that is in force.

    The header is a byte sequence of RFC 8941: base64 of the DER between colons.
    """
    sequence = _SEQUENCE.fullmatch(header) if len(header) <= _LONGEST else None
    if sequence is None:
        return None
    try:
        found = Certificate(base64.b64decode(sequence[1], validate=True))
        return found if found.in_force() else None
    except ValueError:
        return None
