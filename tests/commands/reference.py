"""The commands of `larder` as Markdown: `python -m tests.commands.reference` prints the text that
stands in docs/commands.md below the line `REFERENCE`."""

import sys
from collections.abc import Iterator

import typer

from service.__main__ import app
from service.commands.lazy import Command

REFERENCE = "<!-- From here on the text is what the commands say of themselves. -->"

KINDS = {"%Y-%m-%d": "YYYY-MM-DD", "str": "TEXT", "int": "N", "path": "PATH"}

root = typer.main.get_command(app)


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Every command that does something, by what is typed: `larder load products`."""
    yield from _below("larder", root)


def _below(typed: str, command: object) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    if isinstance(command, typer.core.TyperGroup):
        for name, below in command.commands.items():
            yield from _below(f"{typed} {name}", below)
    else:
        assert isinstance(command, Command)
        yield typed, command.load()


def reference() -> str:
    """All commands, each with its help and a table of what it takes."""
    return "\n".join(_described(typed, command) for typed, command in commands())


def _described(typed: str, command: typer.core.TyperCommand) -> str:
    lines = [f"## {typed}", "", " ".join((command.help or "").split()), ""]
    if command.params:
        lines += ["| what | default | meaning |", "| --- | --- | --- |"]
        for param in command.params:
            shown = f"`{_written(param, typer.Context(command))}`"
            meaning = getattr(param, "help", None) or ""
            lines.append(f"| {shown} | {_default(param)} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _written(param: object, context: typer.Context) -> str:
    assert isinstance(param, typer.core.TyperArgument | typer.core.TyperOption)
    if isinstance(param, typer.core.TyperArgument):
        return (param.name or "").upper()
    names = " / ".join([*param.opts, *param.secondary_opts])
    if param.is_flag:
        return names
    kind = param.display_type(context).strip("<>").removesuffix(" range").replace("|", ", ")
    return f"{names} {KINDS.get(kind, kind)}"


def _default(param: object) -> str:
    assert isinstance(param, typer.core.TyperArgument | typer.core.TyperOption)
    if param.required:
        return "required"
    if isinstance(param, typer.core.TyperOption) and param.is_flag and not param.default:
        return "off"
    if param.default is None:
        return ""
    if isinstance(param, typer.core.TyperOption) and param.is_flag:
        return "on"
    shown = str(param.default).removesuffix(" 00:00:00")
    return f"`{shown}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
