"""Acts for workers: they live in a module, so that other processes can import them."""

import os
import signal
from pathlib import Path
from typing import NamedTuple

import polars as pl


class Step(NamedTuple):
    """Of which the step at `dies_at` kills its process, `times` times, counted by files."""

    number: int
    folder: Path
    dies_at: int = -1
    times: int = 1


def square(step: Step) -> int:
    """The square; each call leaves a file."""
    if step.number == step.dies_at:
        deaths = len([*step.folder.glob("death-*")])
        if deaths < step.times:
            (step.folder / f"death-{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    (step.folder / f"done-{step.number}-{os.getpid()}").touch()
    return step.number**2


def refuse(step: Step) -> int:
    """The number; the second has a fault."""
    if step.number == 1:
        raise ValueError("the second one")
    return step.number


def threads(_step: Step) -> int:
    """How many threads Polars has here."""
    return pl.thread_pool_size()
