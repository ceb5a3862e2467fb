"""The server's signing keys: ES256, kept in a private JWK set that only its user can read."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from registry.kernel.clock import now
from registry.kernel.settings import LONGEST_TOKEN_SECONDS

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# A key that no longer signs verifies for as long as any token of its may live, and a day more.
_KEPT_SECONDS = LONGEST_TOKEN_SECONDS + 86_400
_RETIRED = "retired_at"
logger = logging.getLogger("sogoc")

_Stamp = tuple[int, int]


class KeyFileError(Exception):
    """The key file can't be used; the message says what to do."""


class KeyRing:
    """The signing key and the older keys that still verify; the newest key comes first.

    The file is read again when it has changed, so that a rotation needs no restart and every
    worker verifies what another has just signed with a new key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._keys = _read(path)
        self._set = KeySet(list(self._keys))

    @classmethod
    def open(cls, path: Path) -> KeyRing:
        """Read the key file, making it with one key if it is missing. Raises KeyFileError."""
        if not path.exists():
            _write(path, [_generate()], exclusive=True)
        return cls(path)

    @property
    def signing(self) -> ECKey:
        """The key that signs now."""
        self._refresh()
        return self._keys[0]

    @property
    def verifying(self) -> KeySet:
        """Every key whose signature is believed."""
        self._refresh()
        return self._set

    def public(self) -> dict[str, Any]:
        """Return the JWK set that clients may see (RFC 7517)."""
        self._refresh()
        return {
            "keys": [
                {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": key["x"],
                    "y": key["y"],
                    "kid": key["kid"],
                    "use": "sig",
                    "alg": "ES256",
                }
                for key in (key.as_dict(private=False) for key in self._keys)
            ]
        }

    def _refresh(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            keys = _read(self._path)
        except (OSError, KeyFileError) as error:
            # A running server goes on with the keys it has; a start would have been refused.
            logger.error("the key file can't be read again (%s)", type(error).__name__)  # noqa: TRY400 - the trace would name the file's content
            return
        self._stamp, self._keys, self._set = stamp, keys, KeySet(list(keys))


def rotate(path: Path) -> str:
    """Put a new signing key in front of the old ones; return its kid.

    The old ones go on verifying until the last token they signed has ended, and a day more.
    """
    KeyRing.open(path)
    moment = int(now().timestamp())
    old = [{_RETIRED: moment, **key} for key in orjson.loads(path.read_bytes())["keys"]]
    kept = [key for key in old if moment - key[_RETIRED] < _KEPT_SECONDS]
    made = _generate()
    _write(path, [made, *kept], exclusive=False)
    return str(made["kid"])


def _generate() -> dict[str, Any]:
    key = ECKey.generate_key("P-256")
    return {**key.as_dict(private=True), "kid": key.thumbprint()}


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _read(path: Path) -> list[ECKey]:
    if path.stat().st_mode & _OTHERS:
        raise KeyFileError(f"{path} is readable by others: chmod 600 {path}")
    try:
        keys = [ECKey.import_key(key) for key in orjson.loads(path.read_bytes())["keys"]]
    except (JoseError, ValueError, KeyError, TypeError):
        raise KeyFileError(f"{path} holds no set of private keys (JWK)") from None
    if not keys or not all(key.is_private and key.curve_name == "P-256" for key in keys):
        raise KeyFileError(f"{path} must hold private P-256 keys only")
    return keys


def _write(path: Path, keys: list[dict[str, Any]], *, exclusive: bool) -> None:
    """Write through a file of its own name, so that a reader never sees half a key set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps({"keys": keys}))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails where another process was first; its keys are then the ones to use.
        os.link(part, path) if exclusive else part.replace(path)
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)
