"""The commands on procedures: list, show, lint."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import click
import orjson

from registry.kernel.clock import today
from registry.prefill.catalogue import describe, summary
from registry.prefill.linting import lint
from registry.prefill.profiles import codes_in_force, for_procedure, list_profiles

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_on = click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="On which day; today if absent.",
)


@click.group()
def procedure() -> None:
    """Service profiles: what the form of a procedure asks, and what fills it."""


@procedure.command("list", epilog="\b\nVí dụ / example:\n  sogoc procedure list")
@_json
@_on
def procedure_list(*, as_json: bool, on: Any) -> None:
    """List the procedures with a profile."""
    day = _day(on)
    rows = [summary(profile, day) for profile in list_profiles()]
    if as_json:
        click.echo(orjson.dumps(rows))
        return
    for row in rows:
        papers = f"{row['papers_replaced']}/{row['papers']}"
        click.echo(f"{','.join(row['codes'])}\t{papers}\t{row['name']['vi']}")


@procedure.command("show", epilog="\b\nVí dụ / example:\n  sogoc procedure show 1.001193")
@click.argument("code")
@_json
@_on
def procedure_show(code: str, *, as_json: bool, on: Any) -> None:
    """Show what the form of a procedure asks and which papers become needless."""
    day = _day(on)
    told = describe(for_procedure(code, day), code, day)
    if as_json:
        click.echo(orjson.dumps(told))
        return
    click.echo(f"{code} {told['name']['vi']} / {told['name']['en']}")
    for field in told["fields"]:
        source = field.get("attribute") or "người dân khai / declared"
        click.echo(f"  {field['key']}\t{source}\t{field['label']['vi']}")
    for paper in told["components"]:
        mark = "−" if paper["replaced_by"] else "+"
        click.echo(f"{mark} {paper['label']['vi']} / {paper['label']['en']}")


@procedure.command(
    "lint",
    epilog="\b\nVí dụ / example:\n  sogoc procedure lint --json",
)
@_json
@_on
def procedure_lint(*, as_json: bool, on: Any) -> None:
    """Check every profile; exit 1 if anything is found."""
    day = _day(on)
    found = [finding for profile in list_profiles() for finding in lint(profile, day)]
    if as_json:
        rows = [
            {
                "profile": finding.profile,
                "code": finding.code,
                "at": finding.at,
                "vi": finding.text.vi,
                "en": finding.text.en,
            }
            for finding in found
        ]
        click.echo(orjson.dumps(rows))
    else:
        for finding in found:
            text = f"{finding.text.vi} / {finding.text.en}"
            click.echo(f"{finding.profile}\t{finding.code}\t{finding.at}\t{text}")
        counted = len([code for p in list_profiles() for code in codes_in_force(p, day)])
        click.echo(f"{len(list_profiles())} hồ sơ / profiles, {counted} mã / codes", err=True)
    sys.exit(1 if found else 0)


def _day(on: Any) -> date:
    return on.date() if on is not None else today()
