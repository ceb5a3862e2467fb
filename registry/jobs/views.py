"""A job as those who wait for it see it: its state and progress, never its payload."""

from __future__ import annotations

from typing import Any

from registry.jobs.models import Job, JobPulse

_OF_JOB = (
    *("id", "kind", "state", "requested_by", "attempts", "max_attempts"),
    *("created_at", "run_after", "started_at", "finished_at", "result", "error"),
)


def describe(job: Job, pulse: JobPulse | None) -> dict[str, Any]:
    """Return what may be told of a job; what is not known of it is absent."""
    told = {name: getattr(job, name) for name in _OF_JOB}
    if pulse is not None:
        told["cancel_requested_at"] = pulse.cancel_requested_at
        if pulse.beat_at is not None and pulse.worker == job.worker:
            told["progress"] = _present(
                {
                    "done": pulse.done,
                    "total": pulse.total,
                    "phase": pulse.phase,
                    "at": pulse.beat_at,
                }
            )
    return _present(told)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
