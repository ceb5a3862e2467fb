"""Why a sign-in is refused: one kind each, told on a page in both languages.

The page never says more than the kind: what exactly was wrong with a provider's answer goes to
the log, where nothing personal stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a page tells: its HTTP status, and what happened and what to do in words."""

    code: str
    status: int
    text: Text


OFF = Refusal(
    "off", 404, Text("Hệ thống này chưa mở đăng nhập.", "Signing in is not set up on this system.")
)
RETURN_TO = Refusal(
    "return-to",
    400,
    Text("Địa chỉ quay về không thuộc trang này.", "The address to return to is not of this site."),
)
STATE = Refusal(
    "state",
    400,
    Text(
        "Lần đăng nhập này đã dùng, quá 10 phút, hoặc bắt đầu từ trình duyệt khác.",
        "This sign-in was used already, is older than 10 minutes, or began in another browser.",
    ),
)
DECLINED = Refusal(
    "declined",
    403,
    Text("Nhà cung cấp không xác nhận đăng nhập.", "The provider did not confirm the sign-in."),
)
NOT_BELIEVED = Refusal(
    "not-believed",
    403,
    Text(
        "Câu trả lời của nhà cung cấp không hợp lệ nên không được tin.",
        "The provider's answer is not valid and was not believed.",
    ),
)
DOWN = Refusal(
    "down",
    503,
    Text("Nhà cung cấp đăng nhập chưa trả lời.", "The sign-in provider does not answer now."),
)
UNKNOWN_PERSON = Refusal(
    "unknown-person",
    403,
    Text(
        "Không tìm thấy hồ sơ công dân nào ứng với tài khoản này. "
        "Hãy liên hệ công an cấp xã nơi cư trú.",
        "No citizen's record belongs to this account. "
        "Please ask the commune police where you live.",
    ),
)
DISABLED = Refusal(
    "disabled",
    403,
    Text("Tài khoản cán bộ này đã bị khóa.", "This staff account has been disabled."),
)
ENDED = Refusal(
    "ended",
    403,
    Text(
        "Phiên đăng nhập đã hết, nên biểu mẫu chưa được gửi.",
        "The session has ended, so the form was not sent.",
    ),
)
FORM = Refusal(
    "form",
    403,
    Text(
        "Biểu mẫu này không thuộc phiên đang mở. Hãy tải lại trang.",
        "This form does not belong to the open session. Load the page again.",
    ),
)


class SignInRefused(Exception):
    """A sign-in ends here; ``refusal`` is what the person reads, ``reason`` is for the log."""

    def __init__(self, refusal: Refusal, reason: str = "") -> None:
        self.refusal = refusal
        super().__init__(reason or refusal.code)
