"""What there is to submit, over HTTP: datasets, their schemas, templates and rules."""

from __future__ import annotations

from typing import Any

import flask
import orjson
from flask.views import MethodView

from auth.guard import public
from datasets import schemas
from datasets.quality import last_releases
from datasets.specs import RULES, SPECS, Spec
from datasets.specs.schema import table_schema
from datasets.specs.templates import template_csv, template_xlsx
from registry.http import Blueprint, answers, database
from registry.kernel.errors import NotFound
from registry.upstream.modes import read_mode

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAMED = ("repair_kind", "dimension", "group")

blp = Blueprint(
    "catalogue",
    __name__,
    url_prefix="/v1/datasets",
    description="Bộ dữ liệu, mẫu tệp, quy tắc / datasets, templates and rules",
)


def _spec(name: str) -> Spec:
    if name not in SPECS:
        raise NotFound
    return SPECS[name]


@blp.route("")
class Datasets(MethodView):
    """The list."""

    @public
    @blp.response(200, schemas.DatasetsSchema)
    def get(self) -> dict[str, Any]:
        """Các bộ dữ liệu, chế độ, bản công bố mới nhất / datasets, modes, last releases."""
        with database().reading() as session:
            releases = last_releases(session)
            found = [
                {
                    "name": spec.name,
                    "vi": spec.vi,
                    "mode": read_mode(session, spec.name).name,
                    "release": releases.get(spec.name),
                }
                for spec in SPECS.values()
            ]
        return {"datasets": found}


@blp.route("/<name>/schema")
class TableSchema(MethodView):
    """The columns."""

    @public
    @blp.alt_response(200, schema={"type": "object"}, content_type="application/json")
    def get(self, name: str) -> flask.Response:
        """Các cột, theo Frictionless Table Schema / the columns, as a Table Schema."""
        return flask.Response(orjson.dumps(table_schema(_spec(name))), mimetype="application/json")


@blp.route("/<name>/template")
class Template(MethodView):
    """A file that is right."""

    @public
    @answers(CSV, XLSX)
    @blp.arguments(schemas.TemplateQuery, location="query")
    @blp.alt_response(200, schema={"type": "string", "format": "binary"}, content_type="*/*")
    def get(self, query: dict[str, str], name: str) -> flask.Response:
        """Tệp mẫu đã điền / a filled example of the file."""
        form, spec = query["format"], _spec(name)
        content = template_xlsx(spec) if form == "xlsx" else template_csv(spec).encode()
        response = flask.Response(content, mimetype=XLSX if form == "xlsx" else CSV)
        response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
        return response


@blp.route("/rules")
class Rules(MethodView):
    """What rows are held to."""

    @public
    @blp.response(200, schemas.RulesSchema)
    def get(self) -> dict[str, Any]:
        """Các quy tắc kiểm tra và cách sửa / the rules and the repairs."""
        return {
            "rules": [
                {
                    "rule": rule.code,
                    "severity": rule.severity,
                    **{name: getattr(rule, name) for name in _NAMED},
                    "vi": rule.text.vi,
                    "en": rule.text.en,
                    "repair_vi": rule.repair.vi,
                    "repair_en": rule.repair.en,
                }
                for rule in RULES.values()
            ]
        }
