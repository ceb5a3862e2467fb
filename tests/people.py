"""Made-up people for the tests, with numbers that are never issued."""

from __future__ import annotations

from datetime import date
from typing import Any

from registry.kernel.ledger import Change

LAN = "900190000001"
BAY = "900045000002"


def address(commune: str = "27007", name: str = "Phường Tân Hòa") -> dict[str, Any]:
    return {
        "as_recorded": "169/8A/12 đường Số 1",
        "current": {
            "province": {"code": "79", "label": "Thành phố Hồ Chí Minh"},
            "commune": {"code": commune, "label": name},
        },
        "method": "exact",
        "confidence": 1,
    }


def document(personal_id: str = LAN, **more: Any) -> dict[str, Any]:
    return {
        "personal_id": personal_id,
        "name": {"full": "Nguyễn Thị Lan", "family": "Nguyễn", "middle": "Thị", "given": "Lan"},
        "birth_date": {"value": "1990-05-17", "precision": "day"},
        "sex": {"code": "2", "label": "Nữ"},
        "religion": {"code": "00", "label": "Không"},
        "residence": {
            "permanent": {
                "address": address(),
                "valid_from": {"value": "2015", "precision": "year"},
            }
        },
        **more,
    }


def change(personal_id: str = LAN, since: date = date(1990, 5, 17), **more: Any) -> Change:
    return Change(document(personal_id, **more), since)


def household(code: str = "HK-1", **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "kind": {"code": "permanent", "label": "Thường trú"},
        "address": address(),
        "head": {"personal_id": LAN},
        "members": [
            _member(LAN, "CHU_HO", "Chủ hộ", valid_from={"value": "2015", "precision": "year"}),
            _member(
                BAY, "CHA_DE", "Cha đẻ", valid_from={"value": "2020-03-01", "precision": "day"}
            ),
        ],
        **more,
    }


def _member(personal_id: str, code: str, label: str, **dates: Any) -> dict[str, Any]:
    return {"personal_id": personal_id, "relation": {"code": code, "label": label}, **dates}
