"""Any real edit of a value changes its canonical text, and no other way of writing it does."""

from __future__ import annotations

import json
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.prefill.canonical import TYPES, CanonicalError, canonical, is_blank

# A machine under load takes its time, which is no fault of a value.
UNHURRIED = settings(deadline=None)
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_SYLLABLES = (
    *("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng", "Bùi", "Đỗ", "Thị", "Văn", "Hòa", "Thúy"),
    *("Quý", "Khỏe", "Lũy", "Ánh", "Ân", "An", "Bé", "Ngọc", "Ksor"),
)

names = st.lists(st.sampled_from(_SYLLABLES), min_size=2, max_size=5).map(" ".join)
texts = st.lists(
    st.sampled_from(
        [*_SYLLABLES, "169/8A", "đường", "số", "1", "(nhà)", "P.", "a-b", "K'Ho", '"x"']
    ),
    min_size=1,
    max_size=6,
).map(" ".join)
days = st.dates(date(1900, 1, 1), date(2100, 12, 31))
codes = st.text("0123456789", min_size=1, max_size=12)
numbers = st.decimals(-(10**9), 10**9, places=3).map(lambda number: number.normalize() + 0)
units = st.fixed_dictionaries({"code": codes, "label": texts})
addresses = st.fixed_dictionaries(
    {
        "as_recorded": texts,
        "current": st.fixed_dictionaries({"province": units, "commune": units}),
        "method": st.just("exact"),
        "confidence": st.just(1),
    }
)
members = st.fixed_dictionaries({"name": names, "relation": units, "age": st.integers(0, 120)})


@st.composite
def spaced(draw: st.DrawFn, text: str) -> str:
    """Write a text otherwise: spaces of any kind, unseen characters, NFD, other quotes."""
    spaces = st.sampled_from([" ", "  ", "\u00a0", "\u2009", "\t", " \u200b"])
    unseen = st.sampled_from(["", "\u200b", "\u00ad", "\ufeff", "\u2060", "\u200e", "\ufe0f"])
    looks = {
        "'": st.sampled_from(["'", "\u2019", "\u02bc", "\u2018"]),
        '"': st.sampled_from(['"', "\u201c", "\u201d", "\u00ab"]),
        "-": st.sampled_from(["-", "\u2010", "\u2013", "\u2014", "\u2212"]),
        "Đ": st.sampled_from(["Đ", "\u00d0"]),
    }
    written = "".join(
        draw(spaces) if c == " " else draw(looks.get(c, st.just(c))) + draw(unseen) for c in text
    )
    form: Any = draw(st.sampled_from(["NFC", "NFD"]))
    return draw(st.sampled_from(["", " "])) + unicodedata.normalize(form, written) + " "


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """Change one thing that counts: a letter, its tone, its quality, a digit, a word."""
    places = [i for i, c in enumerate(text) if c.isalnum()]
    assume(places)
    at = draw(st.sampled_from(places))
    old = text[at]
    if old.isdigit():
        new = draw(st.sampled_from([d for d in "0123456789" if d != old]))
    else:
        bare = unicodedata.normalize("NFD", old)
        toned = "".join(c for c in bare if c not in _TONES)
        others = [unicodedata.normalize("NFC", toned + tone) for tone in ("", *_TONES)]
        letters = [c for c in [*others, *"xzđăô", ""] if c.lower() != old.lower() and len(c) <= 1]
        new = draw(st.sampled_from(letters))
    return text[:at] + new + text[at + 1 :]


@UNHURRIED
@given(st.data(), texts)
def test_an_edited_text_is_another(data: st.DataObject, text: str) -> None:
    assert canonical(data.draw(edited(text)), "text") != canonical(text, "text")


@UNHURRIED
@given(st.data(), names)
def test_an_edited_name_is_another(data: st.DataObject, name: str) -> None:
    other = data.draw(edited(name))
    # The two styles of one tone are one spelling: hoà is no edit of hòa.
    assert canonical(other, "name") != canonical(name, "name")
    assert canonical(other.upper(), "name") != canonical(name, "name")


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Nguyễn Văn An", "Nguyễn văn An", "name"),
        ("Nguyễn Văn An", "nguyễn văn an", "name"),
        ("Trần Thị Quí", "Trần Thị Quý", "name"),
        ("Trần Văn An", "TrầnVăn An", "name"),
        ("NGUYỄN VĂN AN", "Nguyễn Văn An", "text"),
        ("1989", "1989-01", "partial_date"),
        ("01", "1", "code"),
        ("AB-1", "ab-1", "code"),
        (["a", "b"], ["b", "a"], "list"),
        (["a b"], ["a", "b"], "list"),
        (["a"], "a", "address"),
        ({"as_recorded": "1 A"}, {"street": "1 A"}, "address"),
        ([None], [], "list"),
        ([{"a": {"b": "c"}}], [{"a": "b", "b": "c"}], "list"),
        (1.234, "1.234", "number"),
    ],
)
def test_what_counts_is_told_apart(one: Any, other: Any, kind: str) -> None:
    assert _canonical(one, kind) != _canonical(other, kind)


def _canonical(value: Any, kind: str) -> str | None:
    try:
        return canonical(value, kind)
    except CanonicalError:
        return None


@UNHURRIED
@given(days, st.integers(-40_000, 40_000).filter(bool))
def test_another_day_is_another(day: date, apart: int) -> None:
    moved = day + timedelta(days=apart)
    assume(moved.year >= 1850)
    assert canonical(moved.isoformat(), "date") != canonical(f"{day:%d/%m/%Y}", "date")


@UNHURRIED
@given(st.data(), codes, texts)
def test_an_edited_code_is_another_whatever_its_label(
    data: st.DataObject, code: str, label: str
) -> None:
    other = data.draw(edited(code))
    assert canonical({"code": other, "label": label}, "code") != canonical(code, "code")


@UNHURRIED
@given(numbers, numbers)
def test_two_numbers_are_two(one: Decimal, other: Decimal) -> None:
    same = canonical(one, "number") == canonical(other, "number")
    assert same == (one == other)


@UNHURRIED
@given(st.data(), addresses)
def test_an_edited_part_of_an_address_is_seen(data: st.DataObject, address: dict[str, Any]) -> None:
    before = canonical(address, "address")
    other = json.loads(json.dumps(address))
    unit = data.draw(st.sampled_from(["as_recorded", "province", "commune"]))
    if unit == "as_recorded":
        other[unit] = data.draw(edited(other[unit]))
    else:
        other["current"][unit]["code"] = data.draw(edited(other["current"][unit]["code"]))
    assert canonical(other, "address") != before


@UNHURRIED
@given(st.data(), st.lists(members, min_size=1, max_size=4))
def test_an_edited_lost_or_added_member_is_seen(
    data: st.DataObject, household: list[dict[str, Any]]
) -> None:
    before = canonical(household, "list")
    at = data.draw(st.integers(0, len(household) - 1))
    edit = {**household[at], "name": data.draw(edited(household[at]["name"]))}
    older = {**household[at], "age": household[at]["age"] + 1}
    for member in (edit, older):
        assert canonical([*household[:at], member, *household[at + 1 :]], "list") != before
    assert canonical(household[:at] + household[at + 1 :], "list") != before
    assert canonical([*household, household[at]], "list") != before


@UNHURRIED
@given(st.data(), texts)
def test_a_text_written_otherwise_is_the_same(data: st.DataObject, text: str) -> None:
    assert canonical(data.draw(spaced(text)), "text") == canonical(text, "text")


@UNHURRIED
@given(st.data(), names, st.booleans())
def test_a_name_in_capitals_or_the_new_tone_style_is_the_same(
    data: st.DataObject, name: str, capitals: bool
) -> None:
    pairs = [("òa", "oà"), ("úy", "uý"), ("ỏe", "oẻ"), ("ũy", "uỹ")]
    for old, new in pairs:
        name_in_new = name.replace(old, new) if data.draw(st.booleans()) else name
        written = name_in_new.upper() if capitals else name_in_new
        assert canonical(data.draw(spaced(written)), "name") == canonical(name, "name")


@UNHURRIED
@given(st.data(), days)
def test_a_date_written_otherwise_is_the_same(data: st.DataObject, day: date) -> None:
    written = [
        f"{day:%Y-%m-%d}",
        f"{day:%d/%m/%Y}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day:%d.%m.%Y}",
        f"{day:%d - %m - %Y}",
        f"{day:%d\u2013%m\u2013%Y}",
    ]
    text = data.draw(spaced(data.draw(st.sampled_from(written))))
    for value in (text, day, {"value": text, "precision": "day"}):
        assert canonical(value, "date") == canonical(value, "partial_date") == day.isoformat()


@UNHURRIED
@given(days)
def test_a_partial_date_keeps_its_precision(day: date) -> None:
    assert canonical(f"{day:%m/%Y}", "partial_date") == f"{day:%Y-%m}"
    assert canonical(f"{day.year}", "partial_date") == f"{day.year}"


@UNHURRIED
@given(numbers)
def test_a_number_written_otherwise_is_the_same(number: Decimal) -> None:
    whole, _, part = f"{abs(number):f}".partition(".")
    sign = "-" if number < 0 else ""
    grouped = f"{int(whole):,}"
    decimals = f",{part}" if part else ""
    written: list[Any] = [number, f"{sign}{whole}{decimals}"]
    written += [sign + grouped.replace(",", mark) + decimals for mark in (".", " ", "\u00a0", "'")]
    written.append(f"\u2212{whole}{decimals}0" if sign and part else written[1])
    assert {canonical(value, "number") for value in written} == {canonical(number, "number")}


@UNHURRIED
@given(st.data(), codes, texts)
def test_a_code_with_or_without_its_label_is_the_same(
    data: st.DataObject, code: str, label: str
) -> None:
    written = data.draw(spaced(code))
    assert canonical({"label": label, "code": written}, "code") == canonical(code, "code") == code


@UNHURRIED
@given(st.data(), st.lists(members, min_size=1, max_size=3))
def test_objects_written_otherwise_are_the_same(
    data: st.DataObject, household: list[dict[str, Any]]
) -> None:
    others = [
        {
            "phone": None,
            "age": str(member["age"]),
            "relation": member["relation"]["code"],
            "name": data.draw(spaced(member["name"])),
        }
        for member in household
    ]
    assert canonical(others, "list") == canonical(household, "list")


@UNHURRIED
@given(st.data(), addresses)
def test_how_an_address_was_understood_is_no_part_of_it(
    data: st.DataObject, address: dict[str, Any]
) -> None:
    other = dict(reversed(address.items())) | {"method": "candidates", "confidence": 0.5}
    other["as_recorded"] = data.draw(spaced(address["as_recorded"]))
    assert canonical(other, "address") == canonical(address, "address")


@UNHURRIED
@given(st.one_of(texts, names, days.map(str), codes), st.sampled_from(TYPES))
def test_a_canonical_text_is_its_own(value: str, kind: str) -> None:
    made = _canonical(value, kind)
    assume(made is not None and not made.startswith("["))
    assert canonical(made, kind) == made


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "number"),
        ("1.23.456", "number"),
        ("1,5,3", "number"),
        ("1 23", "number"),
        ("1.5.3,2,1", "number"),
        ("12 m2", "number"),
        ("٣", "number"),
        (True, "number"),
        (float("nan"), "number"),
        (float("inf"), "number"),
        ("1e999999999", "number"),
        (Decimal("1e999999999"), "number"),
        ("9" * 100_000, "number"),
        ("31/02/2020", "date"),
        ("03/1989", "date"),
        ("12/31/1989", "date"),
        ("1990-05-17T00:00:00Z", "date"),
        (17, "date"),
        (True, "code"),
        ({"label": "Kinh"}, "code"),
        (79, "text"),
        ("\ud800", "text"),
        ("maybe", "boolean"),
        ("a, b", "list"),
        (["x"], "list:number"),
        (79, "address"),
        ("x", "colour"),
        (object(), "list"),
    ],
)
def test_what_is_none_of_its_type_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(CanonicalError):
        canonical(value, kind)


def test_what_is_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(CanonicalError):
        canonical(deep, "list")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("có", "boolean", "true"),
        ("KHÔNG", "boolean", "false"),
        (False, "boolean", "false"),
        (["02/09/1945", "1989-05-17"], "list:date", '["1945-09-02","1989-05-17"]'),
        ([{"birth": {"value": "1989", "precision": "year"}}], "list", '[{"birth":"1989"}]'),
        ([True, 1.50, None], "list", '["true","1.5",null]'),
        (["TRẦN THỊ HOÀ"], "list:name", '["Trần Thị Hòa"]'),
        ("H’ HEN NIÊ", "name", "H'Hen Niê"),
        ("001 190 000 001", "code", "001190000001"),
        (-0.0, "number", "0"),
        ("007", "number", "7"),
        (1e21, "number", "1000000000000000000000"),
    ],
)
def test_the_form_is_as_published(value: Any, kind: str, expected: str) -> None:
    assert canonical(value, kind) == expected


@pytest.mark.parametrize("value", [None, "", " \u00a0", "\u200b", [], {}])
def test_nothing_is_blank(value: Any) -> None:
    assert is_blank(value)
    assert not is_blank([value])
