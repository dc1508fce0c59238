"""Commands that are imported when they are chosen, so that help and typos are answered fast."""

import importlib
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """The name and the line of help of a command whose function is not imported yet."""

    def __init__(self, name: str, place: str, help_line: str) -> None:
        super().__init__(name, help=help_line)
        self.place = place

    def function(self) -> Callable[..., Any]:
        """Import the function at `place`, as `service.commands.load:products`."""
        module, _, name = self.place.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found

    def load(self) -> TyperCommand:
        """The command itself, with its arguments and options."""
        app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
        app.command(self.name)(self.function())
        loaded = typer.main.get_command(app)
        assert isinstance(loaded, TyperCommand)
        return loaded


class Group(TyperGroup):
    """Commands by name, each loaded when it is chosen."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The chosen command itself; an unknown name is refused without an import."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found.load() if isinstance(found, Command) else found, rest


def group(name: str, help_line: str, *commands: Command) -> Group:
    """Commands under one noun."""
    return Group(name=name, help=help_line, no_args_is_help=True, commands=commands)
