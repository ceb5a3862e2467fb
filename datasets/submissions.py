"""Submit and check: a file is kept as it is, and everything wrong with it is written down."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.formats import read_rows
from datasets.models import Submission, SubmissionFinding
from datasets.specs import RULES, SPECS, Entry
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text

Progress = Callable[[int], None]
_CHUNK = 1 << 20
_FINDINGS = 5000


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
    session: Session, uploads: Uploads, submission_id: str, progress: Progress | None = None
) -> Submission:
    """Check every row against the specification and keep all findings; return the submission.

    A second check takes the place of the first. Raises Conflict once it is published, and
    Invalid for a file that can't be read at all.
    """
    submission = require_submission(session, submission_id)
    if submission.state == "published":
        raise Conflict(Text("Bản nộp đã công bố.", "The submission is published."))
    table = SubmissionFinding
    session.execute(sa.delete(table).where(table.submission == submission.id))
    read = valid = 0
    waiting: list[dict[str, object]] = []
    for entry in entries(uploads, submission):
        read += entry.rows
        valid += entry.rows if entry.change else 0
        waiting += [
            {"submission": submission.id, "rule": f.rule, "line": f.line, "column": f.column}
            for f in entry.findings
        ]
        if len(waiting) >= _FINDINGS:
            session.execute(sa.insert(table), waiting)
            waiting = []
        if progress:
            progress(read)
    if waiting:
        session.execute(sa.insert(table), waiting)
    submission.rows_read, submission.rows_valid = read, valid
    submission.rows_rejected = read - valid
    submission.state = "checked"
    session.flush()
    return submission


def entries(uploads: Uploads, submission: Submission) -> Iterator[Entry]:
    """Read the kept file by its specification."""
    spec = SPECS[submission.dataset]
    required = [column.name for column in spec.columns if column.required]
    rows = read_rows(
        uploads.path(submission.sha256), [column.name for column in spec.columns], required
    )
    return spec.read(rows)


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
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound(Text("Không có bản nộp này.", "There is no such submission."))
    return found
