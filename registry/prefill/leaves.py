"""One field of a form, filled from what a register told: its value, origin, state and lock (pure).

Every leaf may fail alone. What is not certain is never locked, and an empty field never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from registry.kernel.errors import Text
from registry.prefill.registers import Found, Told, reading
from registry.prefill.shapes import Basis, Field
from registry.prefill.transforms import TRANSFORMS, value_at

State = Literal["ok", "not_found", "incomplete", "under_review", "unavailable"]
Lock = Literal["locked", "editable", "confirm"]
# Why an address is incomplete: its commune was divided, and nobody has said which part it is in.
_SPLIT = "split_unit"
_NAMING = {"parcels": ("reference", "address"), "civil_status": ("type", "registered_on")}


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a form is told of one field.

    ``value`` is None unless the state is ok or under review, or incomplete for a part of it alone,
    and ``label`` its words where it is a code. ``reason`` says why it is not ok, or must be
    confirmed; ``candidates`` are the records among which the person has to choose. ``ground`` is
    the provision by which it takes the place of a paper.
    """

    field: Field
    state: State
    value: Any = None
    label: str | None = None
    reason: str | None = None
    lock: Lock = "editable"
    source: Found | None = None
    valid_from: date | None = None
    ground: Basis | None = None
    candidates: tuple[Mapping[str, str], ...] = ()

    @property
    def certain(self) -> bool:
        """True where a form may rely on it, so that a paper proves nothing more."""
        return self.state == "ok" and self.lock != "confirm"

    def to_json(self, on: date) -> dict[str, Any]:
        """Return the leaf as the API tells it, read on the day ``on``."""
        told: dict[str, Any] = {"label": _both(self.field.label), "state": self.state}
        if self.value is not None:
            coded = self.label is not None
            told |= {"code": self.value, "text": self.label} if coded else {"value": self.value}
            told["as_of"] = on.isoformat()
        if self.source is not None:
            told["source"] = {
                "register": self.field.register,
                "record_id": self.source.record_id,
                "version": self.source.life.version,
            }
            told["last_verified_at"] = self.source.last_verified_at
        if self.valid_from is not None:
            told["valid_from"] = self.valid_from.isoformat()
        if self.reason is not None:
            told["reason"] = self.reason
        if self.candidates:
            told["candidates"] = list(self.candidates)
        ground = self.ground and {"act": self.ground.act, "article": self.ground.article}
        return {
            **told,
            "lock": self.lock,
            "may_replace_paper": ground is not None,
            "ground": ground,
        }


def missing(field: Field, reason: str) -> Leaf:
    """Return the leaf of a field that nobody may answer, or nobody stands behind."""
    return Leaf(field, "unavailable", reason=reason)


def by_hand(field: Field) -> Leaf:
    """Return the leaf of a field that the person alone can fill."""
    return Leaf(field, "not_found", reason="not_in_registers")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What bears on every leaf of one form beside what the registers told.

    ``chosen`` are the record ids that the person has picked, by register, and ``disputed`` by
    record id the paths about which a correction is open. ``at`` is the moment of the answer.
    """

    at: datetime
    chosen: Mapping[str, str] = field(default_factory=dict)
    disputed: Mapping[str, frozenset[str]] = field(default_factory=dict)


def fill(field: Field, told: Told, around: Circumstances) -> Leaf:
    """Return the leaf of ``field`` from what its register told."""
    if told.state == "unavailable":
        return missing(field, told.reason or "unavailable")
    if field.path in told.withheld:
        return missing(field, "withheld")
    records = _meant(field, told)
    wanted = around.chosen.get(field.register)
    picked = [found for found in records if found.record_id == wanted]
    if len(records) > 1 and len(picked) != 1:
        return Leaf(field, "incomplete", reason="several", candidates=_names(field, records))
    if not records:
        return _nothing(field, told)
    return _filled(field, (picked or records)[0], around)


def _meant(field: Field, told: Told) -> Sequence[Found]:
    """Return the records that a field may mean; of the acts of one event, the last."""
    if not field.act:
        return told.found
    return [found for found in told.found if found.event == field.act][-1:]


def _nothing(field: Field, told: Told) -> Leaf:
    """Say that there is no record: not known, where the books are not complete here."""
    if told.coverage is not None and told.coverage.get("complete") is not True:
        return Leaf(field, "incomplete", reason="no_coverage")
    return Leaf(field, "not_found", reason="no_record")


def _filled(field: Field, found: Found, around: Circumstances) -> Leaf:
    raw = value_at(found.record, field.path)
    value = TRANSFORMS[field.transform](raw)
    leaf = Leaf(field, "ok", source=found)
    lacking = _lacking(raw)
    if value is None:
        if lacking or _flagged(found, "uncertain", field.path):
            return replace(leaf, state="incomplete", reason=lacking or "no_value")
        return replace(leaf, state="not_found", reason="no_value")
    label = None
    if isinstance(value, Mapping) and "code" in value:
        value, label = value["code"], str(value.get("label") or value.get("text") or "")
    # What is derived stands in no document: each is cut as the answer was.
    read = reading(field.register, field.path)
    since = found.life.since(lambda document: value_at(read(document), field.path))
    return _judged(
        replace(leaf, value=value, label=label, valid_from=since), found, lacking, around
    )


def _judged(leaf: Leaf, found: Found, lacking: str | None, around: Circumstances) -> Leaf:
    """Return a leaf that has a value with how far a form may rely on it."""
    asked = leaf.field
    questioned = around.disputed.get(found.record_id, frozenset())
    if _flagged(found, "under_review", asked.path) or _any_near(asked.path, questioned):
        return replace(leaf, state="under_review", reason="under_review")
    if lacking == _SPLIT:
        return replace(leaf, state="incomplete", reason=lacking)
    if _flagged(found, "uncertain", asked.path):
        return replace(leaf, lock="confirm", reason="uncertain")
    if _is_stale(asked, found, around.at):
        return replace(leaf, lock="confirm", reason="stale")
    return replace(leaf, lock=asked.lock)


def _lacking(raw: Any) -> str | None:
    """Return what a registered value itself says to be lacking for an answer, if anything.

    The unit of an address that was divided since is for the person to say, and a status that
    rests on books which are not complete is not known.
    """
    if not isinstance(raw, Mapping):
        return None
    address = raw.get("address", raw)
    if isinstance(address, Mapping) and "candidates" in address:
        return _SPLIT
    coverage = raw.get("coverage")
    known = not isinstance(coverage, Mapping) or coverage.get("complete") is True
    return None if known else "no_coverage"


def _flagged(found: Found, flag: str, path: str) -> bool:
    return _any_near(path, found.record.get(flag, ()))


def _any_near(path: str, others: Iterable[str]) -> bool:
    return any(_near(path, each) for each in others)


def _near(path: str, other: str) -> bool:
    return path == other or path.startswith(other + ".") or other.startswith(path + ".")


def _is_stale(field: Field, found: Found, on: datetime) -> bool:
    if field.stale_after_days is None or found.last_verified_at is None:
        return False
    age = on - datetime.fromisoformat(found.last_verified_at)
    return age.days > field.stale_after_days


def _names(field: Field, records: Sequence[Found]) -> tuple[Mapping[str, str], ...]:
    """Return the records among which the person chooses, named by no more than was read."""
    return tuple(
        {"id": found.record_id, "label": " · ".join(_words(found, field.register))}
        for found in records
    )


def _words(found: Found, register: str) -> list[str]:
    words = (_plain(found.record.get(path)) for path in _NAMING.get(register, ()))
    return [word for word in words if word]


def _plain(value: Any) -> str:
    """Return a value of a record as a few words."""
    if not isinstance(value, Mapping):
        return str(value or "")
    for key in ("label", "text", "as_recorded", "value"):
        if key in value:
            return _plain(value[key])
    named = (value.get("sheet"), value.get("number"))
    return " / ".join(str(part) for part in named if part)


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}
