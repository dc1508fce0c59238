"""Who of a cycle gets no letter, and why: the retailer's own table of a package."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from service.errors import NotFound
from service.files.csv_cells import BOM, unguarded
from service.publish.depot import open_depot
from service.publish.package import LEFT_OUT
from service.settings import Settings
from service.store import batches
from service.store.session import Database


class NotMailed(NamedTuple):
    """A household whose letter a package leaves out, by the retailer's own number.

    `piece_id` is empty when it has no list, `duplicate_of` is who is mailed at the same address,
    and `detail` says what of it cannot be printed.
    """

    household_id: str
    piece_id: str
    reason: str
    duplicate_of: str
    detail: str


def not_mailed(
    database: Database, settings: Settings, batch_id: int, *, after: int, limit: int
) -> Sequence[tuple[int, NotMailed]]:
    """At most `limit` rows of the table after a row, each with its number, from 1.

    Raises NotFound when there is no such batch, or its files were removed.
    """
    with database.read() as session:
        batch = batches.get(session, batch_id)
    depot = open_depot(settings)
    file = "" if batch is None else f"{batch.name}.csv"
    if file not in depot.files(LEFT_OUT):
        raise NotFound("There is no such batch, or its files were removed.")
    table = io.BytesIO(depot.read(LEFT_OUT, file).removeprefix(BOM))
    rows = unguarded(pl.read_csv(table, infer_schema=False).fill_null(""))
    some = rows.select(NotMailed._fields).slice(after, limit)
    return [(after + place, NotMailed(*row)) for place, row in enumerate(some.iter_rows(), 1)]
