"""Files on their way to the land register, for the tests."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from datasets import checking, publishing, review, submissions
from datasets.formats import Options
from datasets.models import Release, StagedChange, Submission, SubmissionFinding
from datasets.submissions import Uploads
from registry.kernel.db import Database

_FOLDERS = (above / "shared" / "samples" for above in Path(__file__).parents)
SAMPLES = next((folder for folder in _FOLDERS if folder.is_dir()), Path("no-samples"))
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")

EAST, NORTH = 603_000, 1_192_000  # in EPSG:9210, in the middle of the city
AS_IT_IS = Options()


def square(column: float = 0, side: float = 20) -> str:
    """Return the outline of one 20 m square of a row as WKT."""
    west, east = EAST + 20 * column, EAST + 20 * column + side
    ring = [(west, NORTH), (east, NORTH), (east, NORTH + side), (west, NORTH + side), (west, NORTH)]
    return f"POLYGON (({', '.join(f'{x} {y}' for x, y in ring)}))"


def row(code: str = "T-1", /, **cells: str) -> dict[str, str]:
    """Return a row in which nothing is wrong."""
    return {
        "code": code,
        "commune": "26740",
        "commune_on": "01/01/2026",
        "sheet": "12",
        "number": code.rpartition("-")[2],
        "legal_area": "400",
        "purpose_1": "ODT",
        "purpose_1_area": "400",
        "geometry": square(),
        "srid": "9210",
        "certificate": "BĐ 266864",
        "certificate_on": "01/03/2015",
        **cells,
    }


class Desk:
    """A steward's desk: files are submitted and checked, and what is found can be seen."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.uploads = Uploads(folder / "uploads")
        migrations.upgrade(database)

    def check(
        self, path: Path, options: Options = AS_IT_IS, dataset: str = "parcels"
    ) -> Submission:
        with self.database.transaction() as session:
            made = submissions.submit(session, self.uploads, dataset, path, "steward", options)
        return checking.check(self.database, self.uploads, made.id, "steward")

    def check_rows(self, *rows: dict[str, str], options: Options = AS_IT_IS) -> Submission:
        path = self.folder / "parcels.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(file, names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return self.check(path, options)

    def publish(self, submission: Submission) -> Release:
        with self.database.transaction() as session:
            review.open_unusual(session, submission.id, "approver")
            review.approve(session, submission.id, "approver")
            return publishing.publish(session, submission.id, "approver")

    def found(self, submission: Submission) -> Counter[str]:
        with self.database.reading() as session:
            query = sa.select(SubmissionFinding.rule).where(
                SubmissionFinding.submission == submission.id
            )
            return Counter(session.scalars(query))

    def staged(self, submission: Submission) -> list[dict[str, Any]]:
        with self.database.reading() as session:
            query = (
                sa.select(StagedChange.document)
                .where(StagedChange.submission == submission.id)
                .order_by(StagedChange.number)
            )
            return list(session.scalars(query))
