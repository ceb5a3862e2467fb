"""The columns of the file of acts: one row an act, everything that any act can say side by side."""

from __future__ import annotations

from collections.abc import Iterator

from datasets.specs.base import Column

# The order of the roles in the file, each with what a steward calls it.
ROLES = {
    "child": "trẻ em",
    "mother": "mẹ",
    "father": "cha",
    "husband": "chồng",
    "wife": "vợ",
    "deceased": "người chết",
    "guardian": "người giám hộ",
    "ward": "người được giám hộ",
    "parent": "người nhận con hoặc cha mẹ",
    "person": "người được thay đổi, cải chính",
    "declarant": "người đi đăng ký",
}
MOST_CHANGES = 3

_EXAMPLES = {
    "child_name": "Nguyễn Ngọc My",
    "child_birth_date": "11/02/2020",
    "child_sex": "Nữ",
    "child_ethnicity": "Kinh",
    "child_nationality": "VN",
    "child_id": "900320000104",
    "mother_name": "Trần Thị Lan",
    "mother_birth_date": "1990",
    "mother_id": "900190000102",
    "father_name": "Nguyễn Văn Hòa",
    "father_birth_date": "1987",
}


def _address(name: str, vi: str) -> Iterator[Column]:
    yield Column(name, vi[0].upper() + vi[1:])
    yield Column(f"{name}_commune", f"Mã xã {vi}")
    yield Column(f"{name}_on", f"Mã xã {vi} ghi ngày")


def _person(role: str, vi: str) -> Iterator[Column]:
    for name, what in (
        ("name", "Họ tên"),
        ("birth_date", "Ngày hoặc năm sinh"),
        ("sex", "Giới tính"),
        ("ethnicity", "Dân tộc"),
        ("nationality", "Quốc tịch"),
        ("id", "Số định danh"),
        ("paper", "Giấy tờ"),
    ):
        column = f"{role}_{name}"
        yield Column(column, f"{what} {vi}", _EXAMPLES.get(column, ""))
    yield from _address(f"{role}_residence", f"nơi cư trú {vi}")


def _changes() -> Iterator[Column]:
    for n in range(1, MOST_CHANGES + 1):
        yield Column(f"change{n}_field", f"Nội dung thay đổi {n}")
        yield Column(f"change{n}_from", f"Giá trị cũ {n}")
        yield Column(f"change{n}_to", f"Giá trị mới {n}")


COLUMNS = (
    Column("code", "Mã ở hệ thống nguồn", "HT-00000004", required=True),
    Column("type", "Loại việc hộ tịch", "Khai sinh", required=True),
    Column("of", "Việc được ghi chú (đăng ký ở nước ngoài)"),
    Column("number", "Số", "1"),
    Column("book", "Quyển số", "01/2020-KS"),
    Column("registered_on", "Ngày đăng ký", "28/02/2020"),
    Column("year", "Năm của sổ, khi không biết ngày"),
    Column("office_name", "Nơi đăng ký", "Ủy ban nhân dân Phường Đa Kao", required=True),
    Column("office_code", "Mã đơn vị khi đăng ký", "26737"),
    Column("office_on", "Mã đơn vị ghi ngày, khi khác ngày đăng ký"),
    Column("signer_name", "Người ký", "Lê Văn Hải"),
    Column("signer_title", "Chức vụ người ký", "Phó Chủ tịch"),
    Column("handled_by", "Người thực hiện"),
    Column("registration_kind", "Loại đăng ký", "Đúng hạn"),
    Column("digitisation", "Trạng thái số hóa", "Đăng ký điện tử"),
    Column("scan_id", "Mã bản quét"),
    Column("source_quality", "Chất lượng nguồn (ghi khi có nghi vấn)"),
    *(column for role, vi in ROLES.items() for column in _person(role, vi)),
    *_address("birth_place", "nơi sinh"),
    *_address("birth_hometown", "quê quán"),
    Column("marriage_on", "Ngày xác lập quan hệ hôn nhân"),
    Column("death_date", "Ngày chết"),
    Column("death_time", "Giờ, phút chết"),
    *_address("death_place", "nơi chết"),
    Column("death_cause", "Nguyên nhân chết"),
    Column("death_notice_number", "Số giấy báo tử"),
    Column("death_notice_issuer", "Nơi cấp giấy báo tử"),
    Column("death_notice_date", "Ngày giấy báo tử"),
    Column("guardianship_kind", "Loại giám hộ"),
    Column("guardianship_reason", "Lý do giám hộ"),
    Column("guardianship_scope", "Phạm vi giám hộ"),
    Column("guardianship_from", "Giám hộ từ ngày"),
    Column("guardianship_to", "Giám hộ đến ngày"),
    Column("parentage_relation", "Quan hệ được nhận (father hoặc mother)"),
    *_changes(),
    Column("amendment_reason", "Lý do thay đổi, cải chính"),
    Column("amendment_basis", "Căn cứ thay đổi, cải chính"),
    Column("decision_kind", "Loại bản án, quyết định"),
    Column("decision_number", "Số bản án, quyết định"),
    Column("decision_court", "Tòa án, cơ quan"),
    Column("decision_effective_on", "Ngày có hiệu lực"),
    Column("amends", "Mã việc gốc được sửa hoặc ghi chú"),
    Column("note", "Ghi chú"),
)
