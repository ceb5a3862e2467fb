"""What the commands of clients, agreements and keys have in common."""

from __future__ import annotations

from typing import Any, Protocol

import click
import orjson

from auth.principals import Agreement
from registry.kernel.db import Database
from registry.kernel.settings import Settings

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def database(self) -> Database:
        """The database."""

    def permits(self, agreement: Agreement, attribute: str) -> bool:
        """Say whether an agreement lets its client read an attribute."""


def show(found: Any, *, as_json: bool) -> None:
    """Print one thing or several, for people or as JSON."""
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for entry in found if isinstance(found, list) else [found]:
        click.echo("  ".join(f"{key}={value}" for key, value in entry.items()))
