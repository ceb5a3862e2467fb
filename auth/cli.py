"""The commands for clients, agreements and signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
import orjson

from auth import clients, keys
from auth.cli_registration import changes_of, client_change, registered, told
from auth.cli_shared import Context, as_json_too, show
from auth.enumeration import list_alerts
from auth.registration import change_client
from auth.scopes import SCOPES


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
@click.option("--jwks", type=click.File(), help="Public JWK set; without any key, a secret.")
@click.option("--jwks-uri", help="Where its JWK set is fetched; a host in SOGOC_JWKS_HOSTS.")
@click.option("--tls-subject-dn", help="Subject of its certificate, as RFC 4514 writes it.")
@click.option("--tls-san-dns", help="DNS name that its certificate is for.")
@click.option("--tls-self-signed", is_flag=True, help="Its own certificates, keys in --jwks.")
@registered
@as_json_too
@click.pass_obj
def client_create(  # noqa: PLR0913 - one option for each part of a client
    context: Context,
    /,
    client_id: str,
    name: str,
    scopes: Sequence[str],
    jwks: TextIO | None,
    *,
    as_json: bool,
    **ways: Any,
) -> None:
    """Register a client; a sandbox secret is shown this once."""
    held = orjson.loads(jwks.read()) if jwks else None
    changes = changes_of(ways)
    with context.database.transaction() as session:
        made = clients.create_client(
            session,
            client_id,
            name,
            scopes,
            held,
            reach=context.settings.jwks_reach,
            **ways,
        )
        if changes:
            change_client(session, client_id, changes, production=context.settings.production)
    show({"id": made.id} | ({"secret": made.secret} if made.secret else {}), as_json=as_json)


@client.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc client list --json",
)
@as_json_too
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
            | told(row)
            for row in clients.list_clients(session)
        ]
    show(found, as_json=as_json)


client.add_command(client_change)


@client.command(
    "rotate",
    epilog="\b\nVí dụ / example:\n  sogoc client rotate ward-office",
)
@click.argument("client_id")
@as_json_too
@click.pass_obj
def client_rotate(context: Context, client_id: str, *, as_json: bool) -> None:
    """Give a sandbox client a new secret."""
    with context.database.transaction() as session:
        secret = clients.renew_secret(session, client_id)
    show({"id": client_id, "secret": secret}, as_json=as_json)


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


@client.command(
    "alerts",
    epilog="\b\nVí dụ / example:\n  sogoc client alerts --json",
)
@as_json_too
@click.pass_obj
def client_alerts(context: Context, *, as_json: bool) -> None:
    """List what was suspicious of clients, the newest first."""
    with context.database.reading() as session:
        found = [
            {"at": row.at, "client_id": row.client_id, "kind": row.kind, "detail": row.detail}
            for row in list_alerts(session)
        ]
    show(found, as_json=as_json)


@click.group()
def key() -> None:
    """Signing keys."""


@key.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc key list",
)
@as_json_too
@click.pass_obj
def key_list(context: Context, *, as_json: bool) -> None:
    """List the keys with their states; revoked ones are no longer believed."""
    settings = context.settings
    held = keys.list_keys(Path(settings.key_file), settings.key_secret)
    found = [
        {
            "kid": key.kid,
            "alg": key.alg,
            "state": key.state,
            "since": datetime.fromtimestamp(key.since, UTC).isoformat(),
        }
        for key in held
    ]
    show(found, as_json=as_json)


@key.command(
    "rotate",
    epilog="\b\nVí dụ / example:\n  sogoc key rotate",
)
@click.pass_obj
def key_rotate(context: Context) -> None:
    """Sign with the next keys; tokens of the old ones stay valid until they end."""
    settings = context.settings
    click.echo(keys.rotate(Path(settings.key_file), settings.key_secret))


@key.command(
    "revoke",
    epilog="\b\nVí dụ / example:\n  sogoc key revoke NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
)
@click.argument("kid")
@click.pass_obj
def key_revoke(context: Context, kid: str) -> None:
    """Stop believing a key at once, such as one that was lost; its tokens end."""
    settings = context.settings
    keys.revoke(Path(settings.key_file), kid, settings.key_secret)
