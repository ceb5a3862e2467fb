"""The application that a WSGI server loads; its settings come from the environment."""

from __future__ import annotations

import os

from registry.app import create_app
from registry.kernel.settings import Settings

app = create_app(Settings.from_environ(os.environ))
