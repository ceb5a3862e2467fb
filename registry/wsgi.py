"""The application that a WSGI server loads; its settings come from the environment."""

from __future__ import annotations

import gc
import multiprocessing
import os
from typing import TYPE_CHECKING

from registry.app import create_app
from registry.kernel.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def load() -> WSGIApplication:
    """Return the application of a worker process; importing this module does nothing."""
    if multiprocessing.parent_process() is not None:
        # Ctrl-C reaches the whole group of a terminal, and the server then stops its workers
        # too: the two signals on top of each other can leave a worker serving for ever.
        os.setpgrp()
    app = create_app(Settings.from_environ(os.environ))
    # What is loaded now stays, so the collector of cycles need not stop a request to walk it.
    gc.collect()
    gc.freeze()
    return app
