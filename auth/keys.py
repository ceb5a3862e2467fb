"""The server's signing keys: ES256, kept in a private JWK set that only its user can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import ECKey, KeySet

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(Exception):
    """The key file can't be used; the message says what to do."""


class KeyRing:
    """The signing key and the older keys that still verify; the newest key comes first."""

    def __init__(self, keys: list[ECKey]) -> None:
        self._keys = keys
        self.verifying = KeySet(list(keys))

    @classmethod
    def open(cls, path: Path) -> KeyRing:
        """Read the key file, making it with one key if it is missing. Raises KeyFileError."""
        if not path.exists():
            _write(path, [_generate()], exclusive=True)
        if path.stat().st_mode & _OTHERS:
            raise KeyFileError(f"{path} is readable by others: chmod 600 {path}")
        keys = orjson.loads(path.read_bytes())["keys"]
        return cls([ECKey.import_key(key) for key in keys])

    @property
    def signing(self) -> ECKey:
        """The key that signs now."""
        return self._keys[0]

    def public(self) -> dict[str, Any]:
        """Return the JWK set that clients may see (RFC 7517)."""
        return {
            "keys": [
                {**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self._keys
            ]
        }


def rotate(path: Path) -> str:
    """Put a new signing key in front of the old ones, which go on verifying; return its kid."""
    ring = KeyRing.open(path)
    key = _generate()
    _write(path, [key, *ring._keys], exclusive=False)
    return str(key.kid)


def _generate() -> ECKey:
    key = ECKey.generate_key("P-256")
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


def _write(path: Path, keys: list[ECKey], *, exclusive: bool) -> None:
    """Write through a file of its own name, so that a reader never sees half a key set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps({"keys": [key.as_dict(private=True) for key in keys]}))
    try:
        # A link fails where another process was first; its keys are then the ones to use.
        os.link(part, path) if exclusive else part.replace(path)
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)
