"""The command that makes a database of one's own a sandbox."""

from __future__ import annotations

from typing import Protocol

import click
import orjson

from auth.signin.personas import add_staff_personas
from datasets.submissions import Uploads
from registry.kernel.db import Database
from registry.kernel.settings import Settings
from registry.sandbox.loading import load_personas

_BY = ("sandbox-steward", "sandbox-approver")


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def database(self) -> Database:
        """The database."""

    def require_upgraded(self) -> None:
        """Refuse a database without the newest schema."""


@click.group()
def sandbox() -> None:
    """Fill a sandbox with frozen, made-up people to try everything with."""


@sandbox.command(
    "load",
    epilog="\b\nVí dụ / example:\n  sogoc sandbox load",
)
@click.pass_obj
def load_command(context: Context) -> None:
    """Load the personas of this version; never in production, and once into a database."""
    settings = context.settings
    if settings.production:
        raise click.UsageError("SOGOC_ENVIRONMENT=demo is needed: production has no personas")
    context.require_upgraded()
    told = load_personas(context.database, Uploads.of(settings), _BY)
    if settings.persona_provider == "on":
        with context.database.transaction() as session:
            add_staff_personas(session, settings.signin_issuer)
    click.echo(orjson.dumps({"version": told.version, "personas": len(told.personas)}).decode())
