"""Stewards and operators: adding, listing and disabling them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.grants.grants import revoke_grants_of_person
from auth.scopes import SCOPES
from auth.signin.models import StaffMember, WebSession
from registry.kernel.clock import now
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text


def add_staff(session: Session, name: str, issuer: str, subject: str, roles: Sequence[str]) -> str:
    """Let the person whom ``issuer`` calls ``subject`` work here with ``roles``; return their id.

    Raises Invalid for a missing name or subject, no role or an unknown one; Conflict if the
    subject is of the staff already.
    """
    unknown = sorted(set(roles) - SCOPES.keys())
    if unknown or not roles:
        text = Text("Vai trò không có hoặc thiếu.", "No role, or one that does not exist.")
        raise Invalid(text, errors=[FieldError("/roles", "scope", text)])
    if not (name.strip() and issuer and subject):
        text = Text("Thiếu tên hoặc chủ thể.", "The name, issuer or subject is missing.")
        raise Invalid(text, errors=[FieldError("/subject", "required", text)])
    made = new_id()
    try:
        with session.begin_nested():
            session.execute(
                sa.insert(StaffMember).values(
                    id=made,
                    name=name,
                    issuer=issuer,
                    subject=subject,
                    roles=sorted(set(roles)),
                    created_at=now(),
                )
            )
    except sa.exc.IntegrityError:
        raise Conflict(
            Text("Người này đã là cán bộ.", "This person is of the staff already.")
        ) from None
    return made


def list_staff(session: Session) -> Sequence[StaffMember]:
    """Return every member of staff, disabled ones too, by name."""
    return session.scalars(sa.select(StaffMember).order_by(StaffMember.name, StaffMember.id)).all()


def holds_role(session: Session, member_id: str, role: str) -> bool:
    """Say whether ``member_id`` is of the staff now and has ``role``."""
    member = session.get(StaffMember, member_id)
    return member is not None and member.disabled_at is None and role in member.roles


def is_staff(session: Session, person_id: str) -> bool:
    """Say whether ``person_id`` is of the staff, disabled or not, and so no citizen's record."""
    return session.get(StaffMember, person_id) is not None


def disable_staff(session: Session, member_id: str) -> None:
    """Disable a member of staff, and end their sessions and all they have granted at once.

    Raises NotFound.
    """
    try:
        wanted = str(UUID(member_id))
    except ValueError:
        raise NotFound from None
    found = session.scalar(
        sa.update(StaffMember)
        .where(StaffMember.id == wanted)
        .values(disabled_at=sa.func.coalesce(StaffMember.disabled_at, now()))
        .returning(StaffMember.id)
    )
    if found is None:
        raise NotFound
    session.execute(
        sa.delete(WebSession).where(WebSession.staff.is_(True), WebSession.person_id == wanted)
    )
    revoke_grants_of_person(session, wanted)
