"""Agreements: drafted by one person, approved by another, in versions that never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auth.clients import count_change, require_client
from auth.models import AgreementRow
from auth.principals import Agreement
from registry.kernel.clock import now, today
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, FieldError, Invalid, NotFound, Refused, Text

WARNING_DAYS = 60
"""An agreement that ends in fewer days than this is told of."""
# Who stands in the row of an agreement that was set up in one step, without two persons.
_SET_UP_BY = ("setup", "setup-approver")
_NOT_A_DRAFT = Text(
    "Chỉ duyệt hoặc từ chối được bản thảo.", "Only a draft is approved or rejected."
)
_OVER = Text("Bản thảo đã hết hiệu lực.", "The draft is already over.")
_OWN = Text(
    "Người soạn thỏa thuận không được tự duyệt.",
    "Who proposed an agreement can't approve it.",
)
_OTHER_SERIES = Text(
    "Phiên bản phải cùng ứng dụng và thủ tục với thỏa thuận.",
    "A version has the client and the procedure of its agreement.",
)
_RACE = Text(
    "Vừa có phiên bản khác của thỏa thuận này: hãy làm lại.",
    "Another version of this agreement was just made: do it again.",
)
_LONGER = Text(
    "Chỉ kết thúc sớm hơn được: muốn kéo dài, hãy soạn phiên bản mới.",
    "An end can only come sooner: draft a new version to prolong an agreement.",
)


def draft_agreement(
    session: Session, agreement: Agreement, by: str, series: str | None = None
) -> str:
    """Propose an agreement, or with ``series`` its next version; return the draft's id.

    A draft allows nothing until somebody else approves it. Raises NotFound for an unknown client
    or series, Invalid for no name, no legal basis or an end before the beginning, and Conflict
    where the series belongs to another client or procedure or has just got another version.
    """
    row = _row(session, agreement, series)
    row.state, row.proposed_by = "draft", _named(by)
    return _add(session, row)


def create_agreement(session: Session, agreement: Agreement) -> str:
    """Keep an agreement as approved, in one step; return its id.

    This is for setting up a service before anybody has a name in it, and for the demo: the row
    says so in place of two persons. Raises as `draft_agreement` does.
    """
    row = _row(session, agreement, None)
    row.state, (row.proposed_by, row.approved_by) = "approved", _SET_UP_BY
    row.approved_at = row.proposed_at
    made = _add(session, row)
    count_change(session)
    return made


def _row(session: Session, agreement: Agreement, series: str | None) -> AgreementRow:
    require_client(session, agreement.client_id)
    _check(agreement)
    return AgreementRow(
        id=agreement.id or new_id(),
        client_id=agreement.client_id,
        procedure=agreement.procedure,
        attributes={key: sorted(paths) for key, paths in agreement.attributes.items()},
        search={key: sorted(names) for key, names in agreement.search.items()},
        legal_basis=agreement.legal_basis,
        valid_from=agreement.valid_from,
        valid_to=agreement.valid_to,
        legal_task=agreement.legal_task,
        series=_key(series) if series else new_id(),
        version=_next_version(session, agreement, series) if series else 1,
        proposed_at=now(),
    )


def _check(agreement: Agreement) -> None:
    errors = []
    if not agreement.legal_basis.strip():
        text = Text("Cần căn cứ pháp lý.", "The legal basis is needed.")
        errors.append(FieldError("/legal_basis", "required", text))
    if agreement.valid_to is not None and agreement.valid_to <= agreement.valid_from:
        text = Text(
            "Ngày kết thúc phải sau ngày bắt đầu.", "The end must come after the first day."
        )
        errors.append(FieldError("/valid_to", "order", text))
    if errors:
        raise Invalid(errors[0].text, errors=errors)


def _next_version(session: Session, agreement: Agreement, series: str) -> int:
    versions = _of_series(session, _key(series))
    if not versions:
        raise NotFound
    first = versions[0]
    if (first.client_id, first.procedure) != (agreement.client_id, agreement.procedure):
        raise Conflict(_OTHER_SERIES)
    return versions[-1].version + 1


def _of_series(session: Session, series: str) -> Sequence[AgreementRow]:
    """Return the versions of a series in order, locked: its changes come one after another."""
    query = (
        sa.select(AgreementRow)
        .where(AgreementRow.series == series)
        .order_by(AgreementRow.version)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def _add(session: Session, row: AgreementRow) -> str:
    session.add(row)
    try:
        session.flush()
    except sa.exc.IntegrityError:
        # Two that saw the same last version: the key lets one of them be the next.
        raise Conflict(_RACE) from None
    return row.id


def _named(by: str) -> str:
    name = by.strip()
    if not name:
        text = Text("Cần tên người làm việc này.", "The name of who does this is needed.")
        raise Invalid(text, errors=[FieldError("/by", "required", text)])
    return name


def approve_agreement(session: Session, agreement_id: str, by: str) -> Agreement:
    """Approve a draft as the second person, and return it as it holds from now on.

    It never begins before today: what was answered until now was answered under what held then.
    The version before it ends on the day it begins. Raises NotFound, Refused for who proposed it,
    and Conflict for what is no draft or is already over.
    """
    row, versions = _require_draft(session, agreement_id)
    name = _named(by)
    if name.casefold() == row.proposed_by.casefold():
        raise Refused(_OWN)
    begin = max(row.valid_from, today())
    if row.valid_to is not None and row.valid_to <= begin:
        raise Conflict(_OVER)
    row.state, row.approved_by, row.approved_at, row.valid_from = "approved", name, now(), begin
    for other in versions:
        if other is not row and other.state == "approved":
            _give_way(other, begin)
    count_change(session)
    return shape(row)


def _give_way(earlier: AgreementRow, begin: date) -> None:
    """End an approved version where the next begins; one that has yet to begin never will."""
    if earlier.valid_to is None or earlier.valid_to > begin:
        earlier.valid_to = max(earlier.valid_from, begin)


def reject_agreement(session: Session, agreement_id: str, by: str, reason: str) -> None:
    """Reject a draft for good and keep why; who proposed it may withdraw it so.

    Raises NotFound, Conflict for what is no draft, and Invalid without a name or a reason.
    """
    row, _ = _require_draft(session, agreement_id)
    name, why = _named(by), reason.strip()
    if not why:
        text = Text("Cần lý do từ chối.", "The reason of the rejection is needed.")
        raise Invalid(text, errors=[FieldError("/reason", "required", text)])
    row.state, row.rejected_by, row.rejected_at, row.note = "rejected", name, now(), why
    session.flush()


def _require_draft(
    session: Session, agreement_id: str
) -> tuple[AgreementRow, Sequence[AgreementRow]]:
    """Return the draft with all versions of its series, locked before its state is looked at."""
    row = require_agreement(session, agreement_id)
    versions = _of_series(session, row.series)
    if row.state != "draft":
        raise Conflict(_NOT_A_DRAFT)
    return row, versions


def require_agreement(session: Session, agreement_id: str) -> AgreementRow:
    """Return a version in any state. Raises NotFound."""
    row = session.get(AgreementRow, _key(agreement_id))
    if row is None:
        raise NotFound
    return row


def _key(text: str) -> str:
    """Return an id as it is kept; what can't be one leads to nothing."""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFound from None


def end_agreement(session: Session, agreement_id: str, on: date | None = None) -> None:
    """End an agreement: ``on`` (today if None) is the first day without it.

    Raises NotFound, and Conflict for what was never approved or would end later than agreed: one
    person can take rights away, and give none.
    """
    row, day = require_agreement(session, agreement_id), on or today()
    session.refresh(row, with_for_update=True)
    if row.state != "approved":
        raise Conflict(Text("Thỏa thuận chưa được duyệt.", "The agreement was never approved."))
    if row.valid_to is not None and day > row.valid_to:
        raise Conflict(_LONGER)
    row.valid_to = day
    count_change(session)


def list_agreements(session: Session, client_id: str | None = None) -> list[Agreement]:
    """Return the approved versions of one client, or of all, the newest last."""
    return [shape(row) for row in list_versions(session, client_id) if row.state == "approved"]


def list_versions(session: Session, client_id: str | None = None) -> Sequence[AgreementRow]:
    """Return every version in any state, of one client or of all, the newest last."""
    query = sa.select(AgreementRow).order_by(AgreementRow.valid_from, AgreementRow.id)
    if client_id is not None:
        query = query.where(AgreementRow.client_id == client_id)
    return session.scalars(query).all()


def shape(row: AgreementRow) -> Agreement:
    """Return a version as those know it who ask what it allows."""
    return Agreement(
        id=row.id,
        client_id=row.client_id,
        procedure=row.procedure,
        attributes={key: frozenset(paths) for key, paths in row.attributes.items()},
        search={key: frozenset(names) for key, names in row.search.items()},
        legal_basis=row.legal_basis,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        series=row.series,
        version=row.version,
        state=row.state,
        legal_task=row.legal_task,
    )


def expiring(agreement: Agreement, day: date) -> int | None:
    """Return in how many days after ``day`` an agreement in force ends, None if that is far."""
    if agreement.valid_to is None or not agreement.in_force(day):
        return None
    left = (agreement.valid_to - day).days
    return left if left < WARNING_DAYS else None


def upcoming(agreement: Agreement, day: date) -> bool:
    """Say whether an approved version has yet to begin, unless another took its place first."""
    replaced = agreement.valid_to is not None and agreement.valid_to <= agreement.valid_from
    return agreement.state == "approved" and agreement.valid_from > day and not replaced


def unfollowed(agreement: Agreement, held: Sequence[Agreement]) -> bool:
    """Say whether nothing of ``held`` lets the client go on once ``agreement`` ends."""
    end = agreement.valid_to
    return end is not None and not any(
        other.in_force(end)
        for other in held
        if (other.client_id, other.procedure) == (agreement.client_id, agreement.procedure)
    )
