"""Run by Alembic for each command; the connection comes from the caller and so does its commit."""

from __future__ import annotations

from alembic import context

# Importing declares the tables.
import auth.consents.models
import auth.grants.models
import auth.models
import auth.signin.models  # noqa: F401
import datasets.models
import datasets.quality  # noqa: F401
import migrations
import registry.citizens.models
import registry.civil_status.models
import registry.corrections.models
import registry.households.models
import registry.jobs.models
import registry.kernel.access_log
import registry.kernel.undo
import registry.parcels.models
import registry.places.models
import registry.prefill.models
import registry.upstream.models  # noqa: F401
from registry.kernel.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can't alter a table in place.
    render_as_batch=True,
    include_name=migrations.compared,
)
context.run_migrations()
