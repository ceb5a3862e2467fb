"""The groups of a person's information: which attributes each reads, and how it is told (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from registry.citizens.attributes import CATALOGUE as CITIZENS
from registry.civil_status.attributes import CATALOGUE as ACTS
from registry.households.attributes import CATALOGUE as HOUSEHOLDS
from registry.kernel.errors import Text
from registry.kernel.identifiers import mask
from registry.parcels.attributes import CATALOGUE as PARCELS
from registry.web.own import LINKS
from registry.web.shown import Entry, Row, Section, dig, rows
from registry.web.writing import day, written

POPULATION = Text("Cơ sở dữ liệu quốc gia về dân cư", "National population database")
CIVIL = Text("Cơ sở dữ liệu hộ tịch điện tử", "Electronic civil-status database")
LAND = Text("Cơ sở dữ liệu quốc gia về đất đai", "National land database")

IDENTITY = Section("identity", Text("Nhân thân", "Identity"), POPULATION)
FAMILY = Section("family", Text("Gia đình và hôn nhân", "Family and marriage"), POPULATION)
RESIDENCE = Section("residence", Text("Cư trú và liên hệ", "Residence and contact"), POPULATION)
SENSITIVE = Section("sensitive", Text("Thông tin nhạy cảm", "Sensitive information"), POPULATION)
OF_CITIZEN = {each.key: each for each in (IDENTITY, FAMILY, RESIDENCE, SENSITIVE)}
HOUSEHOLD = Section("household", Text("Hộ gia đình", "Household"), POPULATION)
CIVIL_STATUS = Section("acts", Text("Việc hộ tịch", "Acts of civil status"), CIVIL, folded=True)
LAND_HELD = Section("parcels", Text("Nhà đất", "Land and buildings"), LAND)

_PEOPLE = {
    "father.name": Text("Cha", "Father"),
    "mother.name": Text("Mẹ", "Mother"),
    "spouse.name": Text("Vợ hoặc chồng", "Spouse"),
    "children.name": Text("Con", "Children"),
    "representative.name": Text("Người đại diện", "Representative"),
}
_SHORT = {
    "name.full": Text("Họ và tên", "Full name"),
    "effective_residence": Text("Nơi cư trú hiện nay", "Residence in force"),
}
_KINDS = ("permanent", "temporary", "current")
# The attributes of each group of the citizens register, in the order of the page.
PATHS: Mapping[str, tuple[str, ...]] = {
    "identity": (
        *("name.full", "name.other", "personal_id", "identifiers", "birth_date", "age", "sex"),
        *("ethnicity", "nationality", "other_nationalities", "birth_place"),
        *("birth_registration_place", "hometown", "life_status"),
    ),
    "family": ("marital_status", *_PEOPLE, "representative.kind"),
    "residence": (
        *("effective_residence", "residence.permanent.address", "residence.temporary.address"),
        *("residence.temporary.term_end", "residence.current.address"),
        *("temporary_absence.address", "temporary_absence.valid_from", "temporary_absence.until"),
        *("residence_file", "phone", "email"),
    ),
    "sensitive": ("religion", "blood_type"),
}
# What is read beside them, to tell them: since when, and which record a name leads to.
BESIDE: Mapping[str, tuple[str, ...]] = {
    "family": ("children.personal_id",),
    "residence": tuple(f"residence.{kind}.valid_from" for kind in _KINDS),
}
# Where a value says by itself since when it holds.
_BEGAN = {
    "marital_status": "marital_status.since",
    **{f"residence.{kind}.address": f"residence.{kind}.valid_from" for kind in _KINDS},
}
HOUSEHOLD_PATHS = ("code", "kind", "address", "head", "members")
_NAMED_IN_ACTS = {
    f"persons.{role}.name": Text(*told)
    for role, *told in (
        ("child", "Trẻ em", "Child"),
        ("mother", "Mẹ", "Mother"),
        ("father", "Cha", "Father"),
        ("husband", "Chồng", "Husband"),
        ("wife", "Vợ", "Wife"),
        ("deceased", "Người chết", "Deceased"),
        ("guardian", "Người giám hộ", "Guardian"),
        ("ward", "Người được giám hộ", "Ward"),
        ("parent", "Người nhận con", "Recognising parent"),
        ("person", "Người được ghi", "Person concerned"),
    )
}
_ACT = ("registered_on", "number", "book", "office", "signer")
_ACT_ROWS = (
    *_NAMED_IN_ACTS,
    *("marriage.established_on", "death.date", "guardianship.kind", "guardianship.from"),
    *("guardianship.to", "parentage.relation", "decision.kind", "decision.number"),
    *("decision.court", "decision.effective_on", "amendment.basis"),
)
ACT_PATHS = ("type", *_ACT, *_ACT_ROWS, "amended_by", *sorted(LINKS))
_HOLDERS = ("holders.name", "holders.role", "holders.share")
PARCEL_PATHS = (
    *("reference", "references", "address", "area.legal", "purposes", "rights.type"),
    *("rights.share", "assets.kind", "assets.name", "assets.floor_area", "certificates.serial"),
    *("certificates.register_number", "certificates.issued_on", "certificates.issuer"),
    *("certificates.state", "restrictions.type", "restrictions.from", "restrictions.number"),
    *("responsibilities.type", "responsibilities.from", "lineage"),
)
PARCEL_PATHS_WITH_HOLDERS = (*PARCEL_PATHS, *_HOLDERS)
_PARCEL_ROWS = (
    *("address", "area.legal", "rights.type", "rights.share", "certificates.serial"),
    *("certificates.register_number", "certificates.issued_on", "certificates.issuer"),
    *("certificates.state", "assets.kind", "assets.name", "assets.floor_area"),
    *("restrictions.type", "restrictions.from", "restrictions.number", "responsibilities.type"),
    "responsibilities.from",
)


def of_citizen(section: Section, record: Mapping[str, Any]) -> Section:
    """Return a group of the citizens register filled from its record."""
    made = rows(CITIZENS, record, PATHS[section.key], {**_PEOPLE, **_SHORT})
    told = [_since(row, record) for row in made]
    notes = section.notes
    if section.key == "family":
        notes = (*notes, *_coverage(record))
    return replace(section, entries=(Entry(tuple(told)),), notes=notes).settled()


def _since(row: Row, record: Mapping[str, Any]) -> Row:
    """Return the row with the day that the register itself gives for its value, where it does."""
    began = dig(record, _BEGAN.get(row.path, ""))
    return replace(row, since=day(began)) if began else row


def _coverage(record: Mapping[str, Any]) -> Iterable[Text]:
    coverage = record.get("marital_status", {}).get("coverage", {})
    if coverage and not coverage.get("complete", True):
        yield Text(
            "Sổ hộ tịch điện tử chưa đủ cho mọi năm, nên tình trạng hôn nhân có thể còn thiếu.",
            "The electronic books don't cover every year yet, so something may be missing here.",
        )


def of_household(record: Mapping[str, Any], names: Mapping[str, str]) -> Section:
    """Return the household, its members by ``names`` (by record id) and how each belongs."""
    made = rows(HOUSEHOLDS, record, ("code", "kind", "address"))
    flagged = "members" in record.get("under_review", ())
    for number, member in enumerate(record.get("members", ()), start=1):
        label = Text(*[member.get("relation", {}).get("label", "Thành viên")] * 2)
        since = day(member["valid_from"]) if "valid_from" in member else ""
        told = " · ".join(_member(member, names))
        if told:
            row = Row("households", record["id"], "members", label, (told,), since, flagged)
            made.append(replace(row, item=str(number)))
    return replace(HOUSEHOLD, entries=(Entry(tuple(made)),)).settled()


def _member(member: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[str]:
    name = names.get(member.get("citizen_id", ""), "")
    code = member.get("personal_id", "")
    return [part for part in (name, mask(code) if code else "") if part]


def of_acts(answer: Mapping[str, Any]) -> Section:
    """Return the acts of civil status, each as an entry of its own."""
    entries = []
    for act in answer["acts"]:
        plain = {**act, "office": act.get("office", {}).get("name"), "signer": _signer(act)}
        made = rows(ACTS, plain, (*_ACT_ROWS, *_ACT), _NAMED_IN_ACTS)
        later = enumerate(act.get("amended_by") or (), start=1)
        made += [replace(_later(each, act), item=str(number)) for number, each in later]
        about = day(act["registered_on"]) if "registered_on" in act else ""
        entries.append(Entry(tuple(made), act.get("type", {}).get("label", ""), about))
    return replace(CIVIL_STATUS, entries=tuple(entries)).settled()


def _signer(act: Mapping[str, Any]) -> str:
    signer = act.get("signer") or {}
    return ", ".join(str(signer[key]) for key in ("name", "title") if key in signer)


def _later(each: Mapping[str, Any], act: Mapping[str, Any]) -> Row:
    on = day(each["registered_on"]) if "registered_on" in each else ""
    told = f"{each.get('type', {}).get('label', '')} {on}".strip()
    label = Text("Thay đổi sau này", "Later change")
    return Row("civil_status", act["id"], "amended_by", label, (told,))


def of_parcels(found: Iterable[Mapping[str, Any]], notes: tuple[Text, ...]) -> Section:
    """Return the parcels held, each as an entry of its own."""
    entries = []
    for parcel in found:
        key, flags = str(parcel["id"]), parcel.get("under_review", ())
        made = rows(PARCELS, parcel, _PARCEL_ROWS)
        told = [("purposes.purpose", "purposes", _purposes(parcel)), _old(parcel), _held(parcel)]
        for path, group, lines in told:
            if lines:
                review = group in flags
                made.append(Row("parcels", key, path, _LABELS[group], tuple(lines), review=review))
        entries.append(Entry(tuple(made), _reference(parcel.get("reference", {}))))
    return replace(LAND_HELD, entries=tuple(entries), notes=notes).settled()


_LABELS = {
    "purposes": Text("Mục đích sử dụng", "Use"),
    "references": Text("Tờ, thửa trước đây", "Former references"),
    "holders": Text("Người sử dụng đất", "Holders"),
}


def _reference(told: Mapping[str, Any]) -> Text:
    commune = told.get("commune", {}).get("label", "")
    number, sheet = told.get("number", "?"), told.get("sheet", "?")
    end = f", {commune}" if commune else ""
    return Text(f"Thửa {number}, tờ {sheet}{end}", f"Parcel {number}, sheet {sheet}{end}")


def _old(parcel: Mapping[str, Any]) -> tuple[str, str, list[Any]]:
    return "references", "references", [_reference(each) for each in parcel.get("references", ())]


def _purposes(parcel: Mapping[str, Any]) -> list[Any]:
    told: list[Any] = []
    for each in parcel.get("purposes", ()):
        area = [f"{line} m²" for line in written(each.get("area"))]
        told.append(", ".join([*map(str, written(each.get("purpose"))), *area]))
        told += written(each.get("term"))
    return told


def _held(parcel: Mapping[str, Any]) -> tuple[str, str, list[Any]]:
    lines = []
    for each in parcel.get("holders", ()):
        more = [each.get("role", {}).get("label", ""), each.get("share", "")]
        lines.append(" · ".join(part for part in (each.get("name", ""), *more) if part))
    return "holders.name", "holders", lines
