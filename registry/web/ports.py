"""What the pages need of others, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import flask
from sqlalchemy.orm import Session

from registry.citizens.sourced import CitizenReader
from registry.kernel.db import Database
from registry.kernel.errors import Text
from registry.kernel.fields import Catalogue


@dataclass(frozen=True, slots=True)
class ConsentShown:
    """One consent: who (``client``, its name) may see what (``register:path`` texts), until when.

    ``case`` is the file that it serves, "" while it has served none. ``state`` is one of REQUESTED,
    APPROVED, DECLINED, EXPIRED, REVOKED and INAPPLICABLE.
    """

    id: str
    client: str
    procedure: str
    state: str
    attributes: tuple[str, ...]
    legal_basis: str
    requested_at: datetime
    decided_at: datetime | None = None
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    case: str = ""


class Consents(Protocol):
    """A person's consents; raises NotFound for one that is not theirs."""

    def list_consents(self, session: Session, person_id: str) -> Sequence[ConsentShown]:
        """Return all of them, the newest first."""

    def find_consent(self, session: Session, person_id: str, consent_id: str) -> ConsentShown:
        """Return one of them."""

    def withdraw(self, session: Session, person_id: str, consent_id: str) -> None:
        """End one of them; raises Conflict for one that is no longer in force."""

    def receipt(self, session: Session, person_id: str, consent_id: str) -> Mapping[str, Any]:
        """Return its receipt as JSON-LD (ISO/IEC TS 27560)."""


@dataclass(frozen=True, slots=True)
class Report:
    """That a registered value is wrong: ``person_id`` says so about ``subject_id``.

    ``path`` is an attribute of ``register``; ``registered`` what the page showed, ``proposed``
    what it should be; ``reason`` is one of moved, misspelt, foreign_event, other.
    """

    person_id: str
    subject_id: str
    register: str
    record_id: str
    path: str
    registered: str
    proposed: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that must happen in a case: by ``due_on``, and on which day it did, if it has."""

    text: Text
    due_on: date
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class CaseShown:
    """A reported error and what became of it; ``open`` until there is an answer."""

    id: str
    register: str
    path: str
    registered: str
    proposed: str
    reason: str
    note: str
    state: Text
    open: bool
    opened_on: date
    steps: tuple[Step, ...] = ()
    answer: str = ""


class Corrections(Protocol):
    """The errors that a person has reported; raises NotFound for one that is not theirs.

    A case tells of somebody, so whoever answers logs that it was told, in the session given.
    """

    def list_cases_of(self, session: Session, person_id: str) -> Sequence[CaseShown]:
        """Return all of them, the newest first."""

    def find_case(self, session: Session, person_id: str, case_id: str) -> CaseShown:
        """Return one of them."""

    def open_case(self, session: Session, report: Report) -> str:
        """Open a case and return its id."""


@dataclass(frozen=True, slots=True)
class Services:
    """What is behind the pages of consents and of corrections."""

    consents: Consents
    corrections: Corrections


@dataclass(frozen=True, slots=True)
class Web:
    """What the pages share; found at ``app.extensions["sogoc-web"]``."""

    database: Database
    citizens: CitizenReader
    catalogues: Mapping[str, Catalogue]
    consents: Consents
    corrections: Corrections
    synthetic: bool
    demo_forms: bool = False


def web() -> Web:
    """Return what the pages of this application share."""
    found: Web = flask.current_app.extensions["sogoc-web"]
    return found
