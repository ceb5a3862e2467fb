"""The examples of the page on receipts are run as they stand there, with the key set alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auth.keys import KeyRing
from registry.kernel.clock import now
from registry.prefill.canonical import canonical
from registry.prefill.receipts import Given, Receipt, digest, make_receipt, new_salt
from tests.interop.installed import installed

PAGE = (Path(__file__).parents[3] / "docs" / "prefill-offline.md").read_text("utf-8")
TEXTS = {
    "owner.full_name": canonical("ĐẶNG THỊ HOÀ", "name"),
    "owner.nickname": canonical("“Tí” \\ O’Neil 😀 </script>\u2028", "text"),
    "owner.address": canonical({"as_recorded": "1 Lê Lợi", "z": [1, None]}, "address"),
}
_SECONDS = 60


def _example(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 20
    return str(code)


def _run(language: str, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    # Inside the installed packages, where Node finds them.
    folder = Path(tempfile.mkdtemp(dir=installed() if language == "js" else None))
    script = folder / ("verify.mjs" if language == "js" else "verify.py")
    script.write_text(_example(language), "utf-8")
    program = "node" if language == "js" else sys.executable
    try:
        return subprocess.run(  # noqa: S603 - our own example
            [program, str(script)],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing.open(tmp_path / "keys.json")


def _receipt() -> tuple[Receipt, dict[str, str]]:
    salts = {key: new_salt() for key in TEXTS}
    given = {
        key: Given(digest(salts[key], key, text), "ok", "locked", "citizens", "r", 1)
        for key, text in TEXTS.items()
    }
    given["owner.phone"] = Given("", "unavailable", "editable", "", "", None)
    moment = int(now().timestamp())
    receipt = Receipt(
        "https://registry.example.vn",
        "ward-office",
        "pairwise",
        "0198c0de-0000-7000-8000-000000000001",
        moment,
        moment + 600,
        *("1.013225", "house-permit", "2026-11-01", "H29-0001"),
        given,
    )
    return receipt, salts


def _given(keys: KeyRing, token: str, salts: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "jwks": keys.public(),
        "issuer": "https://registry.example.vn",
        "client_id": "ward-office",
        "receipt": token,
        "salts": salts,
        "fields": TEXTS,
        **more,
    }


@pytest.mark.parametrize("language", ["python", "js"])
def test_what_is_no_receipt_for_this_client_is_refused(
    keys: KeyRing, tmp_path: Path, language: str
) -> None:
    receipt, salts = _receipt()
    token = make_receipt(keys.sign, receipt)
    head, body, signature = token.split(".")
    wrong = {
        "altered": f"{head}.{body[:-8]}AAAAAAAA.{signature}",
        "of other keys": make_receipt(KeyRing.open(tmp_path / "other.json").sign, receipt),
        "of another type": make_receipt(lambda _, c: keys.sign("at+jwt", c), receipt),
        "over": make_receipt(keys.sign, replace(receipt, expires_at=receipt.issued_at - 1)),
        "for another": make_receipt(keys.sign, replace(receipt, client_id="tax-office")),
        "by another": make_receipt(keys.sign, replace(receipt, issuer="https://evil.example")),
    }
    for what, text in wrong.items():
        done = _run(language, _given(keys, text, salts))
        assert (done.returncode != 0, done.stdout) == (True, ""), what


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_key_set_alone_tells_given_values_from_others(keys: KeyRing, language: str) -> None:
    receipt, salts = _receipt()
    token = make_receipt(keys.sign, receipt)
    done = _run(language, _given(keys, token, salts))
    assert done.returncode == 0, done.stderr
    assert dict(line.split(" ", 1) for line in done.stdout.splitlines()) == {
        **dict.fromkeys(TEXTS, "unchanged"),
        "owner.phone": "not given",
    }
    edited = {**TEXTS, "owner.full_name": "Đặng Thị Hóa"}
    done = _run(language, _given(keys, token, salts, fields=edited))
    assert "owner.full_name changed\n" in done.stdout
    assert done.stdout.count("unchanged") == 2
