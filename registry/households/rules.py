"""Pure rules over household documents: who belongs to one on a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from registry.kernel.dates import PartialDate
from registry.kernel.fields import Document


def true_on(document: Document, on: date) -> Document:
    """Return the household as it was on one day: its members of that day, and their head.

    A membership whose start or end is known only by month or year is told for the whole of that
    time, and then ``members`` are named under ``uncertain``. A head who was no member on that
    day was not the head of it either.
    """
    listed = document.get("members", ())
    members = [member for member in listed if _belongs(member, on)]
    apart = {member["citizen_id"] for member in listed} - {m["citizen_id"] for m in members}
    told = without({**document, "members": members}, apart) if document else document
    if any(_uncertain(member, on) for member in members):
        return {**told, "uncertain": ["members"]}
    return told


def without(document: Document, citizen_ids: Collection[str]) -> Document:
    """Return the household without some of its people; no empty list is left behind."""
    members = [m for m in document.get("members", ()) if m["citizen_id"] not in citizen_ids]
    rest = {key: value for key, value in document.items() if key not in {"head", "members"}}
    head = document.get("head")
    if head and head["citizen_id"] not in citizen_ids:
        rest["head"] = head
    return {**rest, "members": members} if members else rest


def people_of(document: Document) -> list[str]:
    """Return the record ids of everybody a household tells of, each once, the head first."""
    head = [document["head"]] if "head" in document else []
    entries = [*head, *document.get("members", ())]
    return list(dict.fromkeys(entry["citizen_id"] for entry in entries))


def _belongs(member: Mapping[str, Any], on: date) -> bool:
    began, ended = _dates(member)
    return (began is None or began.first <= on) and (ended is None or on <= ended.last)


def _uncertain(member: Mapping[str, Any], on: date) -> bool:
    began, ended = _dates(member)
    return (began is not None and on < began.last) or (ended is not None and ended.first < on)


def _dates(member: Mapping[str, Any]) -> tuple[PartialDate | None, PartialDate | None]:
    began, ended = (member.get(key) for key in ("valid_from", "valid_to"))
    return began and PartialDate.parse(began["value"]), ended and PartialDate.parse(ended["value"])
