"""The `larder` command line."""

import sys
from importlib import metadata
from typing import Annotated, Any

import typer

from service.commands.console import EXIT_FAILED, EXIT_NOT_ACCEPTED, say, show_error
from service.commands.lazy import Group
from service.commands.table import COMMANDS
from service.errors import InvalidInput, LarderError, NotAccepted


class Larder(Group):
    """All commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": COMMANDS})


app = typer.Typer(
    name="larder",
    cls=Larder,
    help="Shopping lists that know what each household needs next, with the deals suppliers "
    "pay for. Exit codes: 0 done, 1 failed with nothing half-done, 2 wrong usage, 3 done but some "
    "rows were refused, 4 nothing done: notes must be accepted.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        say(f"larder {metadata.version('larder')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is", callback=_show_version),
    ] = False,
) -> None:
    """What may stand before a command."""


def main() -> None:
    """Run the command; an expected error is one clear line and exit code 1."""
    try:
        app()
    except LarderError as error:
        show_error(error)
        sys.exit(EXIT_NOT_ACCEPTED if isinstance(error, NotAccepted) else EXIT_FAILED)
    except OSError as error:
        # A file that the user named; what has no name is a fault of ours.
        if error.filename is None:
            raise
        show_error(InvalidInput(f"{error.filename} cannot be used: {error.strerror}."))
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
