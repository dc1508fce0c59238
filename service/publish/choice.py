"""Which lists are printed, in what order, and under which numbers."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from service.digests import address_digest
from service.engine.records import Address, ListDocument, Mailpiece
from service.files import layouts
from service.files.postal_barcode import barcode_of
from service.files.printed import unprintable_contacts
from service.publish.addresses import (
    ADDRESS,
    UNPRINTABLE,
    LeftOutReason,
    address_key,
    screen_contacts,
)
from service.secret_key import both
from service.settings import Settings
from service.store import cycles, households, lists
from service.store.session import Database
from service.store.tables.cycle import Cycle

SORT_KEY = "country,postcode,carrier_order,city,street,name"
_CHUNK_PIECES = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lists are printed and which are not.

    `pieces`, in postal order: seq, piece_id, list_id, household_id, the columns of the address,
    carrier_order. `left_out`: household_id, piece_id, reason, duplicate_of, its piece, detail;
    households by the retailer's own numbers. Those that the cycle left out have no list and no
    piece.
    """

    pieces: pl.DataFrame
    left_out: pl.DataFrame

    def summary(self) -> dict[str, int]:
        """Counts of lists, of pieces, and of lists left out for each reason."""
        counts = dict(self.left_out.group_by("reason").len().iter_rows())
        return {
            "lists": self.pieces.height + self.left_out.filter(pl.col("piece_id") != "").height,
            "pieces": self.pieces.height,
            **{reason.value: counts.get(reason.value, 0) for reason in LeftOutReason},
        }

    def without(self, details: Mapping[int, str], refs: Mapping[int, str]) -> "Choice":
        """The choice without some lists, which no layout holds: `details` says why, by list.

        `refs` are the retailer's numbers of their households.
        """
        gone = self.pieces.filter(pl.col("list_id").is_in([*details]))
        rows = gone.select(
            pl.col("household_id").replace_strict(dict(refs), return_dtype=pl.String),
            "piece_id",
            pl.lit(LeftOutReason.NO_LAYOUT.value).alias("reason"),
            pl.lit("").alias("duplicate_of"),
            pl.lit("").alias("duplicate_piece"),
            pl.col("list_id").replace_strict(dict(details), return_dtype=pl.String).alias("detail"),
        )
        kept = self.pieces.filter(~pl.col("list_id").is_in([*details])).with_columns(
            pl.int_range(1, pl.len() + 1).cast(pl.Int64).alias("seq")
        )
        return Choice(kept, pl.concat([self.left_out, rows]))

    def digest(self, settings: Settings, looks: Sequence[str]) -> str:
        """A digest of the pieces, of what is left out, and of `looks` and the settings."""
        inputs = [
            *looks,
            settings.retailer,
            settings.country,
            settings.return_address,
            settings.language,
            settings.departments,
            repr(barcode_of(settings)),
            settings.pieces_per_file,
            settings.piece_file_bom,
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
        unlisted = cycles.left_out(session, cycle.id) if only is None else None
        held_out = [] if cycle.mail_holdout else cycles.held_out(session, cycle.id)
    addressed = issued.join(contacts, on="household_id", how="left", maintain_order="left")
    addressed = addressed.with_columns(
        pl.col("mail_consent").fill_null(False), pl.col("came_back").fill_null(False)
    )
    faults = {
        addressed["household_id"][place]: fault
        for place, fault in unprintable_contacts(
            addressed, settings.layout, layouts.sender_of(settings)
        )
    }
    screened = screen_contacts(
        addressed,
        by_name=settings.duplicates == "name_and_address",
        held_out=held_out,
        unprintable={household: fault.reason.value for household, fault in faults.items()},
    )
    if only is not None:
        screened = screened.filter(pl.col("list_id").is_in(only))
    details = {household: f"{fault.part} {fault.detail}" for household, fault in faults.items()}
    left_out = _left_out_rows(screened, contacts, details)
    if unlisted is not None:
        left_out = pl.concat([left_out, unlisted.select(*left_out.columns)])
    return Choice(_in_postal_order(screened.filter(pl.col("reason").is_null())), left_out)


def _left_out_rows(
    screened: pl.DataFrame, contacts: pl.DataFrame, details: Mapping[int, str]
) -> pl.DataFrame:
    """The rows of lists that are left out, by household; `details` say more of a reason."""
    refs = dict(contacts.select("household_id", "ref").iter_rows())
    piece_ids = dict(screened.select("household_id", "piece_id").iter_rows())

    def named(values: Mapping[int, str]) -> pl.Expr:
        return pl.col("duplicate_of").replace_strict(values, default="", return_dtype=pl.String)

    unprintable = pl.col("reason").is_in([reason.value for reason in UNPRINTABLE])
    detail = pl.col("household_id").replace_strict(
        dict(details), default="", return_dtype=pl.String
    )
    return (
        screened.filter(pl.col("reason").is_not_null())
        .sort("household_id")
        .select(
            pl.col("ref").fill_null("").alias("household_id"),
            "piece_id",
            "reason",
            named(refs),
            named(piece_ids).alias("duplicate_piece"),
            pl.when(unprintable).then(detail).otherwise(pl.lit("")).alias("detail"),
        )
    )


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
                serial=row["list_id"],
            )


def address_digests(settings: Settings, contacts: pl.DataFrame) -> list[str]:
    """The stored digest of each address of a frame, in order."""
    boxes = contacts.select(address_key()).to_series()
    return [address_digest(settings.secret_key, box) for box in boxes]


def known_address_digests(settings: Settings, contacts: pl.DataFrame) -> list[list[str]]:
    """The digests that each address of a frame may have been stored under, in order."""
    boxes = contacts.select(address_key()).to_series()
    return [[address_digest(key, box) for key in both(settings.secret_key)] for box in boxes]


class LeftOutCounts(NamedTuple):
    """How many lists a batch left out: they add up to all."""

    duplicates: int
    undeliverable: int
    unprintable: int
    held_out: int
    without_consent: int


def count_left_out(summary: Mapping[str, Any]) -> LeftOutCounts:
    """The counts of a summary."""
    duplicates = summary.get(LeftOutReason.DUPLICATE_ADDRESS, 0)
    suppressed = summary.get(LeftOutReason.NO_CONSENT, 0)
    unprintable = sum(summary.get(reason, 0) for reason in UNPRINTABLE)
    held_out = summary.get(LeftOutReason.HELD_OUT, 0)
    left_out = sum(summary.get(reason, 0) for reason in LeftOutReason)
    undeliverable = left_out - duplicates - suppressed - unprintable - held_out
    return LeftOutCounts(duplicates, undeliverable, unprintable, held_out, suppressed)


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
