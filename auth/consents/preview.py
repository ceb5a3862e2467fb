"""What a consent page shows: the values themselves, as whoever knows the registers tells them.

This package knows no register, so it asks a `Preview`. What a preview doesn't show, nobody can
agree to: it is left out of the grant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy.orm import Session

from auth.grants.grants import Grantor
from registry.kernel.errors import Text

Details = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody whom the person may choose for a role, such as one of their children."""

    record_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One attribute (``register:path``) with what the register holds of it now.

    ``values`` are as a person reads them. In a section with people to choose among, there is one
    for each of these, in their order. ``keys`` are the fields of the form that it fills, ``note``
    what the person should know of it, such as that nothing but yes or no is told.
    """

    attribute: str
    label: Text
    values: tuple[str, ...]
    source: Text
    as_of: date | None
    optional: bool
    note: Text | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """What is shown of one role; there is one section for each.

    ``people`` is empty where nobody has to choose who it is, ``many`` says that several may be
    chosen.
    """

    role: str
    title: Text
    people: tuple[Choice, ...]
    many: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a page shows; ``procedure`` is its name where it is known."""

    sections: tuple[Section, ...]
    notes: tuple[Text, ...] = ()
    procedure: Text | None = None


class Preview(Protocol):
    """Whoever can tell what would be given."""

    def show(self, session: Session, client_id: str, person: Grantor, details: Details) -> Shown:
        """Return what the authorization details ``details`` would give to the client.

        It reads personal data, in the session's transaction, and logs that the person looked.
        """


_ROLES = {
    "self": Text("Bạn", "You"),
    "submitter": Text("Bạn, người nộp hồ sơ", "You, who submit the form"),
}


class PlainPreview:
    """Knows no register: shows which attributes are asked for, and no value."""

    def show(self, session: Session, client_id: str, person: Grantor, details: Details) -> Shown:
        """Return the names of what is asked for, by role."""
        del session, client_id, person
        roles: dict[str, dict[str, bool]] = {}
        for detail in details:
            for role in detail["subjects"]:
                optional = roles.setdefault(role, {})
                for attribute in detail["attributes"]:
                    # What one detail needs is needed, whatever another says of it.
                    needless = attribute in detail["optional"]
                    optional[attribute] = optional.get(attribute, True) and needless
        sections = (
            Section(
                role,
                _ROLES.get(role, Text(role, role)),
                (),
                many=False,
                items=tuple(_plain(attribute, optional) for attribute, optional in asked.items()),
            )
            for role, asked in roles.items()
        )
        return Shown(tuple(sections))


def _plain(attribute: str, optional: bool) -> Item:
    register, _, _ = attribute.partition(":")
    return Item(attribute, Text(attribute, attribute), (), Text(register, register), None, optional)
