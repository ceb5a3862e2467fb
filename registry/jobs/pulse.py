"""How far running jobs are, whether they live, and who wants them cancelled.

A publish is one transaction, and on SQLite that holds the only write lock for as long as it takes.
So there the pulse has a small file beside the database, `<database>.pulse`: progress can be told
and a cancellation asked for meanwhile. On PostgreSQL it is a table like any other. Nothing in it
outlives a job, so a backup needs no copy of that file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from registry.jobs.models import JobPulse, JobWorker
from registry.kernel.clock import now
from registry.kernel.db import Base, Database

_TABLES = (JobPulse.__table__, JobWorker.__table__)
_FORGOTTEN = timedelta(hours=1)


class LeaseLost(Exception):
    """A job was taken over by another worker: what this one still does of it must not count."""


class Pulse:
    """The pulse of the jobs in ``database``; every call is a short transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._main = database

    @cached_property
    def _database(self) -> Database:
        url = self._main.engine.url
        if url.get_backend_name() != "sqlite":
            return self._main
        beside = url.set(database=f"{url.database}.pulse")
        # It is worth nothing after a power cut, so nothing waits for the disk.
        made = Database(beside.render_as_string(hide_password=False), synchronous="OFF")
        with made.transaction() as session:
            Base.metadata.create_all(session.connection(), [sa.inspect(t) for t in _TABLES])
        return made

    def read(self, job_ids: Iterable[str]) -> dict[str, JobPulse]:
        """Return the pulse of each job that has one, by job id."""
        with self._database.reading() as session:
            found = session.scalars(sa.select(JobPulse).where(JobPulse.job.in_(set(job_ids))))
            return {pulse.job: pulse for pulse in found}

    def begin(self, job_id: str, worker: str) -> None:
        """Say that ``worker`` has the lease of a job; a cancellation asked for before stays."""
        fresh = {"worker": worker, "done": 0, "total": None, "phase": None, "beat_at": now()}
        self._put(JobPulse, {"job": job_id}, fresh, {})

    def beat(
        self, job_id: str, worker: str, done: int, total: int | None, phase: str | None
    ) -> bool:
        """Carry the lease on and tell progress; return whether cancellation was asked for.

        Raises LeaseLost where the lease is another's.
        """
        with self._database.transaction() as session:
            asked = session.execute(
                sa.update(JobPulse)
                .where(JobPulse.job == job_id, JobPulse.worker == worker)
                .values(done=done, total=total, phase=phase, beat_at=now())
                .returning(JobPulse.cancel_requested_at)
            ).one_or_none()
        if asked is None:
            raise LeaseLost
        return asked[0] is not None

    def request_cancel(self, job_id: str, by: str) -> None:
        """Ask that a job be cancelled; its worker hears of it with the next beat."""
        asked = {"cancel_requested_at": now(), "cancel_requested_by": by}
        self._put(JobPulse, {"job": job_id}, asked, {"done": 0})

    def forget(self, job_id: str) -> None:
        """Take away what is told of a job."""
        with self._database.transaction() as session:
            session.execute(sa.delete(JobPulse).where(JobPulse.job == job_id))

    def announce(self, worker: str, started_at: datetime) -> None:
        """Say that a worker lives; those not heard of for an hour are forgotten."""
        self._put(JobWorker, {"name": worker}, {"beat_at": now()}, {"started_at": started_at})
        with self._database.transaction() as session:
            session.execute(sa.delete(JobWorker).where(JobWorker.beat_at < now() - _FORGOTTEN))

    def leave(self, worker: str) -> None:
        """Say that a worker has stopped."""
        with self._database.transaction() as session:
            session.execute(sa.delete(JobWorker).where(JobWorker.name == worker))

    def workers(self) -> list[JobWorker]:
        """Return the workers that are known, by name; ``beat_at`` says which of them live."""
        with self._database.reading() as session:
            return list(session.scalars(sa.select(JobWorker).order_by(JobWorker.name)))

    def close(self) -> None:
        """Close the file beside the database."""
        if "_database" in self.__dict__ and self._database is not self._main:
            self._database.close()

    def _put(
        self,
        table: type[JobPulse | JobWorker],
        key: dict[str, Any],
        fresh: dict[str, Any],
        first: dict[str, Any],
    ) -> None:
        """Write the ``fresh`` values of a row, which has the ``first`` ones too if it is new."""
        insert = sqlite.insert if self._database.dialect == "sqlite" else postgresql.insert
        with self._database.transaction() as session:
            session.execute(
                insert(table)
                .values(**key, **fresh, **first)
                .on_conflict_do_update(index_elements=list(key), set_=fresh)
            )
