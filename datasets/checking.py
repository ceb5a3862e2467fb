"""Check: everything wrong with a file is written down, and what is right is staged.

A check reads one snapshot of the registers and writes in short transactions under a number of its
own, so that others can write meanwhile; only its last one makes it count. What a check that was
cut off has left is taken away by the next one.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets import parallel
from datasets.comparing import compare
from datasets.formats import Options, Row
from datasets.models import (
    StagedChange,
    Submission,
    SubmissionCorrection,
    SubmissionCount,
    SubmissionDifference,
    SubmissionFinding,
    SubmissionPart,
    SubmissionRow,
    SubmissionRuleCount,
)
from datasets.registered import REGISTERS
from datasets.sources import read_file
from datasets.specs import Entry
from datasets.submissions import Uploads, note, options_of, require_open, spec_of, take_approval
from registry.kernel.bulk import insert_rows, uncollected
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Conflict, Text
from registry.kernel.ledger import Change
from registry.kernel.rendered import render
from registry.terminal import Tell as Progress

Hold = Callable[[Session], None]
_BATCH = 5000
_PAGE = 1000
_SPARE_BYTES = 4096
_PER_ATTEMPT = (
    *(SubmissionFinding, SubmissionRuleCount, SubmissionRow, SubmissionPart),
    *(StagedChange, SubmissionDifference, SubmissionCount),
)
_Place = tuple[str, int]
_OVERTAKEN = Text(
    "Bản nộp đang được kiểm tra lần khác: hãy chờ lần đó xong.",
    "Another check of this submission was begun: wait for that one.",
)


def check(  # noqa: PLR0913, PLR0917 - what to check, who wants it, and how it is told
    database: Database,
    uploads: Uploads,
    submission_id: str,
    by: str,
    progress: Progress | None = None,
    hold: Hold | None = None,
) -> Submission:
    """Check every row against the specification; return the submission.

    All findings are kept, and what the valid rows say is staged, so that just what was checked
    is what can be published. Another check takes the place of the one before, and of an approval
    that was given. ``hold`` is called in the transaction that makes it count, and may refuse it.
    Raises Conflict once it is published or where two checks run at once, and
    Invalid for a file that can't be read at all.
    """
    submission, attempt = _begin(database, submission_id)
    with uncollected():
        with database.reading() as session:
            told = _check(database, session, uploads, submission, attempt, progress)
        unusual = compare(database, submission, attempt, progress)
    with database.transaction() as session:
        checked = _count(session, submission_id, attempt, told, unusual)
        note(session, checked, by, "checked")
        if hold:
            hold(session)
    return checked


def _begin(database: Database, submission_id: str) -> tuple[Submission, int]:
    """Take the next number; what unfinished checks left is taken away."""
    with database.transaction() as session:
        submission = require_open(session, submission_id)
        submission.attempts += 1
        kept = {submission.attempt, submission.earlier_attempt} - {None}
        _clear(session, submission, lambda number: number.not_in(kept))
    return submission, submission.attempts


def _clear(
    session: Session,
    submission: Submission,
    which: Callable[[Any], sa.ColumnElement[bool]],
    *tables: type[Any],
) -> None:
    for table in tables or _PER_ATTEMPT:
        session.execute(
            sa.delete(table)
            .where(table.submission == submission.id, which(table.attempt))
            .execution_options(synchronize_session=False)
        )


class _Flagged:
    """The rows in which something was found, a bit each: of a million there may be a million."""

    def __init__(self) -> None:
        self._parts: defaultdict[str, bytearray] = defaultdict(bytearray)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, part: str, line: int) -> None:
        bits = self._parts[part]
        if (missing := (line >> 3) + 1 - len(bits)) > 0:
            # Some more than are needed, so that this is rare.
            bits.extend(bytes(missing + _SPARE_BYTES))
        bits[line >> 3] |= 1 << (line & 7)

    def __contains__(self, place: _Place) -> bool:
        part, line = place
        bits = self._parts.get(part, b"")
        return line >> 3 < len(bits) and bool(bits[line >> 3] & 1 << (line & 7))


@dataclass(slots=True)
class _Told:
    """What a check counts: rows by part, ward and verdict, rules, and the digest of its stage."""

    rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    digest: Any = field(default_factory=hashlib.sha256)
    flagged: _Flagged = field(default_factory=_Flagged)
    read: int = 0


def _check(  # noqa: PLR0913, PLR0917 - where to read, where to write, and what
    database: Database,
    session: Session,
    uploads: Uploads,
    submission: Submission,
    attempt: int,
    progress: Progress | None,
) -> _Told:
    """Write what is found and what is staged; return what was counted."""
    options = options_of(submission, uploads)
    corrected = _corrections(session, submission)
    rows = partial(_rows, uploads, submission, options, corrected)
    told, number, key_of = _Told(), 0, REGISTERS[submission.dataset].key
    findings = _Batches(
        database, SubmissionFinding, "submission", "attempt", "rule", "part", "line", "column_name"
    )
    staged = _Batches(
        database,
        StagedChange,
        *("submission", "attempt", "number", "rows", "part", "line", "ward"),
        *("key", "valid_from", "document"),
    )
    for entry in _entries(session, submission, rows(), options):
        told.read += entry.rows
        for found in entry.findings:
            told.flagged.add(found.part, found.line)
            told.rules[found.rule, entry.ward] += 1
            findings.add(submission.id, attempt, found.rule, found.part, found.line, found.column)
        told.rows[entry.part, entry.ward, _verdict(entry)] += entry.rows
        if (change := entry.change) is not None:
            number += 1
            told.digest.update(rendered(change))
            place = (entry.part, entry.line, entry.ward)
            staged.add(
                *(submission.id, attempt, number, entry.rows, *place),
                *(key_of(change.document), change.valid_from, change.document),
            )
        if progress:
            progress(told.read, phase="check")
    findings.write()
    staged.write()
    _keep_rows(database, submission, attempt, _telling(rows(), told.read, progress), told.flagged)
    return told


def _verdict(entry: Entry) -> str:
    return "skipped" if entry.skipped else "rejected" if entry.change is None else "valid"


def rendered(change: Change) -> bytes:
    """Return the bytes of a staged change, over which a load has its digest."""
    since = change.valid_from.isoformat().encode()
    return since + render(change.document).encode()


def _corrections(session: Session, submission: Submission) -> dict[_Place, dict[str, str]]:
    table = SubmissionCorrection
    found = session.execute(
        sa.select(table.part, table.line, table.cells).where(table.submission == submission.id)
    )
    return {(part, line): cells for part, line, cells in found}


def _rows(
    uploads: Uploads,
    submission: Submission,
    options: Options,
    corrected: dict[_Place, dict[str, str]],
) -> Iterator[Row]:
    """Read the kept file by its specification, corrected rows in place of the file's."""
    spec = spec_of(submission)
    columns = [column.name for column in spec.columns]
    told = options.constants
    required = [c.name for c in spec.columns if c.required and c.name not in told]
    rows = read_file(uploads.path(submission.sha256), columns, required, options)
    if told:
        rows = (row if row.blank else row._replace(cells={**told, **row.cells}) for row in rows)
    if not corrected:
        return rows
    return (
        Row(row.line, mended, part=row.part)
        if (mended := corrected.get((row.part, row.line))) is not None
        else row
        for row in rows
    )


def _entries(
    session: Session, submission: Submission, rows: Iterable[Row], options: Options
) -> Iterator[Entry]:
    """Check rows by the specification, by one another, and against what is registered."""
    spec = spec_of(submission)
    entries = parallel.entries(spec, rows)
    return spec.against(session, entries, options) if spec.against else entries


def _keep_rows(
    database: Database,
    submission: Submission,
    attempt: int,
    rows: Iterable[Row],
    flagged: _Flagged,
) -> None:
    """Keep the cells of rows in which something was found, as the steward must see them."""
    if not flagged:
        return
    kept = _Batches(database, SubmissionRow, "submission", "attempt", "part", "line", "cells")
    for row in rows:
        if (row.part, row.line) in flagged:
            kept.add(submission.id, attempt, row.part, row.line, dict(row.cells))
    kept.write()


def _telling(rows: Iterable[Row], done: int, progress: Progress | None) -> Iterator[Row]:
    """Yield the rows, asking now and then whether they are still wanted."""
    for number, row in enumerate(rows):
        if progress and not number % _PAGE:
            progress(done, phase="rows")
        yield row


class _Batches:
    """Inserts rows of one table some thousands at a time, each batch in a transaction."""

    def __init__(self, database: Database, table: type[Any], *names: str) -> None:
        self._database, self._table, self._names = database, table, names
        self._waiting: list[tuple[object, ...]] = []

    def add(self, *values: object) -> None:
        self._waiting.append(values)
        if len(self._waiting) >= _BATCH:
            self.write()

    def write(self) -> None:
        if self._waiting:
            with self._database.transaction() as session:
                insert_rows(session, self._table, self._names, self._waiting)
        self._waiting = []


def _count(
    session: Session, submission_id: str, attempt: int, told: _Told, unusual: int
) -> Submission:
    """Let a finished check count, unless a later one was begun meanwhile."""
    submission = require_open(session, submission_id)
    if submission.attempts != attempt:
        raise Conflict(_OVERTAKEN)
    insert_rows(
        session,
        SubmissionPart,
        (
            *("submission", "attempt", "part", "ward"),
            *("rows_read", "rows_valid", "rows_rejected", "rows_skipped"),
        ),
        [
            (submission.id, attempt, part, ward, sum(numbers), *numbers)
            for (part, ward), numbers in _lines(told.rows).items()
        ],
    )
    insert_rows(
        session,
        SubmissionRuleCount,
        ("submission", "attempt", "rule", "ward", "count"),
        [(submission.id, attempt, *key, count) for key, count in told.rules.items()],
    )
    valid, rejected, skipped = (
        sum(n for (*_, verdict), n in told.rows.items() if verdict == asked)
        for asked in ("valid", "rejected", "skipped")
    )
    submission.rows_read, submission.rows_valid = told.read, valid
    submission.rows_rejected, submission.rows_skipped = rejected, skipped
    submission.digest = told.digest.hexdigest()
    submission.unusual, submission.unusual_seen_by = unusual, None
    take_approval(submission)
    submission.earlier_attempt, submission.attempt = submission.attempt, attempt
    submission.checked_at = now()
    submission.state = "checked"
    session.flush()
    kept = {attempt, submission.earlier_attempt} - {None}
    _clear(session, submission, lambda number: number.not_in(kept))
    # Of the check before this one only its findings are of use: to tell what has healed.
    _clear(session, submission, lambda number: number != attempt, StagedChange)
    return submission


def _lines(rows: Counter[tuple[str, str, str]]) -> dict[tuple[str, str], list[int]]:
    verdicts = ("valid", "rejected", "skipped")
    return {
        (part, ward): [rows[part, ward, verdict] for verdict in verdicts] for part, ward, _ in rows
    }


def staged_changes(session: Session, submission: Submission) -> Iterator[tuple[int, Change]]:
    """Yield what a check staged, in the order of the file, with the number of its rows."""
    table = StagedChange
    last = 0
    while page := session.execute(
        sa.select(table.number, table.rows, table.document, table.valid_from)
        .where(
            table.submission == submission.id,
            table.attempt == submission.attempt,
            table.number > last,
        )
        .order_by(table.number)
        .limit(_PAGE)
    ).all():
        for last, rows, document, valid_from in page:  # noqa: B007 - where the next page begins
            yield rows, Change(document, valid_from)
