"""The states of a correction case, what leads from one to another, and when it is due (pure).

A wrong value goes back to the steward (resolution 66.7/2025/NQ-CP, article 8); whoever it is
about hears from us within two working days (Personal Data Protection Law 91/2025/QH15).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.kernel import workdays
from registry.kernel.errors import Text
from registry.kernel.rendered import render
from registry.kernel.settings import Settings
from registry.kernel.text import clean
from registry.kernel.workdays import Calendar

STATES: Mapping[str, Text] = {
    "open": Text("Đã tiếp nhận, chờ phản hồi", "Received, waiting for a reply"),
    "replied": Text("Đã phản hồi, đang xác minh", "Replied to, being verified"),
    "accepted": Text("Đã chấp nhận, đang sửa sổ", "Accepted, the register is being corrected"),
    "rejected": Text("Không chấp nhận", "Not accepted"),
    "done": Text("Đã sửa xong", "Corrected"),
}
LIVE = ("open", "replied", "accepted")
"""States in which the registered value is still in question."""

REASONS: Mapping[str, Text] = {
    "moved": Text("Thông tin đã thay đổi", "It has changed since"),
    "misspelt": Text("Ghi sai, nhầm chữ hoặc số", "It is misspelt or mistyped"),
    "foreign_event": Text("Sự kiện ở nước ngoài chưa ghi", "An event abroad is missing"),
    "other": Text("Lý do khác", "Another reason"),
}
SOURCES: Mapping[str, Text] = {
    "prefill": Text("Biểu mẫu điền sẵn", "A prefilled form"),
    "citizen": Text("Người dân", "The person"),
    "agency": Text("Cơ quan", "An agency"),
}
MOVES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "replied": (("open",), "replied"),
    "accepted": (("open", "replied"), "accepted"),
    "rejected": (("open", "replied"), "rejected"),
    "done": (("accepted",), "done"),
}
"""By what is done: the states from which it may be, and the state that it leads to."""

ACTIONS: Mapping[str, Text] = {
    "opened": Text("Báo sai sót", "Reported"),
    "reported": Text("Có người báo thêm", "Reported again"),
    "extended": Text("Gia hạn", "Put off"),
    **{action: STATES[state] for action, (_, state) in MOVES.items()},
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Within how many working days what has to happen, and by which calendar."""

    reply_days: int = 2
    days: int = 10
    extension_days: int = 5
    calendar: Calendar = workdays.load()  # noqa: RUF009 - the packaged one, which never changes

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        """Return the terms of ``settings``."""
        return cls(
            settings.correction_reply_days,
            settings.correction_days,
            settings.correction_extension_days,
            workdays.load(settings.holiday_file),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """By which days somebody replies, and the value is decided on and corrected.

    ``calendar_known`` is False where weekends alone were counted in some year on the way.
    """

    reply_due: date
    due_on: date
    calendar_known: bool


def due_dates(opened: date, terms: Terms) -> Due:
    """Return when a case that is opened on the day ``opened`` is due.

    >>> due = due_dates(date(2026, 2, 12), Terms())  # two working days before Tết
    >>> due.reply_due.isoformat(), due.due_on.isoformat(), due.calendar_known
    ('2026-02-23', '2026-03-05', True)
    """
    reply = terms.calendar.add_workdays(opened, terms.reply_days)
    last = terms.calendar.add_workdays(opened, terms.days)
    return Due(reply, last, terms.calendar.knows(opened, max(reply, last)))


def extended(due_on: date, terms: Terms) -> Due:
    """Return when a case is due that was due on ``due_on`` and is put off.

    >>> extended(date(2026, 3, 5), Terms()).due_on.isoformat()
    '2026-03-12'
    """
    last = terms.calendar.add_workdays(due_on, terms.extension_days)
    return Due(due_on, last, terms.calendar.knows(due_on, last))


def is_overdue(state: str, due: Due, day: date) -> bool:
    """Say whether a reply or the end was due before ``day`` and has not come.

    >>> due = Due(date(2026, 3, 4), date(2026, 3, 16), True)
    >>> [is_overdue(state, due, date(2026, 3, 5)) for state in ("open", "replied", "done")]
    [True, False, False]
    """
    if state not in LIVE:
        return False
    return day > due.due_on or (state == "open" and day > due.reply_due)


def identity(register: str, record_id: str, subject_id: str, path: str, declared: Any) -> str:
    """Return what two reports of the same thing share, however their text is spaced or composed.

    >>> one, other = (identity("citizens", "1", "1", "name.full", n) for n in ("Lê An", "Lê  An "))
    >>> one == other
    True
    """
    text = render([register, record_id, subject_id, path, _plain(declared)])
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
