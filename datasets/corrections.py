"""Corrections: a report that comes back mended changes just its own rows, at the next check."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.exports import KEY
from datasets.formats import AS_IT_IS, Row
from datasets.formats.inspection import inspect
from datasets.models import Submission, SubmissionCorrection, SubmissionRow
from datasets.reports import ADDED
from datasets.sources import read_file
from datasets.specs import Spec
from datasets.submissions import Uploads, note, require_open, spec_of, take_approval
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, FieldError, Invalid, Text

_Place = tuple[str, int]
_STRANGE = Text(
    "Tệp có dòng không thuộc báo cáo của bản nộp này: hãy tải lại báo cáo rồi sửa.",
    "A row is not of this submission's report: take the report again and mend that.",
)
_TWICE = Text("Một dòng có mặt hai lần trong tệp sửa.", "A row stands twice in the file.")
_NOT_CHECKED = Text("Hãy kiểm tra bản nộp trước.", "Check the submission first.")


def correct(session: Session, uploads: Uploads, submission_id: str, path: Path, by: str) -> int:
    """Keep the rows of a report that came back mended; return how many of them changed.

    The file's own columns count, an emptied cell included; columns that are not there stay as
    they were. Nothing is checked yet, and an approval is taken back. Raises Conflict before the
    first check and once it is published, and Invalid, with nothing kept, for a row that is not of
    this report.
    """
    submission = require_open(session, submission_id)
    if submission.attempt is None:
        raise Conflict(_NOT_CHECKED)
    spec, (sha256, _) = spec_of(submission), uploads.keep(path)
    known, shown = _known(session, submission), set(inspect(path).header)
    changed: dict[_Place, dict[str, str]] = {}
    for row in _read(path, spec):
        place = _place(submission, row)
        if place not in known:
            raise _refused(row, "unknown_row", _STRANGE)
        if place in changed:
            raise _refused(row, "repeated_row", _TWICE)
        changed[place] = _mended(known[place], row, shown)
    news = {place: cells for place, cells in changed.items() if cells != known[place]}
    _keep(session, submission, news, sha256, by)
    if news:
        submission.patched_by = by
        take_approval(submission)
        submission.state = "checked"
        session.flush()
        note(session, submission, by, "corrected", str(len(news)))
    return len(news)


def _read(path: Path, spec: Spec) -> Iterator[Row]:
    columns = [KEY, *ADDED, *(column.name for column in spec.columns)]
    return read_file(path, columns, [KEY], AS_IT_IS)


def _place(submission: Submission, row: Row) -> _Place:
    """Return the place that a row's key names; raises Invalid for a key of something else."""
    owner, _, rest = row.cells.get(KEY, "").partition(":")
    line, _, part = rest.partition(":")
    if owner != submission.id or not (line.isascii() and line.isdigit()):
        raise _refused(row, "unknown_row", _STRANGE)
    return part, int(line)


def _refused(row: Row, code: str, text: Text) -> Invalid:
    return Invalid(text, errors=[FieldError(f"/{row.line}", code, text)])


def _mended(old: Mapping[str, str], row: Row, shown: Collection[str]) -> dict[str, str]:
    """Return the cells of a row as mended: of the columns that are ``shown``, as they are now."""
    kept = {name: cell for name, cell in row.cells.items() if name not in {KEY, *ADDED}}
    return {**{name: cell for name, cell in old.items() if name not in shown}, **kept}


def _known(session: Session, submission: Submission) -> dict[_Place, dict[str, str]]:
    """Return the rows that the report has, as the last check read them."""
    table = SubmissionRow
    found = session.execute(
        sa.select(table.part, table.line, table.cells).where(
            table.submission == submission.id, table.attempt == submission.attempt
        )
    )
    return {(part, line): cells for part, line, cells in found}


def _keep(
    session: Session,
    submission: Submission,
    news: Mapping[_Place, dict[str, str]],
    sha256: str,
    by: str,
) -> None:
    table = SubmissionCorrection
    for (part, line), cells in news.items():
        session.merge(
            table(
                submission=submission.id,
                part=part,
                line=line,
                cells=cells,
                sha256=sha256,
                corrected_by=by,
                corrected_at=now(),
            )
        )
    session.flush()
