"""The page on corrections says what people are shown."""

from __future__ import annotations

from pathlib import Path

from registry.corrections.rules import LIVE, MOVES, REASONS, STATES

PAGE = Path(__file__).parents[3] / "docs" / "corrections.md"


def test_the_page_has_every_state_and_reason_in_its_words() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())
    for state, words in STATES.items():
        assert f"| `{state}` | {words.vi} | {words.en} |" in text
    for reason, words in REASONS.items():
        assert f"`{reason}` {words.vi}" in text


def test_every_case_can_come_to_an_end() -> None:
    reached = {target for sources, target in MOVES.values() if set(sources) <= set(LIVE)}
    assert reached == STATES.keys() - {"open"}
    assert {source for sources, _ in MOVES.values() for source in sources} == set(LIVE)
