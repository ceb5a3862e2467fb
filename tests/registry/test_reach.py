"""What a client can't make the registry call: names off the list, tricks, and inner addresses."""

from __future__ import annotations

import pytest

from registry.kernel.reach import NotAllowed, Reach
from registry.kernel.settings import Settings, SettingsError

LISTED = Reach.of("keys.example.vn, *.gov.vn, odd.example.vn:8443")

INNER = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:1.1.1.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::1.1.1.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2002:101:101::",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "127.1",
    "0",
    "nonsense",
]

REFUSED = [
    "http://keys.example.vn/keys",
    "HTTP://keys.example.vn/",
    "ftp://keys.example.vn/",
    "file:///etc/passwd",
    "gopher://keys.example.vn/",
    "//keys.example.vn/",
    "keys.example.vn/keys",
    "https:keys.example.vn",
    "https:///keys.example.vn",
    "https://",
    "",
    "https://evil.example/",
    "https://keys.example.vn.evil.example/",
    "https://evilkeys.example.vn/",
    "https://evilgov.vn/",
    "https://gov.vn/",
    "https://.gov.vn/",
    "https://a..gov.vn/",
    "https://-a.gov.vn/",
    "https://a.gov.vn.evil.example/",
    "https://a.gov.vn./",
    "https://keys.example.vn./",
    "https://keys.example.vn@evil.example/",
    "https://evil.example@keys.example.vn/",
    "https://a:b@keys.example.vn/",
    "https://@keys.example.vn/",
    "https://evil.example\\@keys.example.vn/",
    "https://keys.example.vn\\@evil.example/",
    "https://evil.example#@keys.example.vn/",
    "https://keys.example.vn/#part",
    "https://keys.example.vn/a b",
    "https://keys.example.vn/\r\nHost: evil",
    "https://keys.example.vn/\tx",
    "\thttps://keys.example.vn/",
    "https://keys.example.vn/\x00",
    "https://keys.example.vn%2eevil.example/",
    "https://keys.example.vn%00.gov.vn/",
    "https://evil.example%2f.gov.vn/",
    "https://kéys.example.vn/",
    "https://keys。example。vn/",
    "https://ⓚeys.example.vn/",
    "https://keys.example.vn:80/",
    "https://keys.example.vn:22/",
    "https://keys.example.vn:8443/",
    "https://odd.example.vn/",
    "https://keys.example.vn:0/",
    "https://keys.example.vn:99999/",
    "https://keys.example.vn:x/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[keys.example.vn]/",
    "https://[::1/",
    "https://" + "a" * 64 + ".gov.vn/",
    "https://" + "a." * 130 + "gov.vn/",
    "https://keys.example.vn/" + "x" * 2000,
]


@pytest.mark.parametrize("address", INNER)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not LISTED.admits(address)


@pytest.mark.parametrize("url", REFUSED, ids=range(len(REFUSED)))
def test_an_address_by_a_trick_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed):
        LISTED.target(url)


@pytest.mark.parametrize("url", ["https://keys.example.vn/", "https://a.gov.vn/"])
def test_without_a_list_nothing_may_be_called(url: str) -> None:
    with pytest.raises(NotAllowed):
        Reach().target(url)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "100.63.255.255", "172.32.0.1", "203.162.4.190", "2606:4700::1111"]
)
def test_a_public_address_may_be_called_but_never_without_tls(address: str) -> None:
    assert LISTED.admits(address)
    assert not Reach(loopback=True).admits(address, secure=False)


def test_only_the_flag_opens_this_machine() -> None:
    local = Reach.of("localhost:8000", loopback=True)
    assert local.target("http://localhost:8000/").port == 8000
    assert local.admits("127.0.0.1", secure=False)
    assert local.admits("::1")
    assert not local.admits("10.0.0.1")
    assert not local.admits("::ffff:127.0.0.1")
    for url in ("https://127.0.0.1:8000/", "https://localhost/", "ftp://localhost:8000/"):
        with pytest.raises(NotAllowed):
            local.target(url)


def test_a_listed_address_is_taken_apart() -> None:
    assert LISTED.target("https://KEYS.example.vn").path == "/"
    assert LISTED.target("https://dvc.a.gov.vn:443/keys?x=1").path == "/keys?x=1"
    found = LISTED.target("https://odd.example.vn:8443/k")
    assert (found.host, found.port, found.secure) == ("odd.example.vn", 8443, True)


@pytest.mark.parametrize(
    "entry",
    ["*", "*.vn", "*.*.vn", "10.0.0.1", "*gov.vn", "https://a.vn", "a.vn/", "A.vn", "[::1]"],
)
def test_a_list_with_a_wrong_entry_stops_the_start(entry: str) -> None:
    with pytest.raises(SettingsError, match="JWKS_HOSTS"):
        Settings(jwks_hosts=f"a.gov.vn,{entry}")


def test_this_machine_is_open_in_a_demo_alone() -> None:
    assert not Settings(jwks_hosts="localhost").jwks_reach.loopback
    assert Settings(environment="demo", jwks_hosts="localhost").jwks_reach.loopback
