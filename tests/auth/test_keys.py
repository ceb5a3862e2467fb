"""Signing keys: private to their user, and rotated without a restart."""

from __future__ import annotations

import multiprocessing
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, import_key

from auth.key_file import KeyFile, KeyFileError
from auth.keys import KeyRing, list_keys, revoke, rotate
from auth.oauth.signatures import SignatureRegistry
from auth.signers import sign_compact
from registry.kernel.clock import fixed, now
from tests.conftest import Service

SECRET = "một bí mật đủ dài"  # noqa: S105 - of files that these tests make


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
    kid = ring.signer().kid
    path.write_bytes(b"half a fi")
    assert ring.signer().kid == kid
    path.unlink()
    assert ring.signer().kid == kid


def test_two_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first, second = KeyRing.open(path), KeyRing.open(path)
    assert first.signer().kid == second.signer().kid


def _kids(path: Path, alg: str = "ES256") -> list[str]:
    return [key["kid"] for key in KeyRing.open(path).public()["keys"] if key["alg"] == alg]


def test_a_key_is_published_before_it_signs_and_until_all_it_signed_is_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keys.json"
    first, second = _kids(path)
    assert rotate(path) == second
    assert _kids(path)[0] == second
    assert _kids(path)[2] == first
    third = _kids(path)[1]
    # A receipt lives for 90 days, longer than any token.
    with fixed(now() + timedelta(days=90)):
        assert rotate(path) == third
        assert {first, second} <= set(_kids(path))
    with fixed(now() + timedelta(days=92)):
        rotate(path)
        assert first not in _kids(path)
        assert second in _kids(path)


def test_what_no_longer_signs_can_not_be_made_to(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = KeyRing.open(path).sign("JWT", {"sub": "x"})
    rotate(path)
    told = orjson.loads(path.read_bytes())["keys"]
    assert {key["state"]: "d" in key for key in told} == {
        "current": True,
        "next": True,
        "retired": False,
    }
    assert jwt.decode(old, KeyRing.open(path).verifying, algorithms=["ES256"]).claims["sub"] == "x"


def test_every_algorithm_has_a_key_that_signs_and_one_that_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = KeyRing.open(path)
    states = sorted((key.alg, key.state) for key in list_keys(path))
    assert states == [(alg, state) for alg in ("ES256", "EdDSA") for state in ("current", "next")]
    for key in ring.public()["keys"]:
        assert key["kid"] == import_key(key).thumbprint()
    for alg in ("ES256", "EdDSA"):
        text = ring.sign("JWT", {"sub": "đ"}, alg)
        token = jwt.decode(text, ring.verifying, registry=SignatureRegistry(algorithms=[alg]))
        assert token.header == {"alg": alg, "typ": "JWT", "kid": _kids(path, alg)[0]}
        assert token.claims == {"sub": "đ"}


def test_a_file_from_before_keys_had_states_goes_on_signing(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old: list[dict[str, Any]] = [
        ECKey.generate_key("P-256").as_dict(private=True) for _ in range(2)
    ]
    old[1] |= {"retired_at": int(now().timestamp())}
    path.write_bytes(orjson.dumps({"keys": old}))
    path.chmod(0o600)
    ring = KeyRing.open(path)
    kid = ring.signer().kid
    assert kid == ECKey.import_key(old[0]).thumbprint()
    with pytest.raises(KeyFileError, match="sogoc key rotate"):
        ring.signer("EdDSA")
    rotate(path)
    assert {kid, ECKey.import_key(old[1]).thumbprint()} <= set(_kids(path))
    assert len(_kids(path, "EdDSA")) == 2


def test_a_sealed_file_tells_nothing_and_opens_by_its_secret_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = KeyRing.open(path, SECRET)
    content = path.read_bytes()
    assert b'"d"' not in content
    assert ring.signer().kid.encode() not in content
    assert KeyRing.open(path, SECRET).signer().kid == ring.signer().kid
    with pytest.raises(KeyFileError, match="does not open"):
        KeyRing.open(path, "another secret, no shorter")
    with pytest.raises(KeyFileError, match="set SOGOC_KEY_SECRET"):
        KeyRing.open(path)


def test_a_file_in_the_clear_is_sealed_by_the_next_rotation(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys.json"
    kid = KeyRing.open(path).signer().kid
    assert KeyRing.open(path, SECRET).signer().kid == kid
    assert "not sealed yet" in caplog.text
    rotate(path, SECRET)
    assert b'"d"' not in path.read_bytes()
    assert kid in {key.kid for key in list_keys(path, SECRET)}


def test_two_that_rotate_at_once_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = set(_kids(path))
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=rotate, args=(path,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
        assert process.exitcode == 0
    kept = [key for key in list_keys(path) if key.alg == "ES256"]
    assert before <= {key.kid for key in kept}
    assert sorted(key.state for key in kept) == ["current", "next", "retired", "retired"]


def test_a_revoked_key_is_believed_no_more(service: Service) -> None:
    token = service.token()
    client, headers = service.app.test_client(), {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/me/agreement", headers=headers).status_code == 200
    path = Path(service.app.extensions["sogoc"].settings.key_file)
    kid = KeyRing.open(path).signer().kid
    with pytest.raises(KeyFileError, match="no key"):
        revoke(path, "nothing")
    revoke(path, kid)
    time.sleep(0.6)
    assert client.get("/v1/me/agreement", headers=headers).status_code == 401
    assert kid not in {key["kid"] for key in client.get("/oauth/jwks").get_json()["keys"]}
    headers = {"Authorization": f"Bearer {service.token()}"}
    assert client.get("/v1/me/agreement", headers=headers).status_code == 200
    assert [key.state for key in KeyFile(path).read() if key.kid == kid] == ["revoked"]


class _Device:
    """Signs without ever giving its key out, as a PKCS#11 token does."""

    alg = "ES256"

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = ECKey.import_key(self._key.public_key())
        self.kid = self.public.thumbprint()

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def test_a_device_can_sign_in_place_of_the_file() -> None:
    device = _Device()
    text = sign_compact(device, "at+jwt", {"sub": "x"})
    token = jwt.decode(text, device.public, algorithms=["ES256"])
    assert (token.header["kid"], token.claims) == (device.kid, {"sub": "x"})


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
