"""Taking a load of citizens back, with the numbers that led to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.changes import LEDGER, numbers_of
from registry.citizens.models import Citizen, CitizenIdentifier, CitizenNumberUndone
from registry.kernel import undo as kernel
from registry.kernel.bulk import insert_rows
from registry.kernel.fields import Document
from registry.kernel.undo import Effect, Progress, Register, Turn, Undone, UndoPreview

Naming = Callable[[Session, Mapping[str, Collection[str]]], Collection[str]]
"""Which of some people, by record id with their numbers, another register refers to."""

_Numbers = set[tuple[str, str]]


def _follow(session: Session, turns: Sequence[Turn]) -> None:
    """Let go of the numbers that only the load had told, and hold again those that are back."""
    rows = [turn.row for turn in turns]
    number, undone = CitizenIdentifier, CitizenNumberUndone
    held: dict[int, _Numbers] = defaultdict(set)
    for row, kind, value in session.execute(
        sa.select(number.citizen, number.type, number.value).where(number.citizen.in_(rows))
    ):
        held[row].add((kind, value))
    # Those that an undo took away, which is now taken back itself.
    lost: dict[tuple[int, datetime], _Numbers] = defaultdict(set)
    for row, until, kind, value in session.execute(
        sa.select(undone.citizen, undone.until, undone.type, undone.value).where(
            undone.citizen.in_(rows)
        )
    ):
        lost[row, until].add((kind, value))
    gone: list[tuple[Any, ...]] = []
    back: list[tuple[int, Document]] = []
    for turn in turns:
        since, left = turn.reversal.since, [s.document for s in turn.reversal.left]
        back.append((turn.row, _together(left, lost[turn.row, since])))
        only = _numbers(turn.reversal.said) - _numbers((*turn.reversal.kept, *left))
        gone += [(*n, turn.row, since, turn.at) for n in sorted(only & held[turn.row])]
    _let_go(session, gone)
    LEDGER.link(session, back)


def _numbers(documents: Iterable[Document]) -> _Numbers:
    return {number for document in documents for number in numbers_of(document)}


def _together(documents: Sequence[Document], more: _Numbers) -> Document:
    """Return a document that has every number of ``documents``, as the last of them tells it."""
    told: dict[tuple[str, str], Any] = {
        (kind, value): {"type": kind, "value": value} for kind, value in more | _numbers(documents)
    }
    for document in documents:
        for entry in document.get("identifiers", ()):
            told[entry["type"], entry["value"]] = entry
    return {"identifiers": list(told.values())}


def _let_go(session: Session, gone: Sequence[tuple[Any, ...]]) -> None:
    """Keep where numbers led and when, for questions of what was known, and no more."""
    insert_rows(session, CitizenNumberUndone, ("type", "value", "citizen", "since", "until"), gone)
    if gone:
        table = cast("sa.Table", CitizenIdentifier.__table__)
        session.execute(
            sa.delete(table).where(
                table.c.type == sa.bindparam("of_type"), table.c.value == sa.bindparam("of_value")
            ),
            [{"of_type": kind, "of_value": value} for kind, value, *_ in gone],
        )


def _register(naming: Sequence[Naming] = ()) -> Register:
    def held(session: Session, rows: Collection[int]) -> Collection[int]:
        return _held(session, rows, naming)

    return Register(LEDGER, held, follow=_follow)


def _held(session: Session, rows: Collection[int], naming: Sequence[Naming]) -> set[int]:
    """Return those of some records that somebody decided of, or that registers name.

    A record that is gone could neither lead to its survivor nor protect its person.
    """
    found = session.execute(
        sa.select(
            Citizen.row, Citizen.id, Citizen.state, Citizen.secrecy, Citizen.merged_into
        ).where(Citizen.row.in_(rows))
    ).all()
    ids = {row.id: row.row for row in found}
    touched = {
        row.id
        for row in found
        if (row.state, row.secrecy, row.merged_into) != ("active", "none", None)
    }
    survivors = sa.select(Citizen.merged_into).where(Citizen.merged_into.in_(ids.keys()))
    touched |= {key for key in session.scalars(survivors) if key}
    numbers: dict[str, set[str]] = {key: set() for key in ids}
    by_row = {row: key for key, row in ids.items()}
    for row, value in session.execute(
        sa.select(CitizenIdentifier.citizen, CitizenIdentifier.value).where(
            CitizenIdentifier.citizen.in_(rows)
        )
    ):
        numbers[by_row[row]].add(value)
    for named in naming:
        touched |= set(named(session, numbers))
    return {ids[key] for key in touched}


def preview_undo(session: Session, load: str, naming: Sequence[Naming] = ()) -> UndoPreview:
    """Say what taking ``load`` back would do (`registry.kernel.undo.preview_undo`).

    People to whom one of the registers in ``naming`` refers don't vanish: they are in the way.
    """
    return kernel.preview_undo(session, _register(naming), load)


def undo_load(  # noqa: PLR0913 - as the kernel's, and who may refer to people
    session: Session,
    load: str,
    *,
    source: str,
    by_load: str,
    progress: Progress | None = None,
    naming: Sequence[Naming] = (),
) -> Undone:
    """Take a load of citizens back (`registry.kernel.undo.undo_load`), all of it or nothing."""
    return kernel.undo_load(
        session, _register(naming), load, source=source, by_load=by_load, progress=progress
    )


def preview_projection(session: Session, load: str) -> tuple[Effect, set[str]]:
    """Say what taking back what ``load`` of another register decided of people would do.

    Returns also the ids of the people who were written to since, whom it leaves alone.
    """
    found = kernel.survey(session, _register(), load)
    return _left_alone(found), set(found.effect.in_the_way)


def undo_projection(
    session: Session, load: str, *, source: str, by_load: str, progress: Progress | None = None
) -> tuple[Effect, set[str]]:
    """Take back what ``load`` of another register decided of people; returns as the preview."""
    register = _register()
    found = kernel.survey(session, register, load)
    kernel.turn_back(
        session, register, found, load, source=source, by_load=by_load, progress=progress
    )
    return _left_alone(found), set(found.effect.in_the_way)


def _left_alone(found: kernel.Survey) -> Effect:
    effect = found.effect
    return Effect(effect.register, effect.vanish, effect.back, effect.versions)
