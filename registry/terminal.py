"""How far something is, told on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

_STEP = 10_000
_WIDTH = 30
_CLEAR = "\x1b[K"


class Tell(Protocol):
    """Takes how much is done, of how much, and what is being done."""

    def __call__(self, done: int, total: int | None = None, phase: str | None = None) -> None:
        """Tell it, unless next to nothing has changed."""


@contextmanager
def progress(what: str, step: int = _STEP) -> Iterator[Tell]:
    """Tell how far ``what`` is: in place on a terminal, else in plain lines.

    ``step``: how much more must be done before it is worth telling.
    """
    place = sys.stderr.isatty()
    told: tuple[int, str | None] = (0, None)

    def tell(done: int, total: int | None = None, phase: str | None = None) -> None:
        nonlocal told
        if abs(done - told[0]) >= step or phase != told[1]:
            told = done, phase
            name = f"{what}: {phase}" if phase else what
            if place:
                click.echo(f"\r{name}: {_bar(done, total)}{_CLEAR}", err=True, nl=False)
            else:
                click.echo(f"{name}: {done}" + (f"/{total}" if total else ""), err=True)

    yield tell
    if place and told != (0, None):
        click.echo(err=True)


def _bar(done: int, total: int | None) -> str:
    if not total:
        return f"{done:,}"
    part = min(done / total, 1)
    filled = int(part * _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {part:.0%}  {done:,}/{total:,}"
