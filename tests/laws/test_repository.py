"""What must hold of the files themselves."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("registry", "datasets", "auth", "migrations")

_KEPT_OUT = re.compile(
    r"(^|/)(\.env|.*keys\.json|id_(rsa|ed25519)|.*\.(db|db-\w+|sqlite3?|pem|key|p12|pfx|jks))$"
)
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\"d\":\s*\"[A-Za-z0-9_-]{40,}\"")
_MACHINE_PATH = re.compile(r"(?<![\w.)}])/(work|home|root|tmp|Users)/")


def tracked() -> list[Path]:
    """Return the files that git keeps; skips where this is no checkout."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a checkout")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],  # noqa: S607 - whichever git made the checkout
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.exists()]


def secret(name: str, text: str) -> bool:
    """Say whether a file looks like a database, a key file, or holds a private key."""
    return bool(_KEPT_OUT.search(name) or _PRIVATE.search(text))


def places_of(pattern: str) -> list[str]:
    """Return the product file of every match of ``pattern``."""
    return [
        path.relative_to(ROOT).as_posix()
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
        for _ in re.findall(pattern, path.read_text("utf-8"))
    ]


def test_locks_have_hashes_and_no_index_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text("utf-8")
        pinned = re.findall(r"^[a-z0-9][^ \n]*==", text, re.MULTILINE)
        assert pinned, lock.name
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text


def test_no_secret_is_tracked() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if secret(path.relative_to(ROOT).as_posix(), path.read_text("utf-8", "replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("demo/registry.db", ""),
        ("registry.db-wal", ""),
        ("sogoc-keys.json", ""),
        (".env", ""),
        ("docs/example.md", '{"kty": "EC", "d": "' + "x" * 43 + '"}'),
        ("tests/key.txt", "-----BEGIN " + "EC PRIVATE KEY-----"),
    ],
)
def test_a_secret_would_be_found(name: str, text: str) -> None:
    assert secret(name, text)


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if _MACHINE_PATH.search(path.read_text("utf-8", "replace"))
    ]
    assert found == []


def test_only_one_place_commits() -> None:
    assert places_of(r"\.commit\(") == ["registry/kernel/db.py"]


def test_only_the_hot_path_keeps_rows_without_the_object_layer() -> None:
    # Its two ways (one for each database) say COMMIT to the driver itself.
    by_driver = r"\"COMMIT\"|connection\.transaction\("
    assert set(places_of(by_driver)) == {"registry/kernel/hotpath.py"}


def test_warnings_are_errors() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert configuration["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]
    with pytest.raises(UserWarning):
        warnings.warn("a warning of any kind", stacklevel=1)
