"""allocate: deals to households from a folder to a folder, without a database."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.console import err, say
from service.files.allocation import allocate_folder


def allocate(
    instance: Annotated[
        Path,
        typer.Option(help="Folder with candidates, offers and households as Parquet"),
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", help="Folder for the allocation, the prices, the certificate")
    ],
    seed: Annotated[int, typer.Option(help="Seed of the sample the prices start from", min=0)] = 0,
    shards: Annotated[int, typer.Option(help="Threads over households", min=1)] = 1,
) -> None:
    """Choose deals for every household, with a proof of how close to the best the choice is."""
    found = allocate_folder(
        instance, out_folder, seed=seed, shards=shards, progress=lambda stage: err.print(stage)
    )
    say(
        f"{found.pairs:,} pairs; objective {found.primal_cents:,.0f} cents, bound "
        f"{found.dual_bound_cents:,.0f}, gap {found.gap:.4%}, {found.violations} violations, "
        f"{found.cpu_seconds:.1f} CPU seconds"
    )
    for short in found.minimums:
        say(
            f"offer {short.offer_id}: {short.circulation} of {short.circulation_min} guaranteed "
            f"copies; alone it could place {short.reachable}"
        )
    say(f"written to {out_folder}/")
