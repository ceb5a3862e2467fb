"""The feed of releases for other systems, as CloudEvents 1.0: what was published, never values."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.models import Release, Submission
from registry.kernel.errors import NotFound

PUBLISHED = "vn.sogoc.release.published"


def read_feed(session: Session, source: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Return one event a release, in order, of those after the number ``after``.

    ``source`` is the issuer's URL, against which event ids are unique. ``sequence`` follows the
    extension of that name: whoever remembers the last one misses nothing and hears nothing twice.
    """
    return [
        _event(source, release, broken_glass=reason is not None)
        for release, reason in session.execute(
            _releases().where(Release.number > after).order_by(Release.number).limit(limit)
        )
    ]


def read_last(session: Session, source: str) -> dict[str, Any]:
    """Return the event of the newest release; raises NotFound before the first one."""
    found = session.execute(_releases().order_by(Release.number.desc()).limit(1)).first()
    if found is None:
        raise NotFound
    release, reason = found
    return _event(source, release, broken_glass=reason is not None)


def _releases() -> sa.Select[Release, str | None]:
    return sa.select(Release, Submission.break_glass).join(
        Submission, Submission.id == Release.submission
    )


def _event(source: str, release: Release, *, broken_glass: bool) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": release.id,
        "source": source,
        "type": PUBLISHED,
        "subject": release.dataset,
        "time": release.published_at.isoformat(),
        "sequence": str(release.number),
        "sequencetype": "Integer",
        "datacontenttype": "application/json",
        "data": {
            "release": release.id,
            "number": release.number,
            "dataset": release.dataset,
            "undoes": release.undoes,
            "counts": release.counts,
            "digest": release.digest,
            "break_glass": broken_glass,
        },
    }
