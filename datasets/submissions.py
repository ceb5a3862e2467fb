"""Submit and check: a file is kept as it is, and everything wrong with it is written down."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.formats import Options
from datasets.models import StagedChange, Submission, SubmissionFinding
from datasets.sources import read_file
from datasets.specs import RULES, SPECS, Entry
from registry.kernel.bulk import insert_rows, uncollected
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text
from registry.kernel.ledger import Change

Progress = Callable[[int], None]
_CHUNK = 1 << 20
_BATCH = 5000
_PAGE = 1000
_AS_IT_IS = Options()


@dataclass(frozen=True, slots=True)
class Uploads:
    """The folder of raw files, each under the digest of its bytes."""

    folder: Path

    def keep(self, path: Path) -> tuple[str, int]:
        """Copy a file in; return its SHA-256 and its size in bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        sha256 = digest.hexdigest()
        if not self.path(sha256).exists():
            part = self.path(sha256).with_suffix(".part")
            shutil.copyfile(path, part)
            part.replace(self.path(sha256))
        return sha256, path.stat().st_size

    def path(self, sha256: str) -> Path:
        """Return where the file of that digest is kept."""
        return self.folder / sha256


def submit(session: Session, uploads: Uploads, dataset: str, path: Path, by: str) -> Submission:
    """Keep a file and return its submission; the same file again is the same submission.

    Raises NotFound for a dataset that has no specification.
    """
    if dataset not in SPECS:
        raise NotFound(Text("Không có bộ dữ liệu này.", "There is no such dataset."))
    sha256, size = uploads.keep(path)
    known = session.scalar(
        sa.select(Submission).where(Submission.dataset == dataset, Submission.sha256 == sha256)
    )
    if known is not None:
        return known
    made = Submission(
        id=new_id(),
        dataset=dataset,
        file_name=path.name,
        sha256=sha256,
        size=size,
        submitted_by=by,
        submitted_at=now(),
        state="submitted",
    )
    session.add(made)
    session.flush()
    return made


def check(
    session: Session,
    uploads: Uploads,
    submission_id: str,
    progress: Progress | None = None,
    options: Options = _AS_IT_IS,
) -> Submission:
    """Check every row against the specification; return the submission.

    All findings are kept, and what the valid rows say is staged, so that just what was checked
    is what can be published. A second check, perhaps with other ``options``, takes the place of
    the first. Raises Conflict once it is published, and Invalid for a file that can't be read at
    all.
    """
    submission = require_submission(session, submission_id)
    if submission.state == "published":
        raise Conflict(Text("Bản nộp đã công bố.", "The submission is published."))
    clear(session, submission, SubmissionFinding)
    clear(session, submission, StagedChange)
    with uncollected():
        _check(session, uploads, submission, progress, options)
    submission.state = "checked"
    session.flush()
    return submission


def _check(
    session: Session,
    uploads: Uploads,
    submission: Submission,
    progress: Progress | None,
    options: Options,
) -> None:
    """Write what is found, what is staged, and how many rows each of them were."""
    read = valid = number = 0
    findings = _Batches(session, SubmissionFinding, "submission", "rule", "line", "column_name")
    staged = _Batches(
        session, StagedChange, "submission", "number", "rows", "valid_from", "document"
    )
    for entry in _entries(session, uploads, submission, options):
        read += entry.rows
        for found in entry.findings:
            findings.add(submission.id, found.rule, found.line, found.column)
        if (change := entry.change) is not None:
            number += 1
            valid += entry.rows
            staged.add(submission.id, number, entry.rows, change.valid_from, change.document)
        if progress:
            progress(read)
    findings.write()
    staged.write()
    submission.rows_read, submission.rows_valid = read, valid
    submission.rows_rejected = read - valid
    submission.options = options.to_json()


class _Batches:
    """Inserts rows of one table some thousands at a time."""

    def __init__(self, session: Session, table: type[Any], *names: str) -> None:
        self._insert = partial(insert_rows, session, table, names)
        self._waiting: list[tuple[object, ...]] = []

    def add(self, *values: object) -> None:
        self._waiting.append(values)
        if len(self._waiting) >= _BATCH:
            self.write()

    def write(self) -> None:
        self._insert(self._waiting)
        self._waiting = []


def clear(
    session: Session, submission: Submission, table: type[SubmissionFinding | StagedChange]
) -> None:
    """Take away what an earlier check left in ``table``."""
    session.execute(
        sa.delete(table)
        .where(table.submission == submission.id)
        .execution_options(synchronize_session=False)
    )


def staged_changes(session: Session, submission: Submission) -> Iterator[tuple[int, Change]]:
    """Yield what a check staged, in the order of the file, with the number of its rows."""
    table = StagedChange
    last = 0
    while page := session.execute(
        sa.select(table.number, table.rows, table.document, table.valid_from)
        .where(table.submission == submission.id, table.number > last)
        .order_by(table.number)
        .limit(_PAGE)
    ).all():
        for last, rows, document, valid_from in page:  # noqa: B007 - where the next page begins
            yield rows, Change(document, valid_from)


def _entries(
    session: Session, uploads: Uploads, submission: Submission, options: Options
) -> Iterator[Entry]:
    """Read the kept file by its specification, and check it against what is registered."""
    spec = SPECS[submission.dataset]
    columns = [column.name for column in spec.columns]
    required = [column.name for column in spec.columns if column.required]
    entries = spec.read(read_file(uploads.path(submission.sha256), columns, required, options))
    return spec.against(session, entries, options) if spec.against else entries


def list_findings(session: Session, submission_id: str) -> list[dict[str, object]]:
    """Return what was found, a line a broken rule with its count and first places."""
    table = SubmissionFinding
    found = session.execute(
        sa.select(table.rule, sa.func.count(), sa.func.min(table.line))
        .where(table.submission == submission_id)
        .group_by(table.rule)
        .order_by(sa.func.count().desc(), table.rule)
    )
    return [
        {
            "rule": rule,
            "severity": RULES[rule].severity,
            "count": count,
            "first_line": line,
            "vi": RULES[rule].text.vi,
            "repair_vi": RULES[rule].repair.vi,
            "en": RULES[rule].text.en,
            "repair_en": RULES[rule].repair.en,
        }
        for rule, count, line in found
    ]


def list_submissions(session: Session) -> list[Submission]:
    """Return every submission, the newest first."""
    return list(session.scalars(sa.select(Submission).order_by(Submission.id.desc())))


def require_submission(session: Session, submission_id: str) -> Submission:
    """Return a submission by id; raises NotFound."""
    try:
        found = session.get(Submission, str(uuid.UUID(submission_id)))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(Text("Không có bản nộp này.", "There is no such submission."))
    return found
