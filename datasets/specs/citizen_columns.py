"""The columns of the file of citizens, in the order of the Law on Identification, article 9."""

from __future__ import annotations

from datasets.specs.base import Column


def _address(name: str, vi: str, *examples: str) -> tuple[Column, ...]:
    text, commune, on = examples or ("", "", "")
    return (
        Column(name, vi[0].upper() + vi[1:], text, kind="words"),
        Column(f"{name}_commune", f"Mã xã {vi}", commune, kind="digits"),
        Column(f"{name}_on", f"Mã xã {vi} ghi ngày", on, kind="date"),
    )


def _paper(name: str, vi: str, *, expires: bool = True) -> tuple[Column, ...]:
    columns = (
        Column(f"{name}_issued_on", f"Ngày cấp {vi}", kind="date"),
        Column(f"{name}_issuer", f"Nơi cấp {vi}", kind="words"),
    )
    expiry = Column(f"{name}_expires_on", f"{vi} có giá trị đến", kind="date_ahead")
    return (*columns, expiry) if expires else columns


def _person(name: str, vi: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_name", f"Họ tên {vi}", kind="words"),
        Column(f"{name}_id", f"Số định danh {vi}", kind="personal_id"),
        Column(f"{name}_nine_digit_id", f"Số chứng minh 9 số {vi}", kind="nine_digit_id"),
        Column(f"{name}_nationality", f"Quốc tịch {vi}", kind="code:nationality"),
    )


COLUMNS = (
    Column(
        "personal_id", "Số định danh cá nhân", "900190000001", required=True, kind="personal_id"
    ),
    *_paper("personal_id", "thẻ căn cước"),
    Column("nine_digit_id", "Số chứng minh 9 số", "900000001", kind="nine_digit_id"),
    *_paper("nine_digit_id", "chứng minh 9 số", expires=False),
    Column("cancelled_id", "Số định danh đã hủy", kind="personal_id"),
    Column("cancelled_id_on", "Hủy số định danh ngày", kind="date"),
    Column("passport", "Số hộ chiếu", kind="passport"),
    *_paper("passport", "hộ chiếu"),
    Column("origin_certificate", "Số giấy chứng nhận căn cước", kind="personal_id"),
    *_paper("origin_certificate", "giấy chứng nhận căn cước"),
    Column("full_name", "Họ, chữ đệm và tên", "Nguyễn Thị Lan", required=True, kind="words"),
    Column("family_name", "Họ", "Nguyễn", kind="words"),
    Column("middle_name", "Chữ đệm", "Thị", kind="words"),
    Column("given_name", "Tên", "Lan", kind="words"),
    Column("other_name", "Tên gọi khác, cách nhau bằng dấu chấm phẩy", kind="list"),
    Column("birth_date", "Ngày sinh", "17/05/1990", kind="date"),
    Column("sex", "Giới tính", "Nữ", kind="code:sex"),
    Column("ethnicity", "Dân tộc", "Kinh", kind="code:ethnicity"),
    Column("religion", "Tôn giáo", "Không", kind="code:religion"),
    Column("nationality", "Quốc tịch", "VN", kind="code:nationality"),
    Column(
        "other_nationalities",
        "Quốc tịch khác, cách nhau bằng dấu chấm phẩy",
        kind="codes:nationality",
    ),
    Column("blood_type", "Nhóm máu", kind="code:blood_type"),
    *_address("birth_place", "nơi sinh", "Bệnh viện Từ Dũ", "26743", "17/05/1990"),
    *_address("birth_registration_place", "nơi đăng ký khai sinh"),
    *_address("hometown", "quê quán", "Xã Tân Thông Hội, huyện Củ Chi", "", ""),
    *_address("permanent_address", "nơi thường trú", "169/8A/12 đường Số 1", "26737", "01/03/2015"),
    Column("permanent_from", "Thường trú từ", "2015", kind="date"),
    *_address("temporary_address", "nơi tạm trú"),
    Column("temporary_from", "Tạm trú từ", kind="date"),
    Column("temporary_until", "Tạm trú đến", kind="date_ahead"),
    *_address("current_address", "nơi ở hiện tại"),
    Column("current_from", "Ở nơi hiện tại từ", kind="date"),
    *_address("absence_address", "nơi đến khi tạm vắng"),
    Column("absence_from", "Tạm vắng từ", kind="date"),
    Column("absence_until", "Tạm vắng đến", kind="date_ahead"),
    Column("residence_file", "Số hồ sơ cư trú", "HK-0000001", kind="words"),
    Column(
        "marital_status", "Tình trạng hôn nhân", "Đang có vợ hoặc chồng", kind="code:marital_status"
    ),
    Column("marital_books_complete", "Sổ hộ tịch đã số hóa đủ (1/0)", "1", kind="words"),
    Column(
        "marital_books",
        "Những sổ hộ tịch đã tra",
        "Sổ kết hôn Phường Đa Kao 2008-2025",
        kind="words",
    ),
    *_person("father", "cha"),
    *_person("mother", "mẹ"),
    *_person("spouse", "vợ hoặc chồng"),
    *_person("representative", "người đại diện"),
    Column("representative_kind", "Tư cách đại diện", kind="code:representative_kind"),
    Column("life_status", "Tình trạng", "Còn sống", kind="code:life_status"),
    Column("death_date", "Ngày chết", kind="date"),
    Column("missing_since", "Mất tích từ ngày", kind="date"),
    Column("phone", "Số điện thoại", kind="digits"),
    Column("email", "Thư điện tử"),
    Column("valid_from", "Trạng thái này có từ ngày", kind="date"),
)
