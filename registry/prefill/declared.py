"""What a form sends back: a value for each field, or a value with the reason why it differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from registry.kernel.errors import FieldError, Invalid, Text
from registry.prefill.canonical import is_blank

Reason = Literal["moved", "misspelt", "foreign_event", "other"]
REASONS: tuple[str, ...] = get_args(Reason)
LONGEST_NOTE = 500
_MEMBERS = {"value", "reason", "note"}
_UNKNOWN = Text(
    "Lần điền sẵn này không có trường ấy: chỉ gửi các khóa đã nhận.",
    "This prefill has no such field: send only the keys that were received.",
)
_REASON = Text(
    f"Lý do phải là một trong: {', '.join(REASONS)}.",
    f"The reason is one of: {', '.join(REASONS)}.",
)
_NOTE = Text(
    f"Ghi chú là văn bản, tối đa {LONGEST_NOTE} ký tự.",
    f"A note is a text of at most {LONGEST_NOTE} characters.",
)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the citizen declares in one field; ``reason`` is empty where none is told."""

    value: Any
    reason: str = ""
    note: str = ""

    @property
    def blank(self) -> bool:
        """True where nothing is declared."""
        return is_blank(self.value)


def read_declared(submitted: Mapping[str, Any], keys: Collection[str]) -> dict[str, Declared]:
    """Return what was declared by key.

    A value may stand alone, or in ``{"value", "reason", "note"}``. Raises Invalid, naming all at
    once, for a key that is not among ``keys`` and for a reason that there is not.
    """
    errors = [
        FieldError(_pointer(key), "unknown", _UNKNOWN) for key in submitted if key not in keys
    ]
    declared = {key: _read(told) for key, told in submitted.items()}
    for key, told in declared.items():
        if told.reason and told.reason not in REASONS:
            errors.append(FieldError(_pointer(key) + "/reason", "reason", _REASON))
        if not isinstance(told.note, str) or len(told.note) > LONGEST_NOTE:
            errors.append(FieldError(_pointer(key) + "/note", "note", _NOTE))
    if errors:
        raise Invalid(errors=errors)
    return declared


def _read(told: Any) -> Declared:
    # A partial date has a value too, but with its precision, so it is no wrapper.
    if not isinstance(told, Mapping) or "value" not in told or not told.keys() <= _MEMBERS:
        return Declared(told)
    return Declared(told["value"], told.get("reason") or "", told.get("note") or "")


def _pointer(key: str) -> str:
    return "/fields/" + key.replace("~", "~0").replace("/", "~1")
