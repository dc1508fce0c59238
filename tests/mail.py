"""Mail for tests: the shop, and five more households with lists in its cycle.

By postal order: P3 (round 2) and P4 (round 10) live in 42800 with H1, then H2, then P5. P6 gives
no consent, P7 lives where P3 does, written otherwise.
"""

import csv
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from service.files.households import load_households
from service.publish import AckReport, BatchReport, acknowledge, publish
from service.settings import Settings
from service.store import catalogue, households, lists
from service.store.actor import Actor
from service.store.session import Database
from tests.market import silent, stocked
from tests.shop import VALID_FROM, VALID_TO, _document, _lines, open_shop

NAME = "larder_lists_20260302"
ORDER = ["Person H1", "Person P3", "Person P4", "Person H2", "Person P5"]
COLUMNS = "household_id,name,street,postcode,city,country,mail_consent,carrier_order\n"
MORE = (
    "P3,Person P3,3 Oak Street,42800,Applecroft,US,true,2\n",
    "P4,Person P4,4 Oak Street,42800,Applecroft,US,true,10\n",
    "P5,Person P5,5 Oak Street,42809-1234,Applecroft,US,true,\n",
    "P6,Person P6,6 Oak Street,42800,Applecroft,US,false,\n",
    "P7,Someone Else,3 OAK ST.,42800,applecroft,US,true,1\n",
)


def open_mail(database: Database, settings: Settings, folder: Path) -> None:
    """Load it all; the first time on a kind of database, later tests get a copy of that."""
    stocked(database, folder, "mail", lambda: _load_all(database, settings, folder))


def open_published(database: Database, settings: Settings, folder: Path) -> None:
    """All of it with the package of its cycle, two pieces to a file; copied as `open_mail` does."""
    copy = folder.parent / f"published-{'embedded' if database.is_sqlite else 'served'}"

    def fill() -> None:
        _load_all(database, settings, folder)
        print_batch(database, settings.model_copy(update={"pieces_per_file": 2}))
        shutil.copytree(settings.output_folder, copy)

    stocked(database, folder, "published", fill)
    if not settings.output_folder.exists():
        shutil.copytree(copy, settings.output_folder)


def load(database: Database, settings: Settings, folder: Path, rows: Iterable[str]) -> None:
    """Load households: the columns of `COLUMNS`."""
    path = folder / "more_households.csv"
    path.write_text(COLUMNS + "".join(rows), encoding="utf-8")
    load_households(database, path, secret_key=settings.secret_key, language="en")


def print_batch(database: Database, settings: Settings, **how: bool) -> BatchReport:
    return publish(database, settings, 1, progress=silent, **how)


def pieces(report: BatchReport) -> list[dict[str, str]]:
    """The piece file of a package."""
    with (Path(report.folder) / f"{report.name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def acknowledge_rows(
    database: Database, settings: Settings, folder: Path, *rows: str, name: str = "ack.csv"
) -> AckReport:
    """Acknowledge rows: piece_id, status, reason, timestamp."""
    path = folder / name
    path.write_text("\n".join(["piece_id,status,reason,timestamp", *rows, ""]), encoding="utf-8")
    return acknowledge(database, settings, path, name=name, by=Actor("test"))


def _load_all(database: Database, settings: Settings, folder: Path) -> None:
    shop = open_shop(database, settings, folder)
    load(database, settings, folder, MORE)
    offered = [shop.milk_offer, shop.bread_offer, shop.soap_offer]
    with database.write() as session:
        ids = households.ids_by_ref(session)
        item = catalogue.products(session)["item_id"][0]
        documents = {ref: _document(n, offered, item) for n, ref in enumerate(_refs(), start=3)}
        listed = pl.DataFrame(
            {
                "code": [document.list_code for document in documents.values()],
                "household_id": [ids[ref] for ref in documents],
                "document": [document.to_json() for document in documents.values()],
                "cycle_id": [1] * len(documents),
                "valid_from": [VALID_FROM] * len(documents),
                "valid_to": [VALID_TO] * len(documents),
            }
        ).with_columns(
            pl.lit(datetime(2026, 3, 1, tzinfo=UTC))
            .cast(pl.Datetime("us", "UTC"))
            .alias("written_at")
        )
        lines = pl.concat(
            [_lines(document.list_code, offered, item) for document in documents.values()]
        )
        lists.issue(
            session, listed, lines.with_columns(pl.lit(0, pl.Int64).alias("reserved_cents"))
        )


def _refs() -> list[str]:
    return [row.partition(",")[0] for row in MORE]
