"""A GeoPackage is a database, and may hold programs: only those that the standard knows pass."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from datasets.formats.rows import refusal
from registry.kernel.errors import Text

_BROKEN = Text("Tệp bản đồ không đọc được.", "The geographic file can't be read.")
_PROGRAM = Text(
    "GeoPackage có trigger hoặc view lạ: hãy xuất lại lớp bằng QGIS vào tệp mới.",
    "The GeoPackage has triggers or views of its own: export the layer anew, by QGIS, to a file.",
)
# What the triggers of the standard do: keep the spatial index and the counts, or refuse a value.
_STATEMENT = re.compile(
    r"""(?isx)
    (?:insert\s+(?:or\s+replace\s+)?into|delete\s+from|update)\s+["`\[]?rtree_\w+[^;]*
    | update\s+["`\[]?gpkg_ogr_contents\b[^;]*
    | select\s+raise\s*\([^;]*
    """
)
_BODY = re.compile(r"(?is)\bbegin\b(.*)\bend\b\s*;?\s*$")
_STRING = re.compile(r"'(?:[^']|'')*'")
_COMMENT = re.compile(r"--|/\*")
_CALL = re.compile(r"(?i)\b(\w+)[\"`\]]?\s*\(")
_HARMLESS = {
    "as",
    "in",
    "on",
    "and",
    "or",
    "not",
    "select",
    "values",
    "using",
    "when",
    "then",
    "case",
    "cast",
    "coalesce",
    "ifnull",
    "nullif",
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "total",
    "round",
    "abs",
    "length",
    "lower",
    "upper",
    "trim",
    "ltrim",
    "rtrim",
    "substr",
    "replace",
    "instr",
    "date",
    "st_minx",
    "st_maxx",
    "st_miny",
    "st_maxy",
    "st_isempty",
    "raise",
    "exists",
    "where",
    "from",
    "join",
    "union",
}


def check_geopackage(copied: Path) -> None:
    """Refuse a GeoPackage with triggers or views that do more than the standard's.

    ``copied`` is a copy, opened for reading only. Raises Invalid.
    """
    address = f"{copied.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            programs = database.execute(
                "SELECT type, coalesce(sql, '') FROM sqlite_master"
                " WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'"
            ).fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        raise refusal("map_broken", _BROKEN) from None
    if not all(_is_harmless(kind, sql) for kind, sql in programs):
        raise refusal("geopackage_program", _PROGRAM)


def _is_harmless(kind: str, sql: str) -> bool:
    bare = _STRING.sub("''", sql)
    if _COMMENT.search(bare):
        return False
    if kind == "table":
        return re.search(r"(?i)\busing\s+rtree\b", bare) is not None
    if kind == "trigger" and not _keeps_index(bare):
        return False
    # The name of the trigger's or view's own table may stand before a bracket.
    _, _, body = bare.partition(" AS " if kind == "view" else "BEGIN")
    return all(call.lower() in _HARMLESS for call in _CALL.findall(body or bare))


def _keeps_index(sql: str) -> bool:
    body = _BODY.search(sql)
    if body is None:
        return False
    statements = [text.strip() for text in body[1].split(";") if text.strip()]
    return all(_STATEMENT.fullmatch(statement) for statement in statements)
