"""What is registered now, dataset by dataset: what a file is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens import changes as citizens
from registry.civil_status import changes as civil_status
from registry.households import changes as households
from registry.kernel.fields import Document
from registry.kernel.ledger import Ledger
from registry.parcels import changes as parcels
from registry.places import changes as places


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as it is now; what has no id of its own has None."""

    record: str | None
    document: Document


@dataclass(frozen=True, slots=True)
class Register:
    """How the documents of a dataset are recognised in its register.

    ``key`` reads the key of a document; ``standing`` finds records by it; ``as_kept`` returns
    documents of a file as the register would keep them, each over the state that is there.
    ``ledger`` is their writer, None where they are no records of their own.
    """

    key: Callable[[Document], str]
    standing: Callable[[Session, Sequence[str]], Mapping[str, Standing]]
    as_kept: Callable[[Session, Sequence[tuple[Document, Document]]], list[Document]]
    ledger: Callable[[Session], Ledger] | None = None


def _of(
    ledger_of: Callable[[Session], Ledger],
    key: Callable[[Document], str],
    resolve: Callable[[Session, Sequence[Document]], list[Document]],
) -> Register:
    def standing(session: Session, keys: Sequence[str]) -> dict[str, Standing]:
        ledger = ledger_of(session)
        rows, table = ledger.find(session, keys), ledger.records
        found = session.execute(
            sa.select(table.row, table.id, table.document).where(table.row.in_(set(rows.values())))
        )
        records = {row: Standing(record, document) for row, record, document in found}
        # A record without a state (taken back, made in error) is as good as none.
        return {key: records[row] for key, row in rows.items() if records[row].document}

    def as_kept(session: Session, pairs: Sequence[tuple[Document, Document]]) -> list[Document]:
        coming = resolve(session, [comes for _, comes in pairs])
        carry = ledger_of(session).carry
        return [carry(before, comes) for (before, _), comes in zip(pairs, coming, strict=True)]

    return Register(key, standing, as_kept, ledger_of)


def _as_they_come(session: Session, documents: Sequence[Document]) -> list[Document]:
    del session
    return list(documents)


def _books(session: Session, keys: Sequence[str]) -> dict[str, Standing]:
    wanted = set(keys)
    held = {_book_key(book): book for book in civil_status.read_coverage(session)}
    return {key: Standing(None, book) for key, book in held.items() if key in wanted}


def _book_key(document: Document) -> str:
    parts: list[Any] = [document[name] for name in ("office", "as_of", "kind", "year_from")]
    return "|".join(map(str, parts))


def _places(session: Session, keys: Sequence[str]) -> dict[str, Standing]:
    found = places.standing(session, keys)
    return {key: Standing(None, fact.to_document()) for key, fact in found.items()}


def _always(ledger: Ledger) -> Callable[[Session], Ledger]:
    return lambda _session: ledger


def _code(document: Document) -> str:
    return str(document["code"])


REGISTERS: Mapping[str, Register] = {
    "places": Register(
        places.fact_key, _places, lambda _session, pairs: [comes for _, comes in pairs]
    ),
    "citizens": _of(_always(citizens.LEDGER), citizens.LEDGER.key, _as_they_come),
    "households": _of(_always(households.LEDGER), _code, households.resolved),
    "civil_books": Register(
        _book_key, _books, lambda _session, pairs: [comes for _, comes in pairs]
    ),
    "civil_status": _of(_always(civil_status.LEDGER), _code, civil_status.resolved),
    "parcels": _of(parcels.ledger, _code, parcels.resolved),
}
