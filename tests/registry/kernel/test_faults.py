"""Faults on purpose befall made-up people in a sandbox, and nobody in production."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

import pytest

from registry.kernel.errors import Unavailable
from registry.kernel.faults import Fault, Faults
from registry.kernel.settings import Settings

MANG, CHAM = "999085000033", "999089000035"
RECORDS = {MANG: "record-of-mang", CHAM: "record-of-cham"}
PLAN = {
    MANG: Fault(frozenset({"parcels"}), down=True),
    CHAM: Fault(frozenset({"civil_status"}), seconds=3),
}


def _resolve(numbers: Iterable[str]) -> Mapping[str, str]:
    return {number: RECORDS[number] for number in numbers}


def _never(*_: object) -> NoReturn:
    raise AssertionError("asked")


def test_production_has_none_and_asks_nobody() -> None:
    faults = Faults.of(Settings(), _never, _never)
    for register in ("citizens", "parcels", "civil_status"):
        faults.raise_for(register, RECORDS[MANG])


@pytest.mark.parametrize("number", ["079188000002", "001085000033"])
def test_nobody_with_a_real_number_can_be_hit(number: str) -> None:
    with pytest.raises(ValueError, match="nobody is given"):
        Faults({number: Fault(frozenset({"parcels"}), down=True)}, _resolve)


def test_a_register_that_is_down_fails_for_that_person_alone() -> None:
    faults = Faults.of(Settings(environment="demo"), lambda: PLAN, _resolve)
    with pytest.raises(Unavailable):
        faults.raise_for("parcels", RECORDS[MANG])
    faults.raise_for("citizens", RECORDS[MANG])
    faults.raise_for("parcels", "somebody-else")


def test_a_slow_register_waits_and_raises_nothing() -> None:
    waited: list[float] = []
    faults = Faults(PLAN, _resolve, waited.append)
    faults.raise_for("civil_status", RECORDS[CHAM])
    faults.raise_for("parcels", RECORDS[CHAM])
    assert waited == [3]


def test_people_who_are_loaded_later_are_found_then() -> None:
    known: dict[str, str] = {}
    faults = Faults(PLAN, lambda numbers: {n: known[n] for n in numbers if n in known})
    faults.raise_for("parcels", RECORDS[MANG])
    known |= RECORDS
    with pytest.raises(Unavailable):
        faults.raise_for("parcels", RECORDS[MANG])
