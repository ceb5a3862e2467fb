"""What a citizen record can answer: the published attributes, groups and derived values."""

from __future__ import annotations

from datetime import date
from typing import Any

from registry.kernel.dates import PartialDate, age_on
from registry.kernel.fields import Attribute, Catalogue, Document

# Attributes that tell where a person can be met; a protected address withholds all of them.
WHEREABOUTS = (
    "residence",
    "effective_residence",
    "temporary_absence",
    "residence_file",
    "phone",
    "email",
)
# When the source last confirmed the record, and what is told although that is too long ago.
VERIFIED, UNVERIFIED = "last_verified_at", "unverified"
_RESIDENCES = ("permanent", "temporary", "current")


def _age(document: Document, on: date) -> dict[str, int] | None:
    birth = document.get("birth_date")
    if birth is None:
        return None
    least, most = age_on(PartialDate.parse(birth["value"]), on)
    # Nobody has an age before they can have been born, and none is below 0.
    return {"least": max(least, 0), "most": most} if most >= 0 else None


def _effective_residence(document: Document, on: date) -> Any:
    """Permanent, else temporary, else current: the order of the Law on Residence, article 19.

    A temporary residence whose term is over is in force no more.
    """
    residence = document.get("residence", {})
    for kind in _RESIDENCES:
        entry = residence.get(kind, {})
        if "address" in entry and on.isoformat() <= entry.get("term_end", "9999"):
            return {"kind": kind, "address": entry["address"]}
    return None


def _person(path: str, vi: str, en: str) -> list[Attribute]:
    return [
        Attribute(f"{path}.name", f"Họ và tên {vi}", f"Name of the {en}"),
        Attribute(f"{path}.personal_id", f"Số định danh {vi}", f"Personal id of the {en}"),
        Attribute(f"{path}.nine_digit_id", f"Số chứng minh 9 số {vi}", f"Old id of the {en}"),
        Attribute(f"{path}.nationality", f"Quốc tịch {vi}", f"Nationality of the {en}"),
    ]


def _residence(kind: str, vi: str, en: str, *more: Attribute) -> list[Attribute]:
    path = f"residence.{kind}"
    return [
        Attribute(f"{path}.address", f"Nơi {vi}", f"Address of {en} residence"),
        Attribute(f"{path}.valid_from", f"Ngày bắt đầu {vi}", f"Start of {en} residence"),
        *more,
    ]


CATALOGUE = Catalogue(
    "citizens",
    [
        Attribute("personal_id", "Số định danh cá nhân", "Personal identification number"),
        Attribute("identifiers", "Các số giấy tờ, kể cả số cũ", "Identifiers, old ones included"),
        Attribute("name.full", "Họ, chữ đệm và tên", "Full name"),
        Attribute("name.family", "Họ", "Family name"),
        Attribute("name.middle", "Chữ đệm", "Middle name"),
        Attribute("name.given", "Tên", "Given name"),
        Attribute("name.other", "Tên gọi khác", "Other names"),
        Attribute("birth_date", "Ngày, tháng, năm sinh", "Date of birth"),
        Attribute("sex", "Giới tính", "Sex"),
        Attribute("ethnicity", "Dân tộc", "Ethnicity", "sensitive"),
        Attribute("religion", "Tôn giáo", "Religion", "sensitive"),
        Attribute("nationality", "Quốc tịch", "Nationality"),
        Attribute("other_nationalities", "Quốc tịch khác", "Other nationalities"),
        Attribute("blood_type", "Nhóm máu", "Blood type", "sensitive"),
        Attribute("birth_place", "Nơi sinh", "Place of birth"),
        Attribute("birth_registration_place", "Nơi đăng ký khai sinh", "Birth registered at"),
        Attribute("hometown", "Quê quán", "Hometown"),
        *_residence("permanent", "thường trú", "permanent"),
        *_residence(
            "temporary",
            "tạm trú",
            "temporary",
            Attribute("residence.temporary.term_end", "Hết hạn tạm trú", "End of the term"),
        ),
        *_residence("current", "ở hiện tại", "current"),
        Attribute("temporary_absence.address", "Nơi đến khi tạm vắng", "Address while absent"),
        Attribute("temporary_absence.valid_from", "Tạm vắng từ ngày", "Start of the absence"),
        Attribute("temporary_absence.until", "Tạm vắng đến ngày", "End of the absence"),
        Attribute("residence_file", "Số hồ sơ cư trú", "Number of the residence file"),
        Attribute("marital_status", "Tình trạng hôn nhân", "Marital status"),
        *_person("father", "cha", "father"),
        *_person("mother", "mẹ", "mother"),
        *_person("spouse", "vợ hoặc chồng", "spouse"),
        Attribute("children.name", "Họ và tên con", "Names of the children"),
        Attribute("children.personal_id", "Số định danh con", "Personal ids of the children"),
        *_person("representative", "người đại diện", "representative"),
        Attribute("representative.kind", "Tư cách đại diện", "Capacity of the representative"),
        Attribute("life_status", "Tình trạng sống, chết, mất tích", "Life status"),
        Attribute("phone", "Số điện thoại", "Phone"),
        Attribute("email", "Thư điện tử", "E-mail"),
        Attribute(
            "age",
            "Tuổi tròn",
            "Completed years",
            sources=("birth_date",),
            derive=_age,
            passing=True,
        ),
        Attribute(
            "effective_residence",
            "Nơi cư trú",
            "Residence in force",
            sources=(
                *(f"residence.{kind}.address" for kind in _RESIDENCES),
                "residence.temporary.term_end",
            ),
            derive=_effective_residence,
        ),
        Attribute(VERIFIED, "Nguồn xác nhận lần cuối", "Last confirmed by the source"),
    ],
    flags=("under_review", "uncertain", UNVERIFIED),
)
