"""The commands for stewards and operators who sign in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import click
import orjson

from auth.scopes import SCOPES
from auth.signin import staff as verbs
from registry.kernel.db import Database
from registry.kernel.settings import Settings

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def database(self) -> Database:
        """The database."""


@click.group()
def staff() -> None:
    """Stewards and operators, who sign in at the OpenID provider."""


@staff.command(
    "add",
    epilog="\b\nVí dụ / example:"
    '\n  sogoc staff add "Lê Thị Thu" --issuer https://id.example.vn \\'
    "\n    --subject 7f3a9c --role datasets:approve",
)
@click.argument("name")
@click.option("--issuer", help="The provider that knows the person; else the one of the settings.")
@click.option("--subject", required=True, help="How the provider calls the person towards us.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(sorted(SCOPES)),
    help="What the person may do; once for each.",
)
@_json
@click.pass_obj
def staff_add(  # noqa: PLR0913 - one option for each part
    context: Context,
    name: str,
    issuer: str | None,
    subject: str,
    roles: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Let a person work here with one or more roles."""
    known_by = issuer or context.settings.signin_issuer
    with context.database.transaction() as session:
        made = verbs.add_staff(session, name, known_by, subject, roles)
    click.echo(orjson.dumps({"id": made}) if as_json else made)


@staff.command("list", epilog="\b\nVí dụ / example:\n  sogoc staff list --json")
@_json
@click.pass_obj
def staff_list(context: Context, *, as_json: bool) -> None:
    """List everybody, disabled ones too."""
    with context.database.reading() as session:
        found = [
            {
                "id": member.id,
                "name": member.name,
                "issuer": member.issuer,
                "subject": member.subject,
                "roles": member.roles,
                "disabled_at": member.disabled_at,
            }
            for member in verbs.list_staff(session)
        ]
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for entry in found:
        click.echo("  ".join(f"{key}={value}" for key, value in entry.items()))


@staff.command(
    "disable",
    epilog="\b\nVí dụ / example:\n  sogoc staff disable 0198c0de-0000-7000-8000-000000000001",
)
@click.argument("member_id")
@click.pass_obj
def staff_disable(context: Context, member_id: str) -> None:
    """Disable a person; their sessions end at once."""
    with context.database.transaction() as session:
        verbs.disable_staff(session, member_id)
