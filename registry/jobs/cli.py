"""The commands on jobs: list, show, wait, cancel, retry."""

from __future__ import annotations

import getpass
import sys
import time
from datetime import timedelta
from typing import Any, Protocol

import click
import orjson

from registry.jobs import queue
from registry.jobs.models import LIVE, STATES, Job, JobPulse
from registry.jobs.pulse import Pulse
from registry.jobs.views import describe
from registry.kernel.clock import now
from registry.kernel.db import Database
from registry.terminal import progress

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_LOOK_SECONDS = 0.5
_ALIVE = timedelta(seconds=30)
_ID = "0198c0de-0000-7000-8000-000000000001"


class Context(Protocol):
    """What the assembling command hands in."""

    @property
    def database(self) -> Database:
        """The database."""


class _Jobs:
    """The database of a command, and its pulse, which is closed with the command."""

    def __init__(self, context: Context) -> None:
        self.database = context.database
        self.pulse = Pulse(self.database)

    def look(self, job_id: str) -> tuple[Job, JobPulse | None]:
        with self.database.reading() as session:
            found = queue.require_job(session, job_id)
        return found, self.pulse.read([found.id]).get(found.id)


@click.group()
@click.pass_context
def job(ctx: click.Context) -> None:
    """Work in the background."""
    ctx.obj = _Jobs(ctx.obj)
    ctx.call_on_close(ctx.obj.pulse.close)


@job.command("list", epilog="\b\nVí dụ / example:\n  sogoc job list --state running")
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@_json
@click.pass_obj
def job_list(jobs: _Jobs, state: str | None, *, as_json: bool) -> None:
    """List the newest jobs, and with --json the workers."""
    with jobs.database.reading() as session:
        found, _ = queue.list_jobs(session, state)
    pulses = jobs.pulse.read(each.id for each in found)
    if not as_json:
        for each in found:
            _show(each, pulses.get(each.id), as_json=False)
        return
    workers = [
        {"name": worker.name, "started_at": worker.started_at, "beat_at": worker.beat_at}
        for worker in jobs.pulse.workers()
    ]
    told = [_wire(each, pulses.get(each.id)) for each in found]
    click.echo(orjson.dumps({"jobs": told, "workers": workers}))


@job.command("show", epilog=f"\b\nVí dụ / example:\n  sogoc job show {_ID} --json")
@click.argument("job_id")
@_json
@click.pass_obj
def job_show(jobs: _Jobs, job_id: str, *, as_json: bool) -> None:
    """Show one job."""
    found, pulse = jobs.look(job_id)
    _show(found, pulse, as_json=as_json)


@job.command("wait", epilog=f"\b\nVí dụ / example:\n  sogoc job wait {_ID}")
@click.argument("job_id")
@_json
@click.pass_obj
def job_wait(jobs: _Jobs, job_id: str, *, as_json: bool) -> None:
    """Wait for the end of a job and show its progress; exit 1 unless it is done."""
    found, told = jobs.look(job_id)
    if found.state == "queued":
        _warn_without_worker(jobs.pulse)
    with progress(found.kind, step=1) as tell:
        while True:
            if told is not None and told.worker == found.worker:
                tell(told.done, told.total, told.phase)
            if found.state not in LIVE:
                break
            time.sleep(_LOOK_SECONDS)
            found, told = jobs.look(job_id)
    _show(found, told, as_json=as_json)
    sys.exit(0 if found.state == "done" else 1)


@job.command("cancel", epilog=f"\b\nVí dụ / example:\n  sogoc job cancel {_ID}")
@click.argument("job_id")
@_json
@click.pass_obj
def job_cancel(jobs: _Jobs, job_id: str, *, as_json: bool) -> None:
    """Cancel a job; one that runs stops within 5 seconds."""
    queue.cancel(jobs.database, jobs.pulse, job_id, getpass.getuser())
    _show(*jobs.look(job_id), as_json=as_json)


@job.command("retry", epilog=f"\b\nVí dụ / example:\n  sogoc job retry {_ID}")
@click.argument("job_id")
@_json
@click.pass_obj
def job_retry(jobs: _Jobs, job_id: str, *, as_json: bool) -> None:
    """Put a failed or cancelled job back in the queue."""
    queue.retry(jobs.database, jobs.pulse, job_id)
    _show(*jobs.look(job_id), as_json=as_json)


def _warn_without_worker(pulse: Pulse) -> None:
    if not any(worker.beat_at > now() - _ALIVE for worker in pulse.workers()):
        click.echo(
            "Chưa có worker nào chạy: sogoc worker / no worker is running: start sogoc worker",
            err=True,
        )


def _wire(found: Job, pulse: JobPulse | None) -> dict[str, Any]:
    own = {"key": found.key, "payload": found.payload, "worker": found.worker}
    return describe(found, pulse) | own


def _show(found: Job, pulse: JobPulse | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(_wire(found, pulse)))
        return
    told = describe(found, pulse)
    far = told.get("progress", {})
    parts = [found.id, found.kind, found.state]
    if far:
        parts.append(f"{far['done']}/{far['total']}" if "total" in far else str(far["done"]))
    click.echo("  ".join(parts))
    if found.error:
        click.echo(f"  {found.error['vi']} / {found.error['en']}")
