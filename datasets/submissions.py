"""Submit: a file is kept as it came, and the same file with the same options is the same load."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.formats import AS_IT_IS, Options
from datasets.formats.inspection import Inspection, inspect
from datasets.models import Submission, SubmissionEvent
from datasets.specs import SPECS, Spec
from datasets.specs.profiles import through
from registry.kernel.access_log import Asker, record_access
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text
from registry.kernel.settings import Settings
from registry.upstream.modes import require_copies

_CHUNK = 1 << 20
_LONGEST_NAME, _LONGEST_FILE_NAME = 50, 200
_NO_REASON = Text("Hãy nêu lý do.", "Give a reason.")
_NO_COLUMN = Text(
    "Cột điền sẵn không có trong bộ dữ liệu này.", "A constant names no column of this dataset."
)
_NO_DATASET = Text("Không có bộ dữ liệu này.", "There is no such dataset.")
_NO_SUBMISSION = Text("Không có bản nộp này.", "There is no such submission.")
_PUBLISHED = Text(
    "Bản nộp đã công bố: hãy nộp bản mới, hoặc khôi phục bản công bố trước.",
    "The submission is published: submit a new one, or roll the release back.",
)


@dataclass(frozen=True, slots=True)
class Uploads:
    """The folder of raw files, each under the digest of its bytes."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Uploads:
        """Return the folder that ``settings`` name."""
        return cls(Path(settings.upload_dir))

    def keep(self, path: Path) -> tuple[str, int]:
        """Copy a file in; return its SHA-256 and its size in bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        sha256 = digest.hexdigest()
        if not self.path(sha256).exists():
            part = self.folder / f"{sha256}.{new_id()}.part"
            shutil.copyfile(path, part)
            part.replace(self.path(sha256))
        return sha256, path.stat().st_size

    def path(self, sha256: str) -> Path:
        """Return where the file of that digest is kept."""
        return self.folder / sha256


def submit(  # noqa: PLR0913, PLR0917 - a file, what it is, how to read it, and whose it is
    session: Session,
    uploads: Uploads,
    dataset: str,
    path: Path,
    by: str,
    options: Options = AS_IT_IS,
    file_name: str | None = None,
) -> Submission:
    """Keep a file and return its submission; the same file and options again are the same one.

    ``file_name`` is the name that the submitter knows it by. Raises NotFound for a dataset that
    has no specification, NotInMode for one held as pointers, and Invalid for options that the
    dataset doesn't know.
    """
    if dataset not in SPECS:
        raise NotFound(_NO_DATASET)
    _require_columns(through(SPECS[dataset], options.profile), options)
    # Nor may a file be kept where no copies may.
    require_copies(session, dataset)
    sha256, size = uploads.keep(path)
    said = options.to_json()
    if options.outlines:
        said["outlines"] = uploads.keep(options.outlines)[0]
    identity = identity_of(dataset, sha256, said)
    known = session.scalar(sa.select(Submission).where(Submission.identity == identity))
    if known is not None:
        return known
    made = Submission(
        id=new_id(),
        identity=identity,
        dataset=dataset,
        file_name=_shown(file_name or path.name),
        sha256=sha256,
        size=size,
        options=said,
        submitted_by=by,
        submitted_at=now(),
        state="submitted",
    )
    session.add(made)
    session.flush()
    note(session, made, by, "submitted")
    return made


def _require_columns(spec: Spec, options: Options) -> None:
    """Refuse a constant for a column that no such file has: it would say nothing, silently."""
    known = {column.name for column in spec.columns}
    errors = [
        FieldError(f"/constants/{name[:_LONGEST_NAME]}", "unknown_column", _NO_COLUMN)
        for name in options.constants
        if name not in known
    ]
    if errors:
        raise Invalid(_NO_COLUMN, errors=errors)


def _shown(name: str) -> str:
    """Return the name of a file as it may be shown and kept: nothing in it is a command."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)[:_LONGEST_FILE_NAME]


def identity_of(*parts: Any) -> str:
    """Return the digest by which the same thing submitted again is known."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def options_of(submission: Submission, uploads: Uploads) -> Options:
    """Return how the steward wants the file of a submission read."""
    told = Options.from_json(submission.options)
    return replace(told, outlines=uploads.path(str(told.outlines))) if told.outlines else told


def spec_of(submission: Submission) -> Spec:
    """Return the specification of a submission's file, of another system's if that is its form."""
    return through(SPECS[submission.dataset], submission.options.get("profile"))


def look(session: Session, uploads: Uploads, submission: Submission, asker: Asker) -> Inspection:
    """Return what the file of a submission is and leaves open; the reading is logged.

    Its first rows are told too, so that the steward sees which encoding is right. Raises Invalid
    for a file that can't be read whatever is answered.
    """
    record_access(session, asker, "delivered", ["inspection"], submission.id)
    labels = {column.name: (column.vi,) for column in spec_of(submission).columns}
    options = options_of(submission, uploads)
    return inspect(uploads.path(submission.sha256), submission.file_name, labels, options)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which submissions: of a dataset, in a state, older than the one of id ``cursor``."""

    dataset: str | None = None
    state: str | None = None
    cursor: uuid.UUID | None = None
    limit: int | None = None


def list_submissions(session: Session, wanted: Wanted = Wanted()) -> list[Submission]:
    """Return the submissions that are wanted, the newest first."""
    query = sa.select(Submission).order_by(Submission.id.desc()).limit(wanted.limit)
    if wanted.dataset is not None:
        query = query.where(Submission.dataset == wanted.dataset)
    if wanted.state is not None:
        query = query.where(Submission.state == wanted.state)
    if wanted.cursor is not None:
        query = query.where(Submission.id < str(wanted.cursor))
    return list(session.scalars(query))


def require_submission(session: Session, submission_id: str, *, lock: bool = False) -> Submission:
    """Return a submission by id, nobody else changing it meanwhile if ``lock``; raises NotFound."""
    try:
        key = str(uuid.UUID(submission_id))
    except ValueError:
        raise NotFound(_NO_SUBMISSION) from None
    query = sa.select(Submission).where(Submission.id == key)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound(_NO_SUBMISSION)
    return found


def require_open(session: Session, submission_id: str) -> Submission:
    """Return a submission that can still be changed, locked; raises NotFound and Conflict."""
    submission = require_submission(session, submission_id, lock=True)
    if submission.state == "published":
        raise Conflict(_PUBLISHED)
    return submission


def withdraw(session: Session, submission_id: str, by: str, reason: str) -> Submission:
    """Take a submission off the desk; it stays on record. Raises Conflict once published."""
    told = require_reason(reason)
    submission = require_open(session, submission_id)
    submission.state = "withdrawn"
    take_approval(submission)
    note(session, submission, by, "withdrawn", told)
    return submission


def require_reason(reason: str) -> str:
    """Return a reason without the space around it; raises Invalid for one that says nothing."""
    if not reason.strip():
        raise Invalid(_NO_REASON, errors=[FieldError("/reason", "required", _NO_REASON)])
    return reason.strip()


def take_approval(submission: Submission) -> None:
    """Take back an approval: what was approved is not what there is now."""
    submission.approved_by = submission.approved_at = submission.break_glass = None
    submission.scheduled_for = None


def note(
    session: Session, submission: Submission, by: str, action: str, reason: str | None = None
) -> None:
    """Write down what somebody did with a submission."""
    session.add(
        SubmissionEvent(submission=submission.id, at=now(), by=by, action=action, reason=reason)
    )
    session.flush()


def list_events(session: Session, submission_id: str) -> list[SubmissionEvent]:
    """Return what was done with a submission, in order."""
    return list(
        session.scalars(
            sa.select(SubmissionEvent)
            .where(SubmissionEvent.submission == submission_id)
            .order_by(SubmissionEvent.id)
        )
    )
