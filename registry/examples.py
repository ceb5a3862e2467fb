"""One example of each operation for the OpenAPI document; the people in them are made up."""

from __future__ import annotations

from registry import examples_desk as desk
from registry import examples_prefill as prefill
from registry import examples_procedures as procedures
from registry.example import Example

_LAN = "900190000001"
_ID = "01980000-0000-7000-8000-000000000001"
_HOUSEHOLD = "01980000-0000-7000-8000-000000000002"
_NAME = {"full": "Nguyễn Thị Lan", "family": "Nguyễn", "middle": "Thị", "given": "Lan"}
_BORN = {"value": "1990-05-17", "precision": "day"}
_RECORD = {"id": _ID, "name": _NAME, "birth_date": _BORN}
_ADDRESS = {
    "as_recorded": "169/8A/12 đường Số 1",
    "current": {
        "province": {"code": "79", "label": "Thành phố Hồ Chí Minh"},
        "commune": {"code": "27007", "label": "Phường Tân Hòa"},
    },
    "method": "exact",
    "confidence": 1,
}
_PLACE = {
    "code": "27007",
    "level": "commune",
    "type": "Phường",
    "name": "Phường Tân Hòa",
    "parent": "79",
    "valid_from": "2025-07-01",
    "valid_to": None,
}
_PARCEL = "01980000-0000-7000-8000-000000000004"
_PARENT = "01980000-0000-7000-8000-000000000005"
_REFERENCE = {
    "commune": {"code": "27007", "label": "Phường Tân Hòa"},
    "sheet": "12",
    "number": "345",
}
_FACTS = {"reference": _REFERENCE, "area": {"legal": 120.5, "computed": 119.9}}
_PARCEL_RECORD = {"id": _PARCEL, **_FACTS}
_ACTIVE = {"code": "active", "label": "Đang sử dụng"}
_OF_PARCEL = {"fields": ["reference", "area"]}
_ACT = {
    "id": "01980000-0000-7000-8000-000000000003",
    "type": {"code": "birth", "label": "Khai sinh"},
    "registered_on": {"value": "1990-06-01", "precision": "day"},
}
_JOB = {
    "id": "01980000-0000-7000-8000-000000000006",
    "kind": "check",
    "state": "running",
    "requested_by": "ward-office",
    "attempts": 1,
    "max_attempts": 3,
    "created_at": "2026-01-05T02:00:00+00:00",
    "run_after": "2026-01-05T02:00:00+00:00",
    "started_at": "2026-01-05T02:00:01+00:00",
    "progress": {"done": 12000, "total": 27000, "phase": "rows", "at": "2026-01-05T02:00:02+00:00"},
}
_OF_RECORD = {"fields": ["name", "birth_date"]}


EXAMPLES = {
    "oauth_token_post": Example(
        body={"grant_type": "client_credentials", "scope": "citizens:read"},
        answer={
            "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "citizens:read",
        },
    ),
    "oauth_pushedrequests_post": Example(
        body={
            "client_id": "ward-office",
            "response_type": "code",
            "redirect_uri": "https://forms.example.vn/callback",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        },
        answer={
            "request_uri": "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c",
            "expires_in": 90,
        },
    ),
    "oauth_revocation_post": Example(body={"token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…"}),
    "oauth_introspection_post": Example(
        body={"token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…"},
        answer={"active": True, "client_id": "ward-office", "scope": "citizens:read"},
    ),
    "citizens_lookup_post": Example(
        body={"identifiers": [_LAN, "900045000002"], "fields": ["name", "birth_date"]},
        answer={
            "results": [
                {"identifier": _LAN, "status": "found", "record": _RECORD},
                {"identifier": "900045000002", "status": "not_found"},
            ]
        },
    ),
    "citizens_search_post": Example(
        body={
            "criteria": {"name": "Nguyễn Thị Lan", "birth_date": "1990-05-17"},
            "fields": ["name", "birth_date"],
        },
        answer={"status": "found", "record": _RECORD},
    ),
    "citizens_verify_post": Example(
        body={
            "identifier": _LAN,
            "claims": {"name.full": "Nguyễn Thị Lan"},
            "predicates": ["is_over:18", "resident_of:27007"],
        },
        answer={
            "claims": {"name.full": "match"},
            "predicates": {"is_over:18": "match", "resident_of:27007": "unknown"},
        },
    ),
    "citizens_citizen_get": Example(query=_OF_RECORD, answer=_RECORD),
    "citizens_history_get": Example(
        query=_OF_RECORD,
        answer={
            "versions": [
                {
                    "valid_from": "1990-05-17",
                    "recorded_at": "2026-01-05T02:00:00+00:00",
                    "source": "citizens",
                    "record": {"name": _NAME, "birth_date": _BORN},
                }
            ]
        },
    ),
    "households_household_get": Example(
        query={"fields": ["address"]}, answer={"id": _HOUSEHOLD, "address": _ADDRESS}
    ),
    "households_householdofcitizen_get": Example(
        query={"fields": ["address"]}, answer={"id": _HOUSEHOLD, "address": _ADDRESS}
    ),
    "joined_joined_get": Example(
        query={"citizen": ["name"], "household": ["address"]},
        answer={
            "id": _ID,
            "citizen": {"state": "ok", "value": {"id": _ID, "name": _NAME}},
            "household": {"state": "not_found"},
        },
    ),
    "parcels_parcel_get": Example(query=_OF_PARCEL, answer=_PARCEL_RECORD),
    "parcels_parcelsofcitizen_get": Example(query=_OF_PARCEL, answer={"parcels": [_PARCEL_RECORD]}),
    "parcels_lookup_post": Example(
        body={
            "reference": {"commune": "27007", "sheet": "12", "number": "345"},
            "fields": ["reference", "area"],
        },
        answer=_PARCEL_RECORD,
    ),
    "parcels_history_get": Example(
        query=_OF_PARCEL,
        answer={
            "versions": [
                {
                    "valid_from": "2010-05-04",
                    "recorded_at": "2026-01-05T02:00:00+00:00",
                    "source": "parcels",
                    "record": _FACTS,
                }
            ]
        },
    ),
    "parcels_lineage_get": Example(
        answer={
            "id": _PARCEL,
            "parcels": [
                {"id": _PARCEL, "reference": _REFERENCE, "state": _ACTIVE},
                {"id": _PARENT, "state": {"code": "retired", "label": "Đã hết hiệu lực"}},
            ],
            "events": [
                {
                    "event": {"code": "split", "label": "Tách thửa"},
                    "on": "2010-05-04",
                    "from": _PARENT,
                    "to": _PARCEL,
                }
            ],
        }
    ),
    "parcels_map_get": Example(
        query={"bbox": "106.69,10.77,106.70,10.78", "limit": 10},
        answer={
            "type": "FeatureCollection",
            "timeStamp": "2026-01-05T02:00:00+00:00",
            "numberReturned": 1,
            "links": [],
            "features": [
                {
                    "type": "Feature",
                    "id": _PARCEL,
                    "geometry": {
                        "type": "Polygon",
                        "coordinates": [
                            [
                                [106.6948, 10.7791],
                                [106.695, 10.7791],
                                [106.695, 10.7793],
                                [106.6948, 10.7791],
                            ]
                        ],
                    },
                    "properties": {**_FACTS, "state": _ACTIVE},
                }
            ],
        },
    ),
    "civil_status_civilact_get": Example(query={"fields": ["type", "registered_on"]}, answer=_ACT),
    "civil_status_civilactlookup_post": Example(
        body={
            "act": {"type": "birth", "number": "12", "office": "26737", "year": "1990"},
            "fields": ["type", "registered_on"],
        },
        answer={"status": "found", "record": _ACT},
    ),
    "civil_status_civilstatusofcitizen_get": Example(
        query={"fields": ["type", "registered_on"]},
        answer={"acts": [_ACT], "coverage": {"complete": True}},
    ),
    "sandbox_personas_get": Example(
        answer={
            "version": "2026-11",
            "checked_on": "2026-11-20",
            "personas": [
                {
                    "slug": "mai",
                    "name": "Lê Thị Mai",
                    "personal_id": "999188000002",
                    "story": {"vi": "Công dân bình thường…", "en": "An ordinary citizen…"},
                    "tags": ["adult", "married"],
                    "roles": [],
                    "expect": {"parcels": {"state": "ok", "count": 1}},
                    "sign_in": {"url": "http://127.0.0.1:8000/signin", "persona": "mai"},
                }
            ],
        },
    ),
    "places_places_get": Example(
        query={"level": "commune", "parent": "79", "limit": 1},
        answer={"places": [_PLACE], "cursor": "27007"},
    ),
    "places_place_get": Example(query={"as_of": "2026-01-01"}, answer=_PLACE),
    "places_convert_get": Example(
        query={"code": "27007", "as_of": "2026-01-01"},
        answer={
            "result": "exact",
            "sources": [_PLACE],
            "candidates": [{"place": _PLACE, "extent": "whole", "default": True}],
            "explanation": {
                "vi": "Toàn bộ đơn vị cũ nay thuộc một đơn vị.",
                "en": "One present unit holds the old one whole.",
            },
        },
    ),
    **prefill.EXAMPLES,
    "procedures_procedures_get": Example(
        query={"on": "2026-11-25"}, answer={"procedures": [procedures.SUMMARY]}
    ),
    "procedures_procedure_get": Example(query={"on": "2026-11-25"}, answer=procedures.PROCEDURE),
    "procedures_manifest_get": Example(
        query={"adapter": "json-schema", "on": "2026-11-25"}, answer=procedures.MANIFEST
    ),
    "corrections_corrections_post": Example(
        body={
            "register": "citizens",
            "record_id": _ID,
            "path": "name.full",
            "declared": "Nguyễn Thị Loan",
            "reason": "misspelt",
        },
        answer=desk.CORRECTION,
    ),
    "corrections_correction_get": Example(answer=desk.CORRECTION),
    "corrections_corrections_get": Example(query={"overdue": True}, answer=desk.CORRECTIONS),
    "corrections_reply_post": Example(
        body={"answer": "Đã chuyển UBND phường đối chiếu sổ gốc."}, answer=desk.REPLIED
    ),
    "corrections_decide_post": Example(
        body={"decision": "accepted", "answer": "Sổ gốc ghi Loan."}, answer=desk.ACCEPTED
    ),
    "corrections_finish_post": Example(body={}, answer=desk.DONE),
    "corrections_extend_post": Example(
        body={"answer": "Chờ sổ lưu trữ của xã cũ."},
        answer=desk.REPLIED | {"extended": True, "due_on": "2026-03-12"},
    ),
    "jobs_jobs_get": Example(query={"state": "running"}, answer={"jobs": [_JOB], "cursor": None}),
    "jobs_onejob_get": Example(answer=_JOB),
    "jobs_canceljob_post": Example(
        answer=_JOB | {"cancel_requested_at": "2026-01-05T02:00:03+00:00"}
    ),
    "datasets_newsubmission_post": Example(
        body={"file": "personal_id,full_name\n…", "options": '{"encoding": "tcvn3"}'},
        answer=desk.SUBMISSION,
    ),
    "datasets_submissions_get": Example(
        query={"state": "checked"}, answer={"submissions": [desk.SUBMISSION], "cursor": None}
    ),
    "datasets_onesubmission_get": Example(answer=desk.SUMMARY),
    "datasets_inspection_get": Example(answer=desk.INSPECTION),
    "datasets_check_post": Example(answer=_JOB),
    "datasets_findings_get": Example(query={"limit": 100}, answer=desk.FINDINGS),
    "datasets_report_get": Example(query={"format": "csv"}, answer="Lỗi,Cách sửa,Phần,Dòng,…"),
    "datasets_corrections_post": Example(body={"file": "PK…"}, answer={"rows": 2}),
    "datasets_comparison_get": Example(answer=desk.COMPARISON),
    "datasets_differences_get": Example(query={"unusual": True}, answer=desk.DIFFERENCES),
    "datasets_approve_post": Example(body={}, answer=desk.SUBMISSION | desk.APPROVED),
    "datasets_return_post": Example(
        body={"reason": "Sai tờ bản đồ"}, answer=desk.SUBMISSION | {"state": "returned"}
    ),
    "datasets_withdraw_post": Example(
        body={"reason": "Nhầm tệp"}, answer=desk.SUBMISSION | {"state": "withdrawn"}
    ),
    "datasets_publish_post": Example(
        body={"at": "2026-12-01T13:00:00Z", "notes": "Đợt 12"}, answer=_JOB | {"kind": "publish"}
    ),
    "datasets_releases_get": Example(query={"after": 11}, answer=desk.RELEASES),
    "datasets_rollback_post": Example(
        answer=desk.SUBMISSION | {"undoes": desk.RELEASES["releases"][0]["id"], "options": {}}
    ),
    "datasets_quality_get": Example(answer=desk.QUALITY),
    "catalogue_datasets_get": Example(answer=desk.DATASETS),
    "catalogue_tableschema_get": Example(answer=desk.SCHEMA),
    "catalogue_template_get": Example(query={"format": "csv"}, answer="personal_id,full_name,…"),
    "catalogue_rules_get": Example(answer=desk.RULES),
    "changes_changes_get": Example(query={"after": 11}, answer=[desk.EVENT]),
    "changes_lastchange_get": Example(answer=desk.EVENT),
    "me_agreement_get": Example(
        answer={
            "client_id": "ward-office",
            "scopes": ["citizens:read"],
            "agreements": [
                {
                    "id": "01980000-0000-7000-8000-000000000003",
                    "procedure": "1.004222",
                    "attributes": {"citizens": ["birth_date", "name.full"]},
                    "search": {"citizens": ["personal_id"]},
                    "legal_basis": "Luật Cư trú 68/2020/QH14, Điều 20",
                    "legal_task": False,
                    "valid_from": "2026-01-01",
                    "version": 1,
                    "state": "approved",
                    "in_force": True,
                }
            ],
            "upcoming": [],
        }
    ),
}
