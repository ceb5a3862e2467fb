"""Findings as a Frictionless validation report, for everybody's own tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from datasets.specs.base import Finding, Spec
from datasets.specs.rules import RULES, Rule

# The nearest error of the standard; `x-rule` tells just what was broken.
_TYPES = {
    "missing": "constraint-error",
    "outlier": "constraint-error",
    "duplicate": "unique-error",
    "format": "type-error",
}
_OTHER_TYPE, _WHOLE_ROW = "cell-error", "row-error"


def report(  # noqa: PLR0913 - what is known of the file
    spec: Spec,
    findings: Iterable[Finding],
    *,
    place: str,
    rows: int,
    sha256: str | None = None,
    size: int | None = None,
    seconds: float = 0,
    language: str = "vi",
    names: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return a report of ``findings`` in a file of ``rows`` rows at ``place``; ``size`` in bytes.

    Errors are the standard's errors; warnings and infos, of which it knows only sentences, are
    sentences there and whole in ``x-findings``. ``names`` leads from our columns to those of the
    file. At most ``limit`` of each kind are told in full, all are counted. The cells that the
    standard asks for stay empty: reports are passed on, and values are people's.
    """
    places = {column.name: number for number, column in enumerate(spec.columns, 1)}
    counts: Counter[str] = Counter()
    errors: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    told = {"error": errors, "warning": others, "info": others}
    severities: Counter[str] = Counter()
    for finding in findings:
        rule = RULES[finding.rule]
        counts[rule.code] += 1
        severities[rule.severity] += 1
        if limit is None or len(told[rule.severity]) < limit:
            item = _item(rule, finding, places, names or {}, language)
            told[rule.severity].append(item)
    wrong = severities.pop("error", 0)
    stats = {"errors": wrong, "warnings": severities.total(), "seconds": seconds}
    facts = {"sha256": sha256, "bytes": size, "fields": len(places), "rows": rows}
    task = {
        "name": spec.name,
        "type": "table",
        "valid": wrong == 0,
        "place": place,
        "labels": [column.name for column in spec.columns],
        "stats": {**stats, **{key: value for key, value in facts.items() if value is not None}},
        "warnings": [f"{item['x-rule']} {item['message']}" for item in others],
        "errors": errors,
        "x-findings": others,
        "x-rules": _rules(counts, rows, language),
    }
    stats = {"tasks": 1, **stats}
    return {"valid": wrong == 0, "stats": stats, "warnings": [], "errors": [], "tasks": [task]}


def _item(
    rule: Rule,
    finding: Finding,
    places: Mapping[str, int],
    names: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    column = finding.column
    shown = names.get(column, column)
    where = f"{finding.line}, {shown}" if shown else f"{finding.line}"
    kind = _TYPES.get(rule.group, _OTHER_TYPE) if column else _WHOLE_ROW
    text = rule.text.pick(language)
    item: dict[str, Any] = {
        "type": kind,
        "title": text,
        "description": text,
        "message": f"{where}: {text} {rule.repair.pick(language)}",
        "tags": ["#table", "#row", *(["#cell"] if column else [])],
        "note": rule.repair.pick(language),
        "rowNumber": finding.line,
        "cells": [],
        "x-rule": rule.code,
        "x-severity": rule.severity,
        "x-repair": rule.repair_kind,
        "x-dimension": rule.dimension,
        "x-group": rule.group,
    }
    if column:
        item |= {"fieldName": shown, "fieldNumber": places.get(column, 0), "cell": ""}
    return item


def _rules(counts: Counter[str], rows: int, language: str) -> list[dict[str, Any]]:
    """Return what was found by rule, the most frequent first, and what forbids approval."""
    found = []
    for code, count in counts.most_common():
        rule = RULES[code]
        forbids = rule.threshold is not None and rule.threshold.exceeded(count, rows)
        found.append(
            {
                "rule": code,
                "severity": rule.severity,
                "count": count,
                "text": rule.text.pick(language),
                "repair": rule.repair.pick(language),
                "repair_kind": rule.repair_kind,
                "above_threshold": forbids,
            }
        )
    return found
