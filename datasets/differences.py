"""What a compared submission would change, and whose answers would be others by it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.models import StagedChange, Submission, SubmissionCount, SubmissionDifference
from datasets.registered import REGISTERS
from datasets.unusual import at, touches
from registry.kernel.access_log import AccessContext, AccessEvent, Asker, Outcome, record_accesses
from registry.kernel.clock import now
from registry.kernel.fields import Document

IMPACT = timedelta(days=30)
"""How far back answers are looked at."""


def list_counts(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Return how many records a ward gains, changes and ends, and how often in which attribute."""
    table = SubmissionCount
    found = session.execute(
        sa.select(table.ward, table.kind, table.field, table.count)
        .where(table.submission == submission.id, table.attempt == submission.attempt)
        .order_by(table.ward, table.kind, table.field)
    )
    return [row._asdict() for row in found]


@dataclass(frozen=True, slots=True)
class Difference:
    """One record as it is and as it would be, in what changes: (path, before, after) each."""

    number: int
    record: str | None
    kind: str
    ward: str
    line: int
    part: str
    unusual: tuple[str, ...]
    values: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences: those ``after`` a number, at most ``limit``, perhaps filtered."""

    after: int = 0
    limit: int = 100
    unusual: bool = False
    ward: str | None = None
    field: str | None = None


def list_differences(
    session: Session,
    submission: Submission,
    asker: Asker,
    wanted: Wanted,
) -> list[Difference]:
    """Return a page of what would change, with the values; each person told of is logged."""
    table, staged = SubmissionDifference, StagedChange
    query = (
        sa.select(table, staged)
        .join(
            staged,
            sa.and_(
                staged.submission == table.submission,
                staged.attempt == table.attempt,
                staged.number == table.number,
            ),
        )
        .where(
            table.submission == submission.id,
            table.attempt == submission.attempt,
            table.number > wanted.after,
        )
        .order_by(table.number)
    )
    if wanted.unusual:
        query = query.where(table.unusual.is_not(None))
    if wanted.ward is not None:
        query = query.where(table.ward == wanted.ward)
    if wanted.field is not None:
        # The list is kept as JSON text, in which a path stands between quotation marks.
        listed = sa.type_coerce(table.fields, sa.Text)
        query = query.where(listed.contains(f'"{wanted.field}"', autoescape=True))
    rows = session.execute(query.limit(wanted.limit)).all()
    register = REGISTERS[submission.dataset]
    held = register.standing(session, [row.key for _, row in rows])
    here = [(difference, row) for difference, row in rows if row.key in held]
    kept = register.as_kept(session, [(held[r.key].document, r.document) for _, r in here])
    told = [
        _difference(difference, row, held[row.key].document, new)
        for (difference, row), new in zip(here, kept, strict=True)
    ]
    subjects: list[tuple[Outcome, str | None]] = [
        ("delivered", difference.record or submission.id) for difference in told
    ]
    record_accesses(session, asker, sorted({p for d in told for p, _, _ in d.values}), subjects)
    return told


def last_unusual(session: Session, submission: Submission) -> int | None:
    """Return the number of the last unusual difference: who was told of it has seen the end."""
    table = SubmissionDifference
    return session.scalar(
        sa.select(sa.func.max(table.number)).where(
            table.submission == submission.id,
            table.attempt == submission.attempt,
            table.unusual.is_not(None),
        )
    )


def _difference(
    found: SubmissionDifference, row: StagedChange, before: Document, after: Document
) -> Difference:
    values = tuple((path, at(before, path), at(after, path)) for path in found.fields)
    strange = tuple(found.unusual or ())
    place = (found.ward, row.line, row.part)
    return Difference(found.number, found.record, found.kind, *place, strange, values)


def impact(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Return whose answers of the last 30 days would be others now: client, procedure, how many.

    An answer counts where it told of a record that changes, in an attribute that changes.
    """
    table, log, why = SubmissionDifference, AccessEvent, AccessContext
    found = session.execute(
        sa.select(why.client_id, why.procedure, why.attributes, table.fields, sa.func.count())
        .select_from(log)
        .join(table, table.record == log.subject_id)
        .join(why, why.id == log.context_id)
        .where(
            table.submission == submission.id,
            table.attempt == submission.attempt,
            log.outcome == "delivered",
            log.at >= now() - IMPACT,
        )
        .group_by(why.client_id, why.procedure, why.attributes, table.fields)
    )
    answers: Counter[tuple[str, str]] = Counter()
    named: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for client, procedure, attributes, fields, count in found:
        touched = {a for a in attributes.split() for f in fields if touches(a, f)}
        if touched:
            answers[client, procedure] += count
            named[client, procedure] |= touched
    return [
        {"client": c, "procedure": p, "answers": n, "attributes": sorted(named[c, p])}
        for (c, p), n in answers.most_common()
    ]
