"""How much room there is where files are written."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple


class Disk(NamedTuple):
    """A disk, the folders that are written to on it, and its bytes."""

    folders: Sequence[str]
    free_bytes: int
    total_bytes: int


def disks_of(folders: Iterable[Path]) -> list[Disk]:
    """The disks that some folders lie on, each once; a folder that is still to be made counts."""
    found: dict[int, list[Path]] = {}
    for folder in folders:
        found.setdefault(_there(folder).stat().st_dev, []).append(folder)
    disks = []
    for on_it in found.values():
        usage = shutil.disk_usage(_there(on_it[0]))
        disks.append(Disk([str(each) for each in on_it], usage.free, usage.total))
    return disks


def _there(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
