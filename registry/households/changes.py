"""How the records of households come to be and change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.citizens.records import find_record_ids
from registry.households.models import Household, HouseholdMember, HouseholdVersion
from registry.kernel.errors import FieldError, Invalid, Text
from registry.kernel.fields import Document
from registry.kernel.ledger import Change, Counts, Ledger

_UNKNOWN = Text(
    "Thành viên chưa có trong dữ liệu công dân.", "A member is not in the register of citizens."
)
_BATCH = 1000


def _find(session: Session, codes: Sequence[str]) -> dict[str, int]:
    found = session.execute(
        sa.select(Household.code, Household.row).where(Household.code.in_(codes))
    )
    return {row[0]: row[1] for row in found}


def _link(session: Session, written: Sequence[tuple[int, Document]]) -> None:
    rows = [row for row, _ in written]
    table = HouseholdMember
    known = {
        (row[0], row[1])
        for row in session.execute(
            sa.select(table.citizen_id, table.household).where(table.household.in_(rows))
        )
    }
    named = {(m["citizen_id"], row) for row, doc in written for m in doc.get("members", ())}
    fresh = sorted(named - known)
    if fresh:
        session.execute(
            sa.insert(table), [{"citizen_id": person, "household": row} for person, row in fresh]
        )


LEDGER = Ledger(
    Household,
    HouseholdVersion,
    key=lambda document: str(document["code"]),
    find=_find,
    # The code is the key and so never changes; a record without a state keeps the one it has.
    project=lambda document: {"code": document["code"]} if document else {},
    link=_link,
)


def apply_changes(
    session: Session, changes: Iterable[Change], *, source: str, load: str | None
) -> Counts:
    """Write the states of households, found by code; people are named by personal id.

    Each person becomes a reference to the citizen's record. Raises Invalid, naming the codes of
    the households, where a person is not in the register of citizens.
    """
    counts = Counts()
    for batch in _batches(changes):
        people = find_record_ids(session, {p for c in batch for p in _people(c.document)})
        absent = sorted(
            c.document["code"] for c in batch if not people.keys() >= set(_people(c.document))
        )
        if absent:
            raise Invalid(
                _UNKNOWN,
                errors=[FieldError(f"/{code}", "unknown_member", _UNKNOWN) for code in absent],
            )
        resolved = [Change(_resolve(c.document, people), c.valid_from) for c in batch]
        counts += LEDGER.apply(session, resolved, source=source, load=load)
    return counts


def resolved(session: Session, documents: Sequence[Document]) -> list[Document]:
    """Return documents of a file as they would be kept, with a reference to who is registered."""
    people = find_record_ids(session, {p for document in documents for p in _people(document)})
    return [_resolve(document, people) for document in documents]


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    batch: list[Change] = []
    for change in changes:
        batch.append(change)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _people(document: Document) -> Iterator[str]:
    yield document["head"]["personal_id"]
    yield from (member["personal_id"] for member in document["members"])


def _resolve(document: Document, people: Mapping[str, str]) -> dict[str, Any]:
    def with_id(entry: Mapping[str, Any]) -> dict[str, Any]:
        found = people.get(entry["personal_id"])
        return {**entry, **({"citizen_id": found} if found else {})}

    return {
        **document,
        "head": with_id(document["head"]),
        "members": [with_id(member) for member in document["members"]],
    }
