"""What acts say of life, marriage and parents on one day (pure).

Each function takes the acts around a person, already amended and in order, and a day. Nothing is
carried from day to day, so that no answer depends on how it was reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.civil_status.acts import Act, text_code
from registry.kernel.dates import PartialDate

_LIFE = {"death": "deceased", "declared_dead": "deceased", "declared_missing": "missing"}
LIFE_KINDS = frozenset({*_LIFE, "declaration_cancelled"})
ENDING_KINDS = frozenset({"divorce", "annulment"})
PARENT_KINDS = frozenset({"birth", "parentage", "adoption", "adoption_end"})
_DYING = ("deceased", "person")
_SPOUSES = {"husband": "wife", "wife": "husband"}
_MALE = "1"


@dataclass(frozen=True, slots=True)
class Life:
    """A state of life, since when, and the acts behind it."""

    code: str
    since: PartialDate | None = None
    basis: tuple[str, ...] = ()


def life_on(acts: Sequence[Act], who: str, day: date) -> Life:
    """Return whether ``who`` was alive, missing or deceased on ``day``, as far as acts say.

    A cancelled declaration (Civil Code 2015, articles 70 and 73) makes the person alive again;
    a registered death that it names falls with it.
    """
    past = [act for act in _life_events(acts, who) if act.day <= day]
    cancelled = {act.amends for act in past if act.kind == "declaration_cancelled"}
    deaths = [act for act in past if act.kind == "death" and act.code not in cancelled]
    deciding = deaths[:1] or [act for act in past if act.kind != "death"][-1:]
    if not deciding:
        return Life("alive", None, tuple(i for act in past for i in act.basis))
    [act] = deciding
    return Life(_LIFE.get(act.kind, "alive"), act.when, act.basis)


def _life_events(acts: Sequence[Act], who: str) -> Iterator[Act]:
    for act in acts:
        if act.kind in LIFE_KINDS and any(act.who(role) == who for role in _DYING):
            yield act


def has_life_events(acts: Sequence[Act], who: str) -> bool:
    """Say whether any act tells of the life or death of ``who``."""
    return any(True for _ in _life_events(acts, who))


@dataclass(frozen=True, slots=True)
class Marriage:
    """One marriage of a person; ``start`` None where only its end is known."""

    start: PartialDate | None
    spouse: str | None
    entry: Mapping[str, Any]
    basis: tuple[str, ...]
    ended: Act | None = None

    @property
    def first(self) -> date:
        """The first day on which it may have begun."""
        return self.start.first if self.start else date.min

    @property
    def last(self) -> date | None:
        """The day from which a decision ended it; None while there is none."""
        return max(self.ended.day, self.first) if self.ended else None


def marriages_of(acts: Sequence[Act], who: str) -> list[Marriage]:
    """Return every marriage of ``who``, each with the decision that ended or annulled it."""
    found: list[tuple[str, Marriage]] = []
    for act in acts:
        if act.kind != "marriage":
            continue
        for role, other in _SPOUSES.items():
            if act.who(role) == who:
                entry = act.persons.get(other, {})
                found.append((act.code, Marriage(act.when, act.who(other), entry, act.basis)))
    ended: dict[str, Act] = {}
    orphans: list[Marriage] = []
    for act in acts:
        if act.kind not in ENDING_KINDS:
            continue
        code = _marriage_ended(act, found, who)
        if code is not None:
            ended.setdefault(code, act)
        elif set(act.roles_of(who)) & {*_SPOUSES, "person"}:
            orphans.append(Marriage(None, None, {}, (), act))
    return [
        Marriage(m.start, m.spouse, m.entry, m.basis, ended.get(code)) for code, m in found
    ] + orphans


def _marriage_ended(act: Act, found: Sequence[tuple[str, Marriage]], who: str) -> str | None:
    """Return the code of the marriage that a decision ends, by its entry or by the couple."""
    if act.amends in {code for code, _ in found}:
        return act.amends
    if not act.roles_of(who):
        return None
    partners = {act.who(role) for role in _SPOUSES} - {who, None}
    fitting = [
        (marriage.first, code)
        for code, marriage in found
        if marriage.first <= act.when.last and (not partners or marriage.spouse in partners)
    ]
    return max(fitting)[1] if fitting else None


@dataclass(frozen=True, slots=True)
class Status:
    """A marital status that acts tell; ``since`` as precise as they are."""

    code: str
    since: PartialDate | None
    basis: tuple[str, ...]
    marriage: Marriage


def marital_on(acts: Sequence[Act], marriages: Sequence[Marriage], day: date) -> Status | None:
    """Return the marital status that acts tell of ``day``; None where none tells any.

    ``marriages`` are those of the person (`marriages_of`).

    An annulled marriage leaves what was before it. A declared death ends a marriage as a death
    does, and its cancellation restores it unless the other has married again.
    """
    begun = [
        marriage
        for marriage in marriages
        if marriage.first <= day
        and (marriage.start or marriage.ended is None or marriage.ended.day <= day)
    ]
    ended: list[tuple[date, str, Status]] = []
    standing: list[tuple[date, str, Status]] = []
    for marriage in begun:
        over = _end_of(marriage, acts, day)
        key = marriage.spouse or ""
        if over is None:
            told = Status("married", marriage.start, marriage.basis, marriage)
            standing.append((marriage.first, key, told))
        elif over.code != "annulment":
            last = over.since.first if over.since else day
            ended.append((max(last, marriage.first), key, over))
    if standing:
        return max(standing, key=lambda entry: entry[:2])[2]
    return max(ended, key=lambda entry: entry[:2])[2] if ended else None


def _end_of(marriage: Marriage, acts: Sequence[Act], day: date) -> Status | None:
    """Return how a marriage was over by ``day``, or None while it stands."""
    decided = marriage.ended if marriage.last is not None and marriage.last <= day else None
    life = life_on(acts, marriage.spouse, day) if marriage.spouse else Life("alive")
    if life.code == "deceased" and life.since and not (decided and decided.day < life.since.first):
        return Status("widowed", life.since, (*marriage.basis, *life.basis), marriage)
    if decided is None:
        return None
    code = "annulment" if decided.kind == "annulment" else "divorced"
    return Status(code, decided.when, (*marriage.basis, *decided.basis), marriage)


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent as an act names them; ``entry`` None: the act says that there is none."""

    who: str | None
    entry: Mapping[str, Any] | None
    basis: tuple[str, ...]


def parents_on(acts: Sequence[Act], day: date) -> dict[str, Parent]:
    """Return the father and mother of a child on ``day``, as far as the acts `about` it say.

    An adoption takes the place of what was before until it ends: its act names the parents that
    result, so a step-parent's adoption names the other parent too.
    """
    born: dict[str, Parent] = {}
    adoptions: list[Act] = []
    for act in acts:
        if act.day > day:
            continue
        if act.kind == "adoption":
            adoptions.append(act)
        elif act.kind == "adoption_end":
            adoptions = [a for a in adoptions if act.amends not in (None, a.code)]
        else:
            born |= dict(_parents_in(act))
    if not adoptions:
        return born
    act = adoptions[-1]
    nobody = {side: Parent(None, None, act.basis) for side in ("father", "mother")}
    return nobody | dict(_parents_in(act))


def about(acts: Sequence[Act], child: str) -> list[Act]:
    """Return those of ``acts`` that tell whose child ``child`` is."""
    return [act for act in acts if act.kind in PARENT_KINDS and _about(act, child, acts)]


def _about(act: Act, child: str, acts: Sequence[Act]) -> bool:
    if (act.who("child") or act.who("person")) == child:
        return True
    if act.kind != "adoption_end":
        return False
    # The end of an adoption may name nobody but the entry that it ends.
    target = next((a for a in acts if a.code == act.amends), None)
    return target is not None and target.who("child") == child


def _parents_in(act: Act) -> Iterator[tuple[str, Parent]]:
    for role in ("father", "mother", "parent"):
        entry = act.persons.get(role)
        if entry and (entry.get("name") or entry.get("personal_id")):
            side = role if role != "parent" else _side(act, entry)
            if side:
                yield side, Parent(act.who(role), entry, act.basis)


def _side(act: Act, entry: Mapping[str, Any]) -> str | None:
    told = text_code(act.document.get("parentage", {}).get("relation"))
    if told in {"father", "mother"}:
        return told
    sex = text_code(entry.get("sex"))
    return ("father" if sex == _MALE else "mother") if sex in {"1", "2"} else None
