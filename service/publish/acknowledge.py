"""Acknowledgements: what the mailing house says became of each piece."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sqlmodel import Session

from service.errors import Problem
from service.files import rows
from service.files.report import LoadReport
from service.files.rows import Column
from service.publish.choice import address_digests
from service.settings import Settings
from service.store import batches, households, mailing
from service.store.mailing import Copy
from service.store.session import Database
from service.store.tables.cycle import BatchState
from service.store.tables.mailing import Acknowledgement, PieceState

_SLACK = timedelta(days=1)
_ROW = re.compile(r", row (\d+)")
_SAID = [state.value for state in PieceState if state is not PieceState.OUTSTANDING]
_MAY_FOLLOW: Mapping[str, frozenset[str]] = {
    PieceState.OUTSTANDING: frozenset({PieceState.PRINTED, PieceState.SPOILED, PieceState.MAILED}),
    PieceState.PRINTED: frozenset({PieceState.SPOILED, PieceState.MAILED}),
    PieceState.REPRINTED: frozenset({PieceState.SPOILED, PieceState.MAILED}),
    PieceState.SPOILED: frozenset({PieceState.REPRINTED}),
    PieceState.MAILED: frozenset({PieceState.RETURNED}),
    PieceState.RETURNED: frozenset(),
}
_AGAIN = "put it right and send the row again; what was taken is recognised"
_WHY_NOT: Mapping[str, str] = {
    PieceState.OUTSTANDING: "it has not been mailed",
    PieceState.PRINTED: "it is printed",
    PieceState.REPRINTED: "it is reprinted",
    PieceState.SPOILED: "it is spoiled and needs `reprinted` first",
    PieceState.MAILED: "it is mailed and can only come back",
    PieceState.RETURNED: "it came back, which is the end",
}


def _status(expr: pl.Expr) -> pl.Expr:
    word = expr.str.to_lowercase()
    return pl.when(word.is_in(_SAID)).then(word)


COLUMNS = (
    Column("piece_id", rows.text, "text"),
    Column("status", _status, f"one of {', '.join(_SAID)}"),
    Column("reason", rows.text, "text", required=False, default=""),
    Column("timestamp", rows.moment, "a moment with offset, as 2026-03-05T10:00:00+01:00"),
)


@dataclass(frozen=True, slots=True)
class AckReport:
    """What a file came to: rows read, taken, known from before and refused; and the faults."""

    acknowledgement_id: int
    rows: int
    taken: int
    known: int
    refused: int
    problems: tuple[Problem, ...]


def acknowledge(
    database: Database, settings: Settings, path: Path, *, name: str, source: str
) -> AckReport:
    """Take in an acknowledgement file, row by row; the same rows again change nothing.

    Good rows take effect, the others are reported by row and column. A row that was taken before
    (same piece, status and moment) is known. Within a file rows count in order of time. A letter
    that came back marks its household's address. Raises as `service.files.rows.read` does.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    report = LoadReport()
    file_id: int | None = None
    for chunk in rows.read(path, COLUMNS, name=name):
        with database.write() as session:
            if file_id is None:
                file_id = mailing.add_acknowledgement(
                    session,
                    Acknowledgement(
                        name=name, sha256=digest, source=source, received_at=datetime.now(UTC)
                    ),
                )
            taken, known, faults = _take(session, settings, chunk.rows, file_id, name=name)
            report.read += chunk.rows.height + chunk.refused
            report.taken += taken
            report.known += known
            bad = sorted((*_with_remedies(chunk.problems), *faults), key=_row_of)
            report.refuse(tuple(bad), chunk.refused + len(faults))
            mailing.close_acknowledgement(
                session,
                file_id,
                rows=report.read,
                taken=report.taken,
                known=report.known,
                refused=report.refused,
                problems=list(report.problems),
            )
    assert file_id is not None
    return AckReport(
        acknowledgement_id=file_id,
        rows=report.read,
        taken=report.taken,
        known=report.known,
        refused=report.refused,
        problems=tuple(report.problems),
    )


def _take(
    session: Session, settings: Settings, said: pl.DataFrame, file_id: int, *, name: str
) -> tuple[int, int, tuple[Problem, ...]]:
    """Apply the rows of a chunk; how many took effect, were known, and the faults of the rest."""
    piece_ids = said["piece_id"].unique().to_list()
    copies = _picked_up(session, mailing.newest_copies(session, piece_ids))
    known = mailing.known_events(session, piece_ids)
    latest = datetime.now(UTC) + _SLACK
    events: list[dict[str, Any]] = []
    faults: list[Problem] = []
    repeated = 0
    order = pl.col("status").replace_strict({s: n for n, s in enumerate(_SAID)})
    for row in said.sort("timestamp", order, rows.ROW).iter_rows(named=True):
        key = (row["piece_id"], row["status"], row["timestamp"])
        copy = copies.get(row["piece_id"])
        if key in known:
            repeated += 1
            continue
        fault = _fault(row, copy, latest=latest)
        if fault is not None:
            column, detail, remedy = fault
            where = f"{name}, row {row[rows.ROW]}, column {column}"
            faults.append(Problem(where, detail, remedy))
            continue
        assert copy is not None
        known.add(key)
        copies[row["piece_id"]] = copy._replace(state=row["status"], state_at=row["timestamp"])
        events.append(
            {
                "batch_id": copy.batch_id,
                "seq": copy.seq,
                "state": row["status"],
                "reason": row["reason"],
                "happened_at": row["timestamp"],
            }
        )
    if events:
        mailing.apply_events(session, file_id, _frame(events))
        _mark_returned(session, settings, copies, events)
    return len(events), repeated, tuple(faults)


def _row_of(problem: Problem) -> int:
    """The row that a fault stands in, from its place in words; 0 when it names none."""
    found = _ROW.search(problem.where)
    return int(found.group(1)) if found else 0


def _picked_up(session: Session, copies: Mapping[str, Copy]) -> dict[str, Copy]:
    """The copies, after noting that whoever speaks of them has them.

    A batch that was voided in this very moment stays voided, and its copies say so.
    """
    unseen = {
        copy.batch_id
        for copy in copies.values()
        if copy.picked_up_at is None and copy.batch_state == BatchState.READY
    }
    now = datetime.now(UTC)
    gone = {key for key in sorted(unseen) if not batches.pick_up(session, key, at=now)}
    return {
        piece_id: copy._replace(batch_state=BatchState.VOIDED) if copy.batch_id in gone else copy
        for piece_id, copy in copies.items()
    }


def _fault(
    row: Mapping[str, Any], copy: Copy | None, *, latest: datetime
) -> tuple[str, str, str] | None:
    """Column, detail and remedy of why a row cannot be taken; None when it can."""
    if copy is None:
        detail = f"{row['piece_id'][:60]!r} is no piece of a published batch"
        return "piece_id", detail, "send piece_id as it stands in the piece file"
    if copy.batch_state != BatchState.READY:
        return "piece_id", "its batch was voided", "destroy the piece; it must not be mailed"
    status, moment = row["status"], row["timestamp"]
    allowed = _MAY_FOLLOW[copy.state]
    if copy.state == PieceState.OUTSTANDING and copy.reprint_of is not None:
        allowed |= {PieceState.REPRINTED}
    if status not in allowed:
        since = f", since {copy.state_at.isoformat()}" if copy.state_at else ""
        return "status", f"{status!r} cannot follow: {_WHY_NOT[copy.state]}{since}", _AGAIN
    if moment > latest:
        return "timestamp", f"{moment.isoformat()} lies in the future", "send it in its own offset"
    if copy.state_at is not None and moment < copy.state_at:
        detail = f"{moment.isoformat()} is before {copy.state_at.isoformat()} ({copy.state})"
        return "timestamp", detail, _AGAIN
    return None


def _frame(events: list[dict[str, Any]]) -> pl.DataFrame:
    schema: dict[str, Any] = {
        "batch_id": pl.Int64,
        "seq": pl.Int64,
        "state": pl.String,
        "reason": pl.String,
        "happened_at": pl.Datetime("us", "UTC"),
    }
    frame = pl.DataFrame(events, schema=schema)
    return frame.with_columns(pl.struct("batch_id", "seq").is_last_distinct().alias("is_last"))


def _mark_returned(
    session: Session,
    settings: Settings,
    copies: Mapping[str, Copy],
    events: list[dict[str, Any]],
) -> None:
    """Mark the addresses that letters came back from, where the household still has them."""
    back = {
        (event["batch_id"], event["seq"]): event["happened_at"]
        for event in events
        if event["state"] == PieceState.RETURNED
    }
    gone = {copy.list_id: copy for copy in copies.values() if (copy.batch_id, copy.seq) in back}
    if not gone:
        return
    owners = mailing.households_of(session, list(gone))
    reached = households.contacts(session, sorted(set(owners.values())))
    digests = dict(zip(reached["household_id"], address_digests(settings, reached), strict=True))
    there = [
        owners[list_id]
        for list_id, copy in gone.items()
        if digests.get(owners[list_id]) == copy.address_digest
    ]
    households.mark_undeliverable(session, there, at=max(back.values()))


def _with_remedies(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(
        problem if problem.remedy else Problem(problem.where, problem.detail, _AGAIN)
        for problem in problems
    )
