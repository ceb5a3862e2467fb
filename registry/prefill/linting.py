"""What is wrong with a profile that can be read: each finding has a stable code and its place.

The linter answers two questions of whoever writes a profile: may every value be asked for (a
basis in force, an attribute that exists), and is any paper still asked for that the registers
answer already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status.attributes import CATALOGUE as CIVIL_STATUS
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.errors import Text
from registry.kernel.fields import Attribute
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.prefill.profiles import Basis, Component, Field, Profile, codes_in_force

CATALOGUES = {each.register: each for each in (CITIZENS, CIVIL_STATUS, HOUSEHOLDS, PARCELS)}
# Attributes of one person's records that tell of somebody else, who was not asked.
_OF_OTHERS = (
    *("households:head", "households:members", "civil_status:persons", "parcels:holders"),
    *("parcels:restrictions.party", "parcels:responsibilities.party", "citizens:children"),
    *("citizens:father", "citizens:mother", "citizens:spouse", "citizens:representative"),
)

MESSAGES = {
    "no_basis": Text(
        "Trường lấy dữ liệu mà không có căn cứ pháp lý.",
        "A field is filled with data without a legal basis.",
    ),
    "unknown_attribute": Text("Không sổ nào có thuộc tính này.", "No register has this attribute."),
    "basis_out_of_force": Text(
        "Căn cứ không còn hoặc chưa có hiệu lực vào ngày này.",
        "The basis is not in force on this day.",
    ),
    "paper_answered": Text(
        "Sổ gốc đã trả lời được mọi nội dung của giấy tờ này, nhưng thủ tục vẫn yêu cầu nộp:"
        " ghi replaced_by và ground, hoặc note nói vì sao vẫn cần.",
        "The registers answer all that this paper proves, and it is still asked for: give"
        " replaced_by and ground, or a note that says why it stays.",
    ),
    "paper_not_answered": Text(
        "Giấy tờ được ghi là thay bằng dữ liệu, nhưng có trường không sổ nào điền được.",
        "A paper is said to be replaced by a field that no register fills.",
    ),
    "paper_open": Text(
        "Giấy tờ không nói chứng minh điều gì (proves) hay vì sao cần (note).",
        "The paper says neither what it proves nor why it stays.",
    ),
    "paper_may_be_unticked": Text(
        "Giấy tờ được thay bằng trường mà người dân có thể bỏ chọn.",
        "A paper is replaced by a field that the citizen may leave out.",
    ),
    "sensitive_unjustified": Text(
        "Thuộc tính nhạy cảm mà không có lý do (justification).",
        "A sensitive attribute without a justification.",
    ),
    "others_unjustified": Text(
        "Thuộc tính nói về người khác, không ai hỏi họ, mà không có lý do (justification):"
        " hãy cho họ một vai riêng.",
        "The attribute tells of somebody else, who is not asked, without a justification: give"
        " them a role of their own.",
    ),
    "required_unticked": Text(
        "Trường bắt buộc nhưng người dân có thể bỏ chọn.",
        "A required field that the citizen may leave out.",
    ),
    "answer_not_boolean": Text(
        "Câu trả lời có hoặc không phải là trường boolean.",
        "The answer to a question must be a boolean field.",
    ),
    "act_missing": Text(
        "Trường hộ tịch bị khóa phải nói việc nào (act), hoặc để người dân chọn loại việc.",
        "A field of civil status must name its act, or the form must let the person choose one.",
    ),
    "act_misplaced": Text(
        "Chỉ trường hộ tịch mới có act.", "Only a field of civil status names an act."
    ),
    "no_code_in_force": Text(
        "Không mã thủ tục nào còn hiệu lực vào ngày này.",
        "No code of the procedure is in force on this day.",
    ),
    "unused_basis": Text("Căn cứ không được dùng ở đâu.", "A basis that nothing refers to."),
    "unused_role": Text("Vai không có trường nào.", "A role without any field."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: in which profile, with which code, at which field, component or basis."""

    profile: str
    code: str
    at: str

    @property
    def text(self) -> Text:
        """What is wrong, in both languages."""
        return MESSAGES[self.code]


def lint(profile: Profile, on: date) -> list[Finding]:
    """Return what is wrong with a profile on a day, in the order of its parts."""
    found = [
        *_of_profile(profile, on),
        *(
            Finding(profile.id, code, f.key)
            for f in profile.fields
            for code in _of_field(profile, f)
        ),
        *(
            Finding(profile.id, code, component.code)
            for component in profile.components
            for code in _of_component(profile, component)
        ),
        *(
            Finding(profile.id, "basis_out_of_force", basis.id)
            for basis in used_bases(profile)
            if not basis.in_force(on)
        ),
    ]
    return list(dict.fromkeys(found))


def attribute_of(field: Field) -> Attribute | None:
    """Return the catalogue's entry of what fills a field; None where there is none."""
    catalogue = CATALOGUES.get(field.register)
    return _by_path(field.register).get(field.path) if catalogue else None


def used_bases(profile: Profile) -> list[Basis]:
    """Return every basis that a field or a component refers to, in the profile's order."""
    used = {field.basis for field in profile.fields}
    used |= {basis for each in profile.components for basis in (each.basis, each.ground)}
    return [basis for basis in profile.bases.values() if basis.id in used]


@cache
def _by_path(register: str) -> dict[str, Attribute]:
    return {attribute.path: attribute for attribute in CATALOGUES[register].attributes}


def _of_profile(profile: Profile, on: date) -> Iterator[Finding]:
    if not codes_in_force(profile, on):
        yield Finding(profile.id, "no_code_in_force", "codes")
    used = {basis.id for basis in used_bases(profile)}
    for basis in profile.bases:
        if basis not in used:
            yield Finding(profile.id, "unused_basis", basis)
    for role in profile.roles:
        if not profile.of_role(role.id):
            yield Finding(profile.id, "unused_role", role.id)


def _of_field(profile: Profile, field: Field) -> Iterator[str]:
    attribute = attribute_of(field)
    chosen = any(f.path == "type" for f in profile.of_role(field.role) if f.act == "")
    civil = field.register == CIVIL_STATUS.register
    rules: Iterable[tuple[str, Callable[[], bool]]] = (
        ("no_basis", lambda: bool(field.attribute) and not field.basis),
        ("unknown_attribute", lambda: bool(field.attribute) and attribute is None),
        (
            "sensitive_unjustified",
            lambda: (
                attribute is not None
                and attribute.sensitivity == "sensitive"
                and field.justification is None
            ),
        ),
        (
            "others_unjustified",
            lambda: _tells_of_others(field.attribute) and field.justification is None,
        ),
        ("required_unticked", lambda: field.required and field.optional_to_share),
        ("answer_not_boolean", lambda: bool(field.predicate) and field.type != "boolean"),
        ("act_missing", lambda: civil and not field.act and not chosen),
        ("act_misplaced", lambda: bool(field.act) and not civil),
    )
    yield from (code for code, broken in rules if broken())


def _tells_of_others(attribute: str) -> bool:
    return any(attribute == path or attribute.startswith(path + ".") for path in _OF_OTHERS)


def _of_component(profile: Profile, component: Component) -> Iterator[str]:
    if component.kind != "paper":
        return
    replacing = [profile.field(key) for key in component.replaced_by]
    proving = [profile.field(key) for key in component.proves]
    if replacing:
        if not all(field.attribute for field in replacing):
            yield "paper_not_answered"
        if any(field.optional_to_share for field in replacing):
            yield "paper_may_be_unticked"
    elif component.note is None:
        if not proving:
            yield "paper_open"
        elif all(attribute_of(field) for field in proving):
            yield "paper_answered"
