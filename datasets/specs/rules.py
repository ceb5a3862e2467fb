"""The rules that rows are held to, read from `rules.toml` and checked once at import."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, cast

from registry.kernel.errors import Text

Severity = Literal["error", "warning", "info"]
_SEVERITIES = ("error", "warning", "info")
_WORDS = ("severity", "dimension", "group", "repair", "vi", "en", "repair_vi", "repair_en")
_LIMITS = {"count", "percent"}
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Threshold:
    """Findings of one rule above which a load can't be approved: a number, a share, or both."""

    count: int | None = None
    percent: float | None = None

    def exceeded(self, found: int, rows: int) -> bool:
        """Say whether ``found`` findings in ``rows`` rows are too many; both limits must be passed.

        >>> Threshold(count=20, percent=5).exceeded(1, 1), Threshold(20, 5).exceeded(21, 100)
        (False, True)
        """
        passed_count = self.count is None or found > self.count
        return passed_count and (self.percent is None or found * _WHOLE > self.percent * rows)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a code that is never used for another, how grave, what is wrong, what to do.

    ``about`` is the part of the checks that it belongs to; ``repair_kind`` groups findings by what
    a steward does about them; ``dimension`` and ``group`` are the words of the quality report.
    """

    code: str
    about: str
    severity: Severity
    text: Text
    repair: Text
    repair_kind: str
    dimension: str
    group: str
    threshold: Threshold | None = None

    def exceeded(self, found: int, rows: int) -> bool:
        """Say whether ``found`` findings among ``rows`` rows are more than is allowed."""
        return self.threshold is not None and self.threshold.exceeded(found, rows)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every rule by its code, the codes that are used no more, and the words that rules use."""

    rules: Mapping[str, Rule]
    retired: frozenset[str]
    repairs: Mapping[str, Text]
    dimensions: Mapping[str, Text]
    groups: Mapping[str, Text]
    about: Mapping[str, Text]


def read_rulebook(text: str) -> Rulebook:
    """Return the rules that a TOML ``text`` tells.

    Raises ValueError, naming the rule, for a code told twice or retired, a word that is missing,
    unknown or empty, and a threshold that is none.
    """
    content = tomllib.loads(text)
    retired = frozenset(content.pop("retired"))
    words = {
        name: {code: Text(**label) for code, label in content.pop(name).items()}
        for name in ("repair", "dimension", "group", "about")
    }
    if content.keys() != words["about"].keys():
        raise ValueError(f"rules about {sorted(content.keys() ^ words['about'].keys())}")
    rules: dict[str, Rule] = {}
    for about, entries in content.items():
        for code, entry in entries.items():
            if code in rules or code in retired:
                raise ValueError(f"the code {code} is used twice")
            if wrong := sorted(_wrong(entry, words)):
                raise ValueError(f"the rule {code} has a wrong {', '.join(wrong)}")
            rules[code] = _rule(code, about, entry)
    return Rulebook(
        rules, retired, words["repair"], words["dimension"], words["group"], words["about"]
    )


def _wrong(entry: Mapping[str, Any], words: Mapping[str, Mapping[str, Text]]) -> Iterator[str]:
    """Yield the name of whatever an entry says wrongly, lacks, or has too much of."""
    yield from entry.keys() - {*_WORDS, "threshold"}
    yield from (name for name in _WORDS if not entry.get(name))
    if entry.get("severity") not in _SEVERITIES:
        yield "severity"
    for name in ("dimension", "group", "repair"):
        if entry.get(name) not in words[name]:
            yield name
    limits = entry.get("threshold", {"count": 0})
    if not (limits and limits.keys() <= _LIMITS and all(limit >= 0 for limit in limits.values())):
        yield "threshold"


def _rule(code: str, about: str, entry: Mapping[str, Any]) -> Rule:
    return Rule(
        code,
        about,
        cast("Severity", entry["severity"]),
        Text(entry["vi"], entry["en"]),
        Text(entry["repair_vi"], entry["repair_en"]),
        entry["repair"],
        entry["dimension"],
        entry["group"],
        Threshold(**entry["threshold"]) if "threshold" in entry else None,
    )


RULEBOOK = read_rulebook(files(__package__).joinpath("rules.toml").read_text("utf-8"))
RULES: dict[str, Rule] = dict(RULEBOOK.rules)
