"""History on two axes: nothing is overwritten, a wrong version never answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.history import Document, Segment, amend, answer

START = datetime(2025, 1, 1, tzinfo=UTC)
FIRST_DAY = date(2000, 1, 1)


def _day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def _amended(
    history: list[Segment], patch: Document, first: int, end: int | None, hour: int
) -> list[Segment]:
    return amend(
        history,
        lambda document: {**document, **patch},
        valid_from=_day(first),
        valid_to=None if end is None else _day(end),
        recorded_at=START + timedelta(hours=hour),
        source="test",
        load=str(hour),
    ).apply(history)


def _told(history: list[Segment], day: int, hour: int | None = None) -> Document | None:
    moment = None if hour is None else START + timedelta(hours=hour)
    found = answer(history, _day(day), moment)
    return found.document if found else None


def test_a_correction_changes_the_past_and_keeps_what_was_known() -> None:
    history = _amended([], {"commune": "A"}, 0, None, 0)
    history = _amended(history, {"commune": "B"}, 10, None, 1)
    history = _amended(history, {"commune": "C"}, 3, 6, 2)
    assert [_told(history, day) for day in (2, 3, 6, 10)] == [
        {"commune": "A"},
        {"commune": "C"},
        {"commune": "A"},
        {"commune": "B"},
    ]
    assert _told(history, 3, hour=1) == {"commune": "A"}
    assert _told(history, 10, hour=0) == {"commune": "A"}


def test_before_the_first_known_day_there_is_no_answer() -> None:
    assert _told(_amended([], {"commune": "A"}, 5, None, 0), 4) is None


def test_correcting_one_value_leaves_later_values_of_others_alone() -> None:
    history = _amended([], {"name": "An", "commune": "A"}, 0, None, 0)
    history = _amended(history, {"commune": "B"}, 10, None, 1)
    history = _amended(history, {"name": "Ân"}, 0, None, 2)
    assert _told(history, 12) == {"name": "Ân", "commune": "B"}


def test_a_wrong_version_never_answers_yet_stays() -> None:
    history = _amended([], {"name": "An"}, 0, None, 0)
    wrong = [replace(segment, wrong=True) for segment in history]
    assert _told(wrong, 1) is None
    assert _told(wrong, 1, hour=0) is None
    corrected = _amended(wrong, {"name": "Ân"}, 4, None, 1)
    assert _told(corrected, 3) is None
    assert _told(corrected, 4) == {"name": "Ân"}
    assert wrong[0] in corrected


def test_what_an_amendment_leaves_alone_keeps_its_load() -> None:
    history = _amended(_amended([], {"a": 1}, 0, None, 0), {"a": 2}, 5, 7, 1)
    loads = [answer(history, _day(day)) for day in (1, 5, 8)]
    assert [segment and segment.load for segment in loads] == ["0", "1", "0"]


def test_history_is_recorded_forwards_only() -> None:
    history = _amended([], {"a": 1}, 0, None, 5)
    with pytest.raises(ValueError, match="forwards"):
        _amended(history, {"a": 2}, 0, None, 4)
    with pytest.raises(ValueError, match="at least one day"):
        _amended(history, {"a": 2}, 4, 4, 6)


_steps = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 11),
        st.one_of(st.none(), st.integers(1, 6)),
    ),
    max_size=8,
)


@given(_steps)
def test_every_day_at_every_moment_agrees_with_a_plain_calendar(
    steps: list[tuple[str, int, int | None]],
) -> None:
    history: list[Segment] = []
    calendar: dict[int, dict[str, int]] = {}
    remembered = []
    for hour, (key, first, length) in enumerate(steps):
        end = None if length is None else first + length
        history = _amended(history, {key: hour}, first, end, hour)
        for day in range(first, 20 if end is None else end):
            calendar[day] = {**calendar.get(day, {}), key: hour}
        remembered.append(dict(calendar))
    for hour, then in enumerate(remembered):
        assert [_told(history, day, hour) for day in range(20)] == [
            then.get(day) for day in range(20)
        ]
    assert [_told(history, day) for day in range(20)] == [calendar.get(day) for day in range(20)]
