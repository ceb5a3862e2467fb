"""How a steward wants a file read. It is a part of what a load is, so it has one written form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any

from datasets.formats.letters import known_encoding
from registry.kernel.errors import FieldError, Invalid, Text

DELIMITERS = {",": ",", ";": ";", "|": "|", "\t": "\t", "tab": "\t"}


@dataclass(frozen=True, slots=True)
class Options:
    """How a steward wants a file read; what is not said here is never guessed.

    ``names`` leads from the file's column names to the specification's, or to "" for a column
    to leave out. ``crs`` is the EPSG code of outlines that don't name their own; ``layer`` and
    ``encoding`` answer what a file leaves open, ``sheet`` which one of a workbook is meant, and
    ``text_layer`` where a drawing has the numbers of parcels. ``delimiter`` is one of `DELIMITERS`.
    ``outlines`` is a GeoJSON file of commune outlines to hold parcels against. ``profile`` names
    the form of another system's files. ``constants`` fill columns that are the same in every row
    and not in the file, as the commune and the sheet of one drawing.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    crs: int | None = None
    layer: str | None = None
    encoding: str | None = None
    outlines: Path | None = None
    sheet: str | None = None
    delimiter: str | None = None
    text_layer: str | None = None
    profile: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        r"""Return what was said; two options that mean the same are written the same.

        >>> Options(encoding="UTF8", delimiter="tab").to_json()
        {'delimiter': '\t', 'encoding': 'utf-8'}
        """
        said = {
            "constants": dict(sorted(self.constants.items())),
            "crs": self.crs,
            "delimiter": self.delimiter and DELIMITERS.get(self.delimiter, self.delimiter),
            "encoding": self.encoding and (known_encoding(self.encoding) or self.encoding),
            "layer": self.layer,
            "names": dict(sorted(self.names.items())),
            "outlines": self.outlines and self.outlines.name,
            "profile": self.profile,
            "sheet": self.sheet,
            "text_layer": self.text_layer,
        }
        return {key: value for key, value in said.items() if value}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Options:
        """Return what `to_json` wrote, or a client sent; ``outlines`` is a bare file name.

        Raises Invalid for a name that is no option, and for a value of another kind.
        """
        errors = [
            FieldError(f"/{name}", code, text)
            for name, value in said.items()
            for code, text in _wrong(name, value)
        ]
        if errors:
            raise Invalid(errors[0].text, errors=errors)
        given = {name: value for name, value in said.items() if value is not None}
        if "outlines" in given:
            given["outlines"] = Path(given["outlines"])
        return cls(**given)


AS_IT_IS = Options()
_NAMES = frozenset(field.name for field in fields(Options))


def _wrong(name: str, value: Any) -> list[tuple[str, Text]]:
    if name not in _NAMES:
        return [
            ("option_unknown", Text(f"Không có tùy chọn {name[:50]}.", f"No option {name[:50]}."))
        ]
    right: bool
    match name:
        case "names" | "constants":
            right = isinstance(value, Mapping) and all(
                isinstance(text, str) for pair in value.items() for text in pair
            )
        case "crs":
            right = isinstance(value, int) and not isinstance(value, bool) and value > 0
        case "delimiter":
            right = value in DELIMITERS if isinstance(value, str) else False
        case "encoding":
            right = isinstance(value, str) and known_encoding(value) is not None
        case "outlines":
            right = isinstance(value, str) and PurePath(value).name == value
        case _:
            right = isinstance(value, str)
    if right or value is None:
        return []
    wrong = Text(f"Tùy chọn {name} sai giá trị.", f"The option {name} has no such value.")
    return [("option_malformed", wrong)]
