"""What the registers answer today for the fields of a prefill; nobody hears, nothing is logged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.orm import Session

from auth.grants.grants import find_live_grant
from registry.kernel.clock import today
from registry.kernel.fields import Document
from registry.prefill.kept import Kept, ReadValues, kept
from registry.prefill.models import Prefill
from registry.prefill.transforms import Transform, value_at
from registry.prefill.versions import REGISTERS, by_register

_AS_IT_IS: Mapping[str, Transform] = {"plain": lambda value: value}


def reader(transforms: Mapping[str, Transform] = _AS_IT_IS) -> ReadValues:
    """Return what reads values as the form got them, by the ``transforms`` of the profile.

    A field is not told whose record may not be told of now, or whose transform is none of these.
    """

    def read_values(session: Session, prefill: Prefill, keys: Collection[str]) -> Mapping[str, Any]:
        if prefill.grant_id is not None and find_live_grant(session, prefill.grant_id) is None:
            # Whoever took their consent back, or let it end, is told of no more.
            return {}
        fields = {key: field for key, field in kept(prefill).items() if key in keys}
        documents = {
            (register, record): document
            for register, ids in by_register(
                [f.source for f in fields.values() if f.source]
            ).items()
            if register in REGISTERS
            for record, document in REGISTERS[register].present(session, ids).items()
        }
        return {
            key: _value(field, documents[field.source], transforms)
            for key, field in fields.items()
            if field.source in documents and _readable(field, transforms)
        }

    return read_values


def _readable(field: Kept, transforms: Mapping[str, Transform]) -> bool:
    known = REGISTERS[field.register].catalogue
    return field.transform in transforms and known.problem(field.path) is None


def _value(field: Kept, document: Document, transforms: Mapping[str, Transform]) -> Any:
    record = REGISTERS[field.register].catalogue.alone(field.path).cut(document, today())
    value = value_at(record, field.path)
    return None if value is None else transforms[field.transform](value)
