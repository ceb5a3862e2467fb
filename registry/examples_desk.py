"""What the stewards' desk sends and answers, as it stands in the OpenAPI document."""

from __future__ import annotations

from typing import Any

_ID = "01980000-0000-7000-8000-000000000007"
_RELEASE = "01980000-0000-7000-8000-000000000008"
_RECORD = "01980000-0000-7000-8000-000000000001"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_AT = "2026-01-05T02:00:00+00:00"
SUBMISSION: dict[str, Any] = {
    "id": _ID,
    "dataset": "citizens",
    "file_name": "dan-phuong.csv",
    "sha256": _DIGEST,
    "size": 52_100,
    "options": {"encoding": "tcvn3"},
    "undoes": None,
    "submitted_by": "ward-office",
    "submitted_at": _AT,
    "state": "checked",
    "checked_at": _AT,
    "rows_read": 300,
    "rows_valid": 297,
    "rows_rejected": 2,
    "rows_skipped": 1,
    "unusual": 1,
    "approved_by": None,
    "approved_at": None,
    "break_glass": None,
    "scheduled_for": None,
}
APPROVED = {
    "state": "approved",
    "approved_by": "city-office",
    "approved_at": "2026-01-05T03:00:00+00:00",
}
_RULE = {
    "rule": "personal_id_shape",
    "severity": "error",
    "repair_kind": "format_as_text",
    "dimension": "clean",
    "group": "format",
    "vi": "Số định danh phải đúng 12 chữ số.",
    "en": "A personal id is exactly 12 digits.",
    "repair_vi": "Định dạng cột là chữ rồi nhập lại; 11 số thường là mất số 0 đầu.",
    "repair_en": "Format the column as text and enter again; 11 digits often lost a leading 0.",
}
_PLACE = {"part": "", "line": 17, "column": "personal_id"}
SUMMARY = {
    "submission": SUBMISSION,
    "parts": [
        {
            "part": "",
            "ward": "27007",
            "rows_read": 300,
            "rows_valid": 297,
            "rows_rejected": 2,
            "rows_skipped": 1,
        }
    ],
    "repairs": [
        {
            "repair_kind": "format_as_text",
            "vi": "Định dạng cột là chữ",
            "en": "Format the column as text",
            "count": 2,
            "rules": [_RULE | {"count": 2, "first_line": 17, "places": [_PLACE]}],
        }
    ],
    "healed": [{"rule": "required", "count": 3}],
    "events": [{"at": _AT, "by": "ward-office", "action": "submitted", "reason": None}],
}
INSPECTION = {
    "kind": "delimited",
    "file_name": "dan-phuong.csv",
    "open": {"encoding": "encoding_unknown"},
    "encodings": [{"name": "tcvn3", "samples": ["Nguyễn Thị Lan"]}],
    "delimiter": ",",
    "sheets": [],
    "layers": {},
    "text_layers": {},
    "crs": None,
    "header": ["personal_id", "full_name"],
    "rows": [["900190000001", "Nguyễn Thị Lan"]],
    "mapping": {"personal_id": "personal_id", "full_name": "full_name"},
    "notes": [],
}
FINDINGS = {
    "findings": [{"id": 1, "rule": "personal_id_shape", **_PLACE, "value": "90019000001"}],
    "after": None,
}
COMPARISON = {
    "counts": [
        {"ward": "27007", "kind": "changed", "field": "", "count": 1},
        {"ward": "27007", "kind": "changed", "field": "sex", "count": 1},
    ],
    "unusual": 1,
    "impact": [
        {"client": "tax-office", "procedure": "1.004222", "answers": 3, "attributes": ["sex"]}
    ],
}
DIFFERENCES = {
    "differences": [
        {
            "number": 12,
            "record": _RECORD,
            "kind": "changed",
            "ward": "27007",
            "part": "",
            "line": 13,
            "unusual": ["sex"],
            "values": [
                {
                    "path": "sex",
                    "before": {"code": "1", "label": "Nam"},
                    "after": {"code": "2", "label": "Nữ"},
                }
            ],
        }
    ],
    "after": None,
}
_COUNTS = {"added": 290, "changed": 1, "unchanged": 6}
RELEASES: dict[str, Any] = {
    "releases": [
        {
            "id": _RELEASE,
            "number": 12,
            "dataset": "citizens",
            "submission": _ID,
            "undoes": None,
            "counts": _COUNTS,
            "digest": _DIGEST,
            "notes": "",
            "published_by": "city-office",
            "published_at": _AT,
        }
    ],
    "after": 12,
}
EVENT = {
    "specversion": "1.0",
    "id": _RELEASE,
    "source": "http://127.0.0.1:8000",
    "type": "vn.sogoc.release.published",
    "subject": "citizens",
    "time": _AT,
    "sequence": "12",
    "sequencetype": "Integer",
    "datacontenttype": "application/json",
    "data": {
        "release": _RELEASE,
        "number": 12,
        "dataset": "citizens",
        "undoes": None,
        "counts": _COUNTS,
        "digest": _DIGEST,
        "break_glass": False,
    },
}
_LAST = {"number": 12, "published_at": _AT}
DATASETS = {
    "datasets": [{"name": "citizens", "vi": "Công dân", "mode": "mirror", "release": _LAST}]
}
RULES = {"rules": [_RULE]}
SCHEMA = {
    "x-dataset": "citizens",
    "fields": [{"name": "personal_id", "type": "string", "constraints": {"required": True}}],
}
_MEASURED = {
    "records": 297,
    "index": 91.5,
    "dimensions": [{"code": "complete", "vi": "đủ", "en": "complete", "percent": 91.5}],
    "oldest": _AT,
    "newest": _AT,
}
QUALITY = {
    "datasets": [
        {
            "dataset": "citizens",
            "release": _LAST,
            "measured_on": "2026-01-05",
            **_MEASURED,
            "wards": [{"ward": "27007", **_MEASURED}],
        }
    ]
}
_DUE = {"reply_due": "2026-02-23", "due_on": "2026-03-05", "calendar_known": True}
CORRECTION: dict[str, Any] = {
    "id": "01980000-0000-7000-8000-000000000009",
    "register": "citizens",
    "record_id": _RECORD,
    "path": "name.full",
    "label": {"vi": "Họ, chữ đệm và tên", "en": "Full name"},
    "state": "open",
    "state_label": {"vi": "Đã tiếp nhận, chờ phản hồi", "en": "Received, waiting for a reply"},
    "reason": "misspelt",
    "opened_at": "2026-02-12T02:00:00+00:00",
    **_DUE,
    "extended": False,
    "overdue": False,
    "decided_at": None,
    "answer": None,
}
_WHOLE = CORRECTION | {
    "subject_id": _RECORD,
    "register_version": None,
    "registered": "Nguyễn Thị Lan",
    "declared": "Nguyễn Thị Loan",
    "note": None,
    "source": "agency",
    "prefill_id": None,
    "opened_by": "ward-office",
    "client_id": "ward-office",
    "procedure": "1.004222",
    "case": "H29-0001",
    "assigned": None,
    "decided_by": None,
}
CORRECTIONS = {"corrections": [_WHOLE], "cursor": None}


def _state(state: str, vi: str, en: str, **more: Any) -> dict[str, Any]:
    return _WHOLE | {"state": state, "state_label": {"vi": vi, "en": en}, **more}


REPLIED = _state(
    "replied",
    "Đã phản hồi, đang xác minh",
    "Replied to, being verified",
    answer="Đã chuyển UBND phường đối chiếu sổ gốc.",
    assigned="an",
)
ACCEPTED = REPLIED | _state(
    "accepted",
    "Đã chấp nhận, đang sửa sổ",
    "Accepted, the register is being corrected",
    answer="Sổ gốc ghi Loan.",
    assigned="an",
    decided_by="binh",
    decided_at="2026-02-24T02:00:00+00:00",
)
DONE = ACCEPTED | {"state": "done", "state_label": {"vi": "Đã sửa xong", "en": "Corrected"}}
