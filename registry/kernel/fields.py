"""The attributes of a register, and the selection of those that one request may see (pure).

A register publishes its attributes as dotted paths. A request names paths, or a group for all
paths below it; `Catalogue.compile` checks them against what the client may read, once, and gives
a `Selection` that cuts documents down to just that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, TypedDict

import msgspec

from registry.kernel.errors import FieldError, Malformed, Refused, Text

Document = Mapping[str, Any]
Derive = Callable[[Document, date], Any]
MOST_FIELDS = 130
_COMPILED = 4096
_NULL = msgspec.Raw(b"null")

_UNKNOWN = Text("Không có trường dữ liệu này.", "There is no such field.")
_OUTSIDE = Text("Thỏa thuận không cho phép: {}.", "The agreement does not allow: {}.")
_AUTOMATIC = Text(
    "Trường này tự kèm theo, không yêu cầu riêng được.",
    "This flag rides along with its field and can't be requested.",
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its path, its names, whether it is sensitive, and how it is derived.

    A derived attribute is not stored: ``derive`` makes it from the document on the day asked
    about, and needs the right to all of its ``sources`` too. One that is ``passing`` changes
    with the day alone, as an age does, so no history tells it.
    """

    path: str
    vi: str
    en: str
    sensitivity: Literal["basic", "sensitive"] = "basic"
    sources: tuple[str, ...] = ()
    derive: Derive | None = None
    passing: bool = False


class Selection:
    """The attributes of one request, sorted, ready to cut documents."""

    def __init__(self, attributes: Iterable[Attribute]) -> None:
        chosen = sorted(attributes, key=lambda attribute: attribute.path)
        self._attributes = chosen
        self.paths = tuple(attribute.path for attribute in chosen)
        self._derived = tuple((a.path.split("."), a.derive) for a in chosen if a.derive)
        self._tree: dict[str, Any] = {}
        for attribute in chosen:
            if attribute.derive is None:
                _plant(self._tree, attribute.path.split("."), None)

    def cut(self, document: Document, on: date) -> dict[str, Any]:
        """Return what ``document`` has of the selection; what has no value is absent.

        ``on`` is the day that derived attributes such as an age refer to. A flag such as
        ``under_review`` rides along where it concerns a selected path, or where a selected
        derived value comes from what it concerns.
        """
        record = _cut(document, self._tree)
        for path, derive in self._derived:
            value = derive(document, on)
            if value is not None:
                _plant(record, path, value)
        for flag in ("under_review", "uncertain"):
            if flag in document:
                named = {q for path in document[flag] for q in self._qualified(document, path, on)}
                if named:
                    record[flag] = sorted(named)
        return record

    def _qualified(self, document: Document, path: str, on: date) -> Iterator[str]:
        """Yield what a flag on ``path`` says of this selection."""
        if self.concerns(path):
            yield path
        rest = without(document, path.split("."))
        for steps, derive in self._derived:
            if derive(document, on) != derive(rest, on):
                yield ".".join(steps)

    def reader(self, read: Iterable[str]) -> Callable[[bytes], Document]:
        """Return what reads of a stored document only as much as `cut` needs.

        What nobody looks into stays the bytes that it is (``msgspec.Raw``), ready for the answer.
        ``read`` are further paths that somebody looks into, where the selection comes near them.
        """
        tree: dict[str, Any] = {}
        for attribute in self._attributes:
            if attribute.derive is None:
                _plant(tree, attribute.path.split("."), msgspec.Raw)
        sources = [path for a in self._attributes for path in a.sources]
        for path in (*sources, "under_review"):
            _plant(tree, path.split("."), Any)
        for path in read:
            if path.split(".")[0] in tree:
                _plant(tree, path.split("."), Any)
        return msgspec.json.Decoder(_shape(tree)).decode

    def lasting(self) -> Selection:
        """Return the selection without what changes with the day alone."""
        return Selection(a for a in self._attributes if not a.passing)

    def concerns(self, path: str) -> bool:
        """Say whether the selection holds ``path``, a part of it or a group around it."""
        return any(_within(chosen, path) or _within(path, chosen) for chosen in self.paths)


class Catalogue:
    """The attributes of one register; ``flags`` ride along and can't be asked for."""

    def __init__(
        self, register: str, attributes: Sequence[Attribute], flags: Collection[str]
    ) -> None:
        self.register = register
        self.attributes = tuple(attributes)
        self.flags = frozenset(flags)
        self._below: dict[str, tuple[Attribute, ...]] = {}
        for attribute in attributes:
            steps = attribute.path.split(".")
            for length in range(1, len(steps) + 1):
                group = ".".join(steps[:length])
                self._below[group] = (*self._below.get(group, ()), attribute)
        self._by_path = {attribute.path: attribute for attribute in attributes}
        self._compiled = lru_cache(maxsize=_COMPILED)(self._compile)

    @property
    def paths(self) -> frozenset[str]:
        """The path of every attribute."""
        return frozenset(self._by_path)

    def alone(self, path: str) -> Selection:
        """Return the selection of one path or group, for whoever asks by no agreement."""
        return self.compile((path,), self.paths)

    def problem(self, path: str) -> tuple[str, Text] | None:
        """Return what is wrong with a requested ``path`` (code and words), or None."""
        if path in self.flags:
            return "automatic_field", _AUTOMATIC
        return None if path in self._below else ("unknown_field", _UNKNOWN)

    def expand(self, paths: Iterable[str]) -> frozenset[str]:
        """Return every attribute path named by ``paths``, groups opened; unknown ones are left."""
        return frozenset(a.path for path in paths for a in self._below.get(path, ()))

    def _grant(self, paths: Iterable[str]) -> frozenset[str]:
        """Return what an agreement of ``paths`` reaches: a sensitive one only by its own name."""
        return frozenset(
            a.path
            for path in paths
            for a in self._below.get(path, ())
            if a.path == path or a.sensitivity == "basic"
        )

    def allows(self, path: str, granted: Iterable[str]) -> bool:
        """Say whether an agreement of ``granted`` reaches a path, with what it is derived from."""
        needed = self.with_sources(path)
        return bool(needed) and needed <= self._grant(granted)

    def with_sources(self, path: str) -> frozenset[str]:
        """Return the attributes of a path or group, with those that they are derived from."""
        wanted = self.expand([path])
        return frozenset(s for each in wanted for s in (each, *self._by_path[each].sources))

    def compile(self, fields: Iterable[str], granted: Iterable[str]) -> Selection:
        """Return the selection for ``fields``, all of which must lie within ``granted``.

        Compiled once for each agreement and question. Raises Malformed naming each unknown
        field, and Refused naming each attribute outside the grant, the sources of derived ones
        included: nothing is trimmed silently.
        """
        return self._compiled(tuple(fields), frozenset(granted))

    def _compile(self, fields: tuple[str, ...], granted: frozenset[str]) -> Selection:
        self.check(fields)
        wanted = self.expand(fields)
        needed = {s for path in wanted for s in (path, *self._by_path[path].sources)}
        selection = Selection(self._by_path[path] for path in wanted)
        _refuse(needed - self._grant(granted), selection, _OUTSIDE)
        return selection

    def require_within(self, selection: Selection, granted: Iterable[str], why: Text) -> None:
        """Raise Refused unless ``granted`` reaches all that ``selection`` tells.

        ``why`` has ``{}`` where the attributes outside are named.
        """
        _refuse(frozenset(selection.paths) - self._grant(granted), selection, why)

    def check(self, fields: Sequence[str]) -> None:
        """Raise Malformed that names each field the register does not have."""
        problems = ((index, self.problem(path)) for index, path in enumerate(fields))
        errors = [FieldError(f"/fields/{i}", p[0], p[1]) for i, p in problems if p]
        if errors:
            raise Malformed(errors=errors)


def _refuse(missing: Collection[str], selection: Selection, why: Text) -> None:
    if missing:
        named = ", ".join(sorted(missing))
        raise Refused(
            Text(why.vi.format(named), why.en.format(named)),
            attributes=sorted(missing),
            asked=sorted(selection.paths),
        )


def _within(path: str, group: str) -> bool:
    return path == group or path.startswith(group + ".")


def without(document: Document, path: Sequence[str]) -> Document:
    """Return ``document`` as it were if nothing were known at ``path``."""
    first, below = path[0], path[1:]
    value = document.get(first)
    if below and isinstance(value, Mapping):
        return {**document, first: without(value, below)}
    return {key: value for key, value in document.items() if key != first}


def _plant(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value


def _one_or_many(shape: Any) -> Any:
    # A path leads through every item of a list: holders.name is the name of each.
    return shape | list[shape] | None


def _shape(tree: Mapping[str, Any]) -> Any:
    """Return the type of a document that has no more than ``tree`` names."""
    members = {
        key: _one_or_many(_shape(below)) if isinstance(below, dict) else below
        for key, below in tree.items()
    }
    make: Any = TypedDict
    return make("Excerpt", members, total=False)


def _cut(document: Document, tree: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for key, below in tree.items():
        value = document.get(key)
        if value is None or value == _NULL:
            continue
        if below is not None:
            # A path leads through every item of a list: holders.name is the name of each.
            value = (
                [_cut(v, below) for v in value] if isinstance(value, list) else _cut(value, below)
            )
            if not value:
                continue
        record[key] = value
    return record
