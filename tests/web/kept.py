"""Consents and corrections that are kept in memory, to show the pages of these services by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from registry.kernel.clock import now, today
from registry.kernel.db import new_id
from registry.kernel.errors import Conflict, NotFound, Text
from registry.web.ports import CaseShown, ConsentShown, Report, Step

CONSENT = "0198c0de-0000-7000-8000-00000000c0de"


class KeptConsents:
    """Everybody has let one form see something, until a day long after any test."""

    def __init__(self) -> None:
        self._shown: dict[str, ConsentShown] = {}

    def _of(self, person_id: str) -> ConsentShown:
        return self._shown.setdefault(
            person_id,
            ConsentShown(
                CONSENT,
                "Cổng dịch vụ công Thành phố",
                "1.004222",
                "APPROVED",
                ("citizens:name.full", "households:members", "gone:away"),
                "Luật Cư trú 68/2020/QH14, Điều 20",
                datetime(2026, 11, 1, 20, 0, tzinfo=UTC),
                datetime(2026, 11, 1, 20, 0, tzinfo=UTC),
                datetime(2099, 12, 31, 3, 0, tzinfo=UTC),
            ),
        )

    def list_consents(self, session: Session, person_id: str) -> Sequence[ConsentShown]:
        del session
        return [self._of(person_id)]

    def find_consent(self, session: Session, person_id: str, consent_id: str) -> ConsentShown:
        del session
        if consent_id != CONSENT:
            raise NotFound
        return self._of(person_id)

    def withdraw(self, session: Session, person_id: str, consent_id: str) -> None:
        found = self.find_consent(session, person_id, consent_id)
        if found.state != "APPROVED":
            raise Conflict
        self._shown[person_id] = replace(found, state="REVOKED", withdrawn_at=now())

    def receipt(self, session: Session, person_id: str, consent_id: str) -> Mapping[str, Any]:
        found = self.find_consent(session, person_id, consent_id)
        return {"@context": "https://w3id.org/dpv", "identifier": found.id}


class KeptCorrections:
    """Cases by the person who opened them."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self._cases: dict[str, list[CaseShown]] = {}

    def list_cases_of(self, session: Session, person_id: str) -> Sequence[CaseShown]:
        del session
        return self._cases.get(person_id, [])

    def find_case(self, session: Session, person_id: str, case_id: str) -> CaseShown:
        for case in self.list_cases_of(session, person_id):
            if case.id == case_id:
                return case
        raise NotFound

    def open_case(self, session: Session, report: Report) -> str:
        del session
        made = CaseShown(
            new_id(),
            report.register,
            report.path,
            report.registered,
            report.proposed,
            report.reason,
            report.note,
            Text("Đang kiểm tra", "Being checked"),
            open=True,
            opened_on=today(),
            steps=(
                Step(Text("Nhận phản ánh", "Report received"), today(), today()),
                Step(Text("Cấp xã kiểm tra", "Commune checks"), date(2099, 1, 5)),
            ),
        )
        self.reports.append(report)
        self._cases.setdefault(report.person_id, []).insert(0, made)
        return made.id
