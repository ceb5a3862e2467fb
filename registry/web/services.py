"""The services behind the citizen's pages: their consents, and the errors that they reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth.consents import records
from auth.consents.receipt import Party, to_json_ld, to_receipt
from auth.consents.records import Consent
from auth.guard import trace_id
from registry.corrections import cases
from registry.corrections.cases import Case, Doer, Reported
from registry.corrections.rules import ACTIONS, LIVE, STATES, Terms
from registry.kernel.clock import local_day
from registry.kernel.errors import NotFound, Text
from registry.web.own import CLIENT, PROCEDURE
from registry.web.ports import CaseShown, ConsentShown, Report, Step
from registry.web.writing import written

_REPLY = Text("Phản hồi cho bạn", "A reply to you")
_MENDED = Text("Xác minh và sửa sổ", "Verified and corrected")


@dataclass(frozen=True, slots=True)
class OwnConsents:
    """A person's consents (`registry.web.ports.Consents`); ``issuer`` is this server's address."""

    issuer: str

    def list_consents(self, session: Session, person_id: str) -> Sequence[ConsentShown]:
        """Return all of them, the newest first."""
        return [_consent(found) for found in records.list_consents(session, person_id)]

    def find_consent(self, session: Session, person_id: str, consent_id: str) -> ConsentShown:
        """Return one of them; raises NotFound."""
        return _consent(self._find(session, person_id, consent_id))

    def withdraw(self, session: Session, person_id: str, consent_id: str) -> None:
        """End one of them; raises NotFound, and Conflict for one that is no longer in force."""
        records.withdraw(session, person_id, consent_id)

    def receipt(self, session: Session, person_id: str, consent_id: str) -> Mapping[str, Any]:
        """Return its receipt as JSON-LD (ISO/IEC TS 27560)."""
        found = self._find(session, person_id, consent_id)
        here = Party(self.issuer, "Sổ Gốc", "", self.issuer)
        agency = Party(f"urn:sogoc:client:{found.client_id}", found.client_name, "", "")
        return to_receipt(to_json_ld(found, agency, here, subject=found.id), here)

    @staticmethod
    def _find(session: Session, person_id: str, consent_id: str) -> Consent:
        found = records.find_consent(session, person_id, consent_id)
        if found is None:
            raise NotFound
        return found


def _consent(found: Consent) -> ConsentShown:
    asked = (each for detail in found.details for each in detail["attributes"])
    return ConsentShown(
        found.id,
        found.client_name,
        found.procedure,
        found.state,
        tuple(dict.fromkeys(asked)),
        found.legal_basis,
        found.requested_at,
        found.decided_at,
        found.expires_at,
        found.withdrawn_at,
        found.case or "",
    )


@dataclass(frozen=True, slots=True)
class OwnCorrections:
    """What a person reported, or what was reported of them (`registry.web.ports.Corrections`)."""

    terms: Terms

    def list_cases_of(self, session: Session, person_id: str) -> Sequence[CaseShown]:
        """Return all of them, the newest first; logs that the person looked."""
        found = cases.list_cases_of(session, person_id)
        cases.record_told(session, found, Doer(person_id, CLIENT), trace_id())
        return [_case(session, each) for each in found]

    def find_case(self, session: Session, person_id: str, case_id: str) -> CaseShown:
        """Return one of them; raises NotFound. Logs that the person looked."""
        for each in cases.list_cases_of(session, person_id):
            if each.id == case_id:
                cases.record_told(session, [each], Doer(person_id, CLIENT), trace_id())
                return _case(session, each)
        raise NotFound

    def open_case(self, session: Session, report: Report) -> str:
        """Open a case and return its id; the same report has one case."""
        told = Reported(
            register=report.register,
            record_id=report.record_id,
            path=report.path,
            subject_id=report.subject_id,
            declared=report.proposed,
            reason=report.reason,
            source="citizen",
            opened_by=report.person_id,
            client_id=CLIENT,
            procedure=PROCEDURE,
            case_number="citizen",
            note=report.note or None,
            registered=report.registered,
        )
        return cases.open_case(session, told, self.terms).id


def _case(session: Session, found: Case) -> CaseShown:
    return CaseShown(
        found.id,
        found.register,
        found.path,
        _words(found.registered),
        _words(found.declared),
        found.reason,
        found.note or "",
        STATES[found.state],
        open=found.state in LIVE,
        opened_on=local_day(found.opened_at),
        steps=tuple(_steps(session, found)),
        answer=found.answer or "",
    )


def _words(value: Any) -> str:
    """Return a value as a person reads it, "" for none."""
    return " · ".join(line if isinstance(line, str) else line.vi for line in written(value))


def _steps(session: Session, found: Case) -> Sequence[Step]:
    """Return what has happened on its days, then what is still to come by when."""
    done = [
        Step(ACTIONS[step.action], local_day(step.at), local_day(step.at))
        for step in cases.list_steps(session, found.id)
    ]
    waits = [(found.state == "open", _REPLY, found.reply_due)]
    waits.append((found.state in LIVE, _MENDED, found.due_on))
    return [*done, *(Step(text, day) for still, text, day in waits if still)]
