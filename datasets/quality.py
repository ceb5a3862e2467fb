"""Quality and freshness of what is registered, by dataset and ward, as it is published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from datasets.models import Release
from datasets.quality_measures import DIMENSIONS, LABELS, Measured, measure, named_people, ward_of
from datasets.registered import REGISTERS
from registry.citizens.records import find_record_ids
from registry.kernel.bulk import insert_rows
from registry.kernel.clock import now, today
from registry.kernel.db import Base, Database, UtcDateTime
from registry.kernel.errors import NotFound
from registry.kernel.fields import Document
from registry.terminal import Tell as Progress

_PAGE = 1000
MEASURED = ("citizens", "households", "civil_status", "parcels")


class WardQuality(Base):
    """How good the records of one ward were on a day; the last of a day counts."""

    __tablename__ = "dataset_quality"

    dataset: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    ward: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    records: Mapped[int] = mapped_column(sa.Integer)
    correct: Mapped[float] = mapped_column(sa.Float)
    complete: Mapped[float] = mapped_column(sa.Float)
    clean: Mapped[float] = mapped_column(sa.Float)
    live: Mapped[float] = mapped_column(sa.Float)
    consistent: Mapped[float] = mapped_column(sa.Float)
    """Each a sum of shares over the records."""
    oldest: Mapped[datetime] = mapped_column(UtcDateTime)
    newest: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(slots=True)
class _Ward:
    records: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * len(DIMENSIONS))
    oldest: datetime | None = None
    newest: datetime | None = None

    def add(self, measured: Measured, recorded_at: datetime) -> None:
        self.records += 1
        self.sums = [have + more for have, more in zip(self.sums, measured, strict=True)]
        self.oldest = min(self.oldest or recorded_at, recorded_at)
        self.newest = max(self.newest or recorded_at, recorded_at)


def measure_quality(database: Database, dataset: str, progress: Progress | None = None) -> int:
    """Measure every record of a dataset, and write down the result by ward; return how many.

    Raises NotFound for a dataset that is not measured.
    """
    if dataset not in MEASURED:
        raise NotFound
    wards: defaultdict[str, _Ward] = defaultdict(_Ward)
    moment, done = now(), 0
    with database.reading() as session:
        for page in _pages(session, dataset):
            people = find_record_ids(
                session, {n for document, _ in page for n in named_people(dataset, document)}
            )
            for document, recorded_at in page:
                measured = measure(dataset, document, recorded_at, moment, people)
                wards[ward_of(dataset, document)].add(measured, recorded_at)
            done += len(page)
            if progress:
                progress(done, phase=dataset)
    with database.transaction() as session:
        table = WardQuality
        session.execute(sa.delete(table).where(table.dataset == dataset, table.day == today()))
        names = ("dataset", "day", "ward", "records", *DIMENSIONS, "oldest", "newest")
        rows = [
            (dataset, today(), ward, found.records, *found.sums, found.oldest, found.newest)
            for ward, found in wards.items()
        ]
        insert_rows(session, table, names, rows)
    return done


def _pages(session: Session, dataset: str) -> Iterator[Sequence[tuple[Document, datetime]]]:
    """Yield the present documents with the moment at which each was last recorded."""
    ledger_of = REGISTERS[dataset].ledger
    if ledger_of is None:
        return
    ledger = ledger_of(session)
    records, versions, last = ledger.records, ledger.versions, 0
    while page := session.execute(
        sa.select(records.row, records.document)
        .where(records.row > last)
        .order_by(records.row)
        .limit(_PAGE)
    ).all():
        last = page[-1].row
        recorded = session.execute(
            sa.select(versions.record, sa.func.max(versions.recorded_at))
            .where(versions.record.in_([row.row for row in page]))
            .where(versions.superseded_at.is_(None))
            .group_by(versions.record)
        )
        moments = {row[0]: row[1] for row in recorded}
        yield [
            (row.document, moments[row.row]) for row in page if row.document and row.row in moments
        ]


def read_quality(session: Session) -> list[dict[str, Any]]:
    """Return, dataset by dataset, its last release and the newest measures, whole and by ward."""
    table = WardQuality
    latest = sa.select(table.dataset, sa.func.max(table.day)).group_by(table.dataset)
    found: defaultdict[str, list[WardQuality]] = defaultdict(list)
    for row in session.scalars(
        sa.select(table)
        .where(sa.tuple_(table.dataset, table.day).in_(latest))
        .order_by(table.dataset, table.ward)
    ):
        found[row.dataset].append(row)
    releases = last_releases(session)
    return [
        {
            "dataset": dataset,
            "release": releases.get(dataset),
            "measured_on": found[dataset][0].day if found[dataset] else None,
            **_told(found[dataset]),
            "wards": [{"ward": row.ward, **_told([row])} for row in found[dataset]],
        }
        for dataset in REGISTERS
        if dataset in found or dataset in releases
    ]


def last_releases(session: Session) -> dict[str, dict[str, Any]]:
    """Return by dataset the number and the moment of its newest release."""
    newest = sa.select(sa.func.max(Release.number)).group_by(Release.dataset)
    return {
        row.dataset: {"number": row.number, "published_at": row.published_at}
        for row in session.scalars(sa.select(Release).where(Release.number.in_(newest)))
    }


def _told(rows: Sequence[WardQuality]) -> dict[str, Any]:
    """Return shares in per cent and their mean, the index; the five weigh the same."""
    records = sum(row.records for row in rows)
    if not records:
        return {"records": 0}
    shares = {
        name: round(100 * sum(getattr(row, name) for row in rows) / records, 2)
        for name in DIMENSIONS
    }
    return {
        "records": records,
        "index": round(sum(shares.values()) / len(shares), 2),
        "dimensions": [
            {"code": name, "vi": LABELS[name][0], "en": LABELS[name][1], "percent": share}
            for name, share in shares.items()
        ],
        "oldest": min(row.oldest for row in rows),
        "newest": max(row.newest for row in rows),
    }
