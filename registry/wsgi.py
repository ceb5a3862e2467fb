"""The application that a WSGI server loads; its settings come from the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from registry.app import create_app
from registry.kernel.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def load() -> WSGIApplication:
    """Return the application of a worker process; importing this module does nothing."""
    return create_app(Settings.from_environ(os.environ))
