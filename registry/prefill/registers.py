"""What the registers say of one person, read by their own verbs, so that their rules hold here.

Each register decides, withholds and logs for itself. One that can't answer takes nothing away from
what another says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.citizens.attributes import WHEREABOUTS
from registry.citizens.changes import LEDGER as CITIZENS_LEDGER
from registry.citizens.predicates import Subject
from registry.citizens.records import read_citizen
from registry.citizens.related import documents
from registry.citizens.rules import true_on
from registry.citizens.standings import standings
from registry.citizens.verification import verified_at
from registry.civil_status.acts import kind_of_event
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.civil_status.attributes import WHEREABOUTS as ACTS_WHEREABOUTS
from registry.civil_status.changes import LEDGER as ACTS_LEDGER
from registry.civil_status.records import read_acts_of
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.households.changes import LEDGER as HOUSEHOLDS_LEDGER
from registry.households.records import read_household_of
from registry.kernel.access_log import record_access
from registry.kernel.clock import today
from registry.kernel.errors import Moved, NotFound, NotInMode, Refused, Unavailable, Withheld
from registry.kernel.fields import Catalogue, Document
from registry.kernel.ledger import Ledger, Life, Moment
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.parcels.changes import ledger as parcels_ledger
from registry.parcels.records import list_parcels_of

State = Literal["ok", "not_found", "unavailable"]
_PRESENT = Moment()


@dataclass(frozen=True, slots=True)
class Found:
    """One record that a register told of: what it told, and how the record stands."""

    record_id: str
    record: Mapping[str, Any]
    life: Life
    last_verified_at: str | None

    @property
    def event(self) -> str:
        """What an act of civil status is about; it picks the act, and is told to nobody."""
        standing = self.life.today()
        return kind_of_event(standing.document) if standing else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a register says of a person: records, or ``state`` and ``reason`` why there are none.

    ``withheld`` are the paths that a protection keeps back while the rest is told.
    """

    state: State
    reason: str | None = None
    found: tuple[Found, ...] = ()
    coverage: Mapping[str, Any] | None = None
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Register:
    """How one register is read: what it has, its verb, and where its history is.

    ``whereabouts`` are the paths that tell where somebody lives, where others tell nothing of it.
    """

    catalogue: Catalogue
    read: Callable[[Session, Principal, str, tuple[str, ...]], tuple[Sequence[Any], Any]]
    ledger: Callable[[Session], Ledger]
    whereabouts: tuple[str, ...] = ()


def _citizen(
    session: Session, principal: Principal, who: str, paths: tuple[str, ...]
) -> tuple[Sequence[Any], Any]:
    return [read_citizen(session, principal, who, paths, _PRESENT).record], None


def _household(
    session: Session, principal: Principal, who: str, paths: tuple[str, ...]
) -> tuple[Sequence[Any], Any]:
    return [read_household_of(session, principal, who, paths, _PRESENT)], None


def _acts(
    session: Session, principal: Principal, who: str, paths: tuple[str, ...]
) -> tuple[Sequence[Any], Any]:
    told = read_acts_of(session, principal, who, paths, _PRESENT)
    return told["acts"], told["coverage"]


def _parcels(
    session: Session, principal: Principal, who: str, paths: tuple[str, ...]
) -> tuple[Sequence[Any], Any]:
    return list_parcels_of(session, principal, who, paths, _PRESENT), None


REGISTERS: Mapping[str, Register] = {
    "citizens": Register(CITIZENS, _citizen, lambda _: CITIZENS_LEDGER, WHEREABOUTS),
    "households": Register(HOUSEHOLDS, _household, lambda _: HOUSEHOLDS_LEDGER),
    "civil_status": Register(CIVIL_STATUS, _acts, lambda _: ACTS_LEDGER, ACTS_WHEREABOUTS),
    "parcels": Register(PARCELS, _parcels, parcels_ledger),
}

# Raises where a register does not answer about a person: in the sandbox, on purpose.
Faults = Callable[[str, str], None]


def no_faults(_register: str, _record_id: str) -> None:
    """Let every register answer."""


def wait_for(faults: Faults, record_id: str | None) -> None:
    """Wait for the registers that are slow about a person, before a transaction waits for them."""
    for register in REGISTERS if record_id else ():
        with suppress(Unavailable):
            faults(register, str(record_id))


def read_person(
    session: Session,
    principal: Principal,
    record_id: str,
    wanted: Mapping[str, Iterable[str]],
    faults: Faults = no_faults,
) -> dict[str, Told]:
    """Return what each register in ``wanted`` says of a person, for the paths named there.

    ``wanted`` must lie within the principal's agreement. Every read has its access row, an empty
    one too. Never raises for a register that says nothing, may not tell, or is out of order.
    """
    return {
        register: _read(session, principal, record_id, register, tuple(sorted(paths)), faults)
        for register, paths in wanted.items()
    }


def may_ask(
    session: Session,
    principal: Principal,
    record_id: str,
    rights: Mapping[str, Collection[str]],
    faults: Faults = no_faults,
) -> Subject | None:
    """Return whom a predicate may be asked of, and log it; None for who is as if not there.

    Of a protected person it knows nothing of where they live. ``rights`` are the paths that the
    answer is derived from, by register; raises Unavailable where one of these is out of order.
    """
    for register in rights:
        faults(register, record_id)
    paths = [path for some in rights.values() for path in some]
    known = standings(session, [record_id]).get(record_id)
    if known is None or known.hidden:
        record_access(session, principal.asker, "not_found", paths, record_id)
        return None
    document = documents(session, [known.id], _PRESENT).get(known.id, {})
    if known.protected:
        document = {key: told for key, told in document.items() if key not in WHEREABOUTS}
    record_access(session, principal.asker, "delivered", paths, known.id)
    return Subject(known.id, true_on(document, today()), today())


def _read(  # noqa: PLR0913, PLR0917 - who asks, of whom, what, and what may go wrong
    session: Session,
    principal: Principal,
    record_id: str,
    register: str,
    paths: tuple[str, ...],
    faults: Faults,
) -> Told:
    try:
        faults(register, record_id)
        # What fails inside is undone up to here, and the other registers go on.
        with session.begin_nested():
            return _told(session, principal, record_id, register, paths)
    except Moved as moved:
        return _read(session, principal, moved.record_id, register, paths, faults)
    except (Withheld, NotFound) as error:
        withheld = isinstance(error, Withheld)
        open_paths = _telling_no_place(register, paths) if withheld else ()
        if open_paths and len(open_paths) < len(paths):
            kept_back = frozenset(paths).difference(open_paths)
            record_access(session, principal.asker, "withheld", kept_back, record_id)
            told = _read(session, principal, record_id, register, open_paths, faults)
            return replace(told, withheld=kept_back)
        outcome: Literal["withheld", "not_found"] = "withheld" if withheld else "not_found"
        record_access(session, principal.asker, outcome, paths, record_id)
        return Told("unavailable", "withheld") if withheld else Told("not_found")
    except Refused:
        return Told("unavailable", "outside_agreement")
    except (Unavailable, NotInMode, sa.exc.OperationalError):
        return Told("unavailable", "register_down")


def _telling_no_place(register: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``paths`` that don't say where somebody lives."""
    source = REGISTERS[register]
    if not source.whereabouts:
        return ()
    alone = {path: source.catalogue.alone(path) for path in paths}
    return tuple(path for path in paths if not any(map(alone[path].concerns, source.whereabouts)))


def reading(register: str, path: str) -> Callable[[Document], Mapping[str, Any]]:
    """Return what cuts one path out of a whole document, a derived one as of today."""
    selection = REGISTERS[register].catalogue.alone(path)
    return lambda document: selection.cut(document, today())


def _told(
    session: Session, principal: Principal, who: str, register: str, paths: tuple[str, ...]
) -> Told:
    source = REGISTERS[register]
    records, coverage = source.read(session, _letting(principal, register, paths), who, paths)
    ids = [record["id"] for record in records]
    lives = source.ledger(session).lives(session, ids)
    confirmed = verified_at(session, ids) if register == "citizens" else {}
    found = tuple(
        Found(
            record["id"],
            record,
            lives[record["id"]],
            _when(lives[record["id"]], confirmed.get(record["id"])),
        )
        for record in records
    )
    return Told("ok" if found else "not_found", None, found, coverage)


def _letting(principal: Principal, register: str, paths: Iterable[str]) -> Principal:
    """Return the principal with just ``paths`` of one register: what it reads, and no more."""
    if principal.agreement is None:
        return principal
    catalogue = REGISTERS[register].catalogue
    reach = frozenset(each for path in paths for each in catalogue.with_sources(path))
    only = replace(principal.agreement, attributes={register: reach})
    # What each person in the form agreed to has been compared with what is asked of them; the
    # token itself tells of the one alone who holds it.
    return replace(principal, agreement=only, granted=None, whose=None)


def _when(life: Life, confirmed: Any) -> str | None:
    """Return when a record was last confirmed: by its source, else when it came in."""
    standing = life.today()
    moment = confirmed or (standing.recorded_at if standing else None)
    return moment.isoformat(timespec="seconds") if moment else None
