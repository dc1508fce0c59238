"""Real service processes for tests: `larder serve` on a free port, to be asked and to be killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.settings import Settings

_START_SECONDS = 60.0


@dataclass(slots=True)
class Service:
    """One process of the service."""

    address: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        self.process.kill()
        assert self.process.wait(timeout=30) == -signal.SIGKILL


@contextmanager
def served(settings: Settings, *, processes: int, log: Path) -> Iterator[list[Service]]:
    """So many processes of the service over one database; what they say goes to `log`."""
    with log.open("ab") as out:
        started = [start(settings, out.fileno()) for _ in range(processes)]
        try:
            await_all(started)
            yield started
        finally:
            for service in started:
                service.process.terminate()
            for service in started:
                service.process.wait(timeout=30)


def start(settings: Settings, out: int) -> Service:
    """A process that is about to serve; `out` is a file descriptor for what it says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", "--port", str(port)],
        env=environment(settings),
        stdout=out,
        stderr=out,
    )
    return Service(f"http://127.0.0.1:{port}", process)


def await_all(services: Sequence[Service]) -> None:
    """Wait until every process takes connections."""
    give_up = time.monotonic() + _START_SECONDS
    pause = threading.Event()
    for service in services:
        host, _, port = service.address.removeprefix("http://").partition(":")
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    break
            assert service.process.poll() is None, "the service did not start"
            assert time.monotonic() < give_up, "the service did not start in time"
            pause.wait(0.05)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process of its own reads them."""
    return {
        "LARDER_DATABASE_URL": settings.database_url,
        "LARDER_SECRET_KEY": settings.secret_key.get_secret_value(),
        "LARDER_CODE_KEY": settings.code_key.get_secret_value(),
        "LARDER_OFFLINE_LIABILITY": settings.offline_liability,
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    }
