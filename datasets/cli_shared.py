"""What the commands on datasets share: who asks, and how a submission and a release are shown."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import click
import orjson

from datasets.models import Release, Submission
from datasets.steward import asker_of
from registry.kernel.access_log import Asker
from registry.kernel.db import Database
from registry.kernel.settings import Settings

ID = "0198c0de-0000-7000-8000-000000000001"
"""A submission in the examples of `--help`."""
as_json_too = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
as_whom = click.option(
    "--as",
    "by",
    metavar="NAME",
    default=getpass.getuser,
    help="Who does this; by default the user of this machine.",
)
_OF_RELEASE = (
    *("id", "number", "dataset", "submission", "undoes", "counts", "digest", "notes"),
    *("published_by", "published_at"),
)


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def settings(self) -> Settings:
        """The settings."""

    @property
    def database(self) -> Database:
        """The database."""


def asker(submission: Submission, by: str) -> Asker:
    """Return who reads at this machine, as the access log writes it: its user beside ``by``."""
    return asker_of(submission, by, f"cli:{getpass.getuser()}", submission.id)


def show_release(release: Release, *, as_json: bool) -> None:
    """Print a release."""
    if as_json:
        click.echo(orjson.dumps(wire_release(release)))
        return
    counts = "  ".join(f"{name} {count}" for name, count in release.counts.items())
    click.echo(f"{release.number}  {release.dataset}  {counts}  {release.published_at:%d/%m/%Y}")


def wire_release(release: Release) -> dict[str, Any]:
    """Return a release as JSON has it."""
    return {name: getattr(release, name) for name in _OF_RELEASE}


def wire(submission: Submission) -> dict[str, Any]:
    """Return a submission as JSON has it."""
    names = (
        "id",
        "dataset",
        "file_name",
        "sha256",
        "size",
        "options",
        "undoes",
        "submitted_by",
        "submitted_at",
        "state",
        "checked_at",
        "rows_read",
        "rows_valid",
        "rows_rejected",
        "rows_skipped",
        "unusual",
        "approved_by",
        "approved_at",
        "break_glass",
        "scheduled_for",
    )
    return {name: getattr(submission, name) for name in names}


def show(
    submission: Submission, *, as_json: bool, findings: Sequence[Mapping[str, Any]] | None = None
) -> None:
    """Print a submission, and with ``findings`` what was found in it."""
    shape = wire(submission) | ({} if findings is None else {"findings": findings})
    if as_json:
        click.echo(orjson.dumps(shape))
        return
    click.echo(f"{submission.id}  {submission.dataset}  {submission.state}  {submission.file_name}")
    if submission.rows_read is not None:
        click.echo(
            f"  đọc {submission.rows_read} = hợp lệ {submission.rows_valid}"
            f" + lỗi {submission.rows_rejected} + bỏ qua {submission.rows_skipped}"
        )
    for found in findings or ():
        click.echo(
            f"  {found['severity']}: {found['vi']} x{found['count']}, dòng {found['first_line']}…"
            f" {found['repair_vi']}"
        )
