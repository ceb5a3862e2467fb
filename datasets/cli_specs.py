"""What a dataset's file looks like: its template and its schema."""

from __future__ import annotations

import sys

import click
import orjson

from datasets.specs import SPECS
from datasets.specs.schema import table_schema
from datasets.specs.templates import template_csv, template_xlsx


@click.command(
    "template",
    epilog="\b\nVí dụ / example:\n  sogoc dataset template citizens > citizens.csv\n"
    "  sogoc dataset template citizens --format xlsx > citizens.xlsx",
)
@click.argument("name", type=click.Choice(list(SPECS)))
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "xlsx"]),
    default="csv",
    show_default=True,
    help="A workbook has the columns explained and the code lists, and keeps leading zeros.",
)
def dataset_template(name: str, form: str) -> None:
    """Print a filled example of a dataset's file."""
    if form == "csv":
        click.echo(template_csv(SPECS[name]), nl=False)
    elif sys.stdout.isatty():
        raise click.UsageError("A workbook is not for a terminal: add > NAME.xlsx")
    else:
        click.echo(template_xlsx(SPECS[name]), nl=False)


@click.command(
    "schema",
    epilog="\b\nVí dụ / example:\n  sogoc dataset schema citizens > citizens.schema.json",
)
@click.argument("name", type=click.Choice(list(SPECS)))
def dataset_schema(name: str) -> None:
    """Print a dataset's columns as a Frictionless Table Schema."""
    click.echo(orjson.dumps(table_schema(SPECS[name]), option=orjson.OPT_INDENT_2))
