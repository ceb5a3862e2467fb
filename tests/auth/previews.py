"""A preview that knows a family, in the place of the registers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from auth.consents.preview import Choice, Details, Item, Section, Shown
from auth.grants.grants import Grantor
from registry.kernel.errors import Text

CHILDREN = (
    Choice("01980000-0000-7000-8000-0000000000a1", "Trần Minh An"),
    Choice("01980000-0000-7000-8000-0000000000a2", "Trần Minh Bảo"),
)
NAME, BORN = "citizens:name.full", "citizens:birth_date"
VALUES = {NAME: ("Nguyễn Thị Lan",), BORN: ("17/05/1990",)}
LABELS = {NAME: Text("Họ, chữ đệm và tên", "Full name"), BORN: Text("Ngày sinh", "Date of birth")}


@dataclass
class Family:
    """Shows a person's own values, and of the role ``child`` the children to choose among."""

    children: tuple[Choice, ...] = CHILDREN
    many: bool = False
    as_of: date = date(2026, 11, 2)
    looked: int = 0

    def show(self, session: Session, client_id: str, person: Grantor, details: Details) -> Shown:
        del session, client_id, person
        self.looked += 1
        sections = []
        for detail in details:
            for role in detail["subjects"]:
                items = tuple(
                    Item(
                        attribute,
                        LABELS.get(attribute, Text(attribute, attribute)),
                        VALUES.get(attribute, ()),
                        Text("Sổ gốc công dân", "Register of citizens"),
                        self.as_of,
                        attribute in detail["optional"],
                    )
                    for attribute in detail["attributes"]
                )
                title = Text("Con", "Child") if role == "child" else Text("Bạn", "You")
                section = Section(role, title, (), many=False, items=items)
                if role == "child":
                    section = replace(section, people=self.children, many=self.many)
                sections.append(section)
        return Shown(tuple(sections), (), Text("Đăng ký khai sinh", "Birth registration"))
