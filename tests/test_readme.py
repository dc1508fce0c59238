"""README.md says what its steps print."""

import re

import pytest

from tests.readme import DIFFERS, PICTURE, README, alike, blocks, run_steps

SAID = blocks(README.read_text("utf-8"))


@pytest.mark.slow
def test_the_steps_print_what_is_said() -> None:
    """Renew it with `python -m tests.readme`."""
    made, picture = run_steps()
    assert list(SAID) == list(made)
    for name, printed in made.items():
        assert alike(SAID[name]) == alike(printed)
    assert PICTURE.read_text("utf-8") == picture


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in DIFFERS])
def test_what_may_differ_is_there(pattern: re.Pattern[str]) -> None:
    assert sum(len(pattern.findall(said)) for said in SAID.values()) == 1


def test_the_first_command_installs_no_test_tools() -> None:
    commands = README.read_text("utf-8").partition("```sh\n")[2].partition("```")[0]
    assert commands.splitlines() == [
        "python3 -m venv .venv && .venv/bin/pip install -q uv && "
        ".venv/bin/uv run --no-dev larder demo",
        ".venv/bin/uv run pytest",
    ]
