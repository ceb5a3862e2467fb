"""What a service profile is made of (pure values).

A profile says which fields the form of a procedure has, which attribute of a register fills each,
by which provision of law, and which papers become needless then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from registry.kernel.errors import NotFound, Text

FieldType = Literal[
    "text", "name", "date", "partial_date", "code", "number", "address", "boolean", "list"
]
DETAIL_TYPE = "sogoc_prefill"
SAME_AS = "same_as:"


@dataclass(frozen=True, slots=True)
class Basis:
    """One provision of law: the act, the article, the days from and until it holds.

    ``valid_to`` is the first day on which it no longer holds. ``verified`` is False where nobody
    has yet compared the entry with the text of the act.
    """

    id: str
    act: str
    article: str
    valid_from: date
    valid_to: date | None = None
    verified: bool = True

    def in_force(self, on: date) -> bool:
        """Say whether the provision holds on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class ProcedureCode:
    """One code of the national catalogue of procedures, and the days on which it means this."""

    code: str
    valid_from: date
    valid_to: date | None = None

    def in_force(self, on: date) -> bool:
        """Say whether the code means this procedure on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Role:
    """Whose values a form asks for.

    ``who`` is "submitter", "child", "spouse", "adult", "household", "deceased" (a dead relative
    of the submitter, who can consent to nothing) or ``same_as:`` another role. ``consent`` says
    whether the submitter's consent counts for it, or it takes its own.
    """

    id: str
    label: Text
    who: str
    consent: Literal["submitter", "own"] = "submitter"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the dossier, as the procedure names it.

    ``replaced_by`` are the keys of the fields that make the paper needless when all of them are
    ok, and ``ground`` is the basis of the right to do without it; both are empty where the paper
    stays, and ``note`` then says why. ``proves`` are the keys of what the paper tells.
    """

    code: str
    label: Text
    kind: Literal["paper", "declaration", "drawing", "other"]
    basis: str
    replaced_by: tuple[str, ...] = ()
    ground: str = ""
    proves: tuple[str, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the form; its ``key`` is its role, a dot and its name.

    ``attribute`` is ``register:path``, empty where only the person can say it; ``transform``
    names the function that makes the form's value of it. ``act`` is the event of civil status that
    is meant, as `kind_of_event` tells it; empty for the act that the person chooses.
    ``justification`` says why a sensitive attribute is needed; ``portal`` is the field's key on
    provincial portals.
    """

    key: str
    role: str
    label: Text
    attribute: str = ""
    transform: str = "plain"
    predicate: str = ""
    required: bool = False
    optional_to_share: bool = False
    basis: str = ""
    stale_after_days: int | None = None
    lock: Literal["locked", "editable"] = "editable"
    type: FieldType = "text"
    codes: str = ""
    act: str = ""
    portal: str = ""
    justification: Text | None = None

    @property
    def register(self) -> str:
        """The register that fills it; empty where none does."""
        return self.attribute.partition(":")[0]

    @property
    def path(self) -> str:
        """The attribute's path in its register."""
        return self.attribute.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Profile:
    """One procedure, under every code that it has or had."""

    id: str
    version: str
    name: Text
    level: Literal["commune", "province"]
    codes: tuple[ProcedureCode, ...]
    bases: Mapping[str, Basis]
    roles: tuple[Role, ...]
    components: tuple[Component, ...]
    fields: tuple[Field, ...]

    def field(self, key: str) -> Field:
        """Return one field by its key; raises NotFound."""
        for found in self.fields:
            if found.key == key:
                return found
        raise NotFound(key=key)

    def role(self, role_id: str) -> Role:
        """Return one role by its id; raises NotFound."""
        for found in self.roles:
            if found.id == role_id:
                return found
        raise NotFound(role=role_id)

    def of_role(self, role_id: str) -> tuple[Field, ...]:
        """Return the fields of one role, in the order of the form."""
        return tuple(found for found in self.fields if found.role == role_id)

    def details(self, code: str) -> list[dict[str, Any]]:
        """Return the ``authorization_details`` to push (RFC 9396) under one code of the procedure.

        One for each role that a register fills anything for, sorted by role; an attribute is
        optional where every field of the role that needs it may be left out.
        """
        found = []
        for role in sorted(role.id for role in self.roles):
            filled = [field for field in self.of_role(role) if field.attribute]
            needed = {field.attribute for field in filled if not field.optional_to_share}
            attributes = {field.attribute for field in filled}
            if attributes:
                found.append(
                    {
                        "type": DETAIL_TYPE,
                        "procedure": code,
                        "attributes": sorted(attributes),
                        "optional": sorted(attributes - needed),
                        "subjects": [role],
                    }
                )
        return found
