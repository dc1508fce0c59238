"""A process that does an act and halts in the middle of it, so that a test can kill it there."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.cycle import recompose_cycle, run_cycle, withdraw_cycle
from service.jobs.worker import drain
from service.publish import publish
from service.settings import Settings
from service.store import cycles, lists
from service.store.session import Database
from tests.market import AS_OF, silent

HERE = "halted"


def kill_in(act: str, settings: Settings) -> None:
    """Run `act` in a process of its own and kill it with SIGKILL where it halts."""
    environment = {
        "LARDER_DATABASE_URL": settings.database_url,
        "LARDER_SECRET_KEY": settings.secret_key.get_secret_value(),
        "LARDER_CODE_KEY": settings.code_key.get_secret_value(),
        "LARDER_OUTPUT_FOLDER": str(settings.output_folder),
        "LARDER_RUNS_FOLDER": str(settings.runs_folder),
        "LARDER_HISTORY_STORE": settings.history_store,
        "LARDER_MAIL_LEAD_DAYS": str(settings.mail_lead_days),
        "LARDER_LEASE_SECONDS": str(settings.lease_seconds),
        "LARDER_PIECES_PER_FILE": str(settings.pieces_per_file),
        "LARDER_SHARD_HOUSEHOLDS": str(settings.shard_households),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PATH": "/usr/bin:/bin",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed", act],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        process.kill()
    assert line == HERE
    assert process.returncode == -signal.SIGKILL


def _halt() -> None:
    sys.stdout.write(f"{HERE}\n")
    sys.stdout.flush()
    signal.pause()


def _halting(*_args: Any, **_kwargs: Any) -> None:
    _halt()


def _after_two(stage: str) -> Callable[[str, int, int], None]:
    """Progress that halts when two parts of a stage are done."""

    def report(name: str, done: int, _total: int) -> None:
        if name == stage and done >= 2:
            _halt()

    return report


def main(act: str) -> None:
    settings = Settings()
    database = Database(settings.database_url)
    if act == "cycle":
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=_after_two("predict"))
    elif act == "recompose":
        lists.issue = _halting
        recompose_cycle(database, settings, 1, progress=silent)
    elif act == "withdraw":
        cycles.forget_results = _halting
        withdraw_cycle(database, 1)
    elif act == "publish":
        publish(database, settings, 1, progress=_after_two("print"))
    elif act == "worker":
        lists.write_draft = _halt_at_fourth(lists.write_draft)
        drain(database, settings)


def _halt_at_fourth(write: Callable[..., int]) -> Callable[..., int]:
    """Let three through; the fourth finds the process halted, in the middle of a transaction."""
    calls = 0

    def halting(*args: Any, **kwargs: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 4:
            _halt()
        return write(*args, **kwargs)

    return halting


if __name__ == "__main__":
    main(sys.argv[1])
