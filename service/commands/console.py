"""What the commands share: output, progress and exit codes."""

import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from service.errors import LarderError, NotAccepted, Problem
from service.files.notes import Note

EXIT_FAILED = 1
EXIT_SOME_REFUSED = 3
EXIT_NOT_ACCEPTED = 4
SHOWN_PROBLEMS = 20
_TABLE_WIDTH = 160

out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def say(line: str) -> None:
    """Print a line as it is: never wrapped, and no part of it read as markup."""
    out.print(line, soft_wrap=True)


def show_table(table: Table) -> None:
    """Print a table without wrapping its cells, also where there is no terminal width."""
    table.width = out.measure(table, options=out.options.update_width(_TABLE_WIDTH)).maximum
    out.print(table, crop=False)


def current_user() -> str:
    """The user of this machine, by name or, as in some containers, by number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars on the error stream, one for each stage, with the time that it still takes."""
    with Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=err,
    ) as bars:
        tasks: dict[str, int] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield report


def show_error(error: LarderError) -> None:
    """Print one line for the error, then a line for each fault."""
    err.print(f"larder: {error.detail}", style="red", soft_wrap=True)
    show_problems(error.problems)
    if isinstance(error, NotAccepted):
        for text in error.asked:
            err.print(f"  {text}", soft_wrap=True)
        err.print("  if all of this is as it was meant, load it with --accept")


def show_notes(notes: Sequence[Note]) -> None:
    """Print what was assumed in reading a file; what a person must accept is marked."""
    for note in notes:
        say(f"  {'TO ACCEPT: ' if note.asks else ''}{note.text}")


def show_problems(problems: Sequence[Problem], *, total: int | None = None) -> None:
    """Print the first faults, and how many more there are."""
    for problem in problems[:SHOWN_PROBLEMS]:
        err.print(f"  {problem}", soft_wrap=True)
    more = (total or len(problems)) - min(len(problems), SHOWN_PROBLEMS)
    if more > 0:
        err.print(f"  and {more} more")
