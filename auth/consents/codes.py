"""Codes that a person reads to another, and how often somebody may guess at one."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime
from urllib.parse import urlencode

import sqlalchemy as sa

from auth.counters import lend
from auth.models import CallCount
from registry.kernel.clock import now
from registry.kernel.db import Database

# Nothing that looks like another sign, and no vowel, D or W: the Vietnamese keyboards that make
# an accent of two keys leave these as they are typed.
ALPHABET = "CFGHJKLMNPQRTVX2345789"
_SIGNS = 8
_SHOWN = re.compile(rf"[{ALPHABET}]{{{_SIGNS}}}")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015.]+")
# There are 22^8 codes, so a digest of one is dear to try out only if it is slow to make.
_SALT, _COST = b"sogoc consent code", 2**12

WRONG_BY_PERSON, PERSON_SECONDS = 5, 900
"""How many wrong codes one person may type in so many seconds."""
_WRONG_BY_ALL, _ALL_SECONDS = 60, 60
# Counted beside the calls of clients; the blank keeps it from being the id of one.
_COUNTER = "consent codes"


def new_code() -> str:
    """Return a new code, such as ``KX7P-29QM``."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(_SIGNS))
    return f"{signs[:4]}-{signs[4:]}"


def key_of(code: str) -> str | None:
    """Return what is kept of a code, however it is spaced; None for what can't be one.

    >>> key_of("kx7p 29qm") == key_of("KX7P-29QM")
    True
    >>> key_of("KX7P-29Q") is None
    True
    """
    signs = _BETWEEN.sub("", code[:100]).upper()
    if not _SHOWN.fullmatch(signs):
        return None
    return hashlib.scrypt(signs.encode(), salt=_SALT, n=_COST, r=8, p=1, dklen=32).hex()


def invitation_link(issuer: str, code: str) -> str:
    """Return the address that opens an invitation, for a QR code."""
    return f"{issuer}/consent?{urlencode({'code': code})}"


def may_try(database: Database, person_id: str) -> bool:
    """Take one try at a code from a person and from all; False if either has none left.

    Taken before the code is looked at, so that many at once are not more. Durable on return; a
    session that writes must not be open. `give_back` is for a code that was right.
    """
    return all(
        lend(database, _COUNTER, subject, ends_at, calls=1, quota=quota) is not None
        for subject, ends_at, quota in _windows(person_id)
    )


def give_back(database: Database, person_id: str) -> None:
    """Return the try of a code that was right."""
    with database.transaction() as session:
        for subject, ends_at, _ in _windows(person_id):
            session.execute(
                sa.update(CallCount)
                .where(
                    CallCount.client_id == _COUNTER,
                    CallCount.subject == subject,
                    CallCount.ends_at == datetime.fromtimestamp(ends_at, UTC),
                    CallCount.used > 0,
                )
                .values(used=CallCount.used - 1)
            )


def _windows(person_id: str) -> list[tuple[str, float, int]]:
    moment = int(now().timestamp())

    def end(seconds: int) -> float:
        return (moment // seconds + 1) * seconds

    own = hashlib.sha256(person_id.encode()).hexdigest()
    return [
        (own, end(PERSON_SECONDS), WRONG_BY_PERSON),
        ("", end(_ALL_SECONDS), _WRONG_BY_ALL),
    ]
