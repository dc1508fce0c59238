"""Addresses that may be asked, and servers that do not do what they should."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.files.pictures.addresses import may_be_asked, networks
from service.files.pictures.fetch import FetchLimits, fetch
from tests.files.pictures.server import own_certificate, picture, serving

STRICT = FetchLimits(100_000, 5)
OWN = FetchLimits(100_000, 5, networks("127.0.0.0/8"))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as address:
        yield address


# How others wrote the same places: YOURLS#4145, caamas#30, project-nomad#520.
INSIDE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.100.100.200",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.0.192", "198.18.0.1",
    "168.63.129.16", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:168.63.129.16", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:7f00:1::", "2001:db8::1", "fec0::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def test_only_public_addresses_may_be_asked() -> None:
    for text in INSIDE:
        assert not may_be_asked(ipaddress.ip_address(text), ()), text
    for text in OUTSIDE:
        assert may_be_asked(ipaddress.ip_address(text), ()), text


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_an_address_is_judged_the_same_however_it_is_wrapped(
    inner: ipaddress.IPv4Address, prefix: int
) -> None:
    public = may_be_asked(inner, ())
    assert may_be_asked(ipaddress.ip_address(f"::ffff:{inner}"), ()) == public
    assert may_be_asked(ipaddress.ip_address(f"64:ff9b::{inner}"), ()) == public
    assert not may_be_asked(ipaddress.ip_address(f"::{inner}"), ())
    wrapped = ipaddress.IPv6Address((0x2002 << 112) | int(inner) << 80)
    assert public or not may_be_asked(wrapped, ())
    own = networks(str(ipaddress.ip_network(f"{inner}/{prefix}", strict=False)))
    assert may_be_asked(inner, own)


def refusal(url: str, limits: FetchLimits = OWN) -> str:
    with pytest.raises(InvalidInput) as refused:
        fetch(url, limits)
    return refused.value.detail


def test_a_picture_comes_whatever_its_address_and_type_are_called(server: str) -> None:
    for path in ("", "/a.txt", "/media/8.png?x=260&y=260&t=image/jpeg", "/ä b.png", "/redirect?/a"):
        assert fetch(server + path, OWN) == picture()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://2130706433:{}/", "http://0x7f.1:{}/",
     "http://[::1]:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://127.1:{}/"],
)  # fmt: skip
def test_this_machine_is_not_asked_whatever_it_is_called(server: str, url: str) -> None:
    told = refusal(url.format(server.rpartition(":")[2]), STRICT)
    assert "is no public address" in told or "is not known" in told


def test_what_servers_do_wrong_ends_with_a_reason(server: str) -> None:
    for path, expected in (
        ("/gone", "status 404"),
        ("/cut", "could not be fetched: IncompleteRead"),
        ("/endless", "has more than 100,000 bytes"),
        ("/redirect?/redirect?/redirect?/redirect?/redirect?/redirect?/", "more than 5 times"),
        ("/redirect?http://10.0.0.1/", "comes from 10.0.0.1, which is no public address"),
        ("/redirect?file:///etc/passwd", "is no address that begins with https:// or http://"),
        ("/redirect?gopher://127.0.0.1/", "is no address that begins with"),
    ):
        assert expected in refusal(server + path), path
    before = time.monotonic()
    quick = FetchLimits(100_000, 0.3, OWN.networks)
    assert refusal(f"{server}/drip", quick) == "did not come within 0.3 seconds"
    # The picture takes a hundred.
    assert time.monotonic() - before < 60


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/a", "//example.com/a", "a.jpg", "http://", "https:///a",
     "http://user@example.com/", "http://a:b@example.com/", "http://example.com:0/",
     "http://example.com:99999/", "http://[::1", "http://a..b/", "http://\u2488example/"],
)  # fmt: skip
def test_what_is_no_public_web_address_is_not_asked(url: str) -> None:
    assert refusal(url, STRICT)


def test_a_secure_server_must_show_a_certificate_that_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = own_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with serving(tls) as address:
        assert refusal(f"{address}/a") == "comes from 127.0.0.1, whose certificate does not hold"
        trusting = ssl.create_default_context(cafile=str(file))
        monkeypatch.setattr("service.files.pictures.fetch._tls", lambda: trusting)
        assert fetch(f"{address}/a", OWN) == picture()
        plain = address.replace("https", "http")
        assert "from https to an address without" in refusal(f"{address}/redirect?{plain}/a")
        assert "could not be fetched" in refusal(f"{plain}/a")


def test_a_name_is_resolved_once_and_refused_when_any_address_of_it_is_inside(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    port = int(server.rpartition(":")[2])

    def answer(*addresses: str) -> Any:
        def resolve(host: str, *args: Any, **options: Any) -> Any:
            asked.append(host)
            # Whatever is asked later gets another answer: the connection must not ask.
            some = addresses if asked.count(host) == 1 else ("10.9.9.9",)
            some = (host,) if host[0].isdigit() else some
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in some]

        return resolve

    monkeypatch.setattr(socket, "getaddrinfo", answer("127.0.0.1"))
    assert fetch(f"http://shop.example:{port}/", OWN) == picture()
    assert asked.count("shop.example") == 1
    asked.clear()
    monkeypatch.setattr(socket, "getaddrinfo", answer("8.8.8.8", "10.0.0.1"))
    assert "is no public address" in refusal(f"http://shop.example:{port}/", OWN)
    assert asked == ["shop.example"]
