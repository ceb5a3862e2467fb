"""What a draft would change: which of the calls that were answered it would have refused.

The access log says what was asked, by whom and for which procedure, and the catalogues of the
registers, which are handed in, say what a draft reaches. Nothing of it tells whom a call was about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.agreements import list_agreements
from auth.principals import Agreement
from registry.kernel.access_log import AccessContext, AccessEvent
from registry.kernel.clock import today
from registry.kernel.errors import Refused
from registry.kernel.fields import Catalogue

_ANSWERED = ("delivered", "not_found", "moved", "withheld")
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """The answered calls that asked for the same attributes: how many, and the last of them.

    ``lacks`` are the attributes outside the draft for which they would be refused, those that a
    derived one is made of included; it is empty where they would be answered.
    """

    attributes: tuple[str, ...]
    calls: int
    last: datetime
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a draft would refuse of the calls since ``since``, the most frequent first.

    ``gap`` are the days, the second not included, on which nothing would be in force before the
    draft is (None as the second: for good); all calls are refused on these. ``criteria`` are what
    could no longer be searched by, by register: the log doesn't say by what somebody searched.
    """

    since: datetime
    calls: int
    refused: tuple[Asked, ...]
    gap: tuple[date, date | None] | None
    criteria: Mapping[str, tuple[str, ...]]


def refused_calls(
    session: Session, draft: Agreement, since: datetime, catalogues: Iterable[Catalogue]
) -> DryRun:
    """Return which answered calls since ``since`` would be refused if ``draft`` were in force.

    A call is one answer of one register, whomever it told of. A row of the log doesn't name its
    register. It is one that knows all that was asked, and that this client was allowed to ask all
    of; where that fits several, such as a bare ``code``, nothing is lacking that the draft allows
    in any of them. Reads the log once, from its beginning.
    """
    held = [
        agreement
        for agreement in list_agreements(session, draft.client_id)
        if agreement.procedure == draft.procedure
    ]
    gap = _gap(draft, held)
    known = tuple(catalogues)
    asked = [
        Asked(paths, calls, last, _lacking(paths, draft, held, known))
        for paths, calls, last in _asked(session, draft, since)
    ]
    return DryRun(
        since,
        sum(entry.calls for entry in asked),
        tuple(entry for entry in asked if gap or entry.lacks),
        gap,
        _lost_criteria(draft, held),
    )


def _asked(
    session: Session, draft: Agreement, since: datetime
) -> Iterable[tuple[tuple[str, ...], int, datetime]]:
    # One answer writes a row for each person: those share their trace and their moment.
    calls = (
        sa.select(AccessContext.attributes, AccessEvent.trace_id, AccessEvent.at)
        .select_from(AccessEvent)
        .join(AccessContext, AccessContext.id == AccessEvent.context_id)
        .where(
            AccessContext.client_id == draft.client_id,
            AccessContext.procedure == draft.procedure,
            AccessEvent.outcome.in_(_ANSWERED),
            AccessEvent.at >= since,
        )
        .distinct()
        .subquery()
    )
    number = sa.func.count().label("calls")
    found = session.execute(
        sa.select(calls.c.attributes, number, sa.func.max(calls.c.at))
        .group_by(calls.c.attributes)
        .order_by(number.desc(), calls.c.attributes)
    )
    return [(tuple(row[0].split()), row[1], row[2]) for row in found]


def _lacking(
    paths: tuple[str, ...], draft: Agreement, held: Sequence[Agreement], known: Sequence[Catalogue]
) -> tuple[str, ...]:
    allowed = _allowed(held)
    whole = _homes(paths, allowed, known)
    lacking: set[str] = set()
    for path in paths:
        # A verification may ask several registers at once, and then none knows every path.
        homes = whole or _homes((path,), allowed, known)
        missing = [_outside(home, path, draft.attributes) for home in homes]
        # What no register has any longer is refused too.
        lacking |= min(missing, key=len) if missing else {path}
    return tuple(sorted(lacking))


def _allowed(held: Sequence[Agreement]) -> Mapping[str, frozenset[str]]:
    """Return all that the client was ever allowed to read for the procedure, by register."""
    registers = {register for agreement in held for register in agreement.attributes}
    return {
        register: reduce(frozenset.union, (a.attributes.get(register, _NONE) for a in held))
        for register in registers
    }


def _homes(
    paths: tuple[str, ...], allowed: Mapping[str, frozenset[str]], known: Sequence[Catalogue]
) -> list[Catalogue]:
    """Return the registers that know all of ``paths``: those that might answer, if there are."""
    having = [c for c in known if not any(map(c.problem, paths))]
    open_to = [c for c in having if not any(_outside(c, path, allowed) for path in paths)]
    return open_to or having


def _outside(home: Catalogue, path: str, granted: Mapping[str, frozenset[str]]) -> set[str]:
    """Return for which attributes the register would refuse ``path``."""
    try:
        home.compile((path,), granted.get(home.register, _NONE))
    except Refused as refused:
        return set(refused.members["attributes"])
    return set()


def _lost_criteria(draft: Agreement, held: Sequence[Agreement]) -> Mapping[str, tuple[str, ...]]:
    now_held = next((a for a in reversed(held) if a.in_force(today())), None)
    lost = {
        register: tuple(sorted(names - draft.search.get(register, _NONE)))
        for register, names in (now_held.search.items() if now_held else ())
    }
    return {register: names for register, names in lost.items() if names}


def _gap(draft: Agreement, held: Sequence[Agreement]) -> tuple[date, date | None] | None:
    """Return the days from today on without any agreement before the draft begins, if there are."""
    if draft.valid_to is not None and draft.valid_to <= today():
        return today(), None
    day = today()
    while day < draft.valid_from:
        ends = [agreement.valid_to for agreement in held if agreement.in_force(day)]
        if not ends:
            begins = [a.valid_from for a in held if day < a.valid_from < draft.valid_from]
            return day, min([*begins, draft.valid_from])
        if None in ends:
            return None
        day = max(end for end in ends if end is not None)
    return None
