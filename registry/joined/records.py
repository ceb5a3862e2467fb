"""Reading one citizen in several registers at once; each register decides and logs for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from auth.principals import Principal
from registry.citizens.records import read_citizen, require_citizen
from registry.civil_status.records import read_acts_of
from registry.households.records import read_household_of
from registry.kernel.access_log import Outcome, record_access
from registry.kernel.errors import NotFound, ScopeMissing, Withheld
from registry.kernel.ledger import Moment
from registry.parcels.records import list_parcels_of

Read = Callable[[Session, Principal, str, tuple[str, ...], Moment], Any]

# What each register is called in the answer, by its scope and the verb that reads it.
REGISTERS: Mapping[str, tuple[str, Read]] = {
    "citizen": ("citizens:read", lambda *asked: read_citizen(*asked).record),
    "household": ("households:read", read_household_of),
    "civil_status": ("civil_status:read", read_acts_of),
    "parcels": ("parcels:read", list_parcels_of),
}


def read_joined(
    session: Session,
    principal: Principal,
    citizen_id: str,
    fields: Mapping[str, tuple[str, ...]],
    moment: Moment,
) -> dict[str, Any]:
    """Return what each register named in ``fields`` says of a citizen, at one moment.

    A register that has nothing, or may not tell, says so with its ``state`` and keeps back no
    other. Raises NotFound or Moved for the citizen, ScopeMissing, Malformed or Refused.
    """
    for name in fields:
        scope = REGISTERS[name][0]
        if scope not in principal.scopes:
            raise ScopeMissing(error="insufficient_scope", scope=scope, client=principal.client_id)
    asked = [path for paths in fields.values() for path in paths]
    person = require_citizen(session, citizen_id, asked, moment)
    answer: dict[str, Any] = {"id": person.id}
    for name, paths in fields.items():
        outcome: Outcome
        try:
            found = REGISTERS[name][1](session, principal, person.id, paths, moment)
        except (NotFound, Withheld) as error:
            outcome = "withheld" if isinstance(error, Withheld) else "not_found"
            touched = error.members.get("asked", paths)
            record_access(session, principal.asker, outcome, touched, person.id)
            answer[name] = {"state": outcome}
        else:
            answer[name] = {"state": "ok", "value": found}
    return answer
