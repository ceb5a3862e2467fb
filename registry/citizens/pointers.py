"""Pointers: a record id and a sealed number, which is all that is kept of a person in that mode.

The number is sealed with a key that the database doesn't have (AES-SIV, RFC 5297: the same number
always gives the same text, so it can be found). Who has only the database can't tell whom a
pointer, or an access row, is about.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy.orm import Session

from registry.citizens.models import CitizenPointer
from registry.kernel.db import new_id
from registry.kernel.errors import NotFound

_ABOUT = [b"citizens"]


def point(session: Session, key: AESSIV, personal_ids: Collection[str]) -> dict[str, str]:
    """Return the record id of each personal id, minting those that are new."""
    sealed = {key.encrypt(number.encode(), _ABOUT).hex(): number for number in personal_ids}
    found = session.execute(
        sa.select(CitizenPointer.sealed, CitizenPointer.id).where(
            CitizenPointer.sealed.in_(sealed.keys())
        )
    )
    ids = {sealed[row[0]]: row[1] for row in found}
    fresh = [
        {"id": new_id(), "sealed": text} for text, number in sealed.items() if number not in ids
    ]
    if fresh:
        session.execute(sa.insert(CitizenPointer), fresh)
    return ids | {sealed[row["sealed"]]: row["id"] for row in fresh}


def require_number(
    session: Session, key: AESSIV, record_id: str, asked: Collection[str] = ()
) -> str:
    """Return the personal id behind a record id; raises NotFound, saying what was ``asked``."""
    try:
        pointed = sa.select(CitizenPointer.sealed).where(CitizenPointer.id == str(UUID(record_id)))
        sealed = session.scalar(pointed)
        return key.decrypt(bytes.fromhex(sealed or ""), _ABOUT).decode()
    except (ValueError, InvalidTag):
        # No id, none of ours, or sealed under another key: it leads nowhere.
        raise NotFound(asked=asked) from None
