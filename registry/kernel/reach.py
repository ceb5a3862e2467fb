"""What may be called from here when somebody else names the address (pure).

A name must be on the operator's list *and* lead to a public address: the list keeps strangers out,
the check of the address keeps a listed name from being pointed at the registry's own network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label begins with a letter, so no notation of an IPv4 address is a name.
_NAME = rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?"
_HOST = re.compile(_NAME)
# A suffix of one label would be a whole country.
_ENTRY = re.compile(rf"(?:(?:\*\.)?{_NAME}|localhost)(?::[0-9]{{1,5}})?")
_LONGEST_URL, _LONGEST_HOST = 2000, 253
_PORTS = {"https": 443, "http": 80}
# Beyond what `is_global` knows in every version of Python: RFC 6890 and its registry.
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(block)
    for block in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15")
)
# All that is in use; around it lie mapped, compatible, NAT64, local and multicast addresses.
_UNICAST_V6 = IPv6Network("2000::/3")
# Teredo and its kin, documentation, 6to4 (which wraps any IPv4 address), and AS112.
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class NotAllowed(ValueError):
    """An address that may not be called; the message is a short reason without the address."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: ``path`` is what stands in the request line, query included."""

    secure: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Which hosts may be called: ``name``, ``name:port`` or ``*.suffix`` (port 443 if none).

    ``loopback`` lets names lead to this machine, and http to it, for a demo and for tests.
    """

    hosts: tuple[str, ...] = ()
    loopback: bool = False

    @classmethod
    def of(cls, text: str, *, loopback: bool = False) -> Reach:
        """Read a list with commas; raises ValueError that names the first wrong entry.

        >>> Reach.of("dvc.example.vn, *.gov.vn").hosts
        ('dvc.example.vn', '*.gov.vn')
        """
        entries = tuple(part.strip() for part in text.split(",") if part.strip())
        for entry in entries:
            if not _ENTRY.fullmatch(entry):
                raise ValueError(entry)
        return cls(entries, loopback)

    def target(self, url: str) -> Target:
        """Take ``url`` apart if it may be called; raises NotAllowed."""
        plain = url.isascii() and url.isprintable() and not set(url) & set(" \\#")
        if not plain or len(url) > _LONGEST_URL:
            raise NotAllowed("not a plain address")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise NotAllowed("not an address") from None
        if parts.scheme not in ({"https", "http"} if self.loopback else {"https"}):
            raise NotAllowed("https is needed")
        if "@" in parts.netloc:
            raise NotAllowed("a name or password in the address")
        port = _PORTS[parts.scheme] if port is None else port
        if not self._names(host, port):
            raise NotAllowed("the host is not on the list")
        query = f"?{parts.query}" if parts.query else ""
        return Target(parts.scheme == "https", host, port, (parts.path or "/") + query)

    def _names(self, host: str, port: int) -> bool:
        local = self.loopback and host == "localhost"
        if len(host) > _LONGEST_HOST or not (local or _HOST.fullmatch(host)):
            return False
        name = host if port == _PORTS["https"] else f"{host}:{port}"
        return any(
            name.endswith(entry[1:]) if entry.startswith("*.") else name == entry
            for entry in self.hosts
        )

    def admits(self, address: str, *, secure: bool = True) -> bool:
        """Say whether a name may lead to ``address`` (text of an IP); http stays on this machine.

        >>> Reach().admits("169.254.169.254"), Reach().admits("203.162.4.190")
        (False, True)
        """
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if self.loopback and found.is_loopback:
            return True
        return secure and is_public(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether everybody's packets to ``address`` go to the same place in the open Internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_V4)
    return address in _UNICAST_V6 and not any(address in block for block in _NOT_PUBLIC_V6)
