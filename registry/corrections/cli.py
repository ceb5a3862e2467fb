"""The commands on correction cases: which are waiting, and what was done. No value is printed."""

from __future__ import annotations

from typing import Any, Protocol

import click
import orjson

from registry.corrections.cases import Wanted, list_cases, list_steps, require_case
from registry.corrections.models import CorrectionCase
from registry.corrections.rules import STATES, is_overdue
from registry.kernel.clock import today
from registry.kernel.db import Database

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_ID = "0198c0de-0000-7000-8000-000000000001"


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def database(self) -> Database:
        """The database."""


@click.group()
def correction() -> None:
    """Look at reports of wrong values."""


@correction.command("list", epilog="\b\nVí dụ / example:\n  sogoc correction list --overdue")
@click.option("--state", type=click.Choice(list(STATES)), help="Only cases in this state.")
@click.option("--overdue", is_flag=True, help="Only cases that are late.")
@_json
@click.pass_obj
def correction_list(context: Context, state: str | None, *, overdue: bool, as_json: bool) -> None:
    """List the oldest cases, 100 at most."""
    with context.database.reading() as session:
        found = list_cases(session, Wanted(state, overdue=overdue, limit=100))
    if as_json:
        click.echo(orjson.dumps([_wire(case) for case in found]))
        return
    for case in found:
        _show(case)


@correction.command("show", epilog=f"\b\nVí dụ / example:\n  sogoc correction show {_ID} --json")
@click.argument("case_id")
@_json
@click.pass_obj
def correction_show(context: Context, case_id: str, *, as_json: bool) -> None:
    """Show one case and its steps."""
    with context.database.reading() as session:
        case = require_case(session, case_id)
        steps = [
            {"at": step.at, "by": step.taken_by, "action": step.action}
            for step in list_steps(session, case.id)
        ]
    if as_json:
        click.echo(orjson.dumps(_wire(case) | {"steps": steps}))
        return
    _show(case)
    for step in steps:
        click.echo(f"  {step['at']:%Y-%m-%d %H:%M}  {step['action']}  {step['by']}")


def _wire(case: CorrectionCase) -> dict[str, Any]:
    """Return what may be said of a case without telling of anybody."""
    return {
        "id": case.id,
        "register": case.register,
        "path": case.path,
        "state": case.state,
        "reply_due": case.reply_due,
        "due_on": case.due_on,
        "extended": case.extended,
        "overdue": is_overdue(case.state, case.due, today()),
        "assigned": case.assigned,
    }


def _show(case: CorrectionCase) -> None:
    late = "  quá hạn / overdue" if is_overdue(case.state, case.due, today()) else ""
    place = f"{case.register}:{case.path}"
    click.echo(f"{case.id}  {case.state}  {case.due_on}  {place}{late}")
