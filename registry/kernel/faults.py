"""Faults on purpose: registers that fail for some made-up people, so that forms can be tried.

A sandbox runs the code of production. What differs is this frozen table, and only people whose
numbers nobody is ever given can stand in it. Production has an empty one, whatever is handed over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from registry.kernel.errors import Unavailable
from registry.kernel.identifiers import is_never_issued
from registry.kernel.settings import Settings

Resolve = Callable[[Iterable[str]], Mapping[str, str]]
"""Tells the record id that each personal id leads to; who has none is absent."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in ``registers``: they are ``down``, or answer ``seconds`` late."""

    registers: frozenset[str]
    down: bool = False
    seconds: float = 0.0


class Faults:
    """The faults of one process, by personal id; `of` is the way to make them."""

    def __init__(
        self,
        by_number: Mapping[str, Fault],
        resolve: Resolve,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the faults; raises ValueError for a personal id that somebody may have."""
        if not all(map(is_never_issued, by_number)):
            raise ValueError("faults are for numbers that nobody is given")
        self._by_number = dict(by_number)
        self._resolve = resolve
        self._sleep = sleep
        self._by_record: dict[str, Fault] = {}

    @classmethod
    def of(
        cls, settings: Settings, plan: Callable[[], Mapping[str, Fault]], resolve: Resolve
    ) -> Faults:
        """Return the faults of a sandbox; in production there are none, and nobody is asked."""
        return cls({} if settings.production else plan(), resolve)

    @property
    def numbers(self) -> frozenset[str]:
        """The personal ids of those for whom something fails."""
        return frozenset(self._by_number)

    def raise_for(self, register: str, record_id: str) -> None:
        """Do what a sick ``register`` would do to a question about the citizen ``record_id``.

        Raises Unavailable where it is down, waits where it is slow, and else returns at once.
        Call it before a transaction is opened, for waiting in one keeps others waiting.
        """
        fault = self._fault(register, record_id)
        if fault and fault.seconds:
            self._sleep(fault.seconds)
        self.raise_if_down(register, record_id)

    def raise_if_down(self, register: str, record_id: str) -> None:
        """Raise Unavailable where a register is down; waits for nobody, so a transaction may."""
        fault = self._fault(register, record_id)
        if fault and fault.down:
            raise Unavailable(subject=record_id)

    def _fault(self, register: str, record_id: str) -> Fault | None:
        fault = self._faults().get(record_id) if self._by_number else None
        return fault if fault and register in fault.registers else None

    def _faults(self) -> Mapping[str, Fault]:
        # Record ids never change; but the people may be loaded only after the server started.
        if len(self._by_record) < len(self._by_number):
            found = self._resolve(self._by_number)
            self._by_record = {found[number]: self._by_number[number] for number in found}
        return self._by_record
