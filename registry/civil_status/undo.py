"""Taking a load of acts back, and with them what they decided of the people they bear on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens import undo as citizens
from registry.civil_status.acts import named
from registry.civil_status.changes import LEDGER, concerned, refresh_marital_status
from registry.civil_status.models import CivilActPerson, CivilActVersion
from registry.civil_status.surroundings import parts
from registry.kernel import undo as kernel
from registry.kernel.clock import now
from registry.kernel.fields import Document
from registry.kernel.undo import Progress, Register, Turn, Undone, UndoPreview


def preview_undo(session: Session, load: str) -> UndoPreview:
    """Say what taking ``load`` back would do to acts, and to the people they bear on."""
    acts = kernel.survey(session, Register(LEDGER), load).effect
    people, others = citizens.preview_projection(session, load)
    return UndoPreview((acts, replace(people, anew=len(others))))


def undo_load(
    session: Session, load: str, *, source: str, by_load: str, progress: Progress | None = None
) -> Undone:
    """Take the acts of a load back with what they decided of people, all of it or nothing.

    Acts of other loads keep what they decided: whoever was written to since, or is named by a
    later act, is told of anew from the acts that are left. Raises Conflict where an act itself
    was written to later, and where the load was taken back already. ``progress`` is told of acts
    and then of people, in one count.
    """
    began = now()
    people: set[str] = set()
    since: list[datetime] = []

    def prepare(session: Session, turns: Sequence[Turn]) -> None:
        people.update(concerned(session, _acts_of(turns)))
        since.append(min(turn.reversal.since for turn in turns))

    register = Register(LEDGER, prepare=prepare)
    found = kernel.survey(session, register, load)
    kernel.require_free(found.effect)
    kernel.turn_back(
        session, register, found, load, source=source, by_load=by_load, progress=progress
    )

    def further(done: int) -> None:
        if progress:
            progress(len(found.free) + done)

    effect, others = citizens.undo_projection(
        session, load, source=source, by_load=by_load, progress=further
    )
    later = _under_acts(session, people, (min(since), began)) if since else set()
    refresh_marital_status(session, others | later, source=source, load=by_load)
    return Undone((found.effect, replace(effect, anew=len(others))))


def naming(session: Session, people: Mapping[str, Collection[str]]) -> set[str]:
    """Return which of ``people``, by record id, a believed act names."""
    return {who for d in _naming(session, people) for who in named(d) if who in people}


def _acts_of(turns: Sequence[Turn]) -> list[Document]:
    """Return what the acts said and what they say when they are turned back."""
    documents = (d for t in turns for d in (*t.reversal.said, t.document))
    return [document for document in documents if document]


def _under_acts(
    session: Session, people: Collection[str], recorded: tuple[datetime, datetime]
) -> set[str]:
    """Return those of ``people`` on whom acts bear that were recorded between two moments.

    Such an act may have decided nothing of them only because of what is taken back now.
    """
    since, until = recorded
    found: set[str] = set()
    for part in parts(people):
        between = CivilActVersion.recorded_at > since, CivilActVersion.recorded_at < until
        found |= concerned(session, list(_naming(session, part, *between)))
    return found & set(people)


def _naming(
    session: Session, people: Collection[str], *which: sa.ColumnElement[bool]
) -> Iterator[Document]:
    """Yield what is believed of the acts that ever named one of ``people``."""
    linked = sa.select(CivilActPerson.act).where(CivilActPerson.citizen_id.in_(people))
    believed = CivilActVersion.superseded_at.is_(None), CivilActVersion.wrong.is_(False)
    yield from session.scalars(
        sa.select(CivilActVersion.document).where(
            CivilActVersion.record.in_(linked), *believed, *which
        )
    )
