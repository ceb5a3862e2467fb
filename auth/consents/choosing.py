"""From what a page showed and what a person answered to what they agreed to. No database here.

Consent is never the default: an optional attribute is shared only if the person ticked it, and
nobody is chosen for them where there is a choice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import orjson

from auth.consents.preview import Details, Section, Shown
from auth.principals import Agreement
from registry.kernel.errors import Text

# A role and an attribute.
Pair = tuple[str, str]
Find = Callable[[str, str], Agreement | None]

_NOBODY = Text("Hãy chọn một người.", "Choose a person.")
_SEVERAL = Text("Chỉ chọn được một người.", "Only one person can be chosen.")
_STRANGER = Text("Người được chọn không có trong danh sách.", "Who was chosen is not on the list.")
_NOTHING = Text(
    "Bạn chưa chọn thông tin nào: hãy chọn ít nhất một mục, hoặc từ chối.",
    "Nothing is chosen: choose at least one entry, or decline.",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the form said: which optional attributes are ticked, whom it chose by role."""

    ticked: frozenset[Pair] = frozenset()
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the person agreed to: authorization details, and record ids by role."""

    details: list[dict[str, Any]]
    people: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to mend before the answer counts; ``role`` is where, empty for the whole."""

    role: str
    text: Text


def within(details: Details, client_id: str, find: Find) -> list[dict[str, Any]]:
    """Return of ``details`` what the client's agreements of today still hold."""
    kept = []
    for detail in details:
        agreement = find(client_id, detail["procedure"])
        asked = detail["attributes"] if agreement else ()
        held = {each for each in asked if agreement and agreement.holds(each)}
        pairs = {(role, attribute) for role in detail["subjects"] for attribute in held}
        kept += _only(detail, pairs)
    return kept


def digest_of(question: Sequence[str | None], details: Details, shown: Shown) -> str:
    """Return a digest of all that a page shows on a question: another page has another."""
    return hashlib.sha256(orjson.dumps([list(question), list(details), shown])).hexdigest()


def agree(details: Details, shown: Shown, answer: Answer) -> Agreed | list[Flaw]:
    """Return what ``answer`` agrees to of the ``details`` that were shown, or what it lacks.

    Of an attribute that is optional only what is ticked is kept, of one that was not shown
    nothing, and of a detail without attributes nothing either.
    """
    optional = optional_of(details, shown)
    told = {(section.role, item.attribute) for section in shown.sections for item in section.items}
    taken = (told - optional) | (told & answer.ticked)
    kept = [part for detail in details for part in _only(detail, taken)]
    if details and not kept:
        return [Flaw("", _NOTHING)]
    return _with_people(kept, shown.sections, answer)


def optional_of(details: Details, shown: Shown) -> frozenset[Pair]:
    """Return what the person may leave out: whatever no detail, or the preview, needs."""

    def needless(role: str, attribute: str) -> bool:
        asking = [d for d in details if role in d["subjects"] and attribute in d["attributes"]]
        return all(attribute in detail["optional"] for detail in asking)

    return frozenset(
        (section.role, item.attribute)
        for section in shown.sections
        for item in section.items
        if item.optional or needless(section.role, item.attribute)
    )


def _with_people(
    kept: list[dict[str, Any]], sections: Iterable[Section], answer: Answer
) -> Agreed | list[Flaw]:
    roles = {role for detail in kept for role in detail["subjects"]}
    choices = {section.role: section for section in sections if section.people}
    flaws = [Flaw("", _STRANGER) for role in answer.people if role not in choices]
    people: dict[str, list[str]] = {}
    for role, section in choices.items():
        chosen = sorted(set(answer.people.get(role, ())))
        flaw = _flaw(section, chosen) if chosen or role in roles else None
        if flaw is not None:
            flaws.append(Flaw(role, flaw))
        elif role in roles:
            people[role] = chosen
    return flaws or Agreed(kept, people)


def _flaw(section: Section, chosen: Sequence[str]) -> Text | None:
    if not chosen:
        return _NOBODY
    if not set(chosen) <= {person.record_id for person in section.people}:
        return _STRANGER
    return _SEVERAL if len(chosen) > 1 and not section.many else None


def _only(detail: Mapping[str, Any], given: AbstractSet[Pair]) -> list[dict[str, Any]]:
    """Return the detail with the attributes that are given: one for all roles of equal ones."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for role in detail["subjects"]:
        attributes = tuple(each for each in detail["attributes"] if (role, each) in given)
        if attributes:
            groups.setdefault(attributes, []).append(role)
    return [
        {
            **detail,
            "attributes": list(attributes),
            "optional": [each for each in detail["optional"] if each in attributes],
            "subjects": roles,
        }
        for attributes, roles in groups.items()
    ]
