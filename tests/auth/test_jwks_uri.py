"""A client whose keys are at its `jwks_uri`: which keys are believed, and for how long."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from click.testing import CliRunner
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from werkzeug.test import TestResponse

from auth.client_keys import ClientKeys, read_keys
from auth.clients import create_client, disable_client
from auth.models import Client
from registry.app import create_app
from registry.cli import main
from registry.kernel.clock import fixed, now
from registry.kernel.db import Database
from registry.kernel.errors import Invalid
from registry.kernel.outbound import NotFetched
from registry.kernel.reach import Reach
from registry.kernel.settings import Settings, SettingsError
from tests.auth.signing import AGENCY, EC, ED, RSA, ask, assertion, public
from tests.conftest import ISSUER, Service
from tests.keyhost import NAME, Authority, KeyHost, serving

NEXT = ECKey.generate_key("P-256", {"kid": "next"})


def _publish(host: KeyHost, *keys: Key) -> None:
    host.status = "200 OK"
    host.body = json.dumps(public(*keys)).encode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def host(authority: Authority) -> Iterator[KeyHost]:
    with serving(authority.context("localhost", NAME)) as made:
        _publish(made, EC, ED, RSA)
        yield made


def _settings(host: KeyHost, authority: Authority) -> Settings:
    hosts = f"localhost:{host.port},{NAME}:{host.port}"
    return Settings(environment="demo", jwks_hosts=hosts, jwks_ca_file=authority.ca_file)


@pytest.fixture
def agency(
    database: Database, tmp_path: Path, host: KeyHost, authority: Authority
) -> Iterator[Service]:
    settings = Settings(
        environment="demo",
        issuer=ISSUER,
        key_file=str(tmp_path / "keys.json"),
        jwks_hosts=f"localhost:{host.port}",
        jwks_ca_file=authority.ca_file,
    )
    with database.transaction() as session:
        create_client(
            session,
            AGENCY,
            "Chi cục thuế",
            ["citizens:read"],
            jwks_uri=host.url("localhost"),
            reach=settings.jwks_reach,
        )
    app = create_app(settings, database)
    yield Service(app, database, "")
    app.extensions["sogoc"].hot_lookup.close()
    app.extensions["sogoc"].pulse.close()


def _refused(answer: TestResponse) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_a_client_gets_a_token_by_its_published_keys(agency: Service, host: KeyHost) -> None:
    for key, alg in ((EC, "ES256"), (RSA, "PS256"), (ED, "Ed25519")):
        assert ask(agency, assertion(key, alg)).status_code == 200
    assert len(host.requests) == 1


def test_a_key_that_is_not_published_is_refused(agency: Service, host: KeyHost) -> None:
    _refused(ask(agency, assertion(ECKey.generate_key("P-256", {"kid": "ec"}))))
    _refused(ask(agency, assertion(NEXT)))
    assert len(host.requests) == 1


def test_a_silent_host_is_refused_like_a_wrong_key(
    agency: Service, host: KeyHost, caplog: pytest.LogCaptureFixture
) -> None:
    host.status = "500 secret-of-the-host"
    with caplog.at_level(logging.DEBUG):
        answer = ask(agency, assertion())
    _refused(answer)
    assert "keys of client tax-office: status 500" in caplog.text
    assert "secret-of-the-host" not in caplog.text + answer.text


def test_a_disabled_client_makes_nothing_be_fetched(agency: Service, host: KeyHost) -> None:
    with agency.database.transaction() as session:
        disable_client(session, AGENCY)
    _refused(ask(agency, assertion()))
    assert host.requests == []


class Asker:
    """Asks for keys at moments of its own; ``at`` counts seconds from the first."""

    def __init__(self, settings: Settings, host: KeyHost) -> None:
        self.keys = ClientKeys(settings, lambda *_: ["127.0.0.1"])
        self.client = Client(id=AGENCY, jwks_uri=host.url())
        self.begin: datetime = now()

    def at(self, seconds: float, kid: str | None = None) -> set[str | None]:
        with fixed(self.begin + timedelta(seconds=seconds)):
            found = self.keys.keys_of(self.client, kid)
        return {key.kid for key in found} if found else set()


@pytest.fixture
def asker(host: KeyHost, authority: Authority) -> Asker:
    return Asker(_settings(host, authority), host)


OLD, BOTH = {"ec", "ed", "rsa"}, {"ec", "next"}


def test_a_withdrawn_key_ends_after_five_minutes(asker: Asker, host: KeyHost) -> None:
    assert asker.at(0, "ec") == OLD
    _publish(host, NEXT)
    assert asker.at(299, "ec") == OLD
    assert asker.at(300, "ec") == {"next"}
    assert len(host.requests) == 2


def test_a_new_key_is_found_by_its_name(asker: Asker, host: KeyHost) -> None:
    assert asker.at(0, "ec") == OLD
    _publish(host, EC, NEXT)
    assert asker.at(29, "next") == OLD
    assert asker.at(30, "next") == BOTH
    assert asker.at(31, "next") == BOTH
    assert len(host.requests) == 2


def test_unknown_names_are_fetched_for_once_in_thirty_seconds(asker: Asker, host: KeyHost) -> None:
    for second in range(120):
        assert asker.at(second, f"unknown-{second}") == OLD
    assert len(host.requests) == 4


def test_a_silent_host_is_bridged_for_an_hour(asker: Asker, host: KeyHost) -> None:
    assert asker.at(0) == OLD
    host.status = "503 x"
    assert asker.at(300) == OLD
    assert asker.at(3599) == OLD
    assert asker.at(3600) == set()
    _publish(host, NEXT)
    assert asker.at(3629) == {"next"}


def test_a_dead_host_is_asked_once_in_thirty_seconds(asker: Asker, host: KeyHost) -> None:
    host.status = "503 x"
    for second in range(60):
        assert asker.at(second) == set()
    assert len(host.requests) == 2
    _publish(host, EC)
    assert asker.at(60) == {"ec"}


def test_a_clock_that_was_set_back_makes_keys_old(asker: Asker, host: KeyHost) -> None:
    assert asker.at(0) == OLD
    _publish(host, NEXT)
    assert asker.at(-10) == {"next"}


def test_another_address_is_another_set(asker: Asker, host: KeyHost) -> None:
    assert asker.at(0) == OLD
    _publish(host, NEXT)
    asker.client.jwks_uri = f"{host.url()}&more"
    assert asker.at(1) == {"next"}


def test_a_host_that_left_the_list_is_not_asked(host: KeyHost, authority: Authority) -> None:
    settings = Settings(environment="demo", jwks_ca_file=authority.ca_file)
    assert Asker(settings, host).at(0) == set()
    assert host.requests == []


def _slowly(host: KeyHost) -> Event:
    """Answer once the event is set, or after a while."""
    release = Event()

    def answer(connection: socket.socket) -> None:
        release.wait(1)
        head = f"HTTP/1.1 {host.status}\r\n{host.headers}Content-Length: {len(host.body)}\r\n\r\n"
        connection.sendall(head.encode() + host.body)

    host.behaviour = answer
    return release


def _together(asker: Asker, seconds: float, kid: str, release: Event) -> list[set[str]]:
    """Ask from eight threads at once; what seven have got lets the eighth come to its end."""
    together = Barrier(8)
    results: list[set[str]] = []
    with fixed(asker.begin + timedelta(seconds=seconds)), ThreadPoolExecutor(8) as pool:

        def one(_: int) -> None:
            together.wait()
            found = asker.keys.keys_of(asker.client, kid)
            results.append({str(key.kid) for key in found} if found else set())
            if len(results) == 7:
                release.set()

        list(pool.map(one, range(8)))
    return results


def test_threads_at_once_share_one_fetch(asker: Asker, host: KeyHost) -> None:
    release = _slowly(host)
    assert _together(asker, 0, "ec", release) == [OLD] * 8
    assert len(host.requests) == 1


def test_who_knows_the_key_does_not_wait_for_a_fetch(asker: Asker, host: KeyHost) -> None:
    asker.at(0)
    release = _slowly(host)
    _publish(host, EC, NEXT)
    found = _together(asker, 300, "ec", release)
    assert sorted(found, key=len) == [BOTH] + [OLD] * 7
    assert len(host.requests) == 2


def test_a_host_that_failed_holds_one_thread_alone(asker: Asker, host: KeyHost) -> None:
    host.status = "503 x"
    asker.at(0)
    release = _slowly(host)
    _publish(host, EC)
    assert sorted(_together(asker, 30, "ec", release), key=len) == [set()] * 7 + [{"ec"}]


def _data(*entries: Any) -> bytes:
    return json.dumps({"keys": list(entries)}).encode()


_EC = public(EC)["keys"][0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"keys": null}',
        b'{"keys": {}}',
        b'{"keys": ["x"]}',
        b"[" * 60_000,
        _data(),
        _data({}),
        _data({"kty": "EC"}),
        _data({"kty": ["EC"]}),
        _data({"kty": "LMS", "pub": "x"}),
        _data(*public(ECKey.generate_key("P-384"))["keys"]),
        _data(_EC | {"use": "enc"}),
        _data(*[_EC] * 21),
        _data(_EC, EC.as_dict(private=True)),
        _data(_EC, RSA.as_dict(private=True)),
        _data(_EC, OctKey.generate_key(256).as_dict(private=True)),
    ],
    ids=range(19),
)
def test_a_set_without_good_keys_is_refused(data: bytes) -> None:
    with pytest.raises(NotFetched):
        read_keys(data)


def test_a_short_rsa_key_is_refused() -> None:
    with pytest.warns(SecurityWarning):
        short = public(RSAKey.generate_key(1024))["keys"]
        with pytest.raises(NotFetched, match="no key"):
            read_keys(_data(*short))


def test_a_good_key_is_found_beside_keys_for_another_use() -> None:
    other = {"kty": "LMS", "pub": "x"}, _EC | {"use": "enc", "kid": "enc"}
    assert [key.kid for key in read_keys(_data(*other, _EC))] == ["ec"]


@pytest.mark.parametrize(
    "url",
    [
        "http://keys.example.vn/",
        "https://other.example.vn/",
        "https://a@keys.example.vn/",
        "https://keys.example.vn/#x",
        "https://10.0.0.1/",
        "",
    ],
)
def test_an_address_that_may_not_be_called_is_not_registered(service: Service, url: str) -> None:
    with pytest.raises(Invalid) as refused, service.database.transaction() as session:
        create_client(session, "x", "x", ["citizens:read"], jwks_uri=url, reach=Reach((NAME,)))
    assert [error.pointer for error in refused.value.errors] == ["/jwks_uri"]


def test_keys_and_their_address_are_not_registered_together(service: Service) -> None:
    url = f"https://{NAME}/"
    for keys, reach in ((public(EC), Reach((NAME,))), (None, Reach())):
        with pytest.raises(Invalid), service.database.transaction() as session:
            create_client(session, "x", "x", ["citizens:read"], keys, jwks_uri=url, reach=reach)


def test_a_file_of_authorities_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(SettingsError, match="SOGOC_JWKS_CA_FILE"):
            ClientKeys(Settings(jwks_ca_file=str(tmp_path / name)))


def test_the_command_registers_an_address_that_is_listed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("SOGOC_DATABASE_URL", address)
    monkeypatch.setenv("SOGOC_JWKS_HOSTS", NAME)
    common = ["client", "create", "bank", "--name", "x", "--scope", "citizens:read", "--jwks-uri"]
    refused = CliRunner().invoke(main, [*common, "https://other.example.vn/keys"])
    assert refused.exit_code != 0
    assert "SOGOC_JWKS_HOSTS" in refused.output
    made = CliRunner().invoke(main, [*common, f"https://{NAME}/keys"])
    assert (made.exit_code, "secret" in made.output) == (0, False), made.output
    with database.reading() as session:
        row = session.get_one(Client, "bank")
        assert (row.auth_method, row.jwks_uri) == ("private_key_jwt", f"https://{NAME}/keys")
