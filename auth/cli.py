"""The commands for clients, agreements and signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TextIO

import click
import orjson

from auth import clients, keys
from auth.principals import Agreement
from auth.scopes import SCOPES
from registry.kernel.clock import today
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


def _show(found: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for entry in found if isinstance(found, list) else [found]:
        click.echo("  ".join(f"{key}={value}" for key, value in entry.items()))


@click.group()
def client() -> None:
    """OAuth clients."""


@client.command(
    "create",
    epilog="\b\nVí dụ / example:"
    '\n  sogoc client create ward-office --name "UBND phường Sài Gòn" \\'
    "\n    --scope citizens:read --jwks ward-office.jwks.json",
)
@click.argument("client_id")
@click.option("--name", required=True, help="Name of the agency system.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(sorted(SCOPES)),
    required=True,
    help="A scope it may ask for; once for each.",
)
@click.option("--jwks", type=click.File(), help="Public JWK set; without keys a sandbox secret.")
@click.option("--jwks-uri", help="Where its JWK set is fetched; a host in SOGOC_JWKS_HOSTS.")
@_json
@click.pass_obj
def client_create(  # noqa: PLR0913, PLR0917 - one option for each part of a client
    context: Context,
    client_id: str,
    name: str,
    scopes: Sequence[str],
    jwks: TextIO | None,
    jwks_uri: str | None,
    *,
    as_json: bool,
) -> None:
    """Register a client; a sandbox secret is shown this once."""
    held = orjson.loads(jwks.read()) if jwks else None
    with context.database.transaction() as session:
        made = clients.create_client(
            session,
            client_id,
            name,
            scopes,
            held,
            jwks_uri=jwks_uri,
            reach=context.settings.jwks_reach,
        )
    _show({"id": made.id} | ({"secret": made.secret} if made.secret else {}), as_json=as_json)


@client.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc client list --json",
)
@_json
@click.pass_obj
def client_list(context: Context, *, as_json: bool) -> None:
    """List every client."""
    with context.database.reading() as session:
        found = [
            {
                "id": row.id,
                "name": row.name,
                "auth_method": row.auth_method,
                "scopes": row.scopes,
                "disabled_at": row.disabled_at,
            }
            for row in clients.list_clients(session)
        ]
    _show(found, as_json=as_json)


@client.command(
    "rotate",
    epilog="\b\nVí dụ / example:\n  sogoc client rotate ward-office",
)
@click.argument("client_id")
@_json
@click.pass_obj
def client_rotate(context: Context, client_id: str, *, as_json: bool) -> None:
    """Give a sandbox client a new secret."""
    with context.database.transaction() as session:
        secret = clients.renew_secret(session, client_id)
    _show({"id": client_id, "secret": secret}, as_json=as_json)


@client.command(
    "disable",
    epilog="\b\nVí dụ / example:\n  sogoc client disable ward-office",
)
@click.argument("client_id")
@click.pass_obj
def client_disable(context: Context, client_id: str) -> None:
    """Disable a client; its tokens end within a second."""
    with context.database.transaction() as session:
        clients.disable_client(session, client_id)


@click.group()
def agreement() -> None:
    """Data-sharing agreements."""


@agreement.command(
    "create",
    epilog="\b\nVí dụ / example:"
    '\n  sogoc agreement create ward-office 1.004222 --legal-basis "Luật Cư trú 68/2020/QH14" \\'
    "\n    --attribute citizens:name --attribute citizens:birth_date --search citizens:personal_id",
)
@click.argument("client_id")
@click.argument("procedure")
@click.option("--attribute", "attributes", multiple=True, help="REGISTER:PATH that may be read.")
@click.option("--search", "criteria", multiple=True, help="REGISTER:NAME to search by.")
@click.option("--legal-basis", required=True, help="The law and article that allow it.")
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@_json
@click.pass_obj
def agreement_create(  # noqa: PLR0913, PLR0917 - one option for each part of an agreement
    context: Context,
    client_id: str,
    procedure: str,
    attributes: Sequence[str],
    criteria: Sequence[str],
    legal_basis: str,
    valid_from: Any,
    as_json: bool,
) -> None:
    """Let a client read and search for a procedure."""
    first: date = valid_from.date() if valid_from else today()
    wanted = Agreement(
        "",
        client_id,
        procedure,
        _by_register(attributes),
        _by_register(criteria),
        legal_basis,
        first,
    )
    with context.database.transaction() as session:
        made = clients.create_agreement(session, wanted)
    _show({"id": made}, as_json=as_json)


def _by_register(values: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for value in values:
        register, colon, path = value.partition(":")
        if not colon or not path:
            raise click.UsageError(f"{value}: write REGISTER:PATH, for example citizens:name")
        found[register] = found.get(register, frozenset()) | {path}
    return found


@agreement.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc agreement list --json",
)
@_json
@click.pass_obj
def agreement_list(context: Context, *, as_json: bool) -> None:
    """List every agreement."""
    with context.database.reading() as session:
        found = [
            {
                "id": held.id,
                "client_id": held.client_id,
                "procedure": held.procedure,
                "valid_from": held.valid_from,
                "valid_to": held.valid_to,
            }
            for held in clients.list_agreements(session)
        ]
    _show(found, as_json=as_json)


@agreement.command(
    "end",
    epilog="\b\nVí dụ / example:\n  sogoc agreement end 0198c0de-0000-7000-8000-000000000001",
)
@click.argument("agreement_id")
@click.pass_obj
def agreement_end(context: Context, agreement_id: str) -> None:
    """End an agreement today."""
    with context.database.transaction() as session:
        clients.end_agreement(session, agreement_id)


@click.group()
def key() -> None:
    """Signing keys."""


@key.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc key list",
)
@_json
@click.pass_obj
def key_list(context: Context, *, as_json: bool) -> None:
    """List the keys, the signing one first."""
    ring = keys.KeyRing.open(Path(context.settings.key_file))
    found = [{"kid": entry["kid"], "alg": entry["alg"]} for entry in ring.public()["keys"]]
    _show(found, as_json=as_json)


@key.command(
    "rotate",
    epilog="\b\nVí dụ / example:\n  sogoc key rotate",
)
@click.pass_obj
def key_rotate(context: Context) -> None:
    """Sign with a new key; tokens of the old one stay valid until they end."""
    click.echo(keys.rotate(Path(context.settings.key_file)))
