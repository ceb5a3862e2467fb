"""A receipt proves what was given without telling it, to who has our public keys alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.keys import KeyRing, rotate
from registry.kernel import clock
from registry.kernel.clock import now
from registry.kernel.errors import Invalid
from registry.prefill.canonical import canonical
from registry.prefill.receipts import (
    TYPE,
    Given,
    Receipt,
    digest,
    make_receipt,
    new_salt,
    read_receipt,
)
from tests.registry.prefill.conftest import SUBMITTED, Desk

RECEIPT = Receipt(
    "https://registry.example.vn",
    "ward-office",
    "pairwise-lan",
    "0198c0de-0000-7000-8000-000000000001",
    1_780_000_000,
    1_780_086_400,
    "1.013225",
    "house-permit",
    "2026-11-01",
    "H29-0001",
    {"owner.full_name": Given("d" * 43, "ok", "locked", "citizens", "r", 3)},
)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing.open(tmp_path / "keys.json")


def test_what_is_no_receipt_of_ours_is_refused(keys: KeyRing, tmp_path: Path) -> None:
    token = make_receipt(keys.sign, RECEIPT)
    head, body, signature = token.split(".")
    other = KeyRing.open(tmp_path / "other.json")
    wrong = [
        "",
        "a.b.c",
        head + "." + body + ".",
        f"{head}.{body[:-4]}AAAA.{signature}",
        make_receipt(other.sign, RECEIPT),
        keys.sign("at+jwt", {"iss": RECEIPT.issuer}),
        keys.sign("secevent+jwt", {"iss": RECEIPT.issuer}),
        make_receipt(lambda kind, claims: keys.sign(kind, claims, "EdDSA"), RECEIPT),
        "x" * 200_000,
    ]
    for text in wrong:
        with pytest.raises(Invalid):
            read_receipt(keys.verifying, text)


def test_a_receipt_says_all_but_values(keys: KeyRing) -> None:
    token = make_receipt(keys.sign, RECEIPT)
    assert read_receipt(keys.verifying, token) == RECEIPT
    decoded = jwt.decode(token, KeySet.import_key_set(keys.public()), algorithms=["ES256"])  # type: ignore[arg-type]
    assert decoded.header["typ"] == TYPE == "sogoc-prefill+jwt"
    assert set(decoded.claims) == {
        *("iss", "aud", "sub", "jti", "iat", "exp", "procedure", "profile", "profile_version"),
        *("case", "fields"),
    }
    assert decoded.claims["fields"]["owner.full_name"] == {
        "digest": "d" * 43,
        "state": "ok",
        "lock": "locked",
        "register": "citizens",
        "record": "r",
        "version": 3,
    }


def test_nobody_behind_it_is_no_subject(keys: KeyRing) -> None:
    token = make_receipt(keys.sign, replace(RECEIPT, subject=""))
    assert "sub" not in jwt.decode(token, keys.verifying, algorithms=["ES256"]).claims
    assert read_receipt(keys.verifying, token).subject == ""


def test_a_digest_is_of_salt_key_and_value_apart() -> None:
    salt = new_salt()
    made = digest(salt, "owner.name", "Lan")
    assert made == digest(salt, "owner.name", "Lan")
    others = [
        (new_salt(), "owner.name", "Lan"),
        (salt, "spouse.name", "Lan"),
        (salt, "owner.name", "Lân"),
        (salt, "owner.nameL", "an"),
        (salt, 'owner.name","', "Lan"),
    ]
    assert made not in {digest(*parts) for parts in others}
    assert len(salt) == 22


def test_keys_that_signed_a_receipt_stay_published(keys: KeyRing, tmp_path: Path) -> None:
    token = make_receipt(keys.sign, RECEIPT)
    rotate(tmp_path / "keys.json")
    with clock.fixed(now() + timedelta(days=90)):
        rotate(tmp_path / "keys.json")
        assert read_receipt(keys.verifying, token) == RECEIPT
    with clock.fixed(now() + timedelta(days=92)):
        rotate(tmp_path / "keys.json")
        with pytest.raises(Invalid):
            read_receipt(keys.verifying, token)


def test_the_released_receipt_proves_its_values(desk: Desk) -> None:
    receipt = read_receipt(desk.keys.verifying, desk.released.receipt)
    assert (receipt.client_id, receipt.subject) == ("ward-office", "pairwise-lan")
    assert (receipt.prefill_id, receipt.case) == (desk.released.id, "H29-0001")
    assert receipt.expires_at - receipt.issued_at == 30 * 86_400
    assert set(desk.released.salts) == {key for key, f in receipt.fields.items() if f.digest}
    text = canonical(SUBMITTED["owner.full_name"], "name")
    field = receipt.fields["owner.full_name"]
    assert field.digest == digest(desk.released.salts["owner.full_name"], "owner.full_name", text)
    assert receipt.fields["owner.phone"].digest == ""
