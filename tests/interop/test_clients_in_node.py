"""Two foreign clients from end to end, in a process of their own: openid-client, oauth4webapi."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.interop.installed import HERE, installed
from tests.interop.served import CALLBACK, DETAIL, LOOKUP, NAME, PURPOSE, Served, private_key, visit

_SECONDS = 60


def _given(server: Served, client_id: str, proofs: str) -> str:
    return json.dumps(
        {
            "issuer": server.issuer,
            "clientId": client_id,
            "jwk": private_key(client_id),
            "proofs": proofs,
            "callback": CALLBACK,
            "details": [DETAIL],
            "lookup": server.lookup,
            "body": LOOKUP,
            "purpose": PURPOSE,
            "name": NAME,
        }
    )


def _goes_the_whole_way(server: Served, script: str, client_id: str, proofs: str) -> None:
    """Run ``script``, being the person at the browser whom it asks for."""
    # Inside the installed packages, where it finds them.
    folder = Path(tempfile.mkdtemp(dir=installed()))
    for name in (script, "talk.mjs"):
        shutil.copy(HERE / name, folder)
    process = subprocess.Popen(  # noqa: S603 - our own script
        ["node", folder / script, _given(server, client_id, proofs)],  # noqa: S607
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(server.authority.file)},
    )
    with process:
        assert process.stdin
        assert process.stdout
        try:
            asked = process.stdout.readline()
            back = visit(server, json.loads(asked)["visit"]) + "\n" if asked else ""
            told, errors = process.communicate(back, timeout=_SECONDS)
        finally:
            process.kill()
            shutil.rmtree(folder)
    assert (process.returncode, told) == (0, '{"done":true}\n'), errors


@pytest.mark.parametrize(
    ("script", "client_id", "proofs"),
    [
        ("openid-client.mjs", "form-es256", "ES256"),
        ("openid-client.mjs", "form-ps256", "Ed25519"),
        ("oauth4webapi.mjs", "form-ed25519", "ES256"),
    ],
)
def test_a_client_from_npm_goes_the_whole_way(
    server: Served, script: str, client_id: str, proofs: str
) -> None:
    _goes_the_whole_way(server, script, client_id, proofs)
