"""What became of printed copies: what is kept and found is what a plain count of all says."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from service.settings import Settings
from service.store import batches, mailing
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState
from service.store.tables.mailing import Acknowledgement, PieceState
from tests.market import query
from tests.shop import open_shop

AT = datetime(2026, 3, 5, 9, tzinfo=UTC)
NEWEST = """SELECT c.piece_id, c.batch_id, c.state, c.reason FROM (
    SELECT p.piece_id, p.batch_id, p.reason,
           CASE WHEN b.state = 'voided' THEN 'voided' ELSE p.state END AS state,
           row_number() OVER (PARTITION BY p.piece_id ORDER BY p.batch_id DESC) AS age
    FROM mail_piece p JOIN batch b ON b.id = p.batch_id
    WHERE (b.id = 1 OR b.reprint_of = 1) AND b.state IN ('ready', 'voided')) c
    WHERE c.age = 1 ORDER BY c.piece_id"""
PIECES = 12


def test_states_and_what_is_not_mailed_are_those_of_the_newest_copies(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """A batch, a reprint of some pieces, one of some of those, and one that is not ready."""
    open_shop(database, settings, tmp_path)
    draw = random.Random(3)
    every = [f"P{n:02}" for n in range(PIECES)]
    printed = [every, every[2:8], every[4:10], every[:3]]
    with database.write() as session:
        session.add(Acknowledgement(name="a", sha256="", source="", received_at=AT))
        for number, names in enumerate(printed, 1):
            state = BatchState.RENDERING if number == len(printed) else BatchState.READY
            of = 1 if number > 1 else None
            session.add(Batch(cycle_id=1, revision=number, name=str(number), state=state, pieces=0,
                              pages=0, manifest="", reprint_of=of))  # fmt: skip
            session.flush()
            batches.add_pieces(session, number, _pieces(names))
    _compare(database)
    for minute in range(12):
        at = AT + timedelta(minutes=minute)
        events = [
            (number, seq, draw.choice(list(PieceState)).value, "why", at, True)
            for number, names in enumerate(printed, 1)
            for seq in draw.sample(range(1, len(names) + 1), 2)
        ]
        # Another report on the first of them, which a later one of the same file overtook.
        events.append((*events[0][:2], "seen", "", at, False))
        with database.write() as session:
            mailing.apply_events(session, 1, _events(events))
        _compare(database)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE batch SET state = 'voided' WHERE id = 3")
    _compare(database)


def _compare(database: Database) -> None:
    newest = query(database, NEWEST)
    states: dict[str, int] = {}
    for _, _, state, _ in newest:
        states[state] = states.get(state, 0) + 1
    open_ones = [row for row in newest if row[2] not in ("mailed", "returned", "voided")]
    found: list[Any] = []
    with database.read() as session:
        assert mailing.states(session, 1) == states
        while page := mailing.differences(
            session, 1, after=found[-1].piece_id if found else "", limit=2
        ):
            found += page
    assert [tuple(piece) for piece in found] == open_ones


def _pieces(names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"seq": range(1, len(names) + 1), "piece_id": names},
        {"seq": pl.Int64, "piece_id": pl.String},
    ).with_columns(list_id=pl.lit(1, pl.Int64), address_digest=pl.lit(""))


def _events(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    schema = {
        "batch_id": pl.Int64, "seq": pl.Int64, "state": pl.String, "reason": pl.String,
        "happened_at": pl.Datetime("us", "UTC"), "is_last": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema, orient="row")
