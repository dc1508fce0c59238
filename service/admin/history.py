"""History: months that are over go into files, and whether these are whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from service.errors import Conflict
from service.settings import Settings
from service.store.history import check, manifest, seal
from service.store.history.check import Damage
from service.store.history.manifest import Piece, Sealed
from service.store.session import Database
from service.store.tables.history import HistoryFile

Progress = Callable[[str, int, int], None]
_END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Compacted:
    """How many pieces were written, how many sales kept changing, and how many files went."""

    written: int = 0
    left: int = 0
    removed: int = 0


def sealed_before(settings: Settings, now: datetime) -> datetime | None:
    """The start of the first month, by UTC, that is not sealed yet; None where none ever is."""
    if not settings.hot_days:
        return None
    return _month(now - timedelta(days=settings.hot_days))


def compact(
    database: Database, settings: Settings, *, now: datetime, progress: Progress | None = None
) -> Compacted:
    """Seal the months that are over, put what changed or came late into their files, tidy up.

    It may be killed anywhere and begun again, also by several at once.
    """
    before = sealed_before(settings, now)
    if before is None:
        return Compacted()
    with database.read() as session:
        pieces = manifest.waiting(session, before=before, alone=settings.history_alone)
    written = 0
    for number, piece in enumerate(pieces):
        if progress is not None:
            progress("history", number, len(pieces))
        written += seal.write_piece(database, piece, alone=settings.history_alone, now=now)
    if progress is not None and pieces:
        progress("history", len(pieces), len(pieces))
    removed = seal.remove_replaced(database, now=now)
    return Compacted(written, len(pieces) - written, removed)


def read_sealed(database: Database) -> Sealed:
    """What is in files, in sums."""
    with database.read() as session:
        return manifest.sealed(session)


def verify(database: Database) -> Iterator[tuple[HistoryFile, Damage | None]]:
    """Every file that counts, read to its end, with what is wrong with it."""
    with database.read() as session:
        yield from check.in_full(session)


def damaged(database: Database) -> list[Damage]:
    """The files that are missing or have another size."""
    with database.read() as session:
        return check.by_size(session)


def export(database: Database, folder: Path, *, progress: Progress | None = None) -> int:
    """Write all lines, sealed or not, as of one moment into a folder; how many there are.

    A Parquet file a month and shard, with the columns of `seal.COLUMNS`: internal numbers, no card
    and no name. Raises Conflict when the folder is there.
    """
    part = folder.with_name(f"{folder.name}.part")
    if folder.exists():
        raise Conflict("%(folder)s is there already: name another.", folder=str(folder))
    rows = 0
    with database.read() as session:
        if not database.is_sqlite:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        files = {Piece(file.month, file.shard) for file in manifest.counting(session)}
        pieces = sorted(files | {*manifest.waiting(session, before=_END, alone=False)})
        part.mkdir(parents=True, exist_ok=True)
        for number, piece in enumerate(pieces):
            if progress is not None:
                progress("export", number, len(pieces))
            lines = seal.read_piece(session, piece).lines
            month = part / f"{piece.month:%Y-%m}"
            month.mkdir(exist_ok=True)
            lines.write_parquet(month / f"{piece.shard}.parquet", compression="zstd")
            rows += lines.height
    if progress is not None and pieces:
        progress("export", len(pieces), len(pieces))
    part.rename(folder)
    return rows


def _month(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).date()
    first = date(day.year, day.month, 1)
    return datetime.combine(first, datetime.min.time(), UTC)
