"""Plants known errors in a made-up file of citizens, and says just what a check has to find.

The same seed plants the same. What made-up files have without any planting, communes that were
divided since an address was written, is worked out from the facts of the places alone and is
expected too, so that the findings have to be exactly these.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from datasets.specs import SPECS
from registry.places.catalogue import catalogue

Row = dict[str, str]
Place = tuple[str, int, str]
_COLUMNS = [column.name for column in SPECS["citizens"].columns]
_ADDRESSES = [name.removesuffix("_commune") for name in _COLUMNS if name.endswith("_commune")]
_OTHER_NUMBERS = ("nine_digit_id", "cancelled_id", "passport", "origin_certificate")
_HEADER = 1
_BEYOND, _EXTRA = "", "thừa"  # a cell that stands under no column


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to spoil a row: the finding it has to give, which rows it fits, what it writes."""

    rule: str
    column: str
    spoil: Callable[[Row, Row], Row]
    fits: Callable[[Row], bool] = lambda _: True


def _writes(rule: str, column: str, cell: str, *filled: str, **more: str) -> Mistake:
    """Return the mistake of writing ``cell``, and ``more``, where the columns ``filled`` are."""
    return Mistake(
        rule, column, lambda _, __: {column: cell, **more}, lambda row: all(map(row.get, filled))
    )


def _year_before(row: Row, _: Row) -> Row:
    day, year = row["birth_date"][:-4], int(row["birth_date"][-4:])
    return {"birth_date": f"{day}{year - 1}"}


def _dies_alive(row: Row) -> bool:
    written = any(map(row.get, ("death_date", "missing_since")))
    return row["life_status"] == "Còn sống" and not written and row["birth_date"][-4:] < "2025"


def _has_one_number(row: Row) -> bool:
    return not any(map(row.get, _OTHER_NUMBERS))


MISTAKES = (
    _writes("required", "full_name", ""),
    _writes("required", "personal_id", ""),
    Mistake(
        "personal_id_shape", "personal_id", lambda row, _: {"personal_id": row["personal_id"][1:]}
    ),
    _writes("personal_id_shape", "personal_id", "7.9988E+10"),
    _writes("personal_id_shape", "father_id", "90187000101"),
    _writes("identifier_shape", "nine_digit_id", "12345"),
    _writes("identifier_shape", "passport", "số cũ"),
    Mistake(
        "unknown_block",
        "personal_id",
        lambda row, _: {"personal_id": f"003{row['personal_id'][3:]}"},
    ),
    Mistake(
        "sex_digit",
        "personal_id",
        lambda row, _: {"sex": "Nữ" if row["sex"] == "Nam" else "Nam"},
        lambda row: row["sex"] in {"Nam", "Nữ"},
    ),
    Mistake(
        "birth_year",
        "personal_id",
        _year_before,
        lambda row: bool(row["birth_date"]) and not row["birth_date"].startswith("29/02"),
    ),
    _writes("date_malformed", "birth_date", "mùng hai Tết"),
    _writes("date_no_such_day", "birth_date", "30/02/1990"),
    _writes("date_no_such_day", "personal_id_issued_on", "31/04/2022"),
    _writes("date_out_of_range", "birth_date", "9/10/1017"),
    _writes("date_us_order", "birth_date", "12/25/1985"),
    _writes("date_future", "permanent_from", "2999"),
    _writes("unknown_code", "ethnicity", "Sao Hỏa"),
    _writes("unknown_code", "sex", "X"),
    _writes("unknown_code", "other_nationalities", "FR; Sao Hỏa"),
    _writes("unknown_code", "marital_books_complete", "có"),
    Mistake(
        "hidden_character",
        "full_name",
        lambda row, _: {"full_name": row["full_name"].replace(" ", "\u200b", 1)},
        lambda row: " " in row["full_name"],
    ),
    _writes("unknown_commune", "hometown_commune", "99999", hometown_on="01/01/2020"),
    _writes("interval_order", "passport_expires_on", "01/01/1999", "passport_issued_on"),
    _writes("interval_order", "absence_until", "2024", absence_from="2025"),
    Mistake("life_status_date", "death_date", lambda _, __: {"death_date": "2025"}, _dies_alive),
    _writes("ragged_row", _BEYOND, _EXTRA),
    # The second row with a number: of the whole row, or of one paper.
    Mistake("repeated_record", "personal_id", lambda _, earlier: earlier, _has_one_number),
    Mistake(
        "repeated_identifier",
        "nine_digit_id",
        lambda _, earlier: {"nine_digit_id": earlier["nine_digit_id"]},
        lambda row: bool(row["nine_digit_id"]),
    ),
)


def plant(made: Path, planted: Path, count: int, seed: int) -> set[Place]:
    """Write the file ``made`` with ``count`` errors in it to ``planted``; return the findings.

    Each error is in a row of its own, and every kind is there about equally often. Raises
    ValueError where the rows are too few for them.
    """
    with made.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = set(_planted(rows, count, Random(seed)))  # noqa: S311 - a choice, not a secret
    with planted.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in rows:
            extra = [row[_BEYOND]] if _BEYOND in row else []
            writer.writerow([row[name] for name in _COLUMNS] + extra)
    for line, row in enumerate(rows, _HEADER + 1):
        expected |= {("split_commune", line, column) for column in divided(row)}
    return expected


def _planted(rows: list[Row], count: int, random: Random) -> Iterator[Place]:
    """Spoil rows in place, and yield what has to be found in each."""
    # Rows at even places are spoilt, those at odd ones stay right: what is repeated stands there.
    places = range(2, len(rows), 2)
    waiting = random.sample(places, len(places))
    for number in range(count):
        mistake = MISTAKES[number % len(MISTAKES)]
        found = ((at, _earlier(rows, at, mistake)) for at in waiting if mistake.fits(rows[at]))
        chosen = next(((at, row) for at, row in found if row is not None), None)
        if chosen is None:
            raise ValueError(f"too few rows for {count} errors")
        at, earlier = chosen
        waiting.remove(at)
        rows[at] |= mistake.spoil(rows[at], earlier)
        yield mistake.rule, at + _HEADER + 1, mistake.column


def _earlier(rows: list[Row], place: int, mistake: Mistake) -> Row | None:
    """Return the nearest row above that stays right and whose numbers can be repeated."""
    if not mistake.rule.startswith("repeated"):
        return {}
    return next((rows[at] for at in range(place - 1, 0, -2) if mistake.fits(rows[at])), None)


def divided(row: Row) -> Iterator[str]:
    """Yield the columns of communes that were divided since the day on which they were written."""
    for address in _ADDRESSES:
        code, on = row[f"{address}_commune"], row[f"{address}_on"]
        day = date(*map(int, reversed(on.split("/")))) if on.count("/") == 2 else None
        if code and catalogue().convert(code, day).outcome == "candidates":
            yield f"{address}_commune"
