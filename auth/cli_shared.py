"""What the commands of this package share: what is handed in, and how an answer is shown."""

from __future__ import annotations

from typing import Any, Protocol

import click
import orjson

from registry.kernel.db import Database
from registry.kernel.settings import Settings

as_json_too = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def database(self) -> Database:
        """The database."""


def show(found: Any, *, as_json: bool) -> None:
    """Print a dictionary, or a list of them: one line each, or all as JSON."""
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for entry in found if isinstance(found, list) else [found]:
        click.echo("  ".join(f"{key}={value}" for key, value in entry.items()))
