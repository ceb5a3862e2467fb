"""Secrets of sources: files in one folder that only the server's user can read.

The database holds the name of such a file and never its content. ``NAME.json`` holds either
``{"header": "X-Api-Key", "value": "…"}`` or, for a token by client credentials (RFC 6749 section
4.4), ``{"token_url": "https://…", "client_id": "…", "client_secret": "…", "scope": "…"}``.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from registry.kernel.db import new_id
from registry.kernel.errors import SogocError
from registry.upstream.address import require_address
from registry.upstream.source import SourceDown

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KEY_BITS = 512
_VISIBLE = re.compile(r"[!-~]([ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Header:
    """One header that is sent with every request."""

    header: str
    value: str


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a token is asked with."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""


def read_credentials(path: Path) -> Header | ClientCredentials:
    """Return what a file of credentials holds; raises SourceDown that says what to mend."""
    try:
        found = orjson.loads(_own(path))
        made = Header(**found) if "header" in found else ClientCredentials(**found)
        if isinstance(made, ClientCredentials):
            require_address(made.token_url)
    except (ValueError, TypeError, SogocError):
        raise SourceDown(f"{path.name} holds no credentials") from None
    if not all(_sendable(getattr(made, name)) for name in made.__dataclass_fields__):
        raise SourceDown(f"{path.name} holds a value that can't be sent")
    return made


def _sendable(value: Any) -> bool:
    return isinstance(value, str) and (not value or _VISIBLE.fullmatch(value) is not None)


def pointer_key(path: Path) -> AESSIV:
    """Return the key that seals numbers behind pointers, making its file if it is missing.

    Without that file no pointer leads back to its number: it belongs in the backup of secrets.
    Raises SourceDown or OSError where it can't be used.
    """
    if not path.exists():
        _create(path, AESSIV.generate_key(_KEY_BITS))
    try:
        return AESSIV(_own(path))
    except ValueError:
        raise SourceDown(f"{path.name} holds no key") from None


def _own(path: Path) -> bytes:
    try:
        if path.stat().st_mode & _OTHERS:
            raise SourceDown(f"{path.name} is readable by others: chmod 600")
        return path.read_bytes()
    except OSError as error:
        raise SourceDown(f"{path.name} can't be read ({error.strerror})") from None


def _create(path: Path, content: Any) -> None:
    """Make the file whole or not at all; where another thread or process was first, its stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(f".{new_id()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)
