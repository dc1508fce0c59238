"""Acknowledgements: the mailing house's reports of what became of each piece."""

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
from service.files.rows import FileColumn
from service.publish.choice import known_address_digests
from service.settings import Settings
from service.store import audit, batches, households, mailing
from service.store.actor import SERVICE, Actor
from service.store.mailing import Copy
from service.store.session import Database
from service.store.tables.cycle import BatchState
from service.store.tables.mailing import Acknowledgement, PieceState

_CLOCK_SLACK = timedelta(days=1)
_ROW_IN_PLACE = re.compile(r", row (\d+)")
_STATUSES = [state.value for state in PieceState if state is not PieceState.OUTSTANDING]
_MAY_FOLLOW: Mapping[str, frozenset[str]] = {
    PieceState.OUTSTANDING: frozenset({PieceState.PRINTED, PieceState.SPOILED, PieceState.MAILED}),
    PieceState.PRINTED: frozenset({PieceState.SPOILED, PieceState.MAILED}),
    PieceState.REPRINTED: frozenset({PieceState.SPOILED, PieceState.MAILED}),
    PieceState.SPOILED: frozenset({PieceState.REPRINTED}),
    PieceState.MAILED: frozenset({PieceState.RETURNED}),
    PieceState.RETURNED: frozenset(),
}
_SEND_AGAIN = "put it right and send the row again; what was taken is recognised"
_STATE_IN_WORDS: Mapping[str, str] = {
    PieceState.OUTSTANDING: "it has not been mailed",
    PieceState.PRINTED: "it is printed",
    PieceState.REPRINTED: "it is reprinted",
    PieceState.SPOILED: "it is spoiled and needs `reprinted` first",
    PieceState.MAILED: "it is mailed and can only come back",
    PieceState.RETURNED: "it came back, which is the end",
}


def _parse_status(expr: pl.Expr) -> pl.Expr:
    word = expr.str.to_lowercase()
    return pl.when(word.is_in(_STATUSES)).then(word)


COLUMNS = (
    FileColumn("piece_id", rows.text, "text"),
    FileColumn("status", _parse_status, f"one of {', '.join(_STATUSES)}"),
    FileColumn("reason", rows.text, "text", required=False, default=""),
    FileColumn("timestamp", rows.moment, "a moment with offset, as 2026-03-05T10:00:00+01:00"),
)


@dataclass(frozen=True, slots=True)
class AckReport:
    """The outcome of an acknowledgement file.

    `rows` were read; of them `taken` took effect, `known` were taken before and `refused` are
    described by `problems`.
    """

    acknowledgement_id: int
    rows: int
    taken: int
    known: int
    refused: int
    problems: tuple[Problem, ...]


def acknowledge(
    database: Database, settings: Settings, path: Path, *, name: str, by: Actor = SERVICE
) -> AckReport:
    """Apply an acknowledgement file, row by row; the same rows again change nothing.

    Good rows take effect; the others are reported by row and column. A row that was taken before
    (same piece, status and timestamp) is known. Rows of a file are applied in order of time. A
    returned letter marks its household's address as undeliverable. Raises as
    `service.files.rows.read` does.
    """
    digest = _sha256(path)
    report = LoadReport()
    file_id: int | None = None
    for chunk in rows.read(path, COLUMNS, name=name):
        with database.write() as session:
            if file_id is None:
                file_id = mailing.add_acknowledgement(
                    session,
                    Acknowledgement(
                        name=name,
                        sha256=digest,
                        source=by.name,
                        person_id=by.person_id,
                        received_at=datetime.now(UTC),
                    ),
                )
                audit.add(
                    session, by, "acknowledge", "acknowledgement", file_id, at=datetime.now(UTC),
                    detail={"file": name},
                )  # fmt: skip
            taken, known, faults = _apply_rows(session, settings, chunk.rows, file_id, name=name)
            report.read += chunk.rows.height + chunk.refused
            report.taken += taken
            report.known += known
            bad = sorted((*_with_remedies(chunk.problems), *faults), key=_row_number)
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


def _sha256(path: Path) -> str:
    """The digest of a file; empty when there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _apply_rows(
    session: Session, settings: Settings, reported: pl.DataFrame, file_id: int, *, name: str
) -> tuple[int, int, tuple[Problem, ...]]:
    """Apply a chunk of rows: how many took effect, how many were known, faults of the others."""
    piece_ids = reported["piece_id"].unique().to_list()
    copies = _mark_picked_up(session, mailing.newest_copies(session, piece_ids))
    known = mailing.known_events(session, piece_ids)
    latest = datetime.now(UTC) + _CLOCK_SLACK
    events: list[dict[str, Any]] = []
    faults: list[Problem] = []
    repeated = 0
    order = pl.col("status").replace_strict({s: n for n, s in enumerate(_STATUSES)})
    for row in reported.sort("timestamp", order, rows.ROW).iter_rows(named=True):
        key = (row["piece_id"], row["status"], row["timestamp"])
        copy = copies.get(row["piece_id"])
        if key in known:
            repeated += 1
            continue
        fault = _find_fault(row, copy, latest=latest)
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
        mailing.apply_events(session, file_id, _event_frame(events))
        _mark_returned(session, settings, copies, events)
    return len(events), repeated, tuple(faults)


def _row_number(problem: Problem) -> int:
    """The row number in the place of a fault; 0 when it has none."""
    found = _ROW_IN_PLACE.search(problem.where)
    return int(found.group(1)) if found else 0


def _mark_picked_up(session: Session, copies: Mapping[str, Copy]) -> dict[str, Copy]:
    """The copies, after marking their batches as picked up: a house that reports pieces has them.

    A batch that was voided at the same moment stays voided, and so do its copies.
    """
    unseen = {
        copy.batch_id
        for copy in copies.values()
        if copy.picked_up_at is None and copy.batch_state == BatchState.READY
    }
    now = datetime.now(UTC)
    voided = {key for key in sorted(unseen) if not batches.pick_up(session, key, at=now)}
    return {
        piece_id: copy._replace(batch_state=BatchState.VOIDED) if copy.batch_id in voided else copy
        for piece_id, copy in copies.items()
    }


def _find_fault(
    row: Mapping[str, Any], copy: Copy | None, *, latest: datetime
) -> tuple[str, str, str] | None:
    """Why a row cannot be taken, as column, detail and remedy; None when it can."""
    if copy is None:
        detail = f"{row['piece_id'][:60]!r} is no piece of a published batch"
        return "piece_id", detail, "send piece_id as in the piece file"
    if copy.batch_state != BatchState.READY:
        return "piece_id", "its batch was voided", "destroy the piece; it must not be mailed"
    status, moment = row["status"], row["timestamp"]
    allowed = _MAY_FOLLOW[copy.state]
    if copy.state == PieceState.OUTSTANDING and copy.reprint_of is not None:
        allowed |= {PieceState.REPRINTED}
    if status not in allowed:
        since = f", since {copy.state_at.isoformat()}" if copy.state_at else ""
        return (
            "status",
            f"{status!r} cannot follow: {_STATE_IN_WORDS[copy.state]}{since}",
            _SEND_AGAIN,
        )
    if moment > latest:
        return "timestamp", f"{moment.isoformat()} is in the future", "send it in its own offset"
    if copy.state_at is not None and moment < copy.state_at:
        detail = f"{moment.isoformat()} is before {copy.state_at.isoformat()} ({copy.state})"
        return "timestamp", detail, _SEND_AGAIN
    return None


def _event_frame(events: list[dict[str, Any]]) -> pl.DataFrame:
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
    """Mark the addresses of returned letters as undeliverable, unless they changed since."""
    returned = {
        (event["batch_id"], event["seq"]): event["happened_at"]
        for event in events
        if event["state"] == PieceState.RETURNED
    }
    by_list = {
        copy.list_id: copy for copy in copies.values() if (copy.batch_id, copy.seq) in returned
    }
    if not by_list:
        return
    owners = mailing.households_of(session, list(by_list))
    contacts = households.contacts(session, sorted(set(owners.values())))
    digests = dict(
        zip(contacts["household_id"], known_address_digests(settings, contacts), strict=True)
    )
    undeliverable = [
        owners[list_id]
        for list_id, copy in by_list.items()
        if copy.address_digest in digests.get(owners[list_id], ())
    ]
    households.mark_undeliverable(session, undeliverable, at=max(returned.values()))


def _with_remedies(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(
        problem if problem.remedy else Problem(problem.where, problem.detail, _SEND_AGAIN)
        for problem in problems
    )
