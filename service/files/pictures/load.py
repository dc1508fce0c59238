"""Load pictures: each is prepared and kept, or refused with its reason."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from service.engine.codes import gtin_text
from service.engine.reading import reading_of
from service.errors import InvalidInput, Problem
from service.files.pictures.addresses import networks
from service.files.pictures.fetch import FetchLimits, fetch
from service.files.pictures.places import Place, in_folder, in_table
from service.files.pictures.prepare import Prepared, prepare
from service.files.report import LoadReport, Progress, silent
from service.files.rows import PLAIN_TEXT
from service.files.text_form import TextOptions
from service.settings import Settings
from service.store import catalogue, pictures
from service.store.session import Database
from service.store.tables.picture import Picture, PictureKind

_AT_ONCE = 64
_THREADS = 8
_SHOWN = 5


def load_pictures(
    database: Database,
    settings: Settings,
    path: Path,
    *,
    text: TextOptions = PLAIN_TEXT,
    progress: Progress = silent,
) -> LoadReport:
    """Load the pictures of a folder or a table, in place of those of the same names.

    A picture that cannot be fetched or prepared is refused with its reason; the others are loaded.
    Raises NotFound when there is no such folder or table, InvalidInput for what is no table of
    these columns.
    """
    report = LoadReport()
    reading = reading_of(settings)
    places = (
        in_folder(path, reading, report) if path.is_dir() else in_table(path, reading, text, report)
    )
    places = _without_repeats(places, report)
    limits = FetchLimits(
        settings.picture_max_bytes, settings.picture_seconds, networks(settings.picture_networks)
    )
    root = (path if path.is_dir() else path.parent).resolve()
    loaded: list[str] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        while some := [*islice(places, _AT_ONCE)]:
            found = pool.map(lambda place: _prepared(place, root, limits), some)
            loaded += _keep(database, some, found, report)
            progress("pictures", report.taken + report.known, report.read)
    _note_unknown(database, loaded, report)
    return report


def _without_repeats(places: Iterator[Place], report: LoadReport) -> Iterator[Place]:
    """The places without those of a name that an earlier one has; these are refused."""
    first: dict[tuple[str, str], str] = {}
    for place in places:
        earlier = first.setdefault((place.kind, place.name), place.where)
        if earlier == place.where:
            yield place
        else:
            detail = f"is of the same as {earlier}"
            report.refuse((Problem(place.where, detail, "keep the one that is right"),), 1)


def _prepared(place: Place, root: Path, limits: FetchLimits) -> Prepared | str:
    """The prepared picture, or why there is none."""
    try:
        if isinstance(place.source, str):
            return prepare(fetch(place.source, limits))
        return prepare(_read(place.source, root, limits.most_bytes))
    except InvalidInput as error:
        return error.detail


def _read(path: Path, root: Path, most_bytes: int) -> bytes:
    try:
        whole = path.resolve()
        if not whole.is_relative_to(root):
            raise InvalidInput("is outside the folder of the table")
        if not whole.is_file():
            raise InvalidInput("is no file")
        with whole.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"cannot be read: {type(error).__name__}") from None
    if len(data) > most_bytes:
        raise InvalidInput(f"has more than {most_bytes:,} bytes")
    return data


def _keep(
    database: Database,
    places: list[Place],
    found: Iterator[Prepared | str],
    report: LoadReport,
) -> list[str]:
    """Keep what was prepared and report on all of it; the products that got a picture."""
    at = datetime.now(UTC)
    products: list[str] = []
    with database.write() as session:
        named = pictures.named(session, [*PictureKind])
        for place, each in zip(places, found, strict=True):
            if isinstance(each, str):
                report.refuse((Problem(place.where, each),), 1)
                continue
            if place.kind == PictureKind.PRODUCT:
                products.append(place.name)
            key = (str(place.kind), place.name)
            if named.get(key) == each.digest:
                report.known += 1
                continue
            kept = Picture(
                digest=each.digest,
                width=each.width,
                height=each.height,
                data=each.data,
                loaded_at=at,
            )
            pictures.save(session, kept)
            pictures.name(session, *key, each.digest)
            named[key] = each.digest
            report.taken += 1
    return products


def _note_unknown(database: Database, names: list[str], report: LoadReport) -> None:
    gtins = sorted({int(name) for name in names})
    with database.read() as session:
        known = set(catalogue.products(session, gtins=gtins)["gtin"]) if gtins else set()
    unknown = [gtin_text(gtin) for gtin in gtins if gtin not in known]
    if unknown:
        shown = ", ".join(unknown[:_SHOWN]) + (", ..." if len(unknown) > _SHOWN else "")
        report.note(f"{len(unknown):,} of the pictures are of products not loaded yet: {shown}")
