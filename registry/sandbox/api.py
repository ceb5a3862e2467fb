"""The personas over HTTP: public, and registered outside production only."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from auth.guard import public
from auth.signin.personas import STAFF
from datasets.synthetic.personas import load
from registry.http import Blueprint, answer
from registry.kernel.errors import Text
from registry.kernel.settings import Settings
from registry.sandbox import schemas

blp = Blueprint(
    "sandbox",
    __name__,
    url_prefix="/sandbox",
    description="Bản thử / the sandbox, which production has not",
)


@blp.route("/personas")
class Personas(MethodView):
    """The personas."""

    @public
    @blp.response(200, schemas.PersonasSchema)
    def get(self) -> flask.Response:
        """Nhân vật giả lập để thử / made-up people to try everything with."""
        settings: Settings = flask.current_app.extensions["sogoc"].settings
        told = load()
        return answer(
            {
                "version": told.version,
                "checked_on": told.checked_on.isoformat(),
                "personas": [*_citizens(settings), *_staff(settings)],
            }
        )


def _citizens(settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "slug": persona.slug,
            "name": persona.name,
            "personal_id": persona.personal_id,
            "story": _both(persona.story),
            "tags": persona.tags,
            "roles": [],
            "expect": persona.expect,
            "sign_in": _way_in(settings, persona.slug) if persona.sign_in else None,
        }
        for persona in load().personas
    ]


def _staff(settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "slug": persona.key,
            "name": persona.name,
            "personal_id": None,
            "story": _both(persona.about),
            "tags": ["staff"],
            "roles": persona.roles,
            "expect": {},
            "sign_in": _way_in(settings, persona.key),
        }
        for persona in STAFF
    ]


def _way_in(settings: Settings, slug: str) -> dict[str, str] | None:
    if settings.persona_provider != "on":
        return None
    return {"url": f"{settings.issuer}/signin", "persona": slug}


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}
