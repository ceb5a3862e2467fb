"""Which register takes a load of each dataset back; published as a release like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sqlalchemy.orm import Session

from registry.citizens import undo as citizens
from registry.civil_status import undo as civil_status
from registry.civil_status import undo_books as civil_books
from registry.households import undo as households
from registry.kernel.undo import Progress, Undone, UndoPreview
from registry.parcels import undo as parcels
from registry.places import undo as places


class Preview(Protocol):
    """A register's verb that says what taking a load back would do."""

    def __call__(self, session: Session, load: str) -> UndoPreview:
        """Say what taking ``load`` back would do."""


class Undo(Protocol):
    """A register's verb that takes a load back in the caller's transaction."""

    def __call__(
        self,
        session: Session,
        load: str,
        *,
        source: str,
        by_load: str,
        progress: Progress | None = None,
    ) -> Undone:
        """Take ``load`` back as the load ``by_load``."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """The two verbs of one dataset."""

    preview: Preview
    undo: Undo


# People to whom another register refers can't vanish: what refers to them goes first.
_NAMING = (households.naming, civil_status.naming, parcels.naming)

UNDOING: Mapping[str, Undoing] = {
    "places": Undoing(places.preview_undo, places.undo_load),
    "citizens": Undoing(
        partial(citizens.preview_undo, naming=_NAMING), partial(citizens.undo_load, naming=_NAMING)
    ),
    "households": Undoing(households.preview_undo, households.undo_load),
    "civil_books": Undoing(civil_books.preview_undo, civil_books.undo_load),
    "civil_status": Undoing(civil_status.preview_undo, civil_status.undo_load),
    "parcels": Undoing(parcels.preview_undo, parcels.undo_load),
}
