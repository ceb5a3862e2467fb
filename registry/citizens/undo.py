"""Taking a load of citizens back, with the numbers that led to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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


def _follow(session: Session, turns: Sequence[Turn]) -> None:
    """Let go of the numbers that only the load had told, and hold again those that are back."""
    gone: list[tuple[str, str, int]] = []
    back: list[tuple[int, Document]] = []
    for turn in turns:
        left = [segment.document for segment in turn.reversal.left]
        stay = {number for d in (*turn.reversal.kept, *left) for number in numbers_of(d)}
        said = {number for d in turn.reversal.said for number in numbers_of(d)}
        gone += [(value, kind, turn.row) for kind, value in said - stay]
        back.append((turn.row, _together(left)))
    _let_go(session, gone)
    LEDGER.link(session, back)


def _together(documents: Sequence[Document]) -> Document:
    """Return a document that has every number of ``documents``, as the last of them tells it."""
    told: dict[tuple[str, str], Any] = {}
    for document in documents:
        for kind, value in numbers_of(document):
            told.setdefault((kind, value), {"type": kind, "value": value})
        for entry in document.get("identifiers", ()):
            told[entry["type"], entry["value"]] = entry
    return {"identifiers": list(told.values())}


def _let_go(session: Session, numbers: Sequence[tuple[str, str, int]]) -> None:
    """Keep where ``numbers`` (value, type, row) led, for questions of what was known, and no more.

    A number that leads to somebody else by now is theirs.
    """
    rows = {row for _, _, row in numbers}
    leading = set(numbers) & _listed(session, CitizenIdentifier, rows)
    if not leading:
        return
    kept = _listed(session, CitizenNumberUndone, rows)
    columns = ("value", "type", "citizen")
    insert_rows(session, CitizenNumberUndone, columns, sorted(leading - kept))
    table = cast("sa.Table", CitizenIdentifier.__table__)
    session.execute(
        sa.delete(table).where(
            table.c.value == sa.bindparam("of_value"), table.c.type == sa.bindparam("of_type")
        ),
        [{"of_value": value, "of_type": kind} for value, kind, _ in sorted(leading)],
    )


def _listed(
    session: Session,
    table: type[CitizenIdentifier | CitizenNumberUndone],
    rows: Collection[int],
) -> set[tuple[str, str, int]]:
    found = session.execute(
        sa.select(table.value, table.type, table.citizen).where(table.citizen.in_(rows))
    )
    return {(row[0], row[1], row[2]) for row in found}


def _register(naming: Sequence[Naming] = ()) -> Register:
    def held(session: Session, rows: Collection[int]) -> Collection[int]:
        return _held(session, rows, naming)

    return Register(LEDGER, held, follow=_follow)


def _held(session: Session, rows: Collection[int], naming: Sequence[Naming]) -> set[int]:
    """Return those of some records that somebody erased or merged, or that registers name."""
    found = session.execute(
        sa.select(Citizen.row, Citizen.id, Citizen.state, Citizen.merged_into).where(
            Citizen.row.in_(rows)
        )
    ).all()
    ids = {row.id: row.row for row in found}
    touched = {row.id for row in found if row.state != "active" or row.merged_into}
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
    session: Session, load: str, *, source: str, by_load: str
) -> tuple[Effect, set[str]]:
    """Take back what ``load`` of another register decided of people; returns as the preview."""
    found = kernel.survey(session, _register(), load)
    kernel.turn_back(session, _register(), found, load, source=source, by_load=by_load)
    return _left_alone(found), set(found.effect.in_the_way)


def _left_alone(found: kernel.Survey) -> Effect:
    effect = found.effect
    return Effect(effect.register, effect.vanish, effect.back, effect.versions)
