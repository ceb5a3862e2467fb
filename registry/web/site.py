"""Putting the pages into an application."""

from __future__ import annotations

import flask

from registry.web import (
    assets,
    button,
    button_calls,
    citizen,
    consents,
    corrections,
    demo_forms,
    errors,
    home,
)
from registry.web.ports import Web


def register(app: flask.Flask, web: Web) -> None:
    """Give ``app`` the pages."""
    app.extensions["sogoc-web"] = web
    pages = (
        home.blp,
        citizen.blp,
        button.blp,
        *((demo_forms.blp,) if web.demo_forms else ()),
        consents.blp,
        corrections.blp,
    )
    app.register_blueprint(assets.blp)
    app.register_blueprint(button_calls.blp)
    for blueprint in pages:
        app.register_blueprint(blueprint)
    errors.register(app)
