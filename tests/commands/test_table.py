"""The table says what its commands say of themselves, and help imports none of them."""

import inspect
import subprocess
import sys
from importlib import metadata

import pytest

from service.commands.lazy import Command
from service.commands.table import COMMANDS
from tests.commands.conftest import Larder

EVERY = [
    each
    for entry in COMMANDS
    for each in ([entry] if isinstance(entry, Command) else entry.commands.values())
]
HEAVY = ["polars", "numpy", "numba", "sqlalchemy", "fastapi", "reportlab", "asyncssh"]
IMPORTED = f"""
import sys
from service.__main__ import main
sys.argv = ["larder", *sys.argv[1:]]
try:
    main()
finally:
    print(*sorted({set(HEAVY)!r} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("command", EVERY, ids=lambda command: command.place)
def test_a_line_of_help_is_the_first_of_the_command_s_own(command: Command) -> None:
    described = inspect.getdoc(command.function())
    assert described is not None
    assert " ".join(described.split("\n\n")[0].split()) == command.help


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "imported"),
    [
        (["--help"], 0, ""),
        (["deals", "--help"], 0, ""),
        (["--version"], 0, ""),
        (["cicle"], 2, ""),
        (["keys", "ad"], 2, ""),
        (["publish", "--help"], 0, "numpy polars reportlab sqlalchemy"),
        (["status", "--help"], 0, "numpy polars sqlalchemy"),
    ],
)
def test_only_the_chosen_command_is_imported(words: list[str], code: int, imported: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (code, imported)


def test_the_version_is_that_of_the_package(larder: Larder) -> None:
    ended = larder("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"larder {metadata.version('larder')}\n", "")
