"""Run by Alembic for each command; the connection comes from the caller and so does its commit."""

from __future__ import annotations

from alembic import context

from registry.kernel.access_log import AccessEvent

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=AccessEvent.metadata,
    # SQLite can't alter a table in place.
    render_as_batch=True,
)
context.run_migrations()
