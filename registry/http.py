"""What every API shares at the edge: reading requests strictly, answering JSON.

Statuses are not decided here: what is wrong becomes a typed error, and `registry.problems`
turns that into an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import flask
import flask_smorest
import marshmallow as ma
import orjson
from webargs.flaskparser import FlaskParser

from registry.kernel.db import Database
from registry.kernel.errors import (
    FieldError,
    Invalid,
    Malformed,
    SogocError,
    Text,
    UnsupportedMediaType,
)
from registry.kernel.fields import MOST_FIELDS, Catalogue
from registry.kernel.ledger import Moment

# Codes of parameter errors. Those in `_BREAK` make the request malformed (400); any other is a
# value that breaks a rule (422).
TEXTS = {
    "unknown": Text("Tham số không được hỗ trợ.", "Unknown parameter."),
    "required": Text("Thiếu tham số bắt buộc.", "A required parameter is missing."),
    "type": Text("Sai kiểu dữ liệu.", "Wrong type."),
    "too_many": Text("Quá nhiều phần tử.", "Too many items."),
    "too_few": Text("Cần ít nhất một phần tử.", "At least one item is needed."),
    "unknown_field": Text("Không có trường dữ liệu này.", "There is no such field."),
    "automatic_field": Text(
        "Trường này tự kèm theo, không yêu cầu riêng được.",
        "This flag rides along with its field and can't be requested.",
    ),
    "identifier": Text(
        "Phải là số định danh 12 chữ số hoặc số chứng minh 9 chữ số, không có khoảng trắng.",
        "A 12-digit personal id or 9-digit identity number is needed, without spaces.",
    ),
    "date": Text("Ngày không hợp lệ.", "Not a valid date."),
    "combination": Text(
        "Tổ hợp tiêu chí tìm kiếm không được công bố.", "Not a published set of search criteria."
    ),
    "predicate": Text("Không có vị từ này.", "There is no such predicate."),
    "crs": Text("Hệ tọa độ không được phục vụ.", "This coordinate system is not served."),
    "bbox": Text(
        "Cần bốn số của một khung trên bản đồ.",
        "Four numbers of a rectangle on the map are needed.",
    ),
    "cursor": Text("Không có trang này.", "There is no such page."),
    "value": Text("Giá trị không hợp lệ.", "The value is not valid."),
}
_BREAK = frozenset(
    {"unknown", "required", "type", "too_many", "too_few", "unknown_field", "automatic_field"}
    | {"crs", "bbox", "cursor"}
)
_LIBRARY = {
    "Unknown field.": "unknown",
    "Missing data for required field.": "required",
    "Field may not be null.": "type",
}


class StrictSchema(ma.Schema):
    """A request shape in which a misspelt name is an error, never ignored."""

    class Meta:
        """Refuse what is not declared."""

        unknown = ma.RAISE


class MomentSchema(StrictSchema):
    """The two times of a question."""

    as_of = ma.fields.Date(metadata={"description": "Đúng vào ngày nào / true on which day."})
    known_at = ma.fields.AwareDateTime(
        metadata={"description": "Theo hiểu biết lúc nào / as the register knew it when."}
    )


def check_fields(catalogue: Catalogue) -> Callable[[list[str]], None]:
    """Return the check of requested paths: 1 to 130, each in ``catalogue``, no flag among them."""

    def check(paths: list[str]) -> None:
        if not paths:
            raise fail("too_few")
        if len(paths) > MOST_FIELDS:
            raise fail("too_many")
        problems = {index: catalogue.problem(path) for index, path in enumerate(paths)}
        errors = {index: [problem[0]] for index, problem in problems.items() if problem}
        if errors:
            raise ma.ValidationError(errors)

    return check


class _Delimited(ma.fields.List[str]):
    """Texts in one query parameter, separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        # A parameter that is given twice comes as a list of both.
        texts = [value] if isinstance(value, str) else value
        parts = [part for text in texts for part in str(text).split(",")]
        return super()._deserialize(parts, attr, data, **kwargs)


def paths_query(catalogue: Catalogue) -> type[ma.Schema]:
    """Return the query of a read of one record: which of its attributes."""
    paths = _Delimited(
        ma.fields.String(),
        required=True,
        data_key="fields",
        validate=check_fields(catalogue),
        metadata={
            "description": "Các đường dẫn, cách nhau bằng dấu phẩy / paths separated by commas."
        },
    )
    return StrictSchema.from_dict({"paths": paths}, name=f"{catalogue.register}Paths")


def moment_query(catalogue: Catalogue) -> type[ma.Schema]:
    """Return the query of a read of one record: which attributes, and at which moment."""
    return MomentSchema.from_dict(
        {"paths": paths_query(catalogue)().fields["paths"]}, name=f"{catalogue.register}Read"
    )


def moment_of(data: Mapping[str, Any]) -> Moment:
    """Return the moment that a loaded request asks about."""
    return Moment(data.get("as_of"), data.get("known_at"))


def database() -> Database:
    """Return the database of the application that answers this request."""
    found: Database = flask.current_app.extensions["sogoc"].database
    return found


class _Parser(FlaskParser):
    # Left to the schema everywhere: the library would drop unknown query parameters.
    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION)

    def load_json(self, req: flask.Request, schema: ma.Schema) -> Any:
        del schema
        charset = req.mimetype_params.get("charset", "utf-8").lower()
        if req.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType
        try:
            return orjson.loads(req.get_data())
        except orjson.JSONDecodeError:
            raise Malformed(
                Text("Nội dung không phải JSON hợp lệ.", "The body is not valid JSON.")
            ) from None

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Report all parameter errors at once."""
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise parameter_error(
            [
                found
                for location, below in messages.items()
                for found in _flatten(below, "" if location in {"json", "query"} else location)
            ]
        )


def parameter_error(errors: list[FieldError]) -> SogocError:
    """Return the one error for all that is wrong with the parameters."""
    broken = any(error.code in _BREAK for error in errors)
    return Malformed(errors=errors) if broken else Invalid(errors=errors)


def value_error(pointer: str, code: str) -> SogocError:
    """Return the error for one parameter that only its use shows to be wrong."""
    return parameter_error([FieldError(pointer, code, TEXTS[code])])


def _flatten(messages: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _flatten(below, pointer if key == "_schema" else f"{pointer}/{key}")
        return
    for message in messages:
        if isinstance(message, Mapping):
            # Where a check of the whole list names its items.
            yield from _flatten(message, pointer)
            continue
        code = message if message in TEXTS else _LIBRARY.get(message)
        if code is None:
            code = "date" if "date" in message else "type" if "Not a valid" in message else "value"
        yield FieldError(pointer, code, TEXTS[code])


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # the library has no types
    """A blueprint that reads strictly."""

    ARGUMENTS_PARSER = _Parser()


def fail(code: str) -> ma.ValidationError:
    """Return the error that a validator raises for a code of `TEXTS`."""
    return ma.ValidationError(code)


def answer(content: Any, status: int = 200, **headers: str) -> flask.Response:
    """Return ``content`` as JSON in UTF-8."""
    response = flask.Response(orjson.dumps(content), status, mimetype="application/json")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response
