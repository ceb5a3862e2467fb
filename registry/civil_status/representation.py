"""Who may act for whom by what acts of civil status say; nothing here answers a client."""

from __future__ import annotations

from datetime import date
from typing import Literal

from sqlalchemy.orm import Session

from registry.citizens.related import documents
from registry.citizens.rules import is_over
from registry.citizens.standings import standings
from registry.civil_status.acts import Act, amended, date_at
from registry.civil_status.predicates import is_parent_of
from registry.civil_status.surroundings import read_surroundings
from registry.kernel.ledger import Moment

Ground = Literal["parent_of_minor", "guardian"]
# Civil Code 91/2015/QH13, article 21.
_OF_AGE = "18"


def may_be_represented(session: Session, subject: str) -> bool:
    """Say whether ``subject`` is the record of a person who lives and whom officers may know."""
    standing = standings(session, [subject]).get(subject)
    if standing is None or standing.hidden or standing.id != subject:
        return False
    document = documents(session, [subject], Moment()).get(subject)
    return document is not None and document.get("life_status", {}).get("code") != "deceased"


def ground_to_act(session: Session, actor: str, subject: str, on: date) -> Ground | None:
    """Return by which right ``actor`` may act for ``subject`` on a day, both by record id.

    A parent for a child who is certainly under 18 (Law on Marriage and Family 52/2014/QH13,
    article 73), and a guardian while acts say so (Civil Code, article 46). What is not known for
    certain is no right.
    """
    if actor == subject or not may_be_represented(session, subject):
        return None
    document = documents(session, [subject], Moment(as_of=on)).get(subject, {})
    minor = is_over(document, _OF_AGE, on) == "no_match"
    if minor and is_parent_of(session, actor, subject, on) == "match":
        return "parent_of_minor"
    return "guardian" if _is_guardian(session, actor, subject, on) else None


def _is_guardian(session: Session, actor: str, ward: str, on: date) -> bool:
    acts = amended(read_surroundings(session, [ward]).of(ward))
    return any(
        act.kind == "guardianship"
        and (act.who("guardian"), act.who("ward")) == (actor, ward)
        and act.day <= on
        and not _is_over(act, on)
        and not any(_ends(each, act, ward, on) for each in acts)
        for act in acts
    )


def _is_over(act: Act, on: date) -> bool:
    until = date_at(act.document, ("guardianship", "to"))
    # Of an end known by month or year, the first day is the careful one.
    return until is not None and until.first <= on


def _ends(act: Act, begun: Act, ward: str, on: date) -> bool:
    """Say whether an act ends the guardianship: one that notes it, or any end for the same ward."""
    meant = act.amends == begun.code or act.who("ward") == ward
    return act.kind == "guardianship_end" and meant and begun.day <= act.day <= on
