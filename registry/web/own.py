"""A person who asks for what is held of themselves: a fixed purpose, logged like any other.

The right is the person's own, by the law on personal data; the procedure is this service's, and
the case is the day, since looking at oneself belongs to no file. What stays out even here is what
is not of the asker: numbers and addresses of others, the detail of somebody's mortgage, and the
cause of a death, which is told at the registrar's counter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from auth.principals import Actor, Agreement, Principal, Purpose
from registry.kernel.clock import today
from registry.kernel.fields import Catalogue

CLIENT, PROCEDURE = "sogoc", "citizen-self"
LEGAL_BASIS = "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15: quyền xem dữ liệu của mình"
_OTHERS_NUMBERS = ("personal_id", "citizen_id", "paper", "residence", "ethnicity")
WITHHELD: Mapping[str, frozenset[str]] = {
    "civil_status": frozenset({"death.cause", "death.place", "birth.place"}),
    "parcels": frozenset(
        {
            *("holders.personal_id", "holders.citizen_id", "holders.address"),
            *("holders.organisation_id", "geometry.coordinates"),
            *("restrictions.party", "restrictions.detail"),
            *("responsibilities.party", "responsibilities.detail"),
        }
    ),
}


def self_principal(
    person_id: str,
    catalogues: Iterable[Catalogue],
    trace_id: str,
    subject_id: str | None = None,
) -> Principal:
    """Return the person as one who asks for their own data, or for that of ``subject_id``.

    For another, whoever calls has made sure of the right to act for them
    (`registry.civil_status.representation.ground_to_act`); the log then names both.
    """
    acting = subject_id is not None and subject_id != person_id
    return Principal(
        CLIENT,
        frozenset(),
        trace_id,
        purpose=Purpose(PROCEDURE, today().isoformat()),
        agreement=_agreement(catalogues),
        person_id=subject_id or person_id,
        # Nothing was issued to a client here, so there is nothing that could be revoked.
        actor=Actor(person_id, person_id, grant_id="", jti="") if acting else None,
    )


def _agreement(catalogues: Iterable[Catalogue]) -> Agreement:
    return Agreement(
        "",
        CLIENT,
        PROCEDURE,
        {each.register: _readable(each) for each in catalogues},
        {},
        LEGAL_BASIS,
        date(2026, 1, 1),
    )


def _readable(catalogue: Catalogue) -> frozenset[str]:
    withheld = WITHHELD.get(catalogue.register, frozenset())
    return frozenset(
        attribute.path
        for attribute in catalogue.attributes
        if attribute.path not in withheld and not _of_others(attribute.path)
    )


def _of_others(path: str) -> bool:
    """Say whether a path is the number or whereabouts of somebody whom an act names."""
    steps = path.split(".")
    # Which record a ward or a child is leads a guardian to it, and is shown to nobody.
    return steps[0] == "persons" and steps[-1] in _OTHERS_NUMBERS and path not in LINKS


LINKS = frozenset({"persons.ward.citizen_id"})
