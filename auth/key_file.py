"""The file of signing keys: its user's alone, sealed where a secret is set, never half written."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey

State = Literal["next", "current", "retired", "revoked"]
ALGORITHMS = ("ES256", "EdDSA")
_CURVES = {"ES256": "P-256", "EdDSA": "Ed25519"}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DONE = frozenset({"retired", "revoked"})
_OWN_MEMBERS = ("state", "since", "retired_at")
# PBKDF2 with SHA-512 as often as OWASP asks for; the library takes at most 300,000.
_SEALED = {"alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 210_000}
_SEALS = [str(_SEALED["alg"]), str(_SEALED["enc"])]
logger = logging.getLogger("sogoc")

Stamp = tuple[int, int]


class KeyFileError(Exception):
    """The key file can't be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A private key with its state, and since when (seconds since 1970) it is in it."""

    key: ECKey | OKPKey
    alg: str
    state: State
    since: int

    @property
    def kid(self) -> str:
        """The key's RFC 7638 thumbprint."""
        return self.key.thumbprint()


def generate(alg: str, state: State, since: int) -> StoredKey:
    """Return a new key for ``alg``."""
    made = ECKey.generate_key("P-256") if alg == "ES256" else OKPKey.generate_key("Ed25519")
    return StoredKey(made, alg, state, since)


class KeyFile:
    """The keys at ``path``; ``secret`` seals them, an empty one leaves them in the clear."""

    def __init__(self, path: Path, secret: str = "") -> None:
        self.path = path
        self._secret = OctKey.import_key(secret) if secret else None

    def stamp(self) -> Stamp:
        """Return what changes when the file does."""
        found = self.path.stat()
        return found.st_ino, found.st_mtime_ns

    def read(self) -> list[StoredKey]:
        """Return the keys, those of one algorithm the newest first. Raises KeyFileError."""
        if self.path.stat().st_mode & _OTHERS:
            raise KeyFileError(f"{self.path} is readable by others: chmod 600 {self.path}")
        try:
            found = [_stored(key) for key in orjson.loads(self._opened())["keys"]]
        except (JoseError, ValueError, KeyError, TypeError):
            raise KeyFileError(f"{self.path} holds no set of private keys (JWK)") from None
        if not any(key.state == "current" for key in found):
            # Before keys had states, the first was the one that signs.
            found = [_stored_first(found), *found[1:]] if found else found
        if not found:
            raise KeyFileError(f"{self.path} holds no signing key")
        return found

    def write(self, keys: Sequence[StoredKey], *, exclusive: bool = False) -> None:
        """Write through a file of its own name, so that a reader never sees half a key set.

        If ``exclusive``, a file that another process has made first stays.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(f".{os.getpid()}.part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self._sealed(orjson.dumps({"keys": [_told(key) for key in keys]})))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, self.path) if exclusive else part.replace(self.path)
        except FileExistsError:
            pass
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Let one process at a time read the keys and write them again."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _sealed(self, content: bytes) -> bytes:
        if self._secret is None:
            return content
        return jwe.encrypt_compact(dict(_SEALED), content, self._secret, algorithms=_SEALS).encode()

    def _opened(self) -> bytes:
        content = self.path.read_bytes()
        if content.lstrip().startswith(b"{"):
            if self._secret is not None:
                logger.warning("the key file is not sealed yet; sogoc key rotate seals it")
            return content
        if self._secret is None:
            raise KeyFileError(f"{self.path} is sealed: set SOGOC_KEY_SECRET")
        try:
            return jwe.decrypt_compact(content, self._secret, algorithms=_SEALS).plaintext or b""
        except (JoseError, ValueError):
            raise KeyFileError(f"SOGOC_KEY_SECRET does not open {self.path}") from None


def _stored(told: dict[str, Any]) -> StoredKey:
    jwk = {name: value for name, value in told.items() if name not in _OWN_MEMBERS}
    key: ECKey | OKPKey
    key = ECKey.import_key(jwk) if jwk["kty"] == "EC" else OKPKey.import_key(jwk)
    [alg] = [alg for alg, curve in _CURVES.items() if key.curve_name == curve]
    state = told.get("state", "retired")
    if state not in get_args(State) or not (key.is_private or told.get("state") in _DONE):
        raise ValueError("not a private key of ours")
    return StoredKey(key, alg, cast("State", state), told.get("since", told.get("retired_at", 0)))


def _stored_first(found: Sequence[StoredKey]) -> StoredKey:
    return StoredKey(found[0].key, found[0].alg, "current", found[0].since)


def _told(key: StoredKey) -> dict[str, Any]:
    # What no longer signs need not be able to: a stolen file forges nothing old.
    private = key.state not in _DONE
    return {
        **key.key.as_dict(private=private),
        "kid": key.kid,
        "state": key.state,
        "since": key.since,
    }
