"""On whose consent a prefill rests: the person's own, one at a counter, or a law instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from auth.consents.invitations import (
    Wanted,
    find_accepted,
    find_accepted_by,
    invite,
    invite_at_counter,
    list_declined,
)
from auth.consents.records import Asked, record_notice
from auth.grants.grants import bind_case, find_live_grant
from auth.grants.models import Grant
from auth.principals import Principal
from auth.scopes import ASSIST
from registry.citizens.predicates import is_record_id
from registry.citizens.records import find_by_identifiers, require_citizen
from registry.kernel.clock import now
from registry.kernel.errors import Conflict, ConsentNeeded, NotFound, Refused, Text
from registry.prefill.answering import Terms
from registry.prefill.shapes import Profile
from registry.prefill.subjects import (
    Answered,
    Consented,
    Member,
    consented_by,
    consents_alone,
    members,
    of_procedure,
)

_OTHER_CASE = Text(
    "Sự đồng ý này đã dùng cho hồ sơ khác: hãy xin đồng ý lại cho hồ sơ này.",
    "This consent has served another case: ask again for this one.",
)
_NOT_BY_LAW = Text(
    "Thỏa thuận không cho xử lý khi chưa có đồng ý: hãy xin người dân đồng ý trước.",
    "The agreement allows nothing without consent: ask the person first.",
)
_NOBODY_TO_INVITE = Text(
    "Vai trò này không chờ ai đồng ý.", "Nobody's consent is awaited for this role."
)


@dataclass(frozen=True, slots=True)
class Resting:
    """What one prefill rests on: the terms of its release, and what was agreed to."""

    terms: Terms
    consent: Consented


def rests_on(
    session: Session, principal: Principal, profile: Profile, asked: Mapping[str, Any]
) -> Resting:
    """Return what the request may rest on.

    A person's token: their grant, which serves one case. An officer's (`people:assist`) with
    ``invitation``: what the citizen agreed to by the code at the counter. A client's own with
    ``personal_id``: a task by law, where the agreement says so; the person finds a notice of it.
    Raises ConsentNeeded, Refused, Conflict for a consent of another case, and NotFound.
    """
    if "invitation" in asked:
        return _at_counter(session, principal, profile, asked["invitation"])
    if principal.grant_id is not None:
        return _by_grant(session, principal, profile)
    if "personal_id" in asked:
        return _by_law(session, principal, profile, asked["personal_id"])
    raise ConsentNeeded


def _by_grant(session: Session, principal: Principal, profile: Profile) -> Resting:
    grant = find_live_grant(session, str(principal.grant_id))
    # An officer stands for a citizen by an office and not by a consent: there is a code for that.
    if grant is None or (grant.actor or {}).get("ground") == "officer":
        raise ConsentNeeded
    return _of(session, principal, profile, grant)


def _at_counter(
    session: Session, principal: Principal, profile: Profile, invitation: str
) -> Resting:
    if ASSIST not in principal.scopes or principal.person_id is None:
        raise Refused
    known = is_record_id(invitation)
    accepted = find_accepted_by(session, invitation, principal.person_id) if known else None
    if accepted is None:
        raise ConsentNeeded
    grant = find_live_grant(session, accepted.grant_id)
    if grant is None or grant.client_id != principal.client_id:
        raise ConsentNeeded
    return _of(session, principal, profile, grant)


def _of(session: Session, principal: Principal, profile: Profile, grant: Grant) -> Resting:
    if not bind_case(session, grant.id, principal.asker.case):
        raise Conflict(_OTHER_CASE)
    procedure = principal.asker.procedure
    consent = consented_by(grant, procedure, _answers(session, grant, profile, procedure))
    if not consent.details:
        raise ConsentNeeded
    return Resting(Terms(grant.person_id, grant.id, grant.subject), consent)


def _answers(session: Session, grant: Grant, profile: Profile, procedure: str) -> list[Answered]:
    """Return what those decided who consent for themselves in a role that the grant asks for."""
    asked = {role for detail in grant.details for role in detail["subjects"]}
    roles = [role.id for role in profile.roles if consents_alone(role) and role.id in asked]
    if not roles:
        return []
    accepted = [
        Answered(role, each.person_id, of_procedure(each.details, procedure))
        for role in roles
        for each in find_accepted(session, grant.id, role)
    ]
    said = {(answer.role, answer.person_id) for answer in accepted}
    declined = [
        Answered(role, person, None)
        for role, person in list_declined(session, grant.id)
        if (role, person) not in said
    ]
    return [*accepted, *declined]


def _by_law(session: Session, principal: Principal, profile: Profile, number: str) -> Resting:
    """Law 91/2025/QH15, article 19: no consent, and still a purpose, a log and a notice."""
    agreement = principal.agreement
    if agreement is None or not agreement.legal_task:
        raise ConsentNeeded(_NOT_BY_LAW)
    found = find_by_identifiers(session, [number]).get(number)
    if found is None:
        raise NotFound
    person = require_citizen(session, found.merged_into or found.id)
    details = profile.details(principal.asker.procedure)
    notice = Asked(
        origin=f"{principal.client_id} {principal.asker.case}",
        person_id=person.id,
        client_id=principal.client_id,
        procedure=principal.asker.procedure,
        role="submitter",
        scopes=(),
        details=details,
        agreement_id=agreement.id,
        legal_basis=agreement.legal_basis,
        language="vi",
        via="legal_task",
        expires_at=now() + timedelta(days=365),
    )
    record_notice(session, notice)
    return Resting(Terms(person.id, None, ""), Consented(person.id, details, by_law=True))


def invite_to(
    session: Session, principal: Principal, profile: Profile, role: str, number: int
) -> dict[str, Any]:
    """Invite whoever has to consent for themselves in a role; return the one-time code.

    Raises Conflict where nobody is awaited there, and what `rests_on` raises.
    """
    resting = rests_on(session, principal, profile, {})
    people = members(session, profile, resting.consent).get(role, ())
    member = people[number] if number < len(people) else Member(None)
    details = [each for each in resting.consent.details if role in each["subjects"]]
    if member.reason is None or member.record_id is not None or not details:
        raise Conflict(_NOBODY_TO_INVITE)
    wanted = Wanted(
        principal.client_id,
        principal.asker.procedure,
        principal.asker.case,
        role,
        [{**each, "subjects": [role]} for each in details],
        member.expected,
    )
    made = invite(session, wanted, str(resting.terms.grant_id))
    return {"id": made.id, "role": role, "code": made.code, "expires_at": made.expires_at}


def invite_citizen(session: Session, principal: Principal, profile: Profile) -> dict[str, Any]:
    """Invite the citizen before an officer to agree by a code; for the officer alone to use."""
    if ASSIST not in principal.scopes or principal.person_id is None:
        raise Refused
    wanted = Wanted(
        principal.client_id,
        principal.asker.procedure,
        principal.asker.case,
        "submitter",
        profile.details(principal.asker.procedure),
    )
    made = invite_at_counter(session, wanted, principal.person_id)
    return {"id": made.id, "role": "submitter", "code": made.code, "expires_at": made.expires_at}


def with_link(made: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    """Return an invitation as it is told: with the link that carries its code."""
    link = f"{issuer}/consent?code={made['code']}"
    return {**made, "link": link, "expires_at": made["expires_at"].isoformat(timespec="seconds")}
