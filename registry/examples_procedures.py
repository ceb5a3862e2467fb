"""Examples of the catalogue of procedures, cut down to one field."""

from __future__ import annotations

_CODE = "1.001193"
_NAME = {"vi": "Đăng ký khai sinh", "en": "Birth registration"}
_LABEL = {"vi": "Họ, chữ đệm, tên", "en": "Full name"}
_KEY = "submitter.full_name"
_DAYS = {"valid_from": "2025-07-01", "valid_to": None}

SUMMARY = {
    "id": "birth-registration",
    "version": "2026-11-01",
    "name": _NAME,
    "level": "commune",
    "codes": [_CODE],
    "fields": 36,
    "filled": 26,
    "papers": 4,
    "papers_replaced": 3,
}
PROCEDURE = {
    **SUMMARY,
    "code": _CODE,
    "codes": [{"code": _CODE, **_DAYS}],
    "bases": [
        {
            "id": "replace_by_data",
            "act": "Nghị quyết 66.7/2025/NQ-CP",
            "article": "Điều 8",
            "valid_from": "2026-01-01",
            "valid_to": None,
            "verified": True,
            "in_force": True,
        }
    ],
    "roles": [
        {
            "id": "submitter",
            "label": {"vi": "Người yêu cầu", "en": "Declarant"},
            "who": "submitter",
            "consent": "submitter",
            "many": False,
        }
    ],
    "fields": [
        {
            "key": _KEY,
            "role": "submitter",
            "label": _LABEL,
            "type": "text",
            "required": True,
            "optional_to_share": False,
            "lock": "locked",
            "sensitive": False,
            "attribute": "citizens:name.full",
            "basis": "registering_birth",
            "portal": "fullname",
            "transform": "upper",
        }
    ],
    "components": [
        {
            "code": "identity_paper",
            "label": {"vi": "Giấy tờ tùy thân", "en": "Identity paper"},
            "kind": "paper",
            "basis": "registering_birth",
            "proves": [_KEY],
            "replaced_by": [_KEY],
            "ground": "replace_by_data",
            "note": None,
        }
    ],
    "papers_replaced": ["identity_paper"],
    "authorization_details": [
        {
            "type": "sogoc_prefill",
            "procedure": _CODE,
            "attributes": ["citizens:name.full"],
            "optional": [],
            "subjects": ["submitter"],
        }
    ],
}
MANIFEST = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:sogoc:profile:birth-registration:2026-11-01",
    "title": _NAME["vi"],
    "type": "object",
    "properties": {
        _KEY: {
            "title": _LABEL["vi"],
            "type": "string",
            "minLength": 1,
            "x-prefill": {
                "key": _KEY,
                "attribute": "citizens:name.full",
                "role": "submitter",
                "lock": "locked",
                "basis": "registering_birth",
                "replaces": ["identity_paper"],
            },
        },
        "sogoc_receipt": {"type": "string"},
        "sogoc_salts": {"type": "string"},
    },
    "required": [_KEY],
}
