"""demo: the whole loop on the shipped sample."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.console import out, progress_bars
from service.commands.program import program
from service.demo.learning import show_learning
from service.demo.run import run_demo
from service.demo.shoppers import run_shoppers
from service.demo.summary import show


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where to run it; replaces an earlier demo")
    ] = Path("larder-demo"),
    shoppers: Annotated[
        bool,
        typer.Option("--shoppers", help="Six cycles with simulated shoppers who use their lists"),
    ] = False,
) -> None:
    """Run the whole loop on the sample: from baskets to redeemed lists and the next lists."""
    if shoppers:
        with progress_bars() as progress:
            learnt = list(run_shoppers(folder, progress=progress))
        show_learning(learnt, out)
        return
    with progress_bars() as progress:
        made = run_demo(folder, progress=progress)
    show(made, out, program=program())
