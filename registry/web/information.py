"""Reading all that is held of one person; each register decides and logs for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import list_versions, read_citizen
from registry.citizens.verification import verified_at
from registry.civil_status.records import read_acts_of
from registry.households.records import read_household_of
from registry.kernel.access_log import Outcome, record_access
from registry.kernel.clock import today
from registry.kernel.errors import Moved, NotFound, NotInMode, Text, Unavailable, Withheld
from registry.kernel.ledger import Moment
from registry.parcels.records import list_parcels_of
from registry.web import sections
from registry.web.ports import Web
from registry.web.shown import History, Section
from registry.web.writing import day

_PRESENT = Moment()
_CO_HOLDERS = Text(
    "Người cùng sử dụng đất không được hiện vì có người đang được bảo vệ.",
    "Co-holders are not shown: one of them is protected.",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of all that is held of ``principal.person_id``."""

    web: Web
    principal: Principal

    @property
    def subject(self) -> str:
        """Whose information it is, by record id."""
        return str(self.principal.person_id)

    def sections(self, *, sensitive: bool = False) -> list[Section]:
        """Return the groups in their order; ``sensitive`` reads what is hidden by default too.

        A register that has nothing, or may not tell, says so and keeps back no other. Raises
        NotFound where there is no such person.
        """
        hidden = [sections.SENSITIVE] if sensitive else []
        return [
            *self._of_citizen(sections.IDENTITY, sections.FAMILY, required=True),
            *self._of_citizen(sections.RESIDENCE),
            *[told for group in hidden for told in self._of_citizen(group)],
            self._household(),
            self._acts(),
            self._parcels(),
        ]

    def meaning(self, register: str, path: str) -> list[Section]:
        """Return the groups that can tell ``path`` of ``register``; nothing else is read."""
        if register == "citizens":
            keys = [key for key, paths in sections.PATHS.items() if path in paths]
            return [told for key in keys for told in self._of_citizen(sections.OF_CITIZEN[key])]
        others = {
            "households": self._household,
            "civil_status": self._acts,
            "parcels": self._parcels,
        }
        return [others[register]()] if register in others else []

    def _of_citizen(self, *groups: Section, required: bool = False) -> list[Section]:
        """Read groups of the citizens register, which are one read and one row of the log."""
        paths = _paths(groups)
        try:
            answer = self.web.citizens.read(self.principal, self.subject, paths, _PRESENT)
        except Withheld as error:
            self._log("withheld", error, paths)
            return [replace(group, state="withheld") for group in groups]
        except (NotFound, Moved, NotInMode, Unavailable) as error:
            if required and isinstance(error, NotFound | Moved):
                raise
            return [replace(group, state="unavailable") for group in groups]
        history, confirmed = self._history(paths)
        return [
            _dated(sections.of_citizen(group, answer.record), history, confirmed)
            for group in groups
        ]

    def _history(self, paths: tuple[str, ...]) -> tuple[History, str]:
        """Return what is kept of the past, nothing where no copies are held, and the last check."""
        versions: list[dict[str, Any]] = []
        with self.web.database.transaction(snapshot=True) as session:
            with suppress(NotFound, Moved, Withheld, NotInMode):
                versions = list_versions(session, self.principal, self.subject, paths)
            checked = verified_at(session, [self.subject]).get(self.subject)
        return History(versions), day(checked) if checked else ""

    def _household(self) -> Section:
        group, paths = sections.HOUSEHOLD, sections.HOUSEHOLD_PATHS
        try:
            with self.web.database.transaction(snapshot=True) as session:
                found = read_household_of(session, self.principal, self.subject, paths, _PRESENT)
                names = self._names(session, found)
        except (NotFound, Moved, Withheld) as error:
            return self._without(group, error, paths)
        return sections.of_household(found, names)

    def _names(self, session: Session, household: Mapping[str, Any]) -> dict[str, str]:
        """Return the members' names by record id, each read and logged as that member's."""
        names = {}
        for member in household.get("members", ()):
            key = member.get("citizen_id")
            if key:
                with suppress(NotFound, Moved, Withheld):
                    told = read_citizen(session, self.principal, key, ("name.full",), _PRESENT)
                    names[key] = told.record.get("name", {}).get("full", "")
        return names

    def _acts(self) -> Section:
        group, paths = sections.CIVIL_STATUS, sections.ACT_PATHS
        try:
            with self.web.database.transaction(snapshot=True) as session:
                found = read_acts_of(session, self.principal, self.subject, paths, _PRESENT)
        except (NotFound, Moved, Withheld) as error:
            return self._without(group, error, paths)
        return sections.of_acts(found)

    def _parcels(self) -> Section:
        """Read the parcels, without co-holders where one of them may not be told of."""
        group, refused = sections.LAND_HELD, None
        for paths, notes in (
            (sections.PARCEL_PATHS_WITH_HOLDERS, ()),
            (sections.PARCEL_PATHS, (_CO_HOLDERS,)),
        ):
            try:
                with self.web.database.transaction(snapshot=True) as session:
                    found = list_parcels_of(session, self.principal, self.subject, paths, _PRESENT)
            except Withheld as error:
                refused = error
            except (NotFound, Moved) as error:
                return self._without(group, error, paths)
            else:
                return sections.of_parcels(found, notes)
        return self._without(group, refused or Withheld(), sections.PARCEL_PATHS)

    def _without(
        self, group: Section, error: NotFound | Moved | Withheld, paths: tuple[str, ...]
    ) -> Section:
        withheld = isinstance(error, Withheld)
        self._log("withheld" if withheld else "not_found", error, paths)
        return replace(group, state="withheld" if withheld else "empty")

    def _log(
        self, outcome: Outcome, error: NotFound | Moved | Withheld, paths: Iterable[str]
    ) -> None:
        asked = error.members.get("asked") or tuple(paths)
        with self.web.database.transaction() as session:
            record_access(session, self.principal.asker, outcome, asked, self.subject)


def _paths(groups: Iterable[Section]) -> tuple[str, ...]:
    keys = [group.key for group in groups]
    return tuple(
        path for key in keys for path in (*sections.PATHS[key], *sections.BESIDE.get(key, ()))
    )


def _dated(section: Section, history: History, confirmed: str) -> Section:
    """Return the section with the day since which each of its values has held."""
    entries = tuple(
        replace(
            entry,
            rows=tuple(
                row if row.since else replace(row, since=history.since(row.path, today()))
                for row in entry.rows
            ),
        )
        for entry in section.entries
    )
    recorded = history.recorded(today())
    return replace(section, entries=entries, recorded=recorded, confirmed=confirmed)
