"""Clients that are slow, silent, many or never done: each is closed in time, by a real server."""

import fcntl
import os
import signal
import socket
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from tests.conftest import settings_of
from tests.served import eventually, served

pytestmark = pytest.mark.slow

HEAD = b"POST /v1/quotes HTTP/1.1\r\nhost: a\r\n"


@pytest.fixture(scope="module")
def settings(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    given = settings_of(f"sqlite:///{migrated}", tmp_path_factory.mktemp("slow"))
    return given.model_copy(
        update={"slow_client_seconds": 0.4, "max_connections": 3, "max_head_bytes": 4096}
    )


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    with serve_on_loopback(Database(settings.database_url), settings) as address:
        yield address


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        yield client


def is_answered(client: socket.socket) -> bool:
    """Whether a request is answered, and not the connection refused."""
    with suppress(ConnectionError):
        client.sendall(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
    return client.recv(4096).startswith(b"HTTP/1.1 200 ")


def heard(client: socket.socket) -> bytes:
    """All that comes until the service closes the connection."""
    parts = []
    while data := client.recv(65_536):
        parts.append(data)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD, 408),
        (HEAD + b"content-length: 100\r\n\r\n{", 408),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n", 408),
        (HEAD + b"x: " + b"x" * 5000, 431),
        (b"GET /" + b"a" * 5000, 431),
    ],
)
def test_a_request_that_is_never_whole_is_refused(address: str, sent: bytes, status: int) -> None:
    with connected(address) as client:
        client.sendall(sent)
        # Whoever has no key is answered 401 before the body is there.
        assert f"HTTP/1.1 {status} ".encode() in heard(client)


def test_a_client_that_trickles_is_closed_too(address: str) -> None:
    """Each byte comes in time; all of them would take for ever."""
    with connected(address) as client:
        client.sendall(HEAD)
        client.settimeout(0.02)
        said = b""
        while not said:
            client.sendall(b"a")
            with suppress(TimeoutError):
                said = client.recv(4096)
        assert said.startswith(b"HTTP/1.1 408 ")


def test_further_connections_are_refused_and_those_that_are_there_go_on(address: str) -> None:
    with connected(address) as first, connected(address) as second, connected(address) as third:
        for client in (first, second, third):
            assert is_answered(client)
        with connected(address) as fourth:
            assert heard(fourth).startswith(b"HTTP/1.1 503 ")
        assert is_answered(third)


def test_a_client_that_takes_no_answer_is_closed(address: str) -> None:
    with connected(address) as stuck, connected(address) as second, connected(address) as third:
        assert is_answered(second)
        assert is_answered(third)
        # The answers are more than the kernel keeps for a client.
        stuck.sendall(b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n" * 100)

        def has_room() -> bool:
            with connected(address) as further:
                return is_answered(further)

        assert not has_room()
        eventually(has_room)


def test_a_stop_comes_in_time_whatever_a_client_does(settings: Settings, tmp_path: Path) -> None:
    given = settings.model_copy(update={"stop_seconds": 2.0})
    with (
        served(given, processes=1, log=tmp_path / "log") as (service,),
        connected(service.address) as body,
        connected(service.address) as head,
    ):
        body.sendall(HEAD + b"content-length: 1000\r\n\r\n{")
        head.sendall(HEAD)
        eventually(lambda: _has_read(body))
        began = time.monotonic()
        os.kill(service.pid, signal.SIGTERM)
        eventually(lambda: not service.listens())
        os.waitpid(service.pid, 0)
        assert time.monotonic() - began < 8


def _readable(client: socket.socket) -> list[socket.socket]:
    client.setblocking(False)
    try:
        client.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return []
    finally:
        client.setblocking(True)
    return [client]


def _has_read(client: socket.socket) -> bool:
    """Whether the other side has taken in all that was sent."""
    (left,) = struct.unpack("i", fcntl.ioctl(client, termios.TIOCOUTQ, b"\0" * 4))
    return left == 0
