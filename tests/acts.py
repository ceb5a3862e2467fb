"""Made-up acts of civil status for the tests, about people whose numbers are never issued."""

from __future__ import annotations

from datetime import date
from typing import Any

from registry.civil_status.acts import Act, act_of
from registry.kernel.codes import load
from registry.kernel.ledger import Change

MINH = "900090000003"
AN = "900218000004"
HOA = "900165000005"

_NAMES = {
    "900190000001": ("Nguyễn Thị Lan", "1990-05-17", "2"),
    "900045000002": ("Nguyễn Văn Bảy", "1945", "1"),
    MINH: ("Trần Văn Minh", "1990-02-01", "1"),
    AN: ("Trần Minh An", "2018-09-10", "1"),
    HOA: ("Lê Thị Hòa", "1965", "2"),
}


def day(text: str) -> dict[str, str]:
    precision = {4: "year", 7: "month", 10: "day"}[len(text)]
    return {"value": text, "precision": precision}


def entry(personal_id: str, **more: Any) -> dict[str, Any]:
    """Return a person as an act names them; any number without a name is another Lan."""
    name, born, sex = _NAMES.get(personal_id, _NAMES["900190000001"])
    return {
        "name": {"full": name},
        "birth_date": day(born),
        "sex": load("sex").leaf(sex),
        "personal_id": personal_id,
        **more,
    }


def document(code: str, kind: str, registered: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "type": load("civil_act_type").leaf(kind),
        "number": code.rpartition("-")[2],
        "book": f"01/{registered[:4]}",
        "registered_on": day(registered),
        "office": {"name": "Ủy ban nhân dân phường", "code": "27007", "as_of": registered},
        "signer": {"name": "Phạm Văn Ký", "title": "Chủ tịch"},
        "persons": {},
        **more,
    }


def birth(code: str, registered: str, child: str, **parents: str) -> dict[str, Any]:
    born = {"child": entry(child)} | {role: entry(who) for role, who in parents.items()}
    return document(code, "birth", registered, persons=born, birth={"place": "Bệnh viện Từ Dũ"})


def marriage(code: str, registered: str, husband: str, wife: str, **more: Any) -> dict[str, Any]:
    couple = {"husband": entry(husband), "wife": entry(wife)}
    return document(code, "marriage", registered, persons=couple, **more)


def death(code: str, registered: str, who: str, died: str, **more: Any) -> dict[str, Any]:
    return document(
        code,
        "death",
        registered,
        persons={"deceased": entry(who)},
        death={"date": day(died), "cause": "Bệnh tim", "place": "Tại nhà"},
        **more,
    )


def note(code: str, kind: str, effective: str, **more: Any) -> dict[str, Any]:
    decision = {"kind": kind, "number": "12/2020/QĐST", "effective_on": day(effective)}
    return document(code, "court_note", effective, decision=decision, **more)


def amendment(
    code: str, kind: str, registered: str, who: str, changed: tuple[str, Any], **more: Any
) -> dict[str, Any]:
    changes = [{"field": changed[0], "to": changed[1]}]
    return document(
        code,
        kind,
        registered,
        persons={"person": entry(who)},
        amendment={"changes": changes, "reason": "Sai sót khi ghi sổ"},
        **more,
    )


def act(told: dict[str, Any]) -> Act:
    return act_of(f"id-{told['code']}", told)


def change(told: dict[str, Any]) -> Change:
    return Change(told, date(2000, 1, 1))
