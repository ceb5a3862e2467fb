"""The server's signing keys: ES256 and EdDSA, each published before it signs and after.

A key is ``next`` (published, not signing), ``current``, ``retired`` (verifying until the last token
or receipt it signed is over, and a day more) or ``revoked`` (no longer believed at all).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet

from auth.key_file import ALGORITHMS, KeyFile, KeyFileError, Stamp, StoredKey, generate
from auth.signers import KeySigner, Signer, sign_compact
from registry.kernel.clock import now
from registry.kernel.settings import LONGEST_RECEIPT_DAYS, LONGEST_TOKEN_SECONDS

_DAY = 86_400
_KEPT_SECONDS = max(LONGEST_TOKEN_SECONDS, LONGEST_RECEIPT_DAYS * _DAY) + _DAY
_ORDER = ("current", "next", "retired")
logger = logging.getLogger("sogoc")


class KeyRing:
    """The keys that sign and those that are believed.

    The file is read again when it has changed, so that a rotation needs no restart and every
    worker verifies what another has just signed with a new key.
    """

    def __init__(self, file: KeyFile) -> None:
        self._file = file
        self._stamp = file.stamp()
        self._use(file.read())

    @classmethod
    def open(cls, path: Path, secret: str = "") -> KeyRing:
        """Read the key file, making it if it is missing. Raises KeyFileError."""
        file = KeyFile(path, secret)
        if not path.exists():
            file.write(_first(), exclusive=True)
        return cls(file)

    def _use(self, keys: Sequence[StoredKey]) -> None:
        believed = [key for state in _ORDER for key in keys if key.state == state]
        self._signers: Mapping[str, Signer] = {
            key.alg: KeySigner(key.key, key.alg) for key in believed if key.state == "current"
        }
        self._believed = believed
        self._set = KeySet([_with_id(key) for key in believed])

    def signer(self, alg: str = "ES256") -> Signer:
        """Return who signs by ``alg`` now; raises KeyFileError if nobody does."""
        self._refresh()
        if alg not in self._signers:
            raise KeyFileError(f"no {alg} key signs: sogoc key rotate makes one")
        return self._signers[alg]

    def sign(self, kind: str, claims: Mapping[str, Any], alg: str = "ES256") -> str:
        """Return ``claims`` as a JWT of the header type ``kind`` (RFC 8725 section 3.11)."""
        return sign_compact(self.signer(alg), kind, claims)

    @property
    def edition(self) -> Stamp:
        """What changes when the keys do: what an old key was believed for counts no longer."""
        self._refresh()
        return self._stamp

    @property
    def verifying(self) -> KeySet:
        """Every key whose signature is believed."""
        self._refresh()
        return self._set

    def public(self) -> dict[str, Any]:
        """Return the JWK set that clients may see (RFC 7517), the signing keys first."""
        self._refresh()
        return {
            "keys": [
                {
                    **key.key.as_dict(private=False),
                    "kid": key.kid,
                    "use": "sig",
                    "alg": key.alg,
                }
                for key in self._believed
            ]
        }

    def _refresh(self) -> None:
        try:
            stamp = self._file.stamp()
            if stamp == self._stamp:
                return
            keys = self._file.read()
        except (OSError, KeyFileError) as error:
            # A running server goes on with the keys it has; a start would have been refused.
            logger.error("the key file can't be read again (%s)", type(error).__name__)  # noqa: TRY400 - the trace would name the file's content
            return
        self._stamp = stamp
        self._use(keys)


def _with_id(key: StoredKey) -> Any:
    # The set finds keys by the id that tokens name.
    return type(key.key).import_key({**key.key.as_dict(private=False), "kid": key.kid})


def list_keys(path: Path, secret: str = "") -> list[StoredKey]:
    """Return every key of the file, revoked ones too. Raises KeyFileError."""
    KeyRing.open(path, secret)
    return KeyFile(path, secret).read()


def rotate(path: Path, secret: str = "") -> str:
    """Let the next keys sign and make their successors; return the kid that signs by ES256.

    Those that signed go on verifying until the last token or receipt they signed has ended, and
    a day more.
    """
    KeyRing.open(path, secret)
    file = KeyFile(path, secret)
    with file.changing():
        keys = _without_old(file.read())
        keys = [_in_state(key, "retired") if key.state == "current" else key for key in keys]
        file.write(_completed(keys))
    return KeyRing.open(path, secret).signer().kid


def revoke(path: Path, kid: str, secret: str = "") -> None:
    """Believe no signature of the key ``kid`` any more, from now on; its successor signs.

    Every worker hears of it at its next signature to check. Raises KeyFileError for an unknown id.
    """
    file = KeyFile(path, secret)
    with file.changing():
        keys = file.read()
        if kid not in {key.kid for key in keys}:
            raise KeyFileError(f"{path} holds no key {kid}: see sogoc key list")
        keys = [_in_state(key, "revoked") if key.kid == kid else key for key in keys]
        file.write(_completed(keys))


def _first() -> list[StoredKey]:
    return _completed([])


def _completed(keys: Sequence[StoredKey]) -> list[StoredKey]:
    """Return ``keys`` with one that signs and one that comes next of each algorithm."""
    moment, found = _moment(), list(keys)
    for alg in ALGORITHMS:
        if not any(key.alg == alg and key.state == "current" for key in found):
            waiting = next((k for k in found if k.alg == alg and k.state == "next"), None)
            if waiting is None:
                found.append(generate(alg, "current", moment))
            else:
                found[found.index(waiting)] = _in_state(waiting, "current")
        if not any(key.alg == alg and key.state == "next" for key in found):
            found.append(generate(alg, "next", moment))
    return found


def _in_state(key: StoredKey, state: Any) -> StoredKey:
    return replace(key, state=state, since=_moment())


def _without_old(keys: Sequence[StoredKey]) -> list[StoredKey]:
    ended = _moment() - _KEPT_SECONDS
    return [key for key in keys if key.state in {"current", "next"} or key.since > ended]


def _moment() -> int:
    return int(now().timestamp())
