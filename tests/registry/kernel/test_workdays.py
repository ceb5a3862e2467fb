"""Working days of Viet Nam: weekends, holidays, days worked instead, and years nobody knows yet."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.settings import Settings, SettingsError
from registry.kernel.workdays import BadCalendar, Calendar, add_workdays, is_workday, load

DAYS = st.dates(date(2024, 6, 1), date(2029, 6, 1))
COUNTS = st.integers(0, 40)


@given(DAYS, COUNTS)
def test_what_is_due_is_due_on_a_working_day(day: date, count: int) -> None:
    assert is_workday(add_workdays(day, count))


@given(DAYS, DAYS, COUNTS, COUNTS)
def test_later_or_longer_is_never_due_earlier(
    day: date, other: date, count: int, more: int
) -> None:
    first, last = sorted((day, other))
    fewer, longer = sorted((count, more))
    assert day <= add_workdays(day, count)
    assert add_workdays(first, count) <= add_workdays(last, count)
    assert add_workdays(day, fewer) <= add_workdays(day, longer)


@given(DAYS, st.integers(1, 40))
def test_so_many_working_days_lie_between(day: date, count: int) -> None:
    due = add_workdays(day, count)
    between = (day + timedelta(days=n + 1) for n in range((due - day).days))
    assert sum(map(is_workday, between)) == count


@given(DAYS, st.integers(1, 20), st.integers(1, 20))
def test_a_term_that_is_put_off_is_one_longer_term(day: date, count: int, more: int) -> None:
    assert add_workdays(add_workdays(day, count), more) == add_workdays(day, count + more)


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_the_law_gives_eleven_days_and_one_for_each_on_a_weekend(year: int) -> None:
    known = load().years[year]
    weekend = [day for day in known.off if day.weekday() > 4]
    # Labour Code, articles 111 and 112: 1 + 5 + 1 + 1 + 1 + 2, substitutes, and days exchanged.
    assert len(known.off) == 11 + len(weekend) + len(known.worked)
    assert all(day.weekday() > 4 for day in known.worked)
    substitutes = [day for day, name in known.off.items() if name.startswith("Nghỉ bù")]
    assert len(substitutes) == len(weekend)
    for fixed in ((1, 1), (4, 30), (5, 1), (9, 2)):
        assert date(year, *fixed) in known.off


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2025-01-29", False),
        ("2025-04-07", False),
        ("2025-04-26", True),
        ("2025-05-02", False),
        ("2026-02-17", False),
        ("2026-02-23", True),
        ("2026-04-27", False),
        ("2026-08-22", True),
        ("2026-08-31", False),
        ("2027-02-06", False),
        ("2027-02-11", False),
        ("2027-02-12", True),
        ("2027-04-16", False),
        ("2027-05-03", False),
        ("2028-01-26", True),
    ],
)
def test_known_days(day: str, worked: bool) -> None:
    assert is_workday(date.fromisoformat(day)) is worked


def test_of_a_year_outside_the_table_weekends_alone_are_known() -> None:
    assert not load().knows(date(2027, 12, 31), date(2028, 1, 3))
    assert add_workdays(date(2027, 12, 31), 1) == date(2028, 1, 3)
    assert not Calendar({}).knows(date(2026, 1, 1), date(2026, 1, 2))


def test_a_negative_term_is_no_term() -> None:
    with pytest.raises(ValueError, match="-1 working days"):
        add_workdays(date(2026, 1, 5), -1)


def _file(folder: Path, content: Any) -> str:
    path = folder / "holidays.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return str(path)


def _year(*off: str, worked: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"source": "thử", "off": dict.fromkeys(off, "nghỉ"), "worked": list(worked)}


@pytest.mark.parametrize(
    "content",
    [
        "nonsense",
        [],
        {"years": {"2028": {"off": {}}}},
        {"years": {"2028": _year("2027-01-03")}},
        {"years": {"2028": _year("2028-13-01")}},
        {"years": {"2028": _year("2028-01-01", worked=("2028-01-01",))}},
    ],
)
def test_a_calendar_that_makes_no_sense_stops_the_start(tmp_path: Path, content: Any) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(BadCalendar, match=r"holidays\.json"):
        load(path)
    with pytest.raises(SettingsError, match="SOGOC_HOLIDAY_FILE"):
        Settings(environment="demo", holiday_file=path)


def test_a_missing_calendar_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SOGOC_HOLIDAY_FILE"):
        Settings(environment="demo", holiday_file=str(tmp_path / "none.json"))


def test_a_file_adds_years_and_replaces_others(tmp_path: Path) -> None:
    years = {"2027": _year("2027-01-04"), "2028": _year("2028-01-03", worked=("2028-01-08",))}
    calendar = load(_file(tmp_path, {"years": years}))
    assert calendar.add_workdays(date(2027, 12, 31), 1) == date(2028, 1, 4)
    assert calendar.is_workday(date(2028, 1, 8))
    assert calendar.is_workday(date(2027, 1, 1))
    assert not calendar.is_workday(date(2026, 2, 17))
    assert calendar.knows(date(2025, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize("days", [0, 251])
def test_due_dates_are_within_a_working_year(days: int) -> None:
    with pytest.raises(SettingsError, match="SOGOC_CORRECTION_DAYS"):
        Settings(environment="demo", correction_days=days)
