"""Files of deals that somebody sent and nobody has loaded yet, with what was corrected in them.

They are kept in a folder that all processes of the service share, for a week.
"""

import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.deals.corrections import MOST_CORRECTIONS, Correction
from service.deals.upload import ReadOptions
from service.errors import Conflict, InvalidInput, NotFound
from service.files.dates import Order
from service.notice import Count
from service.settings import Settings
from service.store.actor import Actor

KEPT = timedelta(days=7)
MOST_HELD = 200
_TOKEN = re.compile(r"^[0-9a-f]{32}$")
_FOLDER = "uploads"
_GONE = "This file is not here any more: it was loaded or dropped, or is older than a week."


@dataclass(frozen=True, slots=True)
class Held:
    """A file that waits to be loaded; `path` is where its bytes are."""

    token: str
    name: str
    bytes: int
    sent_by: str
    sent_at: datetime
    path: Path
    encoding: str = ""
    dates: str = ""
    corrections: tuple[Correction, ...] = ()

    def options(self, settings: Settings) -> ReadOptions:
        """How it is read: as was said when it was sent, with what was corrected."""
        return ReadOptions.of(
            settings,
            encoding=self.encoding or None,
            dates=Order(self.dates) if self.dates else None,
            corrections=self.corrections,
        )


def hold(
    settings: Settings,
    name: str,
    body: bytes,
    *,
    by: Actor,
    now: datetime,
    encoding: str = "",
    dates: str = "",
) -> Held:
    """Keep a file, and how to read it; what is older than a week goes.

    Raises InvalidInput for an empty file, Conflict where too many wait.
    """
    if not body:
        raise InvalidInput("%(name)s is empty.", name=name or "The file")
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    kept = _drop_old(settings, now)
    if kept >= MOST_HELD:
        raise Conflict(
            "%(number)s files wait to be loaded already: load or drop some first.",
            number=Count(MOST_HELD),
        )
    token = secrets.token_hex(16)
    held = Held(token, name, len(body), by.name, now, folder / f"{token}.body", encoding, dates)
    _write(held.path, body)
    _describe(held)
    return held


def find(settings: Settings, token: str) -> Held:
    """A file that waits. Raises NotFound."""
    found = _read(_folder(settings), token) if _TOKEN.match(token) else None
    if found is None:
        raise NotFound(_GONE)
    return found


def waiting(settings: Settings) -> Sequence[Held]:
    """The files that wait, newest first."""
    folder = _folder(settings)
    found = (_read(folder, path.stem) for path in folder.glob("*.json"))
    return sorted(
        (each for each in found if each is not None),
        key=lambda held: (held.sent_at, held.token),
        reverse=True,
    )


def amend(settings: Settings, token: str, corrections: Sequence[Correction]) -> Held:
    """Add corrections to those of a file; the last counts for each cell. Raises NotFound."""
    held = find(settings, token)
    cells = {(each.sheet, each.row, each.column): each for each in held.corrections}
    cells |= {(each.sheet, each.row, each.column): each for each in corrections}
    if len(cells) > MOST_CORRECTIONS:
        raise InvalidInput(
            "At most %(number)s cells are corrected here: correct the file itself.",
            number=Count(MOST_CORRECTIONS),
        )
    amended = replace(held, corrections=tuple(cells.values()))
    _describe(amended)
    return amended


def restore(settings: Settings, token: str) -> Held:
    """Take all corrections of a file back. Raises NotFound."""
    restored = replace(find(settings, token), corrections=())
    _describe(restored)
    return restored


def drop(settings: Settings, token: str) -> None:
    """Forget a file; one that is not there is forgotten already."""
    if _TOKEN.match(token):
        for suffix in (".json", ".body"):
            (_folder(settings) / f"{token}{suffix}").unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.runs_folder / _FOLDER


def _describe(held: Held) -> None:
    told = {**asdict(held), "sent_at": held.sent_at.isoformat()}
    del told["path"]
    _write(held.path.with_suffix(".json"), json.dumps(told).encode())


def _write(path: Path, content: bytes) -> None:
    """Write a file so that others see all of it or nothing."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.write_bytes(content)
    os.replace(part, path)


def _read(folder: Path, token: str) -> Held | None:
    try:
        told = json.loads((folder / f"{token}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Held(
        token=token,
        name=told["name"],
        bytes=told["bytes"],
        sent_by=told["sent_by"],
        sent_at=datetime.fromisoformat(told["sent_at"]).astimezone(UTC),
        path=folder / f"{token}.body",
        encoding=told["encoding"],
        dates=told["dates"],
        corrections=tuple(Correction(**each) for each in told["corrections"]),
    )


def _drop_old(settings: Settings, now: datetime) -> int:
    """Drop what is too old; how many are kept."""
    found = waiting(settings)
    for held in found:
        if now - held.sent_at > KEPT:
            drop(settings, held.token)
    return sum(now - held.sent_at <= KEPT for held in found)
