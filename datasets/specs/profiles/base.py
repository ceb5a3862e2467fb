"""A profile: how the file of somebody else's system is read as a file of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from datasets.formats import Options, Row
from datasets.specs.base import Column, Entry, Finding, Spec
from datasets.specs.rules import RULES
from registry.kernel.text import clean


@dataclass(frozen=True, slots=True)
class Converted:
    """One row of theirs in our columns, and what was found in cells that have none of ours.

    An error among these holds the row back, so only files of one row a record may have one.
    """

    row: Row
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A file of another system: its columns, and each of its rows in ours (pure).

    ``names`` leads from our columns to theirs; what has none is told of the row as a whole.
    ``keys`` are the columns by which a header is known. ``unaskable`` are rules that a file of
    this kind can't keep, so that telling them of every row would help nobody.
    """

    name: str
    dataset: str
    vi: str
    columns: tuple[Column, ...]
    keys: frozenset[str]
    convert: Callable[[Row], Converted]
    names: Mapping[str, str]
    unaskable: frozenset[str] = field(default_factory=frozenset)

    def recognises(self, header: Sequence[str]) -> bool:
        """Say whether a file with these column names is one of this kind."""
        return self.keys <= {clean(name) for name in header}

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield each row in our columns, under its own line."""
        return (self.convert(row).row for row in rows)

    def over(self, spec: Spec) -> Spec:
        """Return the specification for files of this kind: their columns, findings included."""

        def read(rows: Iterable[Row]) -> Iterator[Entry]:
            return self._read(spec, rows)

        def against(
            session: Session, entries: Iterable[Entry], options: Options
        ) -> Iterator[Entry]:
            found = spec.against(session, entries, options) if spec.against else iter(entries)
            return map(self.told, found)

        return replace(spec, columns=self.columns, read=read, against=against, row=None)

    def _read(self, spec: Spec, rows: Iterable[Row]) -> Iterator[Entry]:
        """Yield the entries of converted rows, with what conversion found in the rows so far."""
        waiting: list[Finding] = []

        def converted() -> Iterator[Row]:
            for row in rows:
                made = self.convert(row)
                waiting.extend(made.findings)
                yield made.row

        for entry in spec.read(converted()):
            if waiting:
                wrong = any(RULES[finding.rule].severity == "error" for finding in waiting)
                change = None if wrong else entry.change
                entry = replace(entry, change=change, findings=(*entry.findings, *waiting))  # noqa: PLW2901
                waiting.clear()
            yield self.told(entry)

    def told(self, entry: Entry) -> Entry:
        """Return an entry whose findings name the columns of the steward's own file."""
        if not entry.findings:
            return entry
        own = {column.name for column in self.columns}
        findings = tuple(
            replace(finding, column=self._column(finding.column, own))
            for finding in entry.findings
            if finding.rule not in self.unaskable
        )
        return replace(entry, findings=findings)

    def _column(self, column: str, own: set[str]) -> str:
        return column if column in own else self.names.get(column, "")
