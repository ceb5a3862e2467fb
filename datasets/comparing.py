"""Compare: what a checked submission would change in its register, the unusual first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.models import StagedChange, Submission, SubmissionCount, SubmissionDifference
from datasets.registered import REGISTERS, Register, Standing
from datasets.unusual import changed_paths, ends, unusual
from registry.kernel.bulk import insert_rows
from registry.kernel.db import Database
from registry.kernel.fields import Document
from registry.terminal import Tell as Progress

_PAGE = 5000
_Key = tuple[str, str, str]


def compare(
    database: Database, submission: Submission, attempt: int, progress: Progress | None = None
) -> int:
    """Write down what the staged changes of a check would do; return how many are unusual.

    Only a record that is there already is looked at; of new ones it is enough to count them.
    """
    register = REGISTERS[submission.dataset]
    counts: Counter[_Key] = Counter()
    strange = 0
    with database.reading() as session:
        for page in _pages(session, submission, attempt):
            found = list(_differences(session, submission.dataset, register, page, counts))
            strange += sum(bool(difference[-1]) for difference in found)
            _write(database, submission, attempt, found)
            if progress:
                progress(page[-1].number, phase="compare")
    rows = [(submission.id, attempt, *key, count) for key, count in counts.items()]
    with database.transaction() as writing:
        names = ("submission", "attempt", "ward", "kind", "field", "count")
        insert_rows(writing, SubmissionCount, names, rows)
    return strange


def _pages(session: Session, submission: Submission, attempt: int) -> Iterator[Sequence[Any]]:
    table, last = StagedChange, 0
    while page := session.execute(
        sa.select(table.submission, table.attempt, table.number, table.key, table.ward)
        .where(table.submission == submission.id, table.attempt == attempt, table.number > last)
        .order_by(table.number)
        .limit(_PAGE)
    ).all():
        last = page[-1].number
        yield page


def _differences(
    session: Session,
    dataset: str,
    register: Register,
    page: Sequence[Any],
    counts: Counter[_Key],
) -> Iterator[tuple[Any, ...]]:
    """Count a page by ward, and yield (number, record, kind, ward, fields, unusual) of changes."""
    held = register.standing(session, [row.key for row in page])
    known = [row for row in page if row.key in held]
    for row in page:
        if row.key not in held:
            counts[row.ward, "added", ""] += 1
    for row, before, after in _pairs(session, register, known, held):
        fields = changed_paths(before.document, after)
        if not fields:
            counts[row.ward, "unchanged", ""] += 1
            continue
        kind = "ended" if ends(before.document, after) else "changed"
        counts[row.ward, kind, ""] += 1
        for field in fields:
            counts[row.ward, kind, field] += 1
        yield (
            row.number,
            before.record,
            kind,
            row.ward,
            fields,
            unusual(dataset, before.document, after) or None,
        )


def _pairs(
    session: Session,
    register: Register,
    rows: Sequence[Any],
    held: Mapping[str, Standing],
) -> Iterator[tuple[Any, Standing, Document]]:
    """Yield rows with what is registered and what would be."""
    if not rows:
        return
    table, first = StagedChange, rows[0]
    found = session.execute(
        sa.select(table.number, table.document).where(
            table.submission == first.submission,
            table.attempt == first.attempt,
            table.number.in_([row.number for row in rows]),
        )
    )
    documents: dict[int, Document] = {row.number: row.document for row in found}
    kept = register.as_kept(
        session, [(held[row.key].document, documents[row.number]) for row in rows]
    )
    for row, after in zip(rows, kept, strict=True):
        yield row, held[row.key], after


def _write(
    database: Database, submission: Submission, attempt: int, found: Sequence[tuple[Any, ...]]
) -> None:
    if not found:
        return
    names = ("submission", "attempt", "number", "record", "kind", "ward", "fields", "unusual")
    rows = [(submission.id, attempt, *difference) for difference in found]
    with database.transaction() as writing:
        insert_rows(writing, SubmissionDifference, names, rows)
