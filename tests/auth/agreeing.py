"""A second version of the agreement that the tests' client has, and how it is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from auth.agreements import approve_agreement, draft_agreement, list_agreements
from auth.models import AgreementRow
from auth.principals import Agreement
from registry.kernel.clock import today
from tests.conftest import Service

AN, BINH = "an", "bình"


def present(service: Service) -> Agreement:
    """Return the one agreement that the service begins with."""
    with service.database.reading() as session:
        return list_agreements(session, "ward-office")[0]


def draft(service: Service, *without: str, **more: Any) -> str:
    """Draft the next version, without some attributes of citizens; return its id."""
    held = present(service)
    kept = held.attributes["citizens"] - set(without)
    parts: dict[str, Any] = {
        "attributes": {**held.attributes, "citizens": kept},
        "valid_from": today(),
        "valid_to": None,
    }
    wanted = replace(held, id="", **(parts | more))
    with service.database.transaction() as session:
        return draft_agreement(session, wanted, AN, held.series)


def approve(service: Service, made: str, by: str = BINH) -> Agreement:
    with service.database.transaction() as session:
        return approve_agreement(session, made, by)


def row(service: Service, made: str) -> AgreementRow:
    with service.database.reading() as session:
        return session.scalars(sa.select(AgreementRow).where(AgreementRow.id == made)).one()
