"""The commands for agreements: one person drafts, another approves, and anybody tries first."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import click
import orjson

from auth import agreements
from auth.cli_shared import Context, as_json_too, show
from auth.dry_run import DryRun, refused_calls
from auth.models import AgreementRow
from auth.principals import Agreement
from registry.kernel.clock import VIET_NAM, now, today
from registry.kernel.fields import Catalogue

_ID = "0198c0de-0000-7000-8000-000000000001"
_EXAMPLE = "\b\nVí dụ / example:\n  sogoc agreement"
_OF_ONE = (
    '--legal-basis "Luật Cư trú 68/2020/QH14" \\'
    "\n    --attribute citizens:name --attribute citizens:birth_date --search citizens:personal_id"
)
_LISTED = (
    *("id", "client_id", "procedure", "valid_from", "valid_to"),
    *("series", "version", "state", "proposed_by", "approved_by", "rejected_by", "note"),
)

_agreement = click.argument("agreement_id")
_by = click.option(
    "--by",
    metavar="NAME",
    default=getpass.getuser,
    help="Who does this; by default the user of this machine.",
)


@click.group()
def agreement() -> None:
    """Data-sharing agreements."""


def _parts(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments that make up an agreement."""
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option("--to", "valid_to", type=day, help="First day without it."),
        click.option("--from", "valid_from", type=day, help="First day; today without it."),
        click.option(
            "--legal-task", is_flag=True, help="A state agency's task by law: no consent needed."
        ),
        click.option("--legal-basis", required=True, help="The law and article that allow it."),
        click.option("--search", "criteria", multiple=True, help="REGISTER:NAME to search by."),
        click.option(
            "--attribute", "attributes", multiple=True, help="REGISTER:PATH that may be read."
        ),
        click.argument("procedure"),
        click.argument("client_id"),
    ):
        command = option(command)
    return command


def _wanted(parts: dict[str, Any]) -> Agreement:
    first, end = parts["valid_from"], parts["valid_to"]
    return Agreement(
        "",
        parts["client_id"],
        parts["procedure"],
        _by_register(parts["attributes"]),
        _by_register(parts["criteria"]),
        parts["legal_basis"],
        first.date() if first else today(),
        end.date() if end else None,
        legal_task=parts["legal_task"],
    )


def _by_register(values: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for value in values:
        register, colon, path = value.partition(":")
        if not colon or not path:
            raise click.UsageError(f"{value}: write REGISTER:PATH, for example citizens:name")
        found[register] = found.get(register, frozenset()) | {path}
    return found


@agreement.command("create", epilog=f"{_EXAMPLE} create ward-office 1.004222 {_OF_ONE}")
@_parts
@as_json_too
@click.pass_obj
def agreement_create(context: Context, /, *, as_json: bool, **parts: Any) -> None:
    """Let a client read and search at once: for setting up, before there are two persons."""
    with context.database.transaction() as session:
        made = agreements.create_agreement(session, _wanted(parts))
    show({"id": made}, as_json=as_json)


@agreement.command("draft", epilog=f"{_EXAMPLE} draft ward-office 1.004222 --by an {_OF_ONE}")
@_parts
@click.option("--series", help="The agreement of which this is the next version.")
@_by
@as_json_too
@click.pass_obj
def agreement_draft(
    context: Context, /, *, series: str | None, by: str, as_json: bool, **parts: Any
) -> None:
    """Propose an agreement or its next version; nothing is allowed until it is approved."""
    with context.database.transaction() as session:
        made = agreements.draft_agreement(session, _wanted(parts), by, series)
        row = agreements.require_agreement(session, made)
    show({"id": made, "series": row.series, "version": row.version}, as_json=as_json)


@agreement.command("approve", epilog=f"{_EXAMPLE} approve {_ID} --by binh")
@_agreement
@_by
@as_json_too
@click.pass_obj
def agreement_approve(context: Context, agreement_id: str, *, by: str, as_json: bool) -> None:
    """Approve a draft of somebody else; every worker knows it within a second."""
    with context.database.transaction() as session:
        made = agreements.approve_agreement(session, agreement_id, by)
    show({"id": made.id, "version": made.version, "valid_from": made.valid_from}, as_json=as_json)


@agreement.command("reject", epilog=f'{_EXAMPLE} reject {_ID} --by binh --reason "Thiếu điều luật"')
@_agreement
@click.option("--reason", required=True, help="Why, as who proposed it will read.")
@_by
@click.pass_obj
def agreement_reject(context: Context, agreement_id: str, *, reason: str, by: str) -> None:
    """Reject a draft for good."""
    with context.database.transaction() as session:
        agreements.reject_agreement(session, agreement_id, by, reason)


@agreement.command("list", epilog=f"{_EXAMPLE} list --json")
@as_json_too
@click.pass_obj
def agreement_list(context: Context, *, as_json: bool) -> None:
    """List every version, and warn of those that end soon without another to follow."""
    with context.database.reading() as session:
        rows = agreements.list_versions(session)
    show([{name: getattr(row, name) for name in _LISTED} for row in rows], as_json=as_json)
    _warn(rows)


def _warn(rows: Sequence[AgreementRow]) -> None:
    held = [agreements.shape(row) for row in rows if row.state == "approved"]
    for one in held:
        left = agreements.expiring(one, today())
        if left is not None and agreements.unfollowed(one, held):
            click.echo(
                f"{one.id}: hết hạn sau {left} ngày / ends in {left} days"
                f"  {one.client_id} {one.procedure}",
                err=True,
            )


@agreement.command("end", epilog=f"{_EXAMPLE} end {_ID}")
@_agreement
@click.pass_obj
def agreement_end(context: Context, agreement_id: str) -> None:
    """End an agreement today."""
    with context.database.transaction() as session:
        agreements.end_agreement(session, agreement_id)


def try_command(catalogues: Sequence[Catalogue]) -> click.Command:
    """Return the command that tries a draft; ``catalogues`` say what the registers can answer."""

    @click.command("try", epilog=f"{_EXAMPLE} try {_ID}")
    @_agreement
    @click.option(
        "--days",
        default=30,
        show_default=True,
        type=click.IntRange(1),
        help="How far back to look.",
    )
    @as_json_too
    @click.pass_obj
    def agreement_try(context: Context, agreement_id: str, *, days: int, as_json: bool) -> None:
        """Tell which answered calls of the last days a draft would have refused."""
        with context.database.reading() as session:
            draft = agreements.shape(agreements.require_agreement(session, agreement_id))
            found = refused_calls(session, draft, now() - timedelta(days=days), catalogues)
        if as_json:
            click.echo(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2))
        else:
            _tell(found)

    return agreement_try


def _tell(found: DryRun) -> None:
    lost = sum(asked.calls for asked in found.refused)
    click.echo(f"bị từ chối / refused: {lost}/{found.calls}")
    if found.gap:
        first, end = found.gap
        click.echo(f"  không có thỏa thuận / no agreement: {first} – {end or ''}")
    for asked in found.refused:
        last = asked.last.astimezone(VIET_NAM)
        click.echo(f"  {asked.calls}x, {last:%d/%m/%Y %H:%M}: {' '.join(asked.attributes)}")
        if asked.lacks:
            click.echo(f"    thiếu / lacks: {' '.join(asked.lacks)}")
    for register, names in found.criteria.items():
        click.echo(f"  không còn tìm theo / no more search by: {register}: {' '.join(names)}")
