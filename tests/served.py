"""Real service processes on free ports, for tests of races and of killed processes."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from service.settings import Settings

PATIENCE_SECONDS = 240.0
"""How long to wait for what must come: on a machine that has much else to do, a long time."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the service."""

    address: str
    pid: int

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)

    def listens(self) -> bool:
        """Whether somebody takes connections there; one that was killed may for a moment."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(self.address.rpartition(":")[2]))) == 0


@contextmanager
def served(settings: Settings, *, processes: int, log: Path) -> Iterator[list[Service]]:
    """So many processes of `larder serve` over one database; what they say goes to `log`."""
    with log.open("ab") as out:
        ports = [free_port() for _ in range(processes)]
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "service", "serve", "--port", str(port)],
                env=environment(settings),
                stdout=out,
                stderr=out,
            )
            for port in ports
        ]
        services = [
            Service(address(port), each.pid) for port, each in zip(ports, started, strict=True)
        ]
        try:
            await_all(services)
            yield services
        finally:
            for each in started:
                each.terminate()
            for each in started:
                each.wait(timeout=PATIENCE_SECONDS)


def free_port() -> int:
    """A port that nobody has.

    It is none of those that the kernel gives to whoever asks for any: until the service listens on
    it, somebody else may ask.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def address(port: int) -> str:
    """The address of a service on this port."""
    return f"http://127.0.0.1:{port}"


def await_all(services: Sequence[Service]) -> None:
    """Wait until every process takes connections."""
    for service in services:
        eventually(service.listens)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait, not for ever, until something holds."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < give_up, "it never came to pass"
        pause.wait(0.02)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process of its own reads them."""
    return {
        "LARDER_DATABASE_URL": settings.database_url,
        "LARDER_SECRET_KEY": settings.secret_key.get_secret_value(),
        "LARDER_CODE_KEY": settings.code_key.get_secret_value(),
        "LARDER_MAIL_LEAD_DAYS": str(settings.mail_lead_days),
        "LARDER_OFFLINE_LIABILITY": settings.offline_liability,
        "LARDER_STOP_SECONDS": str(settings.stop_seconds),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    }
