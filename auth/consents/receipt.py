"""A consent as a record by ISO/IEC TS 27560:2023, in JSON-LD with the Data Privacy Vocabulary.

The four sections of the standard (header, processing, parties, events) are nests of JSON-LD 1.1:
they group what is written, and change nothing of what it means. The context is in the document,
so that nobody has to fetch anything to read it. `docs/consent-record.md` explains the profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auth.consents.records import Consent
from registry.kernel.clock import now
from registry.kernel.db import new_id

RECORD = "https://w3id.org/dpv/schema/dpv-27560#record"
RECEIPT = "https://w3id.org/dpv/schema/dpv-27560#receipt-record"
LAW = "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15"

CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **dict.fromkeys(("header", "processing", "parties", "events"), "@nest"),
    "dct:conformsTo": {"@type": "@id"},
    **{name: {"@type": "xsd:dateTime"} for name in ("dct:created", "dct:date", "dct:valid")},
    **{
        name: {"@type": "@id"}
        for name in (
            "dpv:hasNecessity",
            "dpv:hasDataController",
            "dpv:hasRecipient",
            "dpv:hasDataSource",
            "dpv:hasJurisdiction",
            "dpv:hasLocation",
            "dpv:hasProcessing",
            "dpv:isImplementedByEntity",
        )
    },
}
# The words of our states in the vocabulary. What the person takes back is withdrawn there, and
# revoked is what somebody else ends.
STATUS = {
    "REQUESTED": "dpv:ConsentRequested",
    "APPROVED": "dpv:ConsentGiven",
    "DECLINED": "dpv:ConsentRefused",
    "EXPIRED": "dpv:ConsentExpired",
    "REVOKED": "dpv:ConsentWithdrawn",
    "INAPPLICABLE": "dpv:ConsentInvalidated",
}


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part: a name, a postal address, and where to turn to."""

    id: str
    name: str
    address: str
    contact: str


def to_json_ld(
    consent: Consent, controller: Party, registry: Party, *, subject: str
) -> dict[str, Any]:
    """Return the record of a consent.

    ``controller`` is the agency that asked, ``registry`` who keeps the registers and these
    records. ``subject`` is what the reader of the record may know the person by: for an agency
    the pairwise subject, never a personal number. Whom the person chose is not in it.
    """
    person = f"urn:sogoc:subject:{subject}"
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{consent.id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD,
        "header": {
            "dct:identifier": consent.id,
            "dct:created": _at(consent.requested_at),
            "dpv:hasDataSubject": {
                "@id": person,
                "@type": "dpv:DataSubject",
                "dct:identifier": subject,
            },
        },
        "processing": _processing(consent, controller, registry),
        "parties": {
            "dpv:hasEntity": [
                _party(controller, "dpv:DataController"),
                _party(registry, "dpv:DataSource"),
            ]
        },
        "events": {"dpv:hasConsentStatus": _events(consent, person, controller)},
    }


def to_receipt(record: dict[str, Any], publisher: Party) -> dict[str, Any]:
    """Return a receipt for a person: a copy of the record, with an id and a time of its own."""
    made = new_id()
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{made}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT,
        "dct:identifier": made,
        "dct:created": _at(now()),
        "dct:publisher": {"@id": publisher.id},
        "dpv:hasRecordOfActivity": {key: record[key] for key in record if key != "@context"},
    }


def _processing(consent: Consent, controller: Party, registry: Party) -> dict[str, Any]:
    return {
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": consent.notice_version,
        },
        "dct:language": consent.language,
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dpv:hasPurpose": {
                "@type": "dpv:Purpose",
                "dct:identifier": consent.procedure,
                "dct:description": f"Thủ tục hành chính {consent.procedure}",
            },
            "dpv:hasLegalBasis": {
                "@type": "dpv:ExplicitlyExpressedConsent",
                "dct:description": consent.legal_basis,
            },
            "dpv:hasApplicableLaw": {"@type": "dpv:Law", "dct:title": LAW},
            "dpv:hasPersonalData": _personal_data(consent),
            "dpv:hasProcessing": ["dpv:Obtain", "dpv:Use"],
            "dpv:hasDataController": [controller.id],
            "dpv:hasRecipient": [controller.id],
            "dpv:hasDataSource": [registry.id],
            "dpv:hasStorageCondition": [
                {"@type": "dpv:StorageLocation", "dpv:hasLocation": ["loc:VN"]},
                {"@type": "dpv:StorageDuration", "dct:valid": _at(consent.expires_at)},
            ],
            "dpv:hasJurisdiction": ["loc:VN"],
            "dpv:hasConsentControl": {
                "@type": "dpv:WithdrawConsent",
                "dct:description": "/citizen/consents",
            },
        },
    }


def _personal_data(consent: Consent) -> list[dict[str, Any]]:
    return [
        {
            "@type": "dpv:PersonalData",
            "dct:identifier": attribute,
            "dct:subject": role,
            "dpv:hasNecessity": (
                "dpv:Optional" if attribute in detail["optional"] else "dpv:Required"
            ),
        }
        for detail in consent.details
        for role in detail["subjects"]
        for attribute in detail["attributes"]
    ]


def _party(party: Party, kind: str) -> dict[str, Any]:
    return {
        "@id": party.id,
        "@type": ["dpv:LegalEntity", kind],
        "dct:identifier": party.id,
        "dpv:hasName": party.name,
        "dpv:hasAddress": party.address,
        "dpv:hasContact": party.contact,
    }


def _events(consent: Consent, person: str, controller: Party) -> list[dict[str, Any]]:
    """Return what has happened in order; the last is the state of now."""
    happened = [("REQUESTED", consent.requested_at, controller.id)]
    if consent.decided_at is not None:
        answered = "APPROVED" if consent.grant_id is not None else "DECLINED"
        happened.append((answered, consent.decided_at, person))
    if consent.withdrawn_at is not None:
        happened.append(("REVOKED", consent.withdrawn_at, person))
    elif consent.state == "EXPIRED":
        happened.append(("EXPIRED", consent.expires_at, controller.id))
    elif consent.state == "INAPPLICABLE" and consent.ended_at is not None:
        happened.append(("INAPPLICABLE", consent.ended_at, controller.id))
    return [
        {
            "@type": STATUS[state],
            "dct:date": _at(moment),
            "dct:valid": _at(consent.expires_at),
            "dpv:isImplementedByEntity": by,
            "dpv:hasLegalBasis": {"@type": "dpv:ExplicitlyExpressedConsent"},
        }
        for state, moment, by in happened
    ]


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
