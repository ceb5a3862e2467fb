"""The public keys of a client: those it registered, or those at its ``jwks_uri``, remembered.

Each worker remembers on its own. A key that a client has withdrawn is believed for five minutes
more at the latest, and while its host is silent for an hour at the latest: long enough for a
restart or a lapsed certificate, short because whoever holds a withdrawn key and can silence the
host gains as much. Disabling the client ends both at once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.clients import is_strong
from auth.models import Client
from registry.kernel.clock import now
from registry.kernel.outbound import (
    NotFetched,
    Outbound,
    Resolver,
    addresses,
    fetch_public,
    trust,
)
from registry.kernel.settings import Settings, SettingsError

FRESH = timedelta(minutes=5)
STALE = timedelta(hours=1)
# Neither an unknown key id nor a dead host makes the host be asked again within this time.
PAUSE = timedelta(seconds=30)
MOST_KEYS = 20
KINDS = ("application/jwk-set+json", "application/json")
_NEVER = timedelta.max
logger = logging.getLogger("sogoc")


@dataclass(slots=True)
class _Held:
    uri: str
    fetching: Lock = field(default_factory=Lock)
    keys: KeySet | None = None
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    failed: bool = False


class ClientKeys:
    """Finds the keys that a client's assertions are checked with; one for each worker."""

    def __init__(self, settings: Settings, resolve: Resolver = addresses) -> None:
        """Raise SettingsError where the file of authorities can't be used."""
        try:
            trusted = trust(settings.jwks_ca_file)
        except OSError as error:
            raise SettingsError(f"SOGOC_JWKS_CA_FILE: {error.strerror}") from None
        self._outbound = Outbound(settings.jwks_reach, trusted, resolve)
        self._lock = Lock()
        self._held: dict[str, _Held] = {}

    def keys_of(self, client: Client, kid: str | None = None) -> KeySet | None:
        """Return the keys of ``client``, None if it has none that may be believed now.

        ``kid`` is what an assertion names: an unknown one is a reason to fetch again.
        """
        if client.jwks is not None:
            return KeySet.import_key_set(client.jwks)  # type: ignore[arg-type]
        if client.jwks_uri is None or client.disabled_at is not None:
            return None
        with self._lock:
            held = self._held.get(client.id)
            if held is None or held.uri != client.jwks_uri:
                held = self._held[client.id] = _Held(client.jwks_uri)
        if _wanting(held, kid):
            # Others wait for a host that is well. One that just failed costs one thread at most.
            usable = _usable(held)
            waits = not held.failed and (usable is None or not _knows(usable, kid))
            if held.fetching.acquire(blocking=waits):
                try:
                    if _wanting(held, kid):
                        self._fetch(client.id, held)
                finally:
                    held.fetching.release()
        return _usable(held)

    def _fetch(self, client_id: str, held: _Held) -> None:
        moment = now()
        try:
            held.keys = read_keys(fetch_public(held.uri, self._outbound, KINDS))
        except NotFetched as error:
            held.failed = True
            logger.warning("keys of client %s: %s", client_id, error)
        else:
            held.fetched_at, held.failed = moment, False
        finally:
            # Only now: until then, others see that there is something to wait for.
            held.tried_at = now()


def _wanting(held: _Held, kid: str | None) -> bool:
    """Say whether the host has something to be asked, and may be asked by now."""
    fresh = held.keys is not None and _age(held.fetched_at) < FRESH and _knows(held.keys, kid)
    return not fresh and _age(held.tried_at) >= PAUSE


def _usable(held: _Held) -> KeySet | None:
    return held.keys if _age(held.fetched_at) < STALE else None


def _age(moment: datetime | None) -> timedelta:
    """Return how long ago that was; what a clock that was set back calls the future is over."""
    age = _NEVER if moment is None else now() - moment
    return age if age >= timedelta() else _NEVER


def _knows(keys: KeySet, kid: str | None) -> bool:
    return kid is None or any(key.kid == kid for key in keys)


def read_keys(data: bytes) -> KeySet:
    """Return the keys of a JWK set (RFC 7517 section 5) that can make a believed signature.

    A key for another use is passed over, as the RFC asks. Raises NotFetched for what is no set,
    for too many keys, for a private one (it is known to the world by now) and where none is left.
    """
    try:
        entries: Any = orjson.loads(data)["keys"]
    except (ValueError, KeyError, TypeError):
        raise NotFetched("not a JWK set") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise NotFetched("not a JWK set")
    if len(entries) > MOST_KEYS:
        raise NotFetched("too many keys")
    if any({"d", "k"} & entry.keys() for entry in entries):
        raise NotFetched("a private key is published")
    keys = [key for entry in entries if entry.get("use", "sig") == "sig" for key in _read(entry)]
    if not keys:
        raise NotFetched("no key that can be believed")
    return KeySet(keys)


def _read(entry: Any) -> list[Any]:
    try:
        found = KeySet.import_key_set({"keys": [entry]}).keys
        return [key for key in found if is_strong(key)]
    except (JoseError, ValueError, KeyError, TypeError):
        return []
