"""Who stands in each role of a form, and what each of them lets the form have.

A person's own consent reaches their own values and those of the children and wards whom they
chose. Another adult consents alone, by an invitation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from auth.grants.models import Grant
from registry.civil_status.representation import ground_to_act
from registry.kernel.clock import today
from registry.prefill.relatives import CANDIDATES, household
from registry.prefill.shapes import SAME_AS, Profile, Role

AWAITING, DECLINED, NOBODY = "awaiting_consent", "declined", "no_such_person"
NOT_CHOSEN = "not_chosen"
# A request may call the person who submits it so, as clients of OpenID Connect do.
_SELF = frozenset({"self", "submitter"})


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a role: the record, the ``register:path``s allowed, or why nothing may be told.

    ``record_id`` is None where it is not known who it is. ``expected`` is who alone may accept
    an invitation to it, None being anybody.
    """

    record_id: str | None
    allowed: frozenset[str] = frozenset()
    reason: str | None = None
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody who was invited to a role decided; nothing is allowed by who declined."""

    role: str
    person_id: str
    details: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Consented:
    """What a case rests on: whose form it is, what they agreed to, and what others answered.

    ``people`` are the record ids that the person chose by role. ``by_law`` is a task of a state
    agency that needs no consent (Law 91/2025/QH15, article 19); the details are then the law's.
    """

    person_id: str
    details: Sequence[Mapping[str, Any]]
    people: Mapping[str, Sequence[str]] = field(default_factory=dict)
    answered: tuple[Answered, ...] = ()
    by_law: bool = False

    def allowed(self, role: str) -> frozenset[str]:
        """Return the attributes that the person agreed to for a role."""
        return _attributes(self.details, {role})


def consented_by(grant: Grant, procedure: str, answered: Iterable[Answered]) -> Consented:
    """Return what a grant says of a procedure; ``answered`` are the invitations of its case.

    What was agreed to for another procedure, in the same breath, is not for this one.
    """
    return Consented(
        grant.person_id,
        of_procedure(grant.details, procedure),
        grant.people or {},
        tuple(answered),
    )


def of_procedure(
    details: Iterable[Mapping[str, Any]], procedure: str
) -> tuple[Mapping[str, Any], ...]:
    """Return those of ``details`` that are about a procedure."""
    return tuple(detail for detail in details if detail["procedure"] == procedure)


def consents_alone(role: Role) -> bool:
    """Say whether somebody in a role may have to be asked beside the person who submits."""
    return role.consent == "own" or role.who == "household"


def members(
    session: Session, profile: Profile, consent: Consented
) -> dict[str, tuple[Member, ...]]:
    """Return who stands in each role of a profile; a role of one has one member, however unknown.

    Relations are asked of the registers today: who is no child any more is not told of.
    """
    found: dict[str, tuple[Member, ...]] = {}
    for role in profile.roles:
        if not role.who.startswith(SAME_AS):
            found[role.id] = tuple(_members(session, role, consent))
    for role in profile.roles:
        if role.who.startswith(SAME_AS):
            same = found[role.who.removeprefix(SAME_AS)]
            found[role.id] = tuple(_as(member, role, consent) for member in same)
    return found


def _members(session: Session, role: Role, consent: Consented) -> list[Member]:
    if role.who == "submitter":
        return [Member(consent.person_id, _own(consent, role.id))]
    if role.who == "household":
        return _household(session, role, consent)
    if role.who in {"child", "deceased"}:
        return _chosen(session, role, consent)
    return [_other(session, role, consent)]


def _as(member: Member, role: Role, consent: Consented) -> Member:
    """Return a member in a second role, with what was agreed to for that one."""
    if member.record_id is None or member.reason:
        return member
    answers = [a for a in consent.answered if a.person_id == member.record_id and a.details]
    more = [_attributes(answer.details or (), {role.id}) for answer in answers]
    return Member(member.record_id, consent.allowed(role.id).union(*more))


def _own(consent: Consented, role: str) -> frozenset[str]:
    return _attributes(consent.details, {role, *_SELF})


def _chosen(session: Session, role: Role, consent: Consented) -> list[Member]:
    """Return whom the person chose among those they may stand for."""
    candidates = CANDIDATES[role.who](session, consent.person_id)
    wanted = consent.people.get(role.id, candidates if len(candidates) == 1 else ())
    found = [who for who in wanted if who in candidates]
    if not found:
        return [Member(None, reason=NOT_CHOSEN if candidates else NOBODY)]
    return [Member(who, consent.allowed(role.id)) for who in found[: None if role.many else 1]]


def _household(session: Session, role: Role, consent: Consented) -> list[Member]:
    people = household(session, consent.person_id)
    return [_of_household(session, who, role, consent) for who in people]


def _of_household(session: Session, who: str, role: Role, consent: Consented) -> Member:
    own = who == consent.person_id or consent.by_law
    if own or ground_to_act(session, consent.person_id, who, today()):
        return Member(who, consent.allowed(role.id))
    for answer in consent.answered:
        if answer.person_id == who and answer.role == role.id:
            return _after(answer, role.id)
    return Member(None, reason=AWAITING, expected=who)


def _other(session: Session, role: Role, consent: Consented) -> Member:
    """Return another adult: whoever accepted, or who must be asked."""
    for answer in consent.answered:
        if answer.role == role.id:
            return _after(answer, role.id)
    known = CANDIDATES[role.who](session, consent.person_id) if role.who in CANDIDATES else []
    expected = known[0] if known else None
    if consent.by_law:
        reason = None if expected else NOBODY
        return Member(expected, consent.allowed(role.id) if expected else frozenset(), reason)
    return Member(None, reason=AWAITING, expected=expected)


def _after(answer: Answered, role: str) -> Member:
    if answer.details is None:
        return Member(None, reason=DECLINED)
    return Member(answer.person_id, _attributes(answer.details, {role}))


def _attributes(details: Iterable[Mapping[str, Any]], roles: set[str]) -> frozenset[str]:
    return frozenset(
        attribute
        for detail in details
        if roles.intersection(detail["subjects"])
        for attribute in detail["attributes"]
    )
