"""layout and verify: how printed lists look, and whether they are fit to mail."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.commands.console import EXIT_FAILED, say, show_problems
from service.engine.render import Layout, SymbolProfile
from service.files import fonts, layouts
from service.publish.verify import verify as verify_file
from service.settings import FontSettings, load_letter_settings

NameArgument = Annotated[
    str, typer.Argument(help="The name of a shipped layout, or a .json file with another one")
]


def _load_layout(name: str) -> Layout:
    path = Path(name)
    return layouts.load_file(path) if path.suffix == ".json" else layouts.load(name)


def show() -> None:
    """The shipped layouts."""
    for name in layouts.names():
        say(f"{name}: {layouts.load(name).title}")


def preview(
    name: NameArgument,
    out_file: Annotated[Path, typer.Option("--out", help="PDF to write")],
    language: Annotated[
        list[str] | None, typer.Option(help="Only this language; may be given several times")
    ] = None,
    symbol: Annotated[
        SymbolProfile | None, typer.Option(help="Another symbol than the layout's")
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--everything", help="One letter a language with all that a letter can carry instead"
        ),
    ] = False,
) -> None:
    """Draw a layout as the settings print it and with the longest texts; refuse overflow."""
    drawn = layouts.preview(
        _load_layout(name),
        load_letter_settings(),
        languages=language or (),
        profile=symbol,
        everything=everything,
    )
    unfinished = out_file.with_name(f"{out_file.name}.part")
    unfinished.write_bytes(drawn.pdf)
    unfinished.replace(out_file)
    say(f"{out_file}: {len(drawn.pages)} pieces, {drawn.pages[-1].page_to} pages")


def check(name: NameArgument) -> None:
    """Refuse a layout whose worst case overflows in any shipped language; say what it can print."""
    layout = _load_layout(name)
    layouts.check(layout)
    say(f"{name} holds its worst case in every shipped language.")
    say(f"Letters its fonts hold: {_listed(layouts.letters(layout))}.")


def add_font(
    file: Annotated[Path, typer.Argument(help="A font with TrueType outlines (.ttf, .otf)")],
) -> None:
    """Add a font for letters that the shipped ones lack, if its licence lets it be embedded."""
    added = fonts.add(file, FontSettings().fonts_folder)
    say(f"{added.file}: {_listed(added.letters) or 'no script with 20 letters'}")
    say("Lists printed from now on use it; restart services that are running.")


def _listed(letters: Mapping[str, int]) -> str:
    return ", ".join(f"{script} {count:,}" for script, count in letters.items())


def verify(
    file: Annotated[Path, typer.Argument(help="A PDF of a published batch")],
    dpi: Annotated[int, typer.Option(help="Resolution the pages are rasterised at", min=72)] = 300,
    sample: Annotated[
        int | None, typer.Option(help="Check this many pieces, spread evenly; all when left out")
    ] = None,
) -> None:
    """Rasterise a printed file, decode every symbol, check fonts, pages, safe areas and window."""
    began = datetime.now(UTC)
    verdict = verify_file(file, dpi=dpi, sample=sample)
    seconds = (datetime.now(UTC) - began).total_seconds()
    say(
        f"{file.name}: {verdict.pages} pages, {verdict.pieces} pieces, {verdict.checked} checked, "
        f"{len(verdict.codes)} symbols decoded at {dpi} dpi in {seconds:.1f} s, "
        f"{len(verdict.problems)} faults"
    )
    show_problems(verdict.problems)
    if not verdict.clean:
        raise typer.Exit(EXIT_FAILED)
