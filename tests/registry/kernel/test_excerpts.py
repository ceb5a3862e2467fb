"""A document read only as far as a selection needs gives the answer that the whole of it gives."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.kernel.fields import Attribute, Catalogue, Document

DAY = date(2026, 3, 1)
ALL = (
    "name.full",
    "name.given",
    "sex",
    "home.town.street",
    "home.town.since",
    "home.until",
    "children.name",
    "children.number",
)


def _older(document: Document, on: date) -> Any:
    town = document.get("home", {}).get("town", {})
    return [town["since"], on.year] if "since" in town else None


CATALOGUE = Catalogue(
    "things",
    [
        *(Attribute(path, "", "") for path in ALL),
        Attribute("older", "", "", sources=("home.town.since",), derive=_older),
    ],
    flags=("under_review",),
)

leaves = st.one_of(
    st.text(max_size=5), st.integers(-9, 9), st.none(), st.just({"code": "Ứ", "of": [1]})
)
group = st.dictionaries(st.sampled_from(["full", "given", "basis"]), leaves)
town = st.dictionaries(st.sampled_from(["street", "since", "kept"]), leaves)
child = st.dictionaries(st.sampled_from(["name", "number", "else"]), leaves)
documents = st.fixed_dictionaries(
    {},
    optional={
        "name": group,
        "sex": leaves,
        "home": st.fixed_dictionaries({}, optional={"town": town, "until": leaves}),
        "children": st.lists(child, max_size=3) | child,
        "secret": leaves,
        "under_review": st.lists(st.sampled_from([*ALL, "name", "secret"]), max_size=3),
    },
)
fields = st.lists(st.sampled_from([*ALL, "name", "home", "children", "older"]), min_size=1)


@given(document=documents, asked=fields, read=st.lists(st.sampled_from(ALL)))
def test_the_excerpt_is_cut_as_the_whole_is(
    document: dict[str, Any], asked: list[str], read: list[str]
) -> None:
    selection = CATALOGUE.compile(asked, [*ALL, "older"])
    stored = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    told = selection.cut(selection.reader(read)(stored), DAY)
    assert msgspec.json.encode(told) == orjson.dumps(selection.cut(orjson.loads(stored), DAY))


def test_what_nobody_asked_for_is_not_even_read() -> None:
    selection = CATALOGUE.compile(["sex"], ALL)
    stored = orjson.dumps({"sex": "2", "secret": "x", "home": {"until": "y"}})
    assert set(selection.reader(["home.until"])(stored)) == {"sex"}


def test_a_value_where_a_group_should_be_is_an_error() -> None:
    selection = CATALOGUE.compile(["name"], ALL)
    with pytest.raises(msgspec.ValidationError):
        selection.reader(())(b'{"name":"x"}')
