"""How values are written for people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from registry.kernel.errors import Text
from registry.web.shown import History, dig
from registry.web.writing import Line, day, written

_ADDRESS = {"as_recorded": "12 Lê Lợi, Phường Tân Hòa", "method": "exact"}
_UNITS = {"commune": {"label": "Phường Tân Hòa"}, "province": {"label": "Thành phố Hồ Chí Minh"}}


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("", []),
        ({"value": "1989", "precision": "year"}, ["1989"]),
        ({"code": "01", "label": "Kinh"}, ["Kinh"]),
        ({"least": 80, "most": 81}, ["80–81"]),
        ({"name": "Trần An", "personal_id": "900218000004"}, ["Trần An · 900•••••0004"]),
        (
            _ADDRESS | {"current": _UNITS},
            ["12 Lê Lợi, Phường Tân Hòa, Thành phố Hồ Chí Minh"],
        ),
        ({"kind": "long_term"}, [Text("Lâu dài", "Long-term")]),
        (
            {"kind": "until", "date": {"value": "2050-12-31", "precision": "day"}},
            [Text("đến 31/12/2050", "until 31/12/2050")],
        ),
        (
            {"type": "nine_digit_id", "value": "012345678"},
            [Text("012345678, chứng minh nhân dân", "012345678, old identity number")],
        ),
        ([1234.5, True], ["1.234,5", Text("Có", "Yes")]),
    ],
)
def test_a_value_is_written_as_people_write_it(value: Any, lines: list[Line]) -> None:
    assert written(value) == lines


def test_an_old_address_has_the_names_of_its_day_and_says_that_it_is_old() -> None:
    legacy = {"as_of": "2015-03-01", "commune": "26737", "district": "760", "province": "79"}
    told = written({"as_recorded": "5 Mạc Đĩnh Chi", "legacy": legacy, "method": "unresolved"})
    assert told[0] == "5 Mạc Đĩnh Chi, Phường Đa Kao, Quận 1, Thành phố Hồ Chí Minh"
    assert isinstance(told[1], Text)


def test_a_moment_is_told_by_the_day_in_viet_nam() -> None:
    assert day(datetime(2026, 11, 1, 20, 0, tzinfo=UTC)) == "02/11/2026"


def test_a_path_leads_through_every_item_of_a_list() -> None:
    record = {"children": [{"name": "An"}, {}, {"name": "Bình"}]}
    assert dig(record, "children.name") == ["An", "Bình"]
    assert dig(record, "children.age") is None
    assert dig({"sex": "2"}, "sex.code") is None


def test_a_value_holds_since_it_was_last_another_or_unknown() -> None:
    def version(begin: str, end: str | None, record: dict[str, Any]) -> dict[str, Any]:
        until = {"valid_to": end} if end else {}
        recorded = {"recorded_at": "2026-05-05T18:00:00+00:00"}
        return {"valid_from": begin, **until, **recorded, "record": record}

    history = History(
        [
            version("2000-01-01", "2005-01-01", {"sex": "1", "name": "A"}),
            version("2006-01-01", "2010-01-01", {"sex": "1", "name": "A"}),
            version("2010-01-01", "2099-01-01", {"sex": "1", "name": "B"}),
            version("2099-01-01", None, {"sex": "2", "name": "C"}),
        ]
    )
    on = date(2026, 11, 25)
    assert history.since("name", on) == "01/01/2010"
    # Over the gap before nothing is known.
    assert history.since("sex", on) == "01/01/2006"
    assert history.since("religion", on) == ""
    assert history.recorded(on) == "06/05/2026"
    assert History([]).since("sex", on) == ""
