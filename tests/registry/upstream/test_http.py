"""What comes from outside is bounded in time and size and believed only in the agreed shape."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.kernel.errors import Invalid
from registry.upstream.http import HttpSource
from registry.upstream.source import Limits, SourceDown
from tests.people import BAY, LAN
from tests.sources import CELLS, FakeNation, nation, serving

HASTY = Limits(
    batch=10,
    connect_seconds=1,
    read_seconds=1,
    total_seconds=2,
    most_bytes=20_000,
    failures=3,
    open_seconds=0.5,
)


@pytest.fixture
def upstream() -> Iterator[FakeNation]:
    with nation() as made:
        yield made


@pytest.fixture
def source(upstream: FakeNation) -> Iterator[HttpSource]:
    made = HttpSource(upstream.url, dict, limits=HASTY)
    yield made
    made.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://dancu.example.vn/037",
        "ftp://dancu.example.vn",
        "https://user:secret@dancu.example.vn",
        "https://dancu.example.vn/#all",
        "https:///037",
        "https://dancu.example.vn:port/",
        "https://dancu.example.vn/a b",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_safe_addresses_are_called(url: str) -> None:
    with pytest.raises(Invalid):
        HttpSource(url, dict)


def result(identifier: Any = LAN, **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "status": "found", "message": CELLS, **more}


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"",
        b"[]",
        b"{}",
        b'{"results": {}}',
        b'{"results": [1]}',
        json.dumps({"results": [result(BAY)]}).encode(),
        json.dumps({"results": [result(), result()]}).encode(),
        json.dumps({"results": [result(status="maybe")]}).encode(),
        json.dumps({"results": [result(message="text")]}).encode(),
        json.dumps({"results": [result(identifier=[LAN])]}).encode(),
        b'{"results": [' + b" " * 20_000 + b"]}",
    ],
    ids=range(12),
)
def test_a_wrong_answer_is_no_answer(
    upstream: FakeNation, source: HttpSource, answer: bytes
) -> None:
    upstream.breaks(answer)
    if answer == b'{"results": {}}':
        # Nothing was said of anybody, which is not the same as "not found".
        assert source.fetch([LAN]) == {}
        return
    with pytest.raises(SourceDown) as told:
        source.fetch([LAN])
    assert LAN not in str(told.value)


@pytest.mark.parametrize("status", [201, 301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_status_is_no_answer(
    upstream: FakeNation, source: HttpSource, status: int
) -> None:
    good = json.dumps(upstream.answer([LAN])).encode()
    upstream.breaks(good, status, Location=f"http://127.0.0.1:{upstream.port}/elsewhere")
    with pytest.raises(SourceDown):
        source.fetch([LAN])
    # No redirect was followed and nothing was tried again.
    assert upstream.calls == [[LAN]]


def test_a_page_of_another_kind_is_no_answer(upstream: FakeNation, source: HttpSource) -> None:
    upstream.breaks(json.dumps(upstream.answer([LAN])).encode(), Content_Type="text/html")
    with pytest.raises(SourceDown):
        source.fetch([LAN])


def test_a_packed_answer_is_not_unpacked(upstream: FakeNation, source: HttpSource) -> None:
    import gzip  # noqa: PLC0415 - here alone

    packed = gzip.compress(json.dumps(upstream.answer([LAN])).encode())
    upstream.breaks(packed, Content_Encoding="gzip")
    with pytest.raises(SourceDown):
        source.fetch([LAN])
    assert upstream.headers[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("way", ["slow", "dripping", "down"])
def test_waiting_has_an_end(upstream: FakeNation, source: HttpSource, way: str) -> None:
    if way == "slow":
        upstream.seconds = 4
    elif way == "dripping":
        upstream.drip = json.dumps(upstream.answer([LAN])).encode()
    else:
        upstream.port = 1
        source = HttpSource(upstream.url, dict, limits=HASTY)
    began = time.monotonic()
    with pytest.raises(SourceDown):
        source.fetch([LAN])
    assert time.monotonic() - began < 3.5


def test_a_message_that_can_not_be_read_stops_no_other(upstream: FakeNation) -> None:
    def strict(message: Any) -> Any:
        if message["full_name"] == "?":
            raise ValueError
        return message

    upstream.person(BAY, full_name="?")
    source = HttpSource(upstream.url, strict, limits=HASTY)
    assert source.fetch([LAN, BAY, "900190000009"]) == {LAN: CELLS, "900190000009": None}
    source.close()


def test_many_are_asked_for_in_batches(upstream: FakeNation, source: HttpSource) -> None:
    numbers = [f"9001900000{n:02}" for n in range(35)]
    found = source.fetch(numbers)
    assert list(found) == numbers
    assert [len(call) for call in upstream.calls] == [10, 10, 10, 5]


def test_what_came_before_a_failure_is_kept(upstream: FakeNation, source: HttpSource) -> None:
    upstream.seconds = 0.8
    numbers = [f"9001900000{n:02}" for n in range(35)]
    assert 10 <= len(source.fetch(numbers)) < 35


def test_a_failing_source_is_left_alone_and_tried_again(
    upstream: FakeNation, source: HttpSource
) -> None:
    upstream.breaks(b"", 500)
    for _ in range(5):
        with pytest.raises(SourceDown):
            source.fetch([LAN])
    assert len(upstream.calls) == HASTY.failures
    time.sleep(HASTY.open_seconds)
    with pytest.raises(SourceDown):
        source.fetch([LAN])
    with pytest.raises(SourceDown):
        source.fetch([LAN])
    assert len(upstream.calls) == HASTY.failures + 1
    upstream.raw = None
    time.sleep(HASTY.open_seconds)
    assert source.fetch([LAN]) == {LAN: CELLS}
    assert source.fetch([LAN]) == {LAN: CELLS}


def test_a_source_that_comes_back_is_asked_on_a_new_connection() -> None:
    made = FakeNation()
    with serving(made):
        source = HttpSource(made.url, dict, limits=HASTY)
        assert source.fetch([LAN])
    with pytest.raises(SourceDown):
        source.fetch([LAN])
    with serving(made):
        assert source.fetch([LAN])
    source.close()


def _secrets(folder: Path, content: dict[str, str], mode: int = 0o600) -> Path:
    path = folder / "dancu.json"
    path.write_text(json.dumps(content), "utf-8")
    path.chmod(mode)
    return path


def test_a_secret_that_others_can_read_is_not_used(upstream: FakeNation, tmp_path: Path) -> None:
    path = _secrets(tmp_path, {"header": "X-Api-Key", "value": "s3cret"}, 0o644)
    source = HttpSource(upstream.url, dict, path, HASTY)
    with pytest.raises(SourceDown, match="chmod 600"):
        source.fetch([LAN])
    assert upstream.calls == []


@pytest.mark.parametrize(
    "content",
    [
        {"header": "X-Api-Key", "value": "a\r\nHost: b"},
        {"header": "X-Api-Key"},
        {"token_url": "http://elsewhere.example", "client_id": "a", "client_secret": "b"},
        {},
    ],
)
def test_credentials_that_can_not_be_sent_are_refused(
    upstream: FakeNation, tmp_path: Path, content: dict[str, str]
) -> None:
    source = HttpSource(upstream.url, dict, _secrets(tmp_path, content), HASTY)
    with pytest.raises(SourceDown, match=r"dancu\.json"):
        source.fetch([LAN])
    assert upstream.calls == []


def test_a_fixed_header_is_sent(upstream: FakeNation, tmp_path: Path) -> None:
    path = _secrets(tmp_path, {"header": "X-Api-Key", "value": "s3cret"})
    source = HttpSource(upstream.url, dict, path, HASTY)
    assert source.fetch([LAN])
    assert upstream.headers[0]["X-Api-Key"] == "s3cret"
    source.close()


def test_a_token_is_asked_once_and_again_when_it_is_revoked(
    upstream: FakeNation, tmp_path: Path
) -> None:
    at = {"token_url": upstream.url.replace("/037", "/token")}
    path = _secrets(tmp_path, at | {"client_id": "so goc", "client_secret": "s3c:ret"})
    source = HttpSource(upstream.url, dict, path, HASTY)
    assert source.fetch([LAN])
    assert source.fetch([LAN])
    # RFC 6749 section 2.3.1: form-encoded before they are joined.
    assert upstream.tokens == ["Basic c28lMjBnb2M6czNjJTNBcmV0"]
    upstream.revoked.add("token-1")
    assert source.fetch([LAN])
    assert [h["Authorization"] for h in upstream.headers] == [
        *["Bearer token-1"] * 3,
        "Bearer token-2",
    ]
    source.close()
