"""Typed inner errors. No HTTP here: `registry.problems` alone maps them to answers.

Every error carries a stable ``code`` and its message in Vietnamese and English. Messages
never repeat a personal value: they may end up in logs.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages."""

    vi: str
    en: str

    def pick(self, language: str) -> str:
        """Return the message in ``language`` (``"en"``, anything else is Vietnamese)."""
        return self.en if language == "en" else self.vi


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one parameter: where (JSON pointer), what (code), in words."""

    pointer: str
    code: str
    text: Text


class SogocError(Exception):
    """Base of every error that the product means to raise."""

    code: ClassVar[str] = "internal"
    text: ClassVar[Text] = Text("Lỗi không xác định.", "Unexpected error.")

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        **members: Any,
    ) -> None:
        self.detail = detail or self.text
        self.errors = tuple(errors)
        # Extra members of the answer, for example candidates or the location of a moved record.
        self.members = members
        super().__init__(self.detail.en)


class Malformed(SogocError):
    """The request can't be understood: broken JSON, unknown parameter, unknown field."""

    code = "malformed"
    text = Text("Yêu cầu không đúng định dạng.", "The request is malformed.")


class PurposeMissing(Malformed):
    """A request for personal data came without its procedure or case."""

    code = "purpose-missing"
    text = Text(
        "Thiếu mục đích: cần tiêu đề Sogoc-Procedure và Sogoc-Case.",
        "The purpose is missing: send the Sogoc-Procedure and Sogoc-Case headers.",
    )


class Invalid(SogocError):
    """The request is understood, but a value breaks a rule."""

    code = "invalid"
    text = Text("Giá trị không hợp lệ.", "A value is not valid.")


class Unauthenticated(SogocError):
    """No valid access token."""

    code = "unauthenticated"
    text = Text("Cần mã truy cập hợp lệ.", "A valid access token is required.")


class StepUpNeeded(Unauthenticated):
    """The token is valid, but who stands behind it has not proved enough for this (RFC 9470)."""

    code = "step-up-needed"
    text = Text(
        "Việc này cần người đăng nhập bằng nhiều yếu tố, gần đây: hãy đăng nhập lại.",
        "This needs a person who has signed in by several factors, and lately: sign in again.",
    )


class ScopeMissing(SogocError):
    """The token lacks the scope of this route (RFC 6750 section 3.1)."""

    code = "insufficient-scope"
    text = Text("Mã truy cập thiếu phạm vi cần thiết.", "The access token lacks the scope.")


class Refused(SogocError):
    """Outside the agreement of the client for this procedure."""

    code = "outside-agreement"
    text = Text(
        "Thỏa thuận chia sẻ dữ liệu không cho phép yêu cầu này.",
        "The data-sharing agreement does not allow this request.",
    )


class NoAgreement(Refused):
    """The client has no agreement in force for the procedure it names."""

    code = "no-agreement"
    text = Text(
        "Không có thỏa thuận chia sẻ dữ liệu còn hiệu lực cho thủ tục này.",
        "No data-sharing agreement is in force for this procedure.",
    )


class ConsentNeeded(Refused):
    """A person has to agree first, and nothing that was sent says that they did."""

    code = "consent-needed"
    text = Text(
        "Cần người dân đồng ý trước: hãy gửi yêu cầu qua /oauth/par.",
        "The person has to agree first: push a request to /oauth/par.",
    )


class Withheld(Refused):
    """The record is protected, and the agreement does not reach what was asked of it."""

    code = "withheld"
    text = Text("Thông tin này được bảo vệ.", "This information is protected.")


class NotFound(SogocError):
    """No such record, or none that the client may know of."""

    code = "not-found"
    text = Text("Không tìm thấy.", "Not found.")


class Moved(SogocError):
    """The record was merged into another; ``record_id`` names the survivor."""

    code = "moved"
    text = Text("Bản ghi đã được hợp nhất.", "The record has been merged into another.")

    def __init__(self, record_id: str, **members: Any) -> None:
        super().__init__(**members)
        self.record_id = record_id


class UnsupportedMediaType(SogocError):
    """The body is not JSON in UTF-8."""

    code = "unsupported-media-type"
    text = Text("Nội dung phải là application/json.", "The body must be application/json.")


class NotAcceptable(SogocError):
    """The client accepts no JSON."""

    code = "not-acceptable"
    text = Text("Câu trả lời chỉ có dạng JSON.", "The answer is JSON only.")


class Conflict(SogocError):
    """The state of things does not allow this."""

    code = "conflict"
    text = Text("Trạng thái hiện tại không cho phép.", "The present state does not allow this.")


class NotInMode(SogocError):
    """The mode of this dataset keeps no copies, so this can't be answered from here."""

    code = "not-in-mode"
    text = Text(
        "Bộ dữ liệu này chỉ giữ con trỏ, không giữ bản sao: hãy tra cứu hiện tại theo số.",
        "This dataset is held as pointers, without copies: look up the present by number.",
    )


class Ambiguous(SogocError):
    """What was asked for fits several records; ``candidates`` name them as far as anybody may."""

    code = "ambiguous"
    text = Text(
        "Yêu cầu khớp với nhiều bản ghi: hãy chọn một hoặc nêu rõ hơn.",
        "Several records fit: choose one of them, or ask more exactly.",
    )


class TooManyRequests(SogocError):
    """The client called too often, or asked too often for the same person (`Retry-After`)."""

    code = "too-many-requests"
    text = Text(
        "Quá nhiều yêu cầu: hãy thử lại sau thời gian ghi ở Retry-After.",
        "Too many requests: try again after the time that Retry-After says.",
    )

    def __init__(self, retry_after: int = 1, **members: Any) -> None:
        super().__init__(**members)
        # In whole seconds, at least 1.
        self.retry_after = retry_after


class Unavailable(SogocError):
    """A part that is needed does not answer now; try again."""

    code = "unavailable"
    text = Text("Tạm thời chưa phục vụ được.", "Temporarily unavailable.")


class Interrupted(SogocError):
    """A job was cut off as often as it may be, and was given up."""

    code = "interrupted"
    text = Text(
        "Việc bị ngắt giữa chừng quá số lần cho phép: xem nhật ký của worker, rồi chạy lại.",
        "The job was cut off too many times: see the worker's log, then retry it.",
    )


def places_of(error: BaseException) -> str:
    """Return where an error came through, for a log; its message might hold personal values."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
