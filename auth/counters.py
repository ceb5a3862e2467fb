"""Counters that all workers share: one row for each window of time, lent from in batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from auth.models import CallCount
from registry.kernel.clock import now
from registry.kernel.db import Database, UtcDateTime

# Clocks of other machines may be behind, and a window that somebody still counts in must stand.
_KEPT = timedelta(minutes=1)
# One statement, so that of any number at once no two are lent the same calls.
_LEND = sa.text(
    "INSERT INTO call_count (client_id, subject, ends_at, used)"
    " VALUES (:client_id, :subject, :ends_at, :calls)"
    " ON CONFLICT (client_id, subject, ends_at)"
    " DO UPDATE SET used = call_count.used + :calls WHERE call_count.used + :calls <= :quota"
    " RETURNING used"
).bindparams(sa.bindparam("ends_at", type_=UtcDateTime))


def lend(  # noqa: PLR0913 - whose counter, how far it may go, and by how much it goes now
    database: Database, client_id: str, subject: str, ends_at: float, *, calls: int, quota: int
) -> int | None:
    """Take ``calls`` (1 to ``quota``) out of a window; return how many are taken from it by now.

    None, with nothing taken, where fewer are left. The window is the one of the client (and, if
    not empty, of the subject) that ends at ``ends_at``, in seconds since 1970. Durable on return;
    whoever begins a window also removes those that are over.
    """
    with database.transaction() as session:
        used: int | None = session.scalar(
            _LEND,
            {
                "client_id": client_id,
                "subject": subject,
                "ends_at": datetime.fromtimestamp(ends_at, UTC),
                "calls": calls,
                "quota": quota,
            },
        )
        if used == calls:
            session.execute(sa.delete(CallCount).where(CallCount.ends_at < now() - _KEPT))
    return used
