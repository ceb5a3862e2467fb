"""The options of what is registered of a client, the same for making and for changing one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from auth import registration
from auth.cli_shared import Context, as_json_too, show
from auth.key_file import ALGORITHMS
from auth.models import Client
from auth.oauth.metadata import GRANTS

_OPTIONS = (
    click.option(
        "--redirect-uri",
        "redirect_uris",
        multiple=True,
        help="Where a person's answer may go, letter for letter; once for each.",
    ),
    click.option(
        "--grant-type",
        "grant_types",
        multiple=True,
        type=click.Choice(GRANTS),
        help="How it may get tokens; once for each.",
    ),
    click.option(
        "--button-origin",
        "button_origins",
        multiple=True,
        help="Origin whose pages may carry the prefill button; once for each.",
    ),
    click.option("--sector", help="Host whose clients know a person by one subject."),
    click.option("--id-token-alg", type=click.Choice(ALGORITHMS), help="Signs its ID tokens."),
    click.option("--userinfo-alg", type=click.Choice(ALGORITHMS), help="Signs its userinfo."),
    click.option(
        "--userinfo-encryption",
        type=click.Choice(tuple(registration.ENCRYPTIONS)),
        help="Encrypts its userinfo to its own key.",
    ),
    click.option("--calls-per-minute", type=int, help="Its own limit of calls; 0: none."),
    click.option("--contact", help="E-mail address of who answers for it."),
    click.option(
        "--rotates-refresh/--keeps-refresh",
        default=None,
        help="Whether its refresh tokens change with each use; only for who moves over.",
    ),
)


def registered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; it gets a value for each, None or empty where left out."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def changes_of(given: dict[str, Any]) -> dict[str, Any]:
    """Take the options out of ``given`` and return what they change, by the names of columns."""
    names = (name for name in given.copy() if name in _NAMES)
    changes = {name: given.pop(name) for name in names}
    changes = {name: value for name, value in changes.items() if value not in (None, ())}
    if "userinfo_encryption" in changes:
        changes["userinfo_encryption"] = registration.ENCRYPTIONS[changes["userinfo_encryption"]]
    return {name: list(v) if isinstance(v, tuple) else v for name, v in changes.items()}


_NAMES = frozenset(registration.REGISTERED)


def told(client: Client) -> dict[str, Any]:
    """Return what is registered of a client, as the commands show it."""
    return {"id": client.id} | {name: getattr(client, name) for name in registration.REGISTERED}


@click.command(
    "change",
    epilog="\b\nVí dụ / example:"
    "\n  sogoc client change ward-office --grant-type authorization_code \\"
    "\n    --grant-type refresh_token --redirect-uri https://forms.example.vn/callback",
)
@click.argument("client_id")
@registered
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(registration.OPTIONAL),
    help="Takes a value away; once for each.",
)
@as_json_too
@click.pass_obj
def client_change(
    context: Context,
    /,
    client_id: str,
    *,
    without: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> None:
    """Change what is registered of a client; a list is replaced as a whole."""
    changes = changes_of(given) | dict.fromkeys(without)
    with context.database.transaction() as session:
        changed = registration.change_client(
            session, client_id, changes, production=context.settings.production
        )
        shown = told(changed)
    show(shown, as_json=as_json)
