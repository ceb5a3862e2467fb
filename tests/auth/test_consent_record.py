"""A consent in the words of ISO/IEC TS 27560 and the Data Privacy Vocabulary."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import auth.consents
from auth.consents.models import State
from auth.consents.receipt import CONTEXT, RECEIPT, STATUS, Party, to_json_ld, to_receipt
from auth.consents.records import NOTICE_VERSION, Consent
from registry.kernel.db import new_id

SCHEMA = json.loads(
    (Path(auth.consents.__file__).parent / "consent_record.schema.json").read_text("utf-8")
)
AT = datetime(2026, 11, 25, 3, 4, 5, 678, UTC)
AGENCY = Party("urn:sogoc:client:ward-office", "UBND phường", "Phường Tân Hòa", "028 0000 0000")
REGISTRY = Party("https://sogoc.example.vn", "Sổ Gốc", "Hà Nội", "https://sogoc.example.vn")
CHILD = "01980000-0000-7000-8000-0000000000a1"
SUBJECT = "0198c0de-0000-7000-8000-000000000001"
GIVEN = Consent(
    id=new_id(),
    person_id="01980000-0000-7000-8000-000000000077",
    client_id="ward-office",
    client_name="UBND phường",
    procedure="1.004222",
    role="submitter",
    state="APPROVED",
    grant_id=new_id(),
    case=None,
    scopes=("prefill:read",),
    details=(
        {
            "type": "sogoc_prefill",
            "procedure": "1.004222",
            "attributes": ["citizens:birth_date", "citizens:name.full"],
            "optional": ["citizens:birth_date"],
            "subjects": ["child"],
        },
    ),
    people={"child": [CHILD]},
    legal_basis="Luật Cư trú 68/2020/QH14, Điều 20",
    notice_version=NOTICE_VERSION,
    language="vi",
    via="browser",
    requested_at=AT,
    decided_at=AT + timedelta(minutes=1),
    expires_at=AT + timedelta(days=30),
    withdrawn_at=None,
    ended_at=None,
)


def record(consent: Consent = GIVEN) -> dict[str, Any]:
    return to_json_ld(consent, AGENCY, REGISTRY, subject=SUBJECT)


def check(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("header"),
        lambda record: record["header"].pop("dpv:hasDataSubject"),
        lambda record: record["header"]["dpv:hasDataSubject"].update(
            {"dct:identifier": "900190000001"}
        ),
        lambda record: record["processing"].pop("dct:language"),
        lambda record: record["processing"]["dpv:hasProcess"].pop("dpv:hasConsentControl"),
        lambda record: record["processing"]["dpv:hasProcess"]["dpv:hasStorageCondition"].pop(),
        lambda record: record["parties"]["dpv:hasEntity"].pop(),
        lambda record: record["parties"]["dpv:hasEntity"][0].pop("dpv:hasContact"),
        lambda record: record["events"]["dpv:hasConsentStatus"].clear(),
        lambda record: record["events"]["dpv:hasConsentStatus"][0].update({"@type": "dpv:Given"}),
        lambda record: record.update({"people": {}}),
    ],
)
def test_a_record_that_lacks_a_part_is_none(change: Change) -> None:
    whole = json.loads(json.dumps(record()))
    check(whole)
    change(whole)
    with pytest.raises(jsonschema.ValidationError):
        check(whole)


def test_nobody_learns_from_a_record_who_was_chosen() -> None:
    text = json.dumps(record())
    assert CHILD not in text
    assert GIVEN.person_id not in text
    assert SUBJECT in text


@pytest.mark.parametrize(
    ("state", "change", "events"),
    [
        ("REQUESTED", {"decided_at": None, "grant_id": None}, ["REQUESTED"]),
        ("APPROVED", {}, ["REQUESTED", "APPROVED"]),
        ("DECLINED", {"grant_id": None}, ["REQUESTED", "DECLINED"]),
        ("EXPIRED", {}, ["REQUESTED", "APPROVED", "EXPIRED"]),
        ("EXPIRED", {"decided_at": None, "grant_id": None}, ["REQUESTED", "EXPIRED"]),
        ("REVOKED", {"withdrawn_at": AT, "ended_at": AT}, ["REQUESTED", "APPROVED", "REVOKED"]),
        ("INAPPLICABLE", {"ended_at": AT}, ["REQUESTED", "APPROVED", "INAPPLICABLE"]),
    ],
)
def test_every_state_has_its_events(
    state: State, change: dict[str, Any], events: list[str]
) -> None:
    made = record(replace(GIVEN, state=state, **change))
    check(made)
    told = [each["@type"] for each in made["events"]["dpv:hasConsentStatus"]]
    assert told == [STATUS[each] for each in events]


def test_each_attribute_says_whose_it_is_and_whether_it_was_needed() -> None:
    [optional, needed] = record()["processing"]["dpv:hasProcess"]["dpv:hasPersonalData"]
    assert (optional["dct:identifier"], optional["dpv:hasNecessity"]) == (
        "citizens:birth_date",
        "dpv:Optional",
    )
    assert (needed["dct:subject"], needed["dpv:hasNecessity"]) == ("child", "dpv:Required")


def test_every_word_of_a_record_is_in_its_own_context() -> None:
    def words(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {word for part in value.values() for word in words(part)}
        return (
            {word for part in value for word in words(part)} if isinstance(value, list) else set()
        )

    made = record()
    del made["@context"]
    prefixes = {name for name in CONTEXT if ":" not in name}
    assert {word.partition(":")[0] for word in words(made) if word[0] != "@"} <= prefixes
    # Nothing is left for a reader to fetch.
    assert not [value for value in CONTEXT.values() if isinstance(value, list)]


def test_a_receipt_is_a_copy_with_a_name_of_its_own() -> None:
    made = record()
    receipt = to_receipt(made, REGISTRY)
    copied = receipt["dpv:hasRecordOfActivity"]
    assert (receipt["dct:conformsTo"], receipt["@type"]) == (RECEIPT, "dpv:ConsentReceipt")
    assert receipt["dct:identifier"] not in json.dumps(made)
    check({**copied, "@context": receipt["@context"]})
    assert "@context" not in copied
