"""demo: the whole loop on the shipped sample."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.console import out, progress_bars
from service.commands.program import program
from service.demo.run import run_demo
from service.demo.summary import show


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where to run it; replaces an earlier demo")
    ] = Path("larder-demo"),
) -> None:
    """Run the whole loop on the sample: from baskets to redeemed lists and the next lists."""
    with progress_bars() as progress:
        made = run_demo(folder, progress=progress)
    show(made, out, program=program())
