"""What an act of civil status can answer.

Everybody whom an act names has paths of their own, so that an agreement must say whose numbers
and addresses it means; the cause of a death and the ethnicity of people are sensitive.
"""

from __future__ import annotations

from collections.abc import Iterator

from registry.civil_status.acts import ROLES
from registry.kernel.fields import Attribute, Catalogue

# What tells where somebody can be met; one protected person withholds it.
WHEREABOUTS = (*(f"persons.{role}.residence" for role in ROLES), "birth.place", "death.place")

_PEOPLE = {
    "child": ("trẻ em", "child"),
    "mother": ("mẹ", "mother"),
    "father": ("cha", "father"),
    "husband": ("chồng", "husband"),
    "wife": ("vợ", "wife"),
    "deceased": ("người chết", "deceased"),
    "guardian": ("người giám hộ", "guardian"),
    "ward": ("người được giám hộ", "ward"),
    "parent": ("người nhận", "recognising parent"),
    "person": ("người được ghi", "person concerned"),
    "declarant": ("người đi đăng ký", "declarant"),
}


def _persons() -> Iterator[Attribute]:
    for role in ROLES:
        vi, en = _PEOPLE[role]
        path = f"persons.{role}"
        yield Attribute(f"{path}.name", f"Họ, chữ đệm, tên {vi}", f"Name of the {en}")
        yield Attribute(f"{path}.birth_date", f"Ngày sinh {vi}", f"Birth date of the {en}")
        yield Attribute(f"{path}.sex", f"Giới tính {vi}", f"Sex of the {en}")
        yield Attribute(f"{path}.ethnicity", f"Dân tộc {vi}", f"Ethnicity of the {en}", "sensitive")
        yield Attribute(f"{path}.nationality", f"Quốc tịch {vi}", f"Nationality of the {en}")
        yield Attribute(f"{path}.residence", f"Nơi cư trú {vi}", f"Residence of the {en}")
        yield Attribute(f"{path}.personal_id", f"Số định danh {vi}", f"Personal id of the {en}")
        yield Attribute(f"{path}.citizen_id", f"Mã bản ghi {vi}", f"Record id of the {en}")
        yield Attribute(f"{path}.paper", f"Giấy tờ {vi}", f"Identity paper of the {en}")


CATALOGUE = Catalogue(
    "civil_status",
    [
        Attribute("code", "Mã ở hệ thống nguồn", "Key in the source system"),
        Attribute("type", "Loại việc hộ tịch", "Type of act"),
        Attribute("of", "Việc được ghi chú", "Event that is noted"),
        Attribute("number", "Số", "Number"),
        Attribute("book", "Quyển số", "Book"),
        Attribute("registered_on", "Ngày đăng ký", "Date of registration"),
        Attribute("year", "Năm của sổ", "Year of the book"),
        Attribute("office", "Nơi đăng ký", "Office of registration"),
        Attribute("signer", "Người ký", "Signer"),
        Attribute("handled_by", "Người thực hiện", "Handled by"),
        Attribute("registration_kind", "Loại đăng ký", "Kind of registration"),
        Attribute("digitisation", "Trạng thái số hóa", "State of digitisation"),
        Attribute("scan_id", "Mã bản quét", "Scan"),
        Attribute("source_quality", "Chất lượng nguồn", "Quality of the source"),
        *_persons(),
        Attribute("birth.place", "Nơi sinh", "Place of birth"),
        Attribute("birth.hometown", "Quê quán", "Hometown"),
        Attribute("marriage.established_on", "Ngày xác lập hôn nhân", "Marriage established on"),
        Attribute("death.date", "Ngày chết", "Date of death"),
        Attribute("death.time", "Giờ chết", "Time of death"),
        Attribute("death.place", "Nơi chết", "Place of death"),
        Attribute("death.cause", "Nguyên nhân chết", "Cause of death", "sensitive"),
        Attribute("death.notice", "Giấy báo tử", "Notice of death"),
        Attribute("guardianship.kind", "Loại giám hộ", "Kind of guardianship"),
        Attribute("guardianship.reason", "Lý do giám hộ", "Reason of guardianship", "sensitive"),
        Attribute("guardianship.scope", "Phạm vi giám hộ", "Scope of guardianship"),
        Attribute("guardianship.from", "Giám hộ từ ngày", "Guardianship from"),
        Attribute("guardianship.to", "Giám hộ đến ngày", "Guardianship until"),
        Attribute("parentage.relation", "Quan hệ được nhận", "Relation recognised"),
        Attribute("amendment.changes", "Nội dung thay đổi", "What is changed", "sensitive"),
        Attribute("amendment.reason", "Lý do thay đổi", "Reason of the change"),
        Attribute("amendment.basis", "Căn cứ thay đổi", "Basis of the change"),
        Attribute("decision.kind", "Loại bản án, quyết định", "Kind of decision"),
        Attribute("decision.number", "Số bản án, quyết định", "Number of the decision"),
        Attribute("decision.court", "Tòa án, cơ quan", "Court or agency"),
        Attribute("decision.effective_on", "Ngày có hiệu lực", "In force since"),
        Attribute("amends", "Việc gốc được sửa hoặc ghi chú", "Act that is amended or noted"),
        Attribute("amended_by", "Biến động sau đăng ký", "Later acts about this one"),
        Attribute("note", "Ghi chú", "Note", "sensitive"),
    ],
    flags=("under_review",),
)
