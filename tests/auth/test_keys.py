"""Signing keys: private to their user, and rotated without a restart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey

from auth.keys import KeyFileError, KeyRing, rotate
from registry.kernel.clock import fixed, now
from tests.conftest import Service


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o620, 0o666):
        path.chmod(mode)
        with pytest.raises(KeyFileError, match="chmod 600"):
            KeyRing.open(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"keys": []}',
        b'{"keys": [{"kty": "EC"}]}',
        orjson.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}),
        orjson.dumps({"keys": [ECKey.generate_key("P-384").as_dict(private=True)]}),
        orjson.dumps({"keys": [OctKey.generate_key(256).as_dict(private=True)]}),
    ],
    ids=range(7),
)
def test_a_file_that_holds_no_signing_keys_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        KeyRing.open(path)


def test_a_file_that_goes_bad_under_a_running_server_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = KeyRing.open(path)
    kid = ring.signing.kid
    path.write_bytes(b"half a fi")
    assert ring.signing.kid == kid
    path.unlink()
    assert ring.signing.kid == kid


def test_two_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first, second = KeyRing.open(path), KeyRing.open(path)
    assert first.signing.kid == second.signing.kid


def test_old_keys_verify_until_their_last_token_is_over(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = KeyRing.open(path).signing.kid
    second = rotate(path)
    assert [key["kid"] for key in KeyRing.open(path).public()["keys"]] == [second, first]
    with fixed(now() + timedelta(days=2)):
        third = rotate(path)
    assert [key["kid"] for key in KeyRing.open(path).public()["keys"]] == [third, second]


def test_the_key_id_is_the_thumbprint(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys.json")
    assert ring.signing.kid == ring.signing.thumbprint()


def test_a_rotation_needs_no_restart_and_ends_no_token(service: Service) -> None:
    old = service.token()
    path = Path(service.app.extensions["sogoc"].settings.key_file)
    kid = rotate(path)
    new = service.token()
    client = service.app.test_client()
    for token in (old, new):
        answer = client.get("/v1/me/agreement", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
    assert client.get("/oauth/jwks").get_json()["keys"][0]["kid"] == kid
    assert not list(path.parent.glob("*.part"))
