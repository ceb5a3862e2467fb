"""The columns of the file of citizens, in the order of the Law on Identification, article 9."""

from __future__ import annotations

from datasets.specs.base import Column


def _address(name: str, vi: str, *examples: str) -> tuple[Column, ...]:
    text, commune, on = examples or ("", "", "")
    return (
        Column(name, vi[0].upper() + vi[1:], text),
        Column(f"{name}_commune", f"Mã xã {vi}", commune),
        Column(f"{name}_on", f"Mã xã {vi} ghi ngày", on),
    )


def _paper(name: str, vi: str, *, expires: bool = True) -> tuple[Column, ...]:
    columns = (
        Column(f"{name}_issued_on", f"Ngày cấp {vi}"),
        Column(f"{name}_issuer", f"Nơi cấp {vi}"),
    )
    return (*columns, Column(f"{name}_expires_on", f"{vi} có giá trị đến")) if expires else columns


def _person(name: str, vi: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_name", f"Họ tên {vi}"),
        Column(f"{name}_id", f"Số định danh {vi}"),
        Column(f"{name}_nine_digit_id", f"Số chứng minh 9 số {vi}"),
        Column(f"{name}_nationality", f"Quốc tịch {vi}"),
    )


COLUMNS = (
    Column("personal_id", "Số định danh cá nhân", "900190000001", required=True),
    *_paper("personal_id", "thẻ căn cước"),
    Column("nine_digit_id", "Số chứng minh 9 số", "900000001"),
    *_paper("nine_digit_id", "chứng minh 9 số", expires=False),
    Column("cancelled_id", "Số định danh đã hủy"),
    Column("cancelled_id_on", "Hủy số định danh ngày"),
    Column("passport", "Số hộ chiếu"),
    *_paper("passport", "hộ chiếu"),
    Column("origin_certificate", "Số giấy chứng nhận căn cước"),
    *_paper("origin_certificate", "giấy chứng nhận căn cước"),
    Column("full_name", "Họ, chữ đệm và tên", "Nguyễn Thị Lan", required=True),
    Column("family_name", "Họ", "Nguyễn"),
    Column("middle_name", "Chữ đệm", "Thị"),
    Column("given_name", "Tên", "Lan"),
    Column("other_name", "Tên gọi khác, cách nhau bằng dấu chấm phẩy"),
    Column("birth_date", "Ngày sinh", "17/05/1990"),
    Column("sex", "Giới tính", "Nữ"),
    Column("ethnicity", "Dân tộc", "Kinh"),
    Column("religion", "Tôn giáo", "Không"),
    Column("nationality", "Quốc tịch", "VN"),
    Column("other_nationalities", "Quốc tịch khác, cách nhau bằng dấu chấm phẩy"),
    Column("blood_type", "Nhóm máu"),
    *_address("birth_place", "nơi sinh", "Bệnh viện Từ Dũ", "26743", "17/05/1990"),
    *_address("birth_registration_place", "nơi đăng ký khai sinh"),
    *_address("hometown", "quê quán", "Xã Tân Thông Hội, huyện Củ Chi", "", ""),
    *_address("permanent_address", "nơi thường trú", "169/8A/12 đường Số 1", "26737", "01/03/2015"),
    Column("permanent_from", "Thường trú từ", "2015"),
    *_address("temporary_address", "nơi tạm trú"),
    Column("temporary_from", "Tạm trú từ"),
    Column("temporary_until", "Tạm trú đến"),
    *_address("current_address", "nơi ở hiện tại"),
    Column("current_from", "Ở nơi hiện tại từ"),
    *_address("absence_address", "nơi đến khi tạm vắng"),
    Column("absence_from", "Tạm vắng từ"),
    Column("absence_until", "Tạm vắng đến"),
    Column("residence_file", "Số hồ sơ cư trú", "HK-0000001"),
    Column("marital_status", "Tình trạng hôn nhân", "Đang có vợ hoặc chồng"),
    Column("marital_books_complete", "Sổ hộ tịch đã số hóa đủ (1/0)", "1"),
    Column("marital_books", "Những sổ hộ tịch đã tra", "Sổ kết hôn Phường Đa Kao 2008-2025"),
    *_person("father", "cha"),
    *_person("mother", "mẹ"),
    *_person("spouse", "vợ hoặc chồng"),
    *_person("representative", "người đại diện"),
    Column("representative_kind", "Tư cách đại diện"),
    Column("life_status", "Tình trạng", "Còn sống"),
    Column("death_date", "Ngày chết"),
    Column("missing_since", "Mất tích từ ngày"),
    Column("phone", "Số điện thoại"),
    Column("email", "Thư điện tử"),
    Column("valid_from", "Trạng thái này có từ ngày"),
)
