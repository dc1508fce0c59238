"""docs/commands.md says what the commands say of themselves."""

from pathlib import Path

import pytest
import typer

from tests.commands.reference import REFERENCE, commands, reference

DOCUMENT = Path(__file__).parents[2] / "docs" / "commands.md"
EVERY = dict(commands())


def test_the_document_is_what_the_commands_say() -> None:
    """Renew it with `python -m tests.commands.reference`, below the marked line."""
    _, marked, stands = DOCUMENT.read_text(encoding="utf-8").partition(REFERENCE)
    assert marked
    assert stands.strip() == reference().strip()


@pytest.mark.parametrize("typed", EVERY)
def test_every_command_and_everything_it_takes_has_help(typed: str) -> None:
    command = EVERY[typed]
    assert (command.help or "").strip().endswith(".")
    for param in command.params:
        assert isinstance(param, typer.core.TyperArgument | typer.core.TyperOption)
        assert (param.name, bool((param.help or "").strip())) == (param.name, True)


def test_the_commands_that_were_promised_are_there() -> None:
    promised = (
        "init, keys add, keys list, keys revoke, demo, migrate, load products, load households, "
        "load baskets, load deals, cycle, publish, serve, schedule, work, predict, backtest, status"
    )
    assert {f"larder {name}" for name in promised.split(", ")} <= set(EVERY)
