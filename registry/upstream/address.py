"""Which addresses the registry may call (pure)."""

from __future__ import annotations

from urllib.parse import urlsplit

from registry.kernel.errors import FieldError, Invalid, Text

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ADDRESS = Text(
    "Địa chỉ nguồn phải là https://… (http chỉ cho máy này), không kèm mật khẩu hay dấu #.",
    "A source's address must be https://… (http on this machine only), no password, no #.",
)


def require_address(url: str, pointer: str = "/source_url") -> str:
    """Return ``url`` if it may be called; raises Invalid naming ``pointer``.

    Personal numbers travel to it, so nothing but TLS will do, except to a gateway on the same
    machine.

    >>> require_address("https://dancu.example.vn/037")
    'https://dancu.example.vn/037'
    """
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise _refused(pointer) from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    plain = url.isascii() and url.isprintable() and " " not in url
    if (
        not (safe and plain and port_is_fine and parts.hostname)
        or "@" in parts.netloc
        or "#" in url
    ):
        raise _refused(pointer)
    return url


def _refused(pointer: str) -> Invalid:
    return Invalid(_ADDRESS, errors=[FieldError(pointer, "source_url", _ADDRESS)])
