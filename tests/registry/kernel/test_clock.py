"""Today is the day in Viet Nam, not in Greenwich."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from registry.kernel import clock


def test_the_day_turns_at_midnight_in_viet_nam() -> None:
    with clock.fixed(datetime(2025, 6, 30, 16, 59, tzinfo=UTC)):
        assert clock.today() == date(2025, 6, 30)
    with clock.fixed(datetime(2025, 6, 30, 17, 0, tzinfo=UTC)):
        assert clock.today() == date(2025, 7, 1)


def test_a_naive_moment_is_refused() -> None:
    naive = datetime(2025, 6, 30, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"), clock.fixed(naive):
        pass
