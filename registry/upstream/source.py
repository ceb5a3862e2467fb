"""What a register asks of a source, and the limits within which it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from registry.kernel.fields import Document


class SourceDown(Exception):
    """The source does not answer, or not as agreed; the message holds no personal value."""


class Source(Protocol):
    """One source of one dataset, behind its adapter."""

    @property
    def name(self) -> str:
        """The name that record versions carry as their source."""

    def fetch(self, identifiers: Sequence[str]) -> Mapping[str, Document | None]:
        """Return the document of each identifier, None for one that leads to nobody.

        One that is missing could not be answered. Raises SourceDown where none could.
        """

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a source is waited for and read; ``total_seconds`` is for all batches."""

    batch: int = 100
    connect_seconds: float = 2.0
    read_seconds: float = 5.0
    total_seconds: float = 10.0
    most_bytes: int = 4_000_000
    failures: int = 5
    open_seconds: float = 30.0
