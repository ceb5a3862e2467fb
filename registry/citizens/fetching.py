"""Between the register and its source: what must be asked is asked once, and kept if it may be."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from registry.citizens.verification import Held, carries, find_held, keep
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.kernel.errors import Invalid, Text, Unavailable
from registry.kernel.fields import Document
from registry.upstream.flight import Absences, SingleFlight
from registry.upstream.modes import Mode
from registry.upstream.source import Source, SourceDown

_WAIT_SECONDS = 15.0
# How long, at most, a number that leads to nobody is not asked again.
_ABSENT_SECONDS = 60
_SILENT = Text(
    "Nguồn dữ liệu chưa trả lời, và không có bản sao nào còn hạn: hãy thử lại sau.",
    "The source does not answer, and no copy is fresh enough: try again later.",
)
logger = logging.getLogger("sogoc")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the source decided of identifiers: who is nobody, and whose copy is past its time."""

    absent: frozenset[str]
    late: frozenset[str]


class Link:
    """One source in one mode, with what goes on between it and this process."""

    def __init__(self, database: Database, mode: Mode, source: Source) -> None:
        self.mode = mode
        self.close = source.close
        self._database = database
        self._source = source
        self._renewals: SingleFlight[bool] = SingleFlight(_WAIT_SECONDS)
        self._fetches: SingleFlight[Document | None] = SingleFlight(_WAIT_SECONDS)
        self._absent = Absences(min(mode.ttl_seconds, _ABSENT_SECONDS))

    def fetch(self, identifiers: Collection[str]) -> Mapping[str, Document | None]:
        """Return what the source says of each identifier and keep nothing; raises Unavailable."""
        try:
            found = self._fetches.run(identifiers, self._believed)
        except SourceDown:
            found = {}
        if set(identifiers) - found.keys():
            raise Unavailable(_SILENT)
        return found

    def freshen(self, identifiers: Collection[str]) -> Checked:
        """See that what is held of each identifier is fresh, asking the source where it isn't.

        Raises Unavailable where the source is silent about somebody who was not confirmed within
        the time that the mode still allows.
        """
        held = self._held(identifiers)
        due = {key for key in identifiers if self._due(key, held.get(key))}
        answered: Mapping[str, bool] = {}
        if due:
            try:
                answered = self._renewals.run(due, self._renew)
            except SourceDown:
                answered = {}
        late = frozenset(due - answered.keys())
        if not all(self._bearable(held.get(key)) for key in late):
            raise Unavailable(_SILENT)
        absent = {key for key, there in answered.items() if not there}
        absent |= {k for k, h in held.items() if not (h.found or h.merged) and k not in answered}
        return Checked(frozenset(absent), late)

    def _held(self, identifiers: Collection[str]) -> dict[str, Held]:
        with self._database.reading() as session:
            return find_held(session, identifiers)

    def _due(self, identifier: str, held: Held | None) -> bool:
        if held is None:
            return identifier not in self._absent
        # A merged record answers where it went, which the source knows nothing of.
        return not held.merged and not self._within(held.verified_at, self.mode.ttl_seconds)

    def _bearable(self, held: Held | None) -> bool:
        seconds = self.mode.ttl_seconds + self.mode.stale_seconds
        return held is not None and self._within(held.verified_at, seconds)

    @staticmethod
    def _within(moment: datetime | None, seconds: int) -> bool:
        return moment is not None and now() - moment < timedelta(seconds=seconds)

    def _renew(self, identifiers: list[str]) -> dict[str, bool]:
        """Fetch and keep; return by identifier whether it leads to somebody."""
        # Another request may have done it between the first look and here.
        held = self._held(identifiers)
        wanted = [key for key in identifiers if self._due(key, held.get(key))]
        done = {k: h.found for k, h in held.items() if k not in wanted}
        if not wanted:
            return done
        moment = now()
        told = self._believed(wanted)
        kept = self._keep(told, moment)
        self._absent.add(k for k in kept if told[k] is None and k not in held)
        return done | {key: told[key] is not None for key in kept}

    def _believed(self, identifiers: list[str]) -> dict[str, Document | None]:
        """Fetch, leaving out documents about somebody else than was asked for."""
        told = self._source.fetch(identifiers)
        right = {k: d for k, d in told.items() if d is None or carries(d, k)}
        if len(right) < len(told):
            logger.error("source %s: it answered with somebody else", self._source.name)
        return right

    def _keep(self, told: Mapping[str, Document | None], moment: datetime) -> set[str]:
        """Keep all together, or else one by one, so that one that can't be kept stops no other."""
        try:
            return self._write(told, moment)
        except (Invalid, sa.exc.IntegrityError):
            kept: set[str] = set()
            for key, document in told.items():
                try:
                    kept |= self._write({key: document}, moment)
                except Invalid as error:
                    logger.error("source %s: not kept, %s", self._source.name, error.code)  # noqa: TRY400 - the trace might hold personal values
            return kept

    def _write(self, told: Mapping[str, Document | None], moment: datetime) -> set[str]:
        with self._database.transaction() as session:
            return keep(session, told, self._source.name, moment)
