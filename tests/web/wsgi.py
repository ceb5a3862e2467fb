"""The application for the server that browsers visit, with services kept in its memory."""

from __future__ import annotations

import os

import flask

from registry.app import create_app
from registry.kernel.settings import Settings
from tests.web.kept import KeptConsents, KeptCorrections


def load() -> flask.Flask:
    """Return the application; the server calls this in its one worker."""
    settings = Settings.from_environ(os.environ)
    return create_app(settings, consents=KeptConsents(), corrections=KeptCorrections())
