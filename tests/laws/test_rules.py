"""A code of a rule means one thing for ever: old reports and agreements with stewards name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.specs.rules import RULEBOOK, RULES, read_rulebook

# Every code that there ever was, one a line. Lines are only added.
ISSUED = Path(__file__).with_name("rule_codes.txt").read_text("utf-8").split()

_WORDS = """
retired = ["gone"]
[repair]
retype = { vi = "Gõ lại", en = "Type again" }
[dimension]
clean = { vi = "sạch", en = "clean" }
[group]
format = { vi = "sai dạng", en = "format" }
[about]
cells = { vi = "Ô", en = "Cells" }
"""
_RULE = """
[cells.strange]
severity = "error"
dimension = "clean"
group = "format"
vi = "Lạ."
en = "Strange."
repair = "retype"
repair_vi = "Gõ lại."
repair_en = "Type it again."
"""


def test_no_code_is_used_twice_or_lost() -> None:
    assert len(set(ISSUED)) == len(ISSUED)
    assert RULES.keys() | RULEBOOK.retired == set(ISSUED)
    assert not RULES.keys() & RULEBOOK.retired


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("[cells.strange]", "[cells.gone]", "gone is used twice"),
        ("[cells.strange]", "[rows.strange]", "about"),
        ('"error"', '"fatal"', "severity"),
        ('"clean"', '"pretty"', "dimension"),
        ('"format"', '"form"', "group"),
        ('"retype"', '"pray"', "repair"),
        ('"Strange."', '""', "en"),
        ('vi = "Lạ."', "", "vi"),
        ('vi = "Lạ."', 'vi = "Lạ."\nwhy = "so"', "why"),
        ('vi = "Lạ."', 'vi = "Lạ."\nthreshold = { count = -1 }', "threshold"),
        ('vi = "Lạ."', 'vi = "Lạ."\nthreshold = { share = 1 }', "threshold"),
        ('vi = "Lạ."', 'vi = "Lạ."\nthreshold = {}', "threshold"),
    ],
)
def test_a_rule_that_is_told_wrongly_stops_the_start(old: str, new: str, wrong: str) -> None:
    assert read_rulebook(_WORDS + _RULE).rules.keys() == {"strange"}
    assert old in _RULE
    with pytest.raises(ValueError, match=wrong):
        read_rulebook(_WORDS + _RULE.replace(old, new))


def test_every_word_is_used_by_some_rule() -> None:
    assert {rule.repair_kind for rule in RULES.values()} == RULEBOOK.repairs.keys()
    assert {rule.dimension for rule in RULES.values()} == RULEBOOK.dimensions.keys()
    assert {rule.group for rule in RULES.values()} == RULEBOOK.groups.keys()
    assert {rule.about for rule in RULES.values()} == RULEBOOK.about.keys()
