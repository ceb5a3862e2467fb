"""Errors as pages: on the routes of pages always, elsewhere for a browser that found nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import flask
import sqlalchemy as sa
from werkzeug.exceptions import HTTPException, NotFound

from auth.guard import trace_id
from auth.signin.api import refuse
from auth.signin.refusals import SignInRefused
from registry.kernel.errors import Moved, SogocError, Text, places_of
from registry.problems import PROBLEMS, of_http
from registry.web.rendering import page

logger = logging.getLogger("sogoc")
_NOT_FOUND, _FORBIDDEN, _INTERNAL, _UNAVAILABLE = 404, 403, 500, 503
# Nobody reads pages below these: what is missing there is told to programs.
_OF_PROGRAMS = ("/v1/", "/oauth/", "/.well-known/", "/problems/", "/docs/", "/assets/", "/demo/")


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says went wrong, and what to do next."""

    title: Text
    next: Text


_TOLD = {
    _NOT_FOUND: Told(
        Text("Không tìm thấy trang", "Page not found"),
        Text(
            "Hãy kiểm tra lại địa chỉ, hoặc bắt đầu lại từ trang đầu.",
            "Check the address, or begin again from the first page.",
        ),
    ),
    _FORBIDDEN: Told(
        Text("Bạn không xem được trang này", "You can't see this page"),
        Text(
            "Nếu bạn có vai trò khác, hãy đăng xuất rồi đăng nhập lại bằng vai trò đó.",
            "If you have another role, sign out and sign in again by that role.",
        ),
    ),
    _UNAVAILABLE: Told(
        Text("Tạm thời chưa phục vụ được", "Not available just now"),
        Text("Hãy thử lại sau ít phút.", "Try again in a few minutes."),
    ),
    _INTERNAL: Told(
        Text("Có lỗi ở phía chúng tôi", "Something went wrong on our side"),
        Text(
            "Không phải lỗi của bạn. Hãy thử lại; nếu vẫn lỗi, hãy báo kèm mã tra cứu dưới đây.",
            "It is not your fault. Try again; if it happens again, tell us the reference below.",
        ),
    ),
}
_OTHER = Told(
    Text("Chưa thực hiện được", "That did not work"),
    Text("Hãy quay lại trang trước và thử lại.", "Go back to the page before and try again."),
)
_GONE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


def blueprint(name: str) -> flask.Blueprint:
    """Return a blueprint for pages, whose errors are pages too."""
    made = flask.Blueprint(name, __name__)
    made.register_error_handler(SignInRefused, refuse)
    made.register_error_handler(SogocError, _refused)
    made.register_error_handler(HTTPException, _http)
    made.register_error_handler(Exception, _unexpected)
    return made


def register(app: flask.Flask) -> None:
    """Let a missing page be told as a page where a browser asks for one."""
    app.register_error_handler(_NOT_FOUND, _missing)


def _refused(error: SogocError) -> flask.Response:
    # A record that was merged away is none that a page leads to.
    status = _NOT_FOUND if isinstance(error, Moved) else PROBLEMS[error.code].status
    return _page(status, error.detail)


def _http(error: HTTPException) -> flask.Response:
    return _page(error.code or _INTERNAL)


def _unexpected(error: Exception) -> flask.Response:
    if isinstance(error, _GONE) or getattr(error, "connection_invalidated", False):
        logger.error("database %s trace_id=%s", type(error).__name__, trace_id())
        return _page(_UNAVAILABLE)
    logger.error("unexpected %s trace_id=%s %s", type(error).__name__, trace_id(), places_of(error))
    return _page(_INTERNAL)


def _missing(error: NotFound) -> flask.Response:
    accepts = flask.request.accept_mimetypes
    browser = accepts["text/html"] > accepts["application/json"]
    if browser and not flask.request.path.startswith(_OF_PROGRAMS):
        return _page(_NOT_FOUND)
    return of_http(error)


def _page(status: int, detail: Text | None = None) -> flask.Response:
    told = _TOLD.get(status, _OTHER)
    return page("error", status, told=told, detail=detail, trace=trace_id())
