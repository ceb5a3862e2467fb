"""The commands for agreements: drafted by one, tried, approved by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import click

from auth import agreements
from auth.cli_shared import Context, as_json_option, show
from auth.dry_run import DAYS, refused_calls
from auth.principals import Agreement
from registry.kernel.clock import now, today

_ID = "0198c0de-0000-7000-8000-000000000001"
_DAY = click.DateTime(["%Y-%m-%d"])
_by = click.option("--by", required=True, help="Who does this, by name.")


@click.group()
def agreement() -> None:
    """Data-sharing agreements."""


def _parts(command: Any) -> Any:
    """Give a command the arguments and options that an agreement is made of."""
    for add in reversed(
        (
            click.argument("client_id"),
            click.argument("procedure"),
            click.option(
                "--attribute", "attributes", multiple=True, help="REGISTER:PATH that may be read."
            ),
            click.option("--search", "criteria", multiple=True, help="REGISTER:NAME to search by."),
            click.option("--legal-basis", required=True, help="The law and article that allow it."),
            click.option("--from", "valid_from", type=_DAY, help="First day; today if not given."),
            click.option("--to", "valid_to", type=_DAY, help="First day without it."),
        )
    ):
        command = add(command)
    return command


def _agreement(  # noqa: PLR0913 - one parameter for each part of an agreement
    *,
    client_id: str,
    procedure: str,
    attributes: Sequence[str],
    criteria: Sequence[str],
    legal_basis: str,
    valid_from: Any,
    valid_to: Any,
) -> Agreement:
    first: date = valid_from.date() if valid_from else today()
    return Agreement(
        "",
        client_id,
        procedure,
        _by_register(attributes),
        _by_register(criteria),
        legal_basis,
        first,
        valid_to.date() if valid_to else None,
    )


def _by_register(values: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for value in values:
        register, colon, path = value.partition(":")
        if not colon or not path:
            raise click.UsageError(f"{value}: write REGISTER:PATH, for example citizens:name")
        found[register] = found.get(register, frozenset()) | {path}
    return found


@agreement.command(
    "create",
    epilog="\b\nVí dụ / example:"
    '\n  sogoc agreement create ward-office 1.004222 --legal-basis "Luật Cư trú 68/2020/QH14" \\'
    "\n    --attribute citizens:name --attribute citizens:birth_date --search citizens:personal_id",
)
@_parts
@as_json_option
@click.pass_obj
def agreement_create(context: Context, /, *, as_json: bool, **parts: Any) -> None:
    """Let a client read and search for a procedure, in one step, when a service is set up."""
    with context.database.transaction() as session:
        made = agreements.create_agreement(session, _agreement(**parts))
    show({"id": made}, as_json=as_json)


@agreement.command(
    "draft",
    epilog="\b\nVí dụ / example:"
    '\n  sogoc agreement draft ward-office 1.004222 --legal-basis "Luật Cư trú 68/2020/QH14" \\'
    f"\n    --attribute citizens:name --by lan --replaces {_ID}",
)
@_parts
@click.option("--replaces", help="Id of any version of the agreement that this is the next of.")
@_by
@as_json_option
@click.pass_obj
def agreement_draft(
    context: Context, /, *, replaces: str | None, by: str, as_json: bool, **parts: Any
) -> None:
    """Propose an agreement, or the next version of one; it allows nothing until approved."""
    with context.database.transaction() as session:
        series = agreements.require_agreement(session, replaces).series if replaces else None
        made = agreements.draft_agreement(session, _agreement(**parts), by, series)
    show({"id": made}, as_json=as_json)


@agreement.command(
    "try",
    epilog=f"\b\nVí dụ / example:\n  sogoc agreement try {_ID}",
)
@click.argument("agreement_id")
@as_json_option
@click.pass_obj
def agreement_try(context: Context, agreement_id: str, *, as_json: bool) -> None:
    """Say which calls of the last 30 days a version would refuse; exit 1 if there are any."""
    moment = now()
    with context.database.reading() as session:
        tried = agreements.shape(agreements.require_agreement(session, agreement_id))
        day = max(today(), tried.valid_from)
        since = moment - timedelta(days=DAYS)
        refused = refused_calls(session, tried, since, day, context.permits)
    found = [
        {
            "calls": each.calls,
            "last_at": each.last_at.isoformat(),
            "lacking": " ".join(each.lacking),
            "attributes": " ".join(each.attributes),
        }
        for each in refused
    ]
    show(found, as_json=as_json)
    if found:
        raise click.exceptions.Exit(1)


@agreement.command(
    "approve",
    epilog=f"\b\nVí dụ / example:\n  sogoc agreement approve {_ID} --by minh",
)
@click.argument("agreement_id")
@_by
@click.pass_obj
def agreement_approve(context: Context, agreement_id: str, by: str) -> None:
    """Approve a draft as the second person; the version before it ends on its first day."""
    with context.database.transaction() as session:
        approved = agreements.approve_agreement(session, agreement_id, by)
    click.echo(f"{approved.valid_from}")


@agreement.command(
    "reject",
    epilog=f'\b\nVí dụ / example:\n  sogoc agreement reject {_ID} --by minh --reason "Thừa trường"',
)
@click.argument("agreement_id")
@_by
@click.option("--reason", required=True, help="Why.")
@click.pass_obj
def agreement_reject(context: Context, agreement_id: str, by: str, reason: str) -> None:
    """Reject a draft for good, and keep why."""
    with context.database.transaction() as session:
        agreements.reject_agreement(session, agreement_id, by, reason)


@agreement.command(
    "list",
    epilog="\b\nVí dụ / example:\n  sogoc agreement list --json",
)
@as_json_option
@click.pass_obj
def agreement_list(context: Context, *, as_json: bool) -> None:
    """List every version; those that end within 60 days are warned of."""
    with context.database.reading() as session:
        versions = [agreements.shape(row) for row in agreements.list_versions(session)]
    held = [version for version in versions if version.state == "approved"]
    for version in held:
        days = agreements.expiring(version, today())
        if days is not None and agreements.unfollowed(version, held):
            click.echo(
                f"{version.client_id} {version.procedure}: hết hạn sau {days} ngày"
                f" / ends in {days} days",
                err=True,
            )
    found = [
        {
            "id": version.id,
            "client_id": version.client_id,
            "procedure": version.procedure,
            "version": version.version,
            "state": version.state,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
        }
        for version in versions
    ]
    show(found, as_json=as_json)


@agreement.command(
    "end",
    epilog=f"\b\nVí dụ / example:\n  sogoc agreement end {_ID}",
)
@click.argument("agreement_id")
@click.pass_obj
def agreement_end(context: Context, agreement_id: str) -> None:
    """End an agreement today."""
    with context.database.transaction() as session:
        agreements.end_agreement(session, agreement_id)
