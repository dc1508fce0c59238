"""What becomes of the packages with the letter of a household that was erased."""

import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from pydantic import SecretStr

from service.admin.runs import request_batch, request_reprint
from service.digests import ref_digest
from service.errors import Conflict
from service.files.csv_cells import BOM, to_csv, unguarded
from service.publish.depot import Depot, open_depot, put_bytes
from service.publish.package import LEFT_OUT, remove_files
from service.secret_key import both
from service.settings import Settings
from service.store import batches, erasures
from service.store.actor import SERVICE
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState
from service.store.tables.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Removed:
    """Batches by number: whose files were `removed`, and which runs print `again` without it.

    `waiting` are being printed, or fetched by a mailing house; their files go after that.
    """

    removed: tuple[int, ...] = ()
    again: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


def remove(database: Database, settings: Settings, row: Erasure, *, now: datetime) -> Removed:
    """Remove the files that name a household; ask for those that nobody has yet again without it.

    Safe to repeat: what is done already is not found again.
    """
    depot = open_depot(settings)
    gone: list[Batch] = []
    again: list[Batch] = []
    waiting: list[Batch] = []
    beside: list[Batch] = []
    with database.write() as session:
        for batch, has_letter in batches.naming(session, row.household_id):
            if not has_letter:
                beside.append(batch)
            elif batch.state == BatchState.RENDERING:
                # The press gives it up when it sees who was erased, or prints it without the
                # letter.
                waiting.append(batch)
            elif batch.picked_up_at is not None and batch.received_at is None:
                waiting.append(batch)
            else:
                if batch.state == BatchState.READY and batch.picked_up_at is None:
                    batch.state = BatchState.WITHDRAWN
                    batches.save(session, batch)
                    again.append(batch)
                gone.append(batch)
    for batch in gone:
        remove_files(depot, batch.name)
    for batch in (*beside, *waiting):
        _forget_left_out(depot, settings, batch.name, row.ref_digest)
    with database.write() as session:
        for batch in gone:
            batches.mark_purged(session, batch.id, at=now)
        if not waiting:
            erasures.finish(session, row.id, at=now)
    for batch in again:
        _print_again(database, batch)
    return Removed(_numbers(gone), _numbers(again), _numbers(waiting))


def _print_again(database: Database, batch: Batch) -> None:
    # A run of the same batch that waits already prints it without the household.
    with suppress(Conflict):
        if batch.reprint_of is not None:
            request_reprint(database, batch_id=batch.reprint_of, by=SERVICE)
        else:
            request_batch(database, cycle_id=batch.cycle_id, by=SERVICE)


def _forget_left_out(depot: Depot, settings: Settings, name: str, digest: str) -> None:
    """Take a household out of the retailer's own table of what a package left out."""
    file = f"{name}.csv"
    try:
        content = depot.read(LEFT_OUT, file).removeprefix(BOM)
    except FileNotFoundError:
        return
    table = unguarded(pl.read_csv(io.BytesIO(content), infer_schema=False).fill_null(""))
    key = settings.secret_key
    first = pl.Series("first", _is(table["duplicate_of"], key, digest))
    kept = table.with_columns(
        pl.when(first).then(pl.lit("")).otherwise("duplicate_of").alias("duplicate_of")
    ).filter(~_is(table["household_id"], key, digest))
    put_bytes(depot, LEFT_OUT, file, to_csv(kept, bom=settings.piece_file_bom))


def _is(refs: pl.Series, key: SecretStr, digest: str) -> pl.Series:
    return pl.Series(
        [ref != "" and any(ref_digest(each, ref) == digest for each in both(key)) for ref in refs],
        dtype=pl.Boolean,
    )


def _numbers(found: list[Batch]) -> tuple[int, ...]:
    return tuple([batch.id for batch in found])
