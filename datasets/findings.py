"""Findings: what a check found, by repair and by place, and what a correction has healed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from datasets.models import Submission, SubmissionFinding
from datasets.specs import RULES


def list_findings(session: Session, submission: Submission) -> list[Mapping[str, Any]]:
    """Return what was found, a line a broken rule with its count and first places."""
    table = SubmissionFinding
    found = session.execute(
        sa.select(table.rule, sa.func.count(), sa.func.min(table.line))
        .where(table.submission == submission.id, table.attempt == submission.attempt)
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
