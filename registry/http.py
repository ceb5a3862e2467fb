"""What every API shares at the edge: reading requests strictly, answering JSON.

Statuses are not decided here: what is wrong becomes a typed error, and `registry.problems`
turns that into an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, NoReturn, TypeVar

import flask
import flask_smorest
import marshmallow as ma
import orjson
from webargs.flaskparser import FlaskParser
from werkzeug.routing import BaseConverter

from auth.guard import view_of
from registry.kernel.db import Database
from registry.kernel.errors import (
    FieldError,
    Invalid,
    Malformed,
    NotAcceptable,
    SogocError,
    Text,
    UnsupportedMediaType,
)
from registry.kernel.faults import Faults
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
    "control": Text("Có ký tự điều khiển.", "Control characters are not allowed."),
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
    "Invalid input type.": "type",
}


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
# A name that may be told back to whoever sent it: no text, and no identifier put in its place.
_NAME = re.compile(r"(?!.*[0-9]{9})[0-9A-Za-z_.:-]{1,64}")


_View = TypeVar("_View", bound=Callable[..., Any])
_ANSWERS = (
    "application/json",
    "application/geo+json",
    "application/json;charset=utf-8",
    "application/problem+json",
)


class StrictSchema(ma.Schema):
    """A request shape in which a misspelt name is an error, never ignored."""

    class Meta:
        """Refuse what is not declared."""

        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Let no text hold control characters: databases and terminals trip over them."""
        del field_name
        for field in _parts(field_obj):
            if isinstance(field, ma.fields.String):
                field.validators = [_check_control, *field.validators]


def _parts(field: ma.fields.Field[Any]) -> Iterator[ma.fields.Field[Any]]:
    yield field
    for name in ("inner", "key_field", "value_field"):
        below = getattr(field, name, None)
        if below is not None:
            yield from _parts(below)


def _check_control(value: str) -> None:
    if _CONTROL.search(value):
        raise fail("control")


class Day(ma.fields.Date):
    """A day as ISO 8601 writes it in full, in ASCII digits."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        _require_form(value, _DAY)
        return super()._deserialize(value, *args, **kwargs)


class Instant(ma.fields.AwareDateTime):
    """A moment by RFC 3339, with its offset."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        _require_form(value, _INSTANT)
        moment = super()._deserialize(value, *args, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise fail("date") from None


def _require_form(value: Any, form: re.Pattern[str]) -> None:
    if not isinstance(value, str):
        raise fail("type")
    if form.fullmatch(value) is None:
        raise fail("date")


class MomentSchema(StrictSchema):
    """The two times of a question."""

    as_of = Day(metadata={"description": "Đúng vào ngày nào / true on which day."})
    known_at = Instant(
        metadata={"description": "Theo hiểu biết lúc nào / as the register knew it when."}
    )


class Texts(ma.fields.List[str]):
    """One or more texts, at most ``most()``; their number and every one are checked together.

    ``problem`` returns the code of what is wrong with a text, or None; ``item`` says the same as
    JSON Schema, for the document. The library's own list would stop at the first kind of error.
    """

    def __init__(
        self,
        most: Callable[[], int],
        problem: Callable[[str], str | None],
        item: Mapping[str, Any],
        *,
        required: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(ma.fields.String(metadata=dict(item)), required=required, **more)
        self._most = most
        self._problem = problem

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[str | None]:
        del attr, data, kwargs
        if not isinstance(value, list):
            raise fail("type")
        if not value:
            raise fail("too_few")
        most = self._most()
        errors: dict[Any, Any] = {"_schema": ["too_many"]} if len(value) > most else {}
        for index, text in enumerate(value[:most]):
            code = self._problem(text) if isinstance(text, str) else "type"
            if code:
                errors[index] = [code]
        if errors:
            raise ma.ValidationError(errors)
        return list(value)


class Paths(Texts):
    """Requested attributes of ``catalogue``: 1 to 130 paths or groups, no flag among them."""

    def __init__(self, catalogue: Catalogue, **more: Any) -> None:
        def problem(path: str) -> str | None:
            found = catalogue.problem(path)
            return found[0] if found else None

        asked = {"enum": sorted(_paths_and_groups(catalogue))}
        super().__init__(lambda: MOST_FIELDS, problem, asked, **{"data_key": "fields", **more})


def _paths_and_groups(catalogue: Catalogue) -> set[str]:
    found: set[str] = set()
    for attribute in catalogue.attributes:
        steps = attribute.path.split(".")
        found |= {".".join(steps[:length]) for length in range(1, len(steps) + 1)}
    return found


class DelimitedPaths(Paths):
    """Paths in one query parameter, separated by commas."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[str | None]:
        # A parameter that is given twice comes as a list of both.
        texts = [value] if isinstance(value, str) else value
        parts = [part for text in texts for part in str(text).split(",")]
        return super()._deserialize(parts, attr, data, **kwargs)


def paths_query(catalogue: Catalogue) -> type[ma.Schema]:
    """Return the query of a read of one record: which of its attributes."""
    paths = DelimitedPaths(
        catalogue,
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


def require_up(register: str, record_id: str) -> None:
    """Let a sandbox's fault on purpose befall a question about a citizen (`Faults.raise_for`)."""
    faults: Faults = flask.current_app.extensions["sogoc"].faults
    faults.raise_for(register, record_id)


class Segment(BaseConverter):
    """One segment of a path, other than the verbs that POST to a whole collection.

    So a GET of such a verb is a wrong method, not a record of that name.
    """

    regex = r"(?!(?:invitations|lookup|search|verify)$)[^/]+"


class _Parser(FlaskParser):
    # Left to the schema everywhere: the library would drop unknown query parameters.
    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION)

    def parse(self, argmap: Any, req: Any = None, *, location: Any = None, **more: Any) -> Any:
        """Read one location, and refuse what is asked beside it."""
        loaded = super().parse(argmap, req, location=location, **more)
        if location == "json" and (stray := _stray()):
            raise parameter_error(stray)
        return loaded

    def load_json(self, req: flask.Request, schema: ma.Schema) -> Any:
        del schema
        _require_json_accepted(req)
        charset = req.mimetype_params.get("charset", "utf-8").lower()
        if req.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType
        return read_json(req.get_data())

    def load_querystring(self, req: flask.Request, schema: ma.Schema) -> Any:
        """Return each parameter as its text; one that is given twice as both, which few allow."""
        del schema
        _require_json_accepted(req)
        return {key: v[0] if len(v) == 1 else v for key, v in req.args.lists()}

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Report all parameter errors at once."""
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        stray = _stray() if "json" in messages else []
        raise parameter_error(
            [
                found
                for location, below in messages.items()
                for found in _flatten(below, "" if location in {"json", "query"} else location)
            ]
            + stray
        )


def _stray() -> list[FieldError]:
    """Name the parameters in the URL of a request whose parameters belong in the body."""
    return [
        FieldError(f"/{_step(name)}", "unknown", TEXTS["unknown"]) for name in flask.request.args
    ]


def answers(*kinds: str) -> Callable[[_View], _View]:
    """Say in which media types a view answers beside JSON."""

    def decorate(view: _View) -> _View:
        view.answers = kinds  # type: ignore[attr-defined]
        return view

    return decorate


def _require_json_accepted(request: flask.Request) -> None:
    kinds = request.accept_mimetypes
    view = view_of(flask.current_app, request.endpoint, request.method)
    if kinds and not any(kinds[kind] for kind in (*_ANSWERS, *getattr(view, "answers", ()))):
        raise NotAcceptable


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text by RFC 8259 in UTF-8, in which no name is repeated.

    Raises Malformed. A repeated name is refused because readers disagree on which one counts.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed(
            Text("Nội dung không phải JSON hợp lệ.", "The body is not valid JSON.")
        ) from None
    try:
        json.loads(body, object_pairs_hook=_require_unique)
    except (ValueError, RecursionError):
        raise Malformed(
            Text(
                "Một tên bị lặp trong đối tượng JSON, hoặc JSON lồng quá sâu.",
                "A name is repeated in a JSON object, or the nesting is too deep.",
            )
        ) from None
    return found


def _require_unique(pairs: Sequence[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError


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
            yield from _flatten(below, pointer if key == "_schema" else f"{pointer}/{_step(key)}")
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


def _step(key: Any) -> str:
    """Return a step of a JSON pointer; a name that might say something personal stays unsaid."""
    name = str(key)
    return name if _NAME.fullmatch(name) else "*"


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
