"""A host that is asked for a document can neither lead inside nor hold or flood the asker."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from registry.kernel.outbound import NotFetched, Outbound, Resolver, fetch_public, trust
from registry.kernel.reach import Reach
from tests.keyhost import NAME, Authority, KeyHost, serving

KINDS = ("application/json",)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def host(authority: Authority) -> Iterator[KeyHost]:
    with serving(authority.context(NAME)) as made:
        yield made


def _here(_name: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def _fetch(
    host: KeyHost, ca_file: str, resolve: Resolver = _here, *, loopback: bool = True
) -> bytes:
    reach = Reach.of(f"{NAME}:{host.port}", loopback=loopback)
    outbound = Outbound(reach, trust(ca_file), resolve, seconds=1.0)
    return fetch_public(host.url(), outbound, KINDS)


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["1.1.1.1", "10.0.0.1"],
        ["1.1.1.1", "::ffff:127.0.0.1"],
        ["fe80::1%lo"],
        ["64:ff9b::7f00:1"],
        [],
    ],
    ids=str,
)
def test_a_name_that_leads_inside_is_not_called(
    host: KeyHost, authority: Authority, found: list[str]
) -> None:
    with pytest.raises(NotFetched, match="no public address"):
        _fetch(host, authority.ca_file, lambda *_: found, loopback=False)
    assert host.requests == []


def test_a_name_that_changes_its_address_gains_nothing(host: KeyHost, authority: Authority) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with serving(authority.context(NAME), "127.0.0.2", host.port) as inside:
        assert _fetch(host, authority.ca_file, lambda *_: answers.pop(0)) == host.body
        # Asked once; and that the name means nothing to this machine shows that it alone was.
        assert (len(answers), len(host.requests), inside.requests) == (1, 1, [])


def test_a_resolver_that_does_not_answer_is_given_up(host: KeyHost, authority: Authority) -> None:
    def slow(*_: object) -> list[str]:
        host.over.wait(5)
        return []

    def broken(*_: object) -> list[str]:
        raise socket.gaierror(-2, "unknown")

    begin = time.monotonic()
    with pytest.raises(NotFetched, match="its name takes too long"):
        _fetch(host, authority.ca_file, slow)
    assert time.monotonic() - begin < 2
    with pytest.raises(NotFetched, match="gaierror"):
        _fetch(host, authority.ca_file, broken)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 x", "307 x", "308 x"])
def test_a_redirect_is_not_followed(host: KeyHost, authority: Authority, status: str) -> None:
    host.status = status
    host.headers += f"Location: https://{NAME}:{host.port}/inside\r\n"
    with pytest.raises(NotFetched, match="status 30"):
        _fetch(host, authority.ca_file)
    assert len(host.requests) == 1


@pytest.mark.parametrize("status", ["201 Created", "204 None", "401 x", "404 x", "500 x"])
def test_only_status_200_counts(host: KeyHost, authority: Authority, status: str) -> None:
    host.status = status
    with pytest.raises(NotFetched, match="status"):
        _fetch(host, authority.ca_file)


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/jsonx", "json", ""])
def test_another_media_type_is_refused(host: KeyHost, authority: Authority, kind: str) -> None:
    host.headers = f"Content-Type: {kind}\r\n" if kind else ""
    with pytest.raises(NotFetched, match="media type"):
        _fetch(host, authority.ca_file)


def test_a_compressed_answer_is_refused_unopened(host: KeyHost, authority: Authority) -> None:
    host.body = gzip.compress(b" " * 50_000_000)
    host.headers += "Content-Encoding: gzip\r\n"
    with pytest.raises(NotFetched, match="compressed"):
        _fetch(host, authority.ca_file)


def test_the_body_ends_at_64_kib(host: KeyHost, authority: Authority) -> None:
    host.body = b"x" * 65_536
    assert _fetch(host, authority.ca_file) == host.body
    host.body += b"x"
    with pytest.raises(NotFetched, match="too large"):
        _fetch(host, authority.ca_file)


def _chunks(host: KeyHost) -> Callable[[socket.socket], None]:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"1;" + b"x" * 60_000 + b"\r\nx\r\n"
    return lambda connection: host.trickle(connection, head, piece)


def test_an_answer_that_hides_its_size_is_cut_off(host: KeyHost, authority: Authority) -> None:
    host.behaviour = _chunks(host)
    with pytest.raises(NotFetched, match="too large"):
        _fetch(host, authority.ca_file)


@pytest.mark.parametrize(
    ("begin", "part"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" "),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n",
            b" ",
        ),
    ],
    ids=["status", "headers", "one header", "continue", "body", "counted body"],
)
def test_an_endless_trickle_ends_in_time(
    host: KeyHost, authority: Authority, begin: bytes, part: bytes
) -> None:
    host.behaviour = lambda connection: host.trickle(connection, begin, part)
    started = time.monotonic()
    with pytest.raises(NotFetched):
        _fetch(host, authority.ca_file)
    assert time.monotonic() - started < 2


def test_a_silent_handshake_ends_in_time(authority: Authority) -> None:
    with serving(None) as silent:
        silent.behaviour = lambda connection: silent.trickle(connection, b"", b"")
        started = time.monotonic()
        with pytest.raises(NotFetched):
            _fetch(silent, authority.ca_file)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("sent", [b"", b"nonsense\r\n\r\n", b"\x00" * 10, b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_answer_is_refused(host: KeyHost, authority: Authority, sent: bytes) -> None:
    host.behaviour = lambda connection: connection.sendall(sent)
    with pytest.raises(NotFetched):
        _fetch(host, authority.ca_file)


def test_a_certificate_must_be_for_the_name(authority: Authority) -> None:
    for context in (
        authority.context("other.example.vn"),
        authority.context("*.vn"),
        authority.context(NAME, age=timedelta(days=2)),
    ):
        with serving(context) as other:
            with pytest.raises(NotFetched, match="SSLCertVerificationError"):
                _fetch(other, authority.ca_file)
            assert other.requests == []


def test_a_certificate_must_be_of_a_trusted_authority(
    host: KeyHost, authority: Authority, tmp_path: Path
) -> None:
    for ca_file in ("", Authority(tmp_path).ca_file):
        with pytest.raises(NotFetched, match="SSLCertVerificationError"):
            _fetch(host, ca_file)
    assert _fetch(host, authority.ca_file) == host.body


def test_a_host_that_is_not_there_is_told_at_once(host: KeyHost, authority: Authority) -> None:
    with serving(None) as gone:
        pass
    with pytest.raises(NotFetched, match="can't be reached"):
        _fetch(gone, authority.ca_file)
    # The next of its addresses may well answer.
    assert _fetch(host, authority.ca_file, lambda *_: ["127.0.0.3", "127.0.0.1"]) == host.body


def test_the_environment_names_no_proxy(
    host: KeyHost, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert _fetch(host, authority.ca_file) == host.body


def test_the_request_says_what_is_wanted_and_no_more(host: KeyHost, authority: Authority) -> None:
    _fetch(host, authority.ca_file)
    assert host.requests[0].split("\r\n") == [
        "GET /keys?of=all HTTP/1.1",
        f"Host: {NAME}:{host.port}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    ]


def test_plain_http_reaches_this_machine_alone() -> None:
    with serving(None) as plain:
        reach = Reach.of(f"{NAME}:{plain.port}", loopback=True)
        url = plain.url(scheme="http")
        assert fetch_public(url, Outbound(reach, trust(), _here), KINDS) == plain.body
        for outbound in (
            Outbound(reach, trust(), lambda *_: ["1.1.1.1"]),
            Outbound(Reach(reach.hosts), trust(), _here),
        ):
            with pytest.raises(NotFetched):
                fetch_public(url, outbound, KINDS)
        assert len(plain.requests) == 1
