"""Many edits of one history are one amendment, and what they leave alone is not touched."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.history import Document, Edit, Segment, answer, rewrite, says_already

START = datetime(2025, 1, 1, tzinfo=UTC)
FIRST = date(2000, 1, 1)


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _segment(first: int, end: int | None, document: Document) -> Segment:
    last = None if end is None else _day(end)
    return Segment(_day(first), last, START, document, "file", "load-1")


def _set(first: int, end: int | None, **values: object) -> Edit:
    def change(document: Document) -> Document:
        return {**document, **values}

    return Edit(_day(first), None if end is None else _day(end), change)


def _rewritten(history: list[Segment], *edits: Edit) -> list[Segment]:
    moment = START + timedelta(hours=1)
    plan = rewrite(history, edits, recorded_at=moment, source="acts")
    return plan.apply(history, moment) if plan else history


def _told(history: list[Segment], day: int, hour: int | None = None) -> Document | None:
    moment = None if hour is None else START + timedelta(hours=hour)
    found = answer(history, _day(day), moment)
    return found.document if found else None


def test_edits_that_change_nothing_write_nothing() -> None:
    history = [_segment(0, 5, {"a": 1}), _segment(5, None, {"a": 1, "b": 2})]
    assert rewrite(history, [_set(0, None, a=1)], recorded_at=START, source="acts") is None


def test_a_moment_before_the_last_is_refused() -> None:
    with pytest.raises(ValueError, match="forwards"):
        rewrite(
            [_segment(0, None, {})],
            [_set(0, None, a=1)],
            recorded_at=START - timedelta(hours=1),
            source="acts",
        )


def test_a_segment_that_no_edit_changes_is_not_touched() -> None:
    history = [_segment(0, 5, {"a": 1}), _segment(5, None, {"a": 2})]
    after = _rewritten(history, _set(7, None, a=3))
    assert after[0] is history[0]
    assert [_told(after, day) for day in (4, 6, 7)] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert _told(after, 7, hour=0) == {"a": 2}
    kept = answer(after, _day(6))
    assert kept is not None
    assert (kept.source, kept.load) == ("file", "load-1")


def test_neighbours_with_the_same_document_are_one() -> None:
    after = _rewritten([_segment(0, None, {})], _set(0, 5, a=1), _set(5, None, a=1))
    believed = [(s.valid_from, s.valid_to) for s in after if s.believed]
    assert believed == [(_day(0), None)]


def test_days_without_a_document_get_one_only_from_an_edit_that_makes_one() -> None:
    history = [_segment(5, None, {"a": 1})]
    after = _rewritten(history, _set(2, None, b=2), Edit(_day(0), _day(2), lambda d: d))
    assert [_told(after, day) for day in (1, 2, 5)] == [None, {"b": 2}, {"a": 1, "b": 2}]


def test_already_said_needs_every_day_to_the_end() -> None:
    history = [_segment(0, 5, {"a": 1}), _segment(5, 9, {"a": 1})]
    assert not says_already(history, _day(0), lambda _: {"a": 1})
    whole = [*history, _segment(9, None, {"a": 1})]
    assert says_already(whole, _day(3), lambda _: {"a": 1})
    assert not says_already(whole, _day(3), lambda _: {"a": 2})


_CUTS = st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=5).map(sorted)


@given(_CUTS, _CUTS, st.lists(st.integers(0, 2), min_size=10, max_size=10))
def test_each_day_says_what_its_edit_makes_and_the_past_stays(
    held: list[int], edited: list[int], values: list[int]
) -> None:
    def ends(cuts: list[int]) -> list[tuple[int, int | None]]:
        return list(zip(cuts, [*cuts[1:], None], strict=True))

    history = [
        _segment(a, b, {"a": value}) for (a, b), value in zip(ends(held), values, strict=False)
    ]
    edits = [_set(a, b, b=value) for (a, b), value in zip(ends(edited), values[5:], strict=False)]
    after = _rewritten(history, *edits)
    for day in range(32):
        before = _told(history, day)
        edit = next((e for e in reversed(edits) if e.valid_from <= _day(day)), None)
        expected = edit.change(before or {}) if edit else before
        assert _told(after, day) == expected
        assert _told(after, day, hour=0) == before
