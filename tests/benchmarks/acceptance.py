"""The check of a whole file with planted errors: it must find just these, in bounded memory.

``python -m tests.benchmarks.acceptance [--rows N] [--errors N]`` prints rows a second and the peak
memory of the process that checks and of its readers, which Linux tells, and exits with 1 where a
finding is missing or made up.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa

import migrations
from datasets import checking, submissions
from datasets.models import Submission, SubmissionFinding
from datasets.submissions import Uploads
from datasets.synthetic import files
from registry.kernel.db import Database
from tests.datasets.mortal import children_of
from tests.datasets.planted import Place, plant

_SEED = 4
_LOOK_SECONDS = 0.1


def submit_planted(
    database: Database, folder: Path, rows: int, errors: int
) -> tuple[str, Counter[Place]]:
    """Submit a made-up file with errors; return its submission and what a check has to find."""
    [made] = files.generate("citizens", rows, _SEED, folder)
    expected = Counter(plant(made, folder / "planted.csv", errors, _SEED))
    with database.transaction() as session:
        made_up = submissions.submit(
            session, Uploads(folder / "uploads"), "citizens", folder / "planted.csv", "steward"
        )
    return made_up.id, expected


def found_in(database: Database, submission_id: str) -> tuple[Submission, Counter[Place]]:
    """Return a checked submission and every finding in it."""
    table = SubmissionFinding
    with database.reading() as session:
        checked = submissions.require_submission(session, submission_id)
        found = session.execute(
            sa.select(table.rule, table.line, table.column).where(
                table.submission == checked.id, table.attempt == checked.attempt
            )
        )
        return checked, Counter((rule, line, column) for rule, line, column in found)


def _check(url: str, uploads: Path, submission_id: str) -> None:
    checking.check(Database(url, synchronous="NORMAL"), Uploads(uploads), submission_id, "steward")


def _peaks(process: BaseProcess) -> tuple[int, int]:
    """Wait for a process; return its own peak memory and that of its children together, in MiB."""
    peaks: defaultdict[int, int] = defaultdict(int)
    while process.is_alive():
        for pid in (process.pid or 0, *children_of(process.pid)):
            peaks[pid] = max(peaks[pid], _peak(pid))
        time.sleep(_LOOK_SECONDS)
    own = peaks.pop(process.pid or 0, 0)
    return own >> 10, sum(peaks.values()) >> 10


def _peak(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) if found else 0


def main() -> None:
    """Check a file in a SQLite database of its own and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--errors", type=int, default=5_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'registry.db'}"
        database = Database(url)
        migrations.upgrade(database)
        submission, expected = submit_planted(database, Path(name), told.rows, told.errors)
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_check, args=(url, Path(name) / "uploads", submission))
        begun = time.monotonic()
        process.start()
        own, readers = _peaks(process)
        took = time.monotonic() - begun
        checked, found = found_in(database, submission)
        database.close()
    rows = checked.rows_read or 0
    print(f"{rows} rows, {found.total()} findings: {took:.1f} s, {rows / took:.0f} rows/s")  # noqa: T201
    print(f"peak memory: {own} MiB, and {readers} MiB of all readers together")  # noqa: T201
    for what, wrong in (("missing", expected - found), ("made up", found - expected)):
        for rule, line, column in sorted(wrong.elements())[:20]:
            print(f"{what}: {rule} at line {line}, {column}")  # noqa: T201
    sys.exit(0 if found == expected else 1)


if __name__ == "__main__":
    main()
