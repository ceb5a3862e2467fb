"""Findings: what a check found, by repair and by place, and what a correction has healed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from datasets.models import (
    Submission,
    SubmissionFinding,
    SubmissionPart,
    SubmissionRow,
    SubmissionRuleCount,
)
from datasets.specs import RULES, Finding
from datasets.specs.rules import RULEBOOK
from registry.kernel.access_log import Asker, record_access

_FIRST_PLACES = 5
_SEVERITIES = ("error", "warning", "info")


def list_findings(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Return what was found, a line a broken rule with its count and first places.

    The gravest first, then the most frequent. Places name no value, so nothing personal is told.
    """
    lines = [
        _line(rule, count, _first(session, submission, rule))
        for rule, count in count_by_rule(session, submission).items()
    ]
    return sorted(lines, key=lambda n: (_SEVERITIES.index(n["severity"]), -n["count"], n["rule"]))


def count_by_rule(session: Session, submission: Submission) -> dict[str, int]:
    """Return how often each rule is broken, as the check counted it."""
    table = SubmissionRuleCount
    found = session.execute(
        sa.select(table.rule, sa.func.sum(table.count))
        .where(table.submission == submission.id, table.attempt == submission.attempt)
        .group_by(table.rule)
    )
    return {rule: int(count) for rule, count in found}


def _line(rule: str, count: int, places: list[dict[str, Any]]) -> dict[str, Any]:
    known = RULES[rule]
    return {
        "rule": rule,
        "severity": known.severity,
        "repair_kind": known.repair_kind,
        "dimension": known.dimension,
        "group": known.group,
        "count": count,
        "first_line": places[0]["line"] if places else None,
        "places": places,
        "vi": known.text.vi,
        "repair_vi": known.repair.vi,
        "en": known.text.en,
        "repair_en": known.repair.en,
    }


def _first(session: Session, submission: Submission, rule: str) -> list[dict[str, Any]]:
    table = SubmissionFinding
    found = session.execute(
        sa.select(table.part, table.line, table.column.label("column"))
        .where(
            table.submission == submission.id,
            table.attempt == submission.attempt,
            table.rule == rule,
        )
        .order_by(table.id)
        .limit(_FIRST_PLACES)
    )
    return [dict(row._mapping) for row in found]


def group_findings(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return `list_findings` grouped by what is to be done, the most to do first."""
    groups: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[line["repair_kind"]].append(line)
    told = [
        {
            "repair_kind": kind,
            "vi": RULEBOOK.repairs[kind].vi,
            "en": RULEBOOK.repairs[kind].en,
            "count": sum(line["count"] for line in within),
            "rules": within,
        }
        for kind, within in groups.items()
    ]
    return sorted(told, key=lambda group: -group["count"])


def list_parts(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Return the reconciliation lines: rows read, valid, rejected and skipped by part and ward."""
    table = SubmissionPart
    found = session.execute(
        sa.select(
            table.part,
            table.ward,
            table.rows_read,
            table.rows_valid,
            table.rows_rejected,
            table.rows_skipped,
        )
        .where(table.submission == submission.id, table.attempt == submission.attempt)
        .order_by(table.part, table.ward)
    )
    return [dict(row._mapping) for row in found]


@dataclass(frozen=True, slots=True)
class Place:
    """One finding where the steward knows it: part, line and column, with the cell as written."""

    id: int
    rule: str
    part: str
    line: int
    column: str
    value: str | None


@dataclass(frozen=True, slots=True)
class WantedPlaces:
    """Which findings: those ``after`` an id, at most ``limit``, perhaps of one rule or part."""

    after: int = 0
    limit: int = 100
    rule: str | None = None
    part: str | None = None


def list_places(
    session: Session, submission: Submission, asker: Asker, wanted: WantedPlaces
) -> list[Place]:
    """Return a page of findings with the cells in which they are; the reading is logged."""
    table, row = SubmissionFinding, SubmissionRow
    query = (
        sa.select(table, row.cells)
        .outerjoin(row, _its_row())
        .where(
            table.submission == submission.id,
            table.attempt == submission.attempt,
            table.id > wanted.after,
        )
        .order_by(table.id)
        .limit(wanted.limit)
    )
    if wanted.rule is not None:
        query = query.where(table.rule == wanted.rule)
    if wanted.part is not None:
        query = query.where(table.part == wanted.part)
    found = session.execute(query).all()
    record_access(session, asker, "delivered", ["findings"], submission.id)
    return [
        Place(f.id, f.rule, f.part, f.line, f.column, (cells or {}).get(f.column))
        for f, cells in found
    ]


def found_places(session: Session, submission: Submission) -> Iterator[Finding]:
    """Yield every finding in the order of the file, without any value."""
    table = SubmissionFinding
    found = session.execute(
        sa.select(table.rule, table.line, table.column, table.part)
        .where(table.submission == submission.id, table.attempt == submission.attempt)
        .order_by(table.id)
        .execution_options(yield_per=1000)
    )
    for rule, line, column, part in found:
        yield Finding(rule, line, column, part)


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of the file in which something was found, its cells as written."""

    part: str
    line: int
    cells: Mapping[str, str]
    found: tuple[tuple[str, str], ...]
    """(rule, column) each."""


def found_rows(session: Session, submission: Submission, asker: Asker) -> Iterator[FoundRow]:
    """Yield every row in which something was found, in order; the reading is logged first."""
    record_access(session, asker, "delivered", ["findings"], submission.id)
    row, table = SubmissionRow, SubmissionFinding
    rows = session.execute(
        sa.select(table.part, table.line, table.rule, table.column, row.cells)
        .join(row, _its_row())
        .where(table.submission == submission.id, table.attempt == submission.attempt)
        .order_by(table.part, table.line, table.id)
        .execution_options(yield_per=1000)
    )
    for (part, line), within in groupby(rows, key=lambda found: (found[0], found[1])):
        found = list(within)
        yield FoundRow(part, line, found[0][-1], tuple((f[2], f[3]) for f in found))


def used_columns(session: Session, submission: Submission) -> set[str]:
    """Return the columns that rows with findings fill, or in which something was found."""
    row, table = SubmissionRow, SubmissionFinding
    cells = session.scalars(
        sa.select(row.cells)
        .where(row.submission == submission.id, row.attempt == submission.attempt)
        .execution_options(yield_per=1000)
    )
    used = {name for filled in cells for name in filled}
    return used | set(
        session.scalars(
            sa.select(table.column)
            .where(table.submission == submission.id, table.attempt == submission.attempt)
            .distinct()
        )
    )


def _its_row() -> sa.ColumnElement[bool]:
    row, table = SubmissionRow, SubmissionFinding
    return sa.and_(
        row.submission == table.submission,
        row.attempt == table.attempt,
        row.part == table.part,
        row.line == table.line,
    )


def list_healed(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Return, rule by rule, what the check before found and this one does not."""
    before, now_ = aliased(SubmissionFinding), aliased(SubmissionFinding)
    still = (
        sa.select(now_.id)
        .where(
            now_.submission == submission.id,
            now_.attempt == submission.attempt,
            now_.rule == before.rule,
            now_.part == before.part,
            now_.line == before.line,
            now_.column == before.column,
        )
        .exists()
    )
    found = session.execute(
        sa.select(before.rule, sa.func.count())
        .where(
            before.submission == submission.id,
            before.attempt == submission.earlier_attempt,
            ~still,
        )
        .group_by(before.rule)
        .order_by(before.rule)
    )
    return [{"rule": rule, "count": count} for rule, count in found]
