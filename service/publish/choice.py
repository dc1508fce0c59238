"""Which lists are printed, in what order, and under which numbers."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from service.digests import address_digest
from service.engine.records import Address, ListDocument, Mailpiece
from service.engine.render import Layout
from service.publish.addresses import ADDRESS, LeftOutReason, address_key, screen_contacts
from service.settings import Settings
from service.store import households, lists
from service.store.session import Database
from service.store.tables.cycle import Cycle

SORT_KEY = "country,postcode,carrier_order,city,street,name"
_CHUNK_PIECES = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lists are printed and which are not.

    `pieces`, in postal order: seq, piece_id, list_id, household_id, the columns of the address,
    carrier_order. `left_out`: household_id, reason, duplicate_of; households by the retailer's own
    numbers.
    """

    pieces: pl.DataFrame
    left_out: pl.DataFrame

    def summary(self) -> dict[str, int]:
        """Counts of lists, of pieces, and of lists left out for each reason."""
        counts = dict(self.left_out.group_by("reason").len().iter_rows())
        return {
            "lists": self.pieces.height + self.left_out.height,
            "pieces": self.pieces.height,
            **{reason.value: counts.get(reason.value, 0) for reason in LeftOutReason},
        }

    def digest(self, settings: Settings, layout: Layout, name: str) -> str:
        """A digest of everything the files are made of: equal digests mean equal files."""
        inputs = [
            name,
            layout.name,
            settings.retailer,
            settings.country,
            settings.return_address,
            settings.language,
            settings.departments,
            settings.pieces_per_file,
        ]
        digest = hashlib.sha256(json.dumps(inputs).encode())
        for frame in (self.pieces, self.left_out):
            digest.update(frame.write_csv().encode())
        return digest.hexdigest()


def choose(
    database: Database, settings: Settings, cycle: Cycle, *, only: list[int] | None = None
) -> Choice:
    """Choose which issued lists of a cycle are printed; `only` restricts them to these list ids.

    A piece id is made of the list's place in the cycle, so reprints and later revisions keep it.
    """
    with database.read() as session:
        all_lists = lists.of_cycle(session, cycle.id)
        issued = (
            all_lists.with_row_index("place", offset=1)
            .filter("is_issued")
            .with_columns(
                pl.format("{}-{}", pl.lit(f"{cycle.as_of:%Y%m%d}"), _zero_padded("place")).alias(
                    "piece_id"
                )
            )
            .select("list_id", "household_id", "piece_id")
        )
        contacts = households.contacts(session, issued["household_id"].to_list())
    addressed = issued.join(contacts, on="household_id", how="left", maintain_order="left")
    addressed = addressed.with_columns(
        pl.col("mail_consent").fill_null(False), pl.col("came_back").fill_null(False)
    )
    screened = screen_contacts(addressed, by_name=settings.duplicates == "name_and_address")
    if only is not None:
        screened = screened.filter(pl.col("list_id").is_in(only))
    refs = dict(contacts.select("household_id", "ref").iter_rows())
    left_out = (
        screened.filter(pl.col("reason").is_not_null())
        .sort("household_id")
        .select(
            pl.col("ref").fill_null("").alias("household_id"),
            "reason",
            pl.col("duplicate_of").replace_strict(refs, default="", return_dtype=pl.String),
        )
    )
    return Choice(_in_postal_order(screened.filter(pl.col("reason").is_null())), left_out)


def mailpieces(database: Database, pieces: pl.DataFrame) -> Iterator[Mailpiece]:
    """Yield the pieces of a frame with their documents, a bounded number in memory at a time."""
    for chunk in pieces.iter_slices(_CHUNK_PIECES):
        with database.read() as session:
            documents = lists.documents(session, chunk["list_id"].to_list())
        for row in chunk.iter_rows(named=True):
            yield Mailpiece(
                piece_id=row["piece_id"],
                seq=row["seq"],
                address=Address(**{element: row[element] for element in ADDRESS}),
                document=ListDocument.from_json(documents[row["list_id"]]),
            )


def address_digests(settings: Settings, contacts: pl.DataFrame) -> list[str]:
    """The stored digest of each address of a frame, in order."""
    boxes = contacts.select(address_key()).to_series()
    return [address_digest(settings.secret_key, box) for box in boxes]


def count_left_out(summary: Mapping[str, Any]) -> tuple[int, int, int]:
    """From a summary: counts of duplicates, undeliverable addresses, households without consent."""
    duplicates = summary.get(LeftOutReason.DUPLICATE_ADDRESS, 0)
    suppressed = summary.get(LeftOutReason.NO_CONSENT, 0)
    left_out = sum(summary.get(reason, 0) for reason in LeftOutReason)
    return duplicates, left_out - duplicates - suppressed, suppressed


def _in_postal_order(chosen: pl.DataFrame) -> pl.DataFrame:
    order = pl.col("carrier_order")
    numeric = pl.when(order.str.contains(r"^\d+$")).then(order.str.zfill(12)).otherwise(order)
    keys = SORT_KEY.split(",")
    return (
        chosen.with_columns(numeric.alias("round"))
        .sort(*("round" if key == "carrier_order" else key for key in keys), "household_id")
        .with_row_index("seq", offset=1)
        .with_columns(pl.col("seq").cast(pl.Int64))
        .select("seq", "piece_id", "list_id", "household_id", *ADDRESS, "carrier_order")
    )


def _zero_padded(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(7)
