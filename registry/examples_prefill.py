"""Examples of filling a form and of what follows, cut down to one field."""

from __future__ import annotations

from typing import Any

from registry.example import Example

_PREFILL = "01980000-0000-7000-8000-000000000021"
_RECORD = "01980000-0000-7000-8000-000000000001"
_INVITATION = "01980000-0000-7000-8000-000000000022"
_KEY, _CASE, _CODE = "submitter.full_name", "H29-2026-0001", "1.013225"
_EXPIRES = "2026-02-04T02:00:00+00:00"
_DIGEST = "o-UHRs65QWmcqTtAq2X7nUcyBitemq9B1U9rRwAq7Yg"
_GROUND = {"act": "Nghị quyết 66.7/2025/NQ-CP", "article": "Điều 8"}
_STANDS: dict[str, Any] = {
    "id": _PREFILL,
    "case": _CASE,
    "procedure": _CODE,
    "profile": "house-building-permit",
    "profile_version": "2026-11-01",
    "expires_at": _EXPIRES,
}
_FILLED = {
    **_STANDS,
    "fields": {
        _KEY: {
            "label": {"vi": "Họ, chữ đệm, tên", "en": "Full name"},
            "state": "ok",
            "value": "NGUYỄN THỊ LAN",
            "as_of": "2026-01-05",
            "source": {"register": "citizens", "record_id": _RECORD, "version": 3},
            "last_verified_at": "2026-01-02T02:00:00+00:00",
            "valid_from": "1990-05-17",
            "lock": "locked",
            "may_replace_paper": True,
            "ground": _GROUND,
        }
    },
    "papers": [
        {
            "code": "identity_paper",
            "label": {"vi": "Giấy tờ tùy thân", "en": "Identity paper"},
            "kind": "paper",
            "needed": False,
            "ground": _GROUND,
        }
    ],
    "participants": [{"role": "spouse", "number": 0, "state": "awaiting_consent"}],
    "receipt": "eyJ0eXAiOiJzb2dvYy1wcmVmaWxsK2p3dCJ9…",
    "salts": {_KEY: _DIGEST[:22]},
}
_INVITED = {
    "id": _INVITATION,
    "role": "spouse",
    "code": "K7QM-X3TD",
    "link": "https://registry.example.vn/consent?code=K7QM-X3TD",
    "expires_at": "2026-01-06T02:00:00+00:00",
}
EXAMPLES = {
    "prefill_prefills_post": Example(body={}, answer=_FILLED),
    "prefill_counterinvitations_post": Example(answer=_INVITED | {"role": "submitter"}),
    "prefill_invitations_post": Example(body={"role": "spouse"}, answer=_INVITED),
    "prefill_events_get": Example(
        query={"after": 0},
        answer={
            "events": [
                {
                    "sequence": 1,
                    "prefill_id": _PREFILL,
                    "at": "2026-01-07T02:00:00+00:00",
                    "keys": [_KEY],
                    "set": "eyJ0eXAiOiJzZWNldmVudCtqd3QifQ…",
                }
            ],
            "after": 1,
        },
    ),
    "prefill_one_get": Example(
        answer={
            **_STANDS,
            "state": "open",
            "created_at": "2026-01-05T02:00:00+00:00",
            "changed": [],
        }
    ),
    "prefill_verify_post": Example(
        body={"fields": {_KEY: {"value": "NGUYỄN THỊ LOAN", "reason": "misspelt"}}},
        answer={
            "id": _PREFILL,
            "case": _CASE,
            "fields": {
                _KEY: {
                    "result": "changed",
                    "reason": "misspelt",
                    "correction": {
                        "id": "01980000-0000-7000-8000-000000000023",
                        "due_on": "2026-01-19",
                    },
                    "register": "same",
                }
            },
            "valid": True,
        },
    ),
    "prefill_close_post": Example(
        answer={"id": _PREFILL, "case": _CASE, "closed_at": "2026-01-20T02:00:00+00:00"}
    ),
}
