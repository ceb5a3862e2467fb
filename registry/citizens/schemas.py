"""The wire shapes of citizens: requests read strictly, answers described for the contract."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import OneOf

from registry.citizens.attributes import CATALOGUE
from registry.citizens.predicates import Predicate
from registry.citizens.rules import COMBINATIONS
from registry.http import (
    MomentSchema,
    Paths,
    StrictSchema,
    Texts,
    fail,
    moment_query,
    paths_query,
)
from registry.kernel.dates import DateError, PartialDate
from registry.kernel.fields import MOST_FIELDS
from registry.kernel.identifiers import kind_of
from registry.kernel.settings import Settings
from registry.kernel.text import fold

_MOST_CLAIMS = 50


def _most_identifiers() -> int:
    settings: Settings = flask.current_app.extensions["sogoc"].settings
    return settings.max_identifiers


def _identifier_problem(value: str) -> str | None:
    return None if kind_of(value) else "identifier"


def _check_identifier(value: str) -> None:
    if kind_of(value) is None:
        raise fail("identifier")


def _is_date(value: str) -> bool:
    try:
        PartialDate.parse(value)
    except DateError:
        return False
    return True


def _check_date(value: str) -> None:
    if not _is_date(value):
        raise fail("date")


def _check_year(value: str) -> None:
    if not _is_date(value) or PartialDate.parse(value).precision != "year":
        raise fail("date")


def _check_name(value: str) -> None:
    if not fold(value):
        raise fail("value")


def field_paths() -> Paths:
    """Return the request field for attribute paths."""
    return Paths(
        CATALOGUE,
        metadata={
            "minItems": 1,
            "maxItems": MOST_FIELDS,
            "description": "Đường dẫn thuộc tính hoặc nhóm / attribute paths or groups.",
        },
    )


class LookupRequest(MomentSchema):
    """A look-up by identifiers."""

    identifiers = Texts(
        _most_identifiers,
        _identifier_problem,
        {"pattern": "^([0-9]{12}|[0-9]{9})$"},
        metadata={"minItems": 1, "maxItems": 1000},
    )
    paths = field_paths()


HistoryQuery = paths_query(CATALOGUE)
RecordQuery = moment_query(CATALOGUE)


class SearchCriteria(StrictSchema):
    """One of the published sets of criteria."""

    name = fields.String(required=True, validate=_check_name)
    birth_date = fields.String(validate=_check_date)
    birth_year = fields.String(validate=_check_year)
    commune = fields.String()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def published(self, _: Any, given: Any, **__: Any) -> None:
        """Refuse any other combination; less would be browsing."""
        if isinstance(given, dict) and self.fields.keys() & given.keys() not in COMBINATIONS:
            raise fail("combination")


class SearchRequest(StrictSchema):
    """A search for one person."""

    criteria = fields.Nested(SearchCriteria, required=True)
    paths = field_paths()


class VerifyRequest(StrictSchema):
    """Claims and predicates about one person."""

    identifier = fields.String(required=True, validate=_check_identifier)
    claims = fields.Dict(keys=fields.String(), load_default=dict)
    predicates = fields.List(fields.String(), load_default=list)

    @validates_schema(skip_on_field_errors=False)
    def known(self, data: dict[str, Any], **_: Any) -> None:
        """Check every path and predicate; at least one thing must be asked."""
        claims, predicates = data.get("claims", {}), data.get("predicates", [])
        if not claims and not predicates and {"claims", "predicates"} <= data.keys():
            raise fail("too_few")
        if len(claims) + len(predicates) > _MOST_CLAIMS:
            raise fail("too_many")
        errors: dict[str, Any] = {}
        for path, value in claims.items():
            if code := _claim_problem(path, value):
                errors.setdefault("claims", {})[path] = [code]
        for index, text in enumerate(predicates):
            if asked_predicate(text) is None:
                errors.setdefault("predicates", {})[index] = ["predicate"]
        if errors:
            raise ValidationError(errors)


def asked_predicate(text: str) -> tuple[Predicate, str] | None:
    """Return the question behind a text such as ``is_over:18`` and its argument, or None."""
    name, _, argument = text.partition(":")
    found: Predicate | None = flask.current_app.extensions["sogoc"].predicates.get(name)
    return (found, argument) if found and found.valid(argument) else None


def asked_predicates(texts: list[str]) -> dict[str, tuple[Predicate, str]]:
    """Return the questions behind texts that were checked, by their text."""
    return {text: asked for text in texts if (asked := asked_predicate(text))}


def _claim_problem(path: str, value: Any) -> str | None:
    problem = CATALOGUE.problem(path)
    if problem:
        return problem[0]
    if not isinstance(value, str):
        return "type"
    return "date" if path == "birth_date" and not _is_date(value) else None


_RECORD = fields.Dict(
    metadata={"description": "id và các thuộc tính đã yêu cầu / id and the requested attributes."}
)


class LookupResult(Schema):
    """The answer to one identifier."""

    identifier = fields.String(required=True)
    status = fields.String(
        required=True, validate=OneOf(["found", "not_found", "moved", "withheld"])
    )
    record = _RECORD
    moved_to = fields.UUID(metadata={"description": "Bản ghi còn lại / the surviving record."})


class LookupAnswer(Schema):
    """Answers in the order of the identifiers."""

    results = fields.List(fields.Nested(LookupResult), required=True)


class SearchAnswer(Schema):
    """One record, or the same answer for none and for many."""

    status = fields.String(required=True, validate=OneOf(["found", "no_unique_match"]))
    record = _RECORD


class RecordAnswer(Schema):
    """One record: its id and the requested attributes."""

    id = fields.UUID(required=True)

    class Meta:
        """Attributes beside the id are those of the catalogue."""

        unknown = "include"


_VERDICTS = fields.Dict(
    keys=fields.String(),
    values=fields.String(validate=OneOf(["match", "no_match", "unknown"])),
    required=True,
)


class VerifyAnswer(Schema):
    """One verdict for each claim and predicate."""

    claims = _VERDICTS
    predicates = _VERDICTS


class VersionAnswer(Schema):
    """What is believed of one interval, with its origin."""

    valid_from = fields.Date(required=True)
    valid_to = fields.Date(
        metadata={"description": "Ngày đầu tiên không còn đúng / first day after."}
    )
    recorded_at = fields.AwareDateTime(required=True)
    source = fields.String(required=True)
    load_id = fields.String(data_key="load")
    record = fields.Dict(required=True)


class HistoryAnswer(Schema):
    """The intervals of one record, oldest first."""

    versions = fields.List(fields.Nested(VersionAnswer), required=True)
