"""Keeps sums of deals and cycles, in the transaction of what they count, except what tills redeem.

A till only writes its rows. Sums hold those up to a mark; whoever reads adds the few that came
after it (`store.offers.kept`), and the worker moves the mark (`fold`). So a sum is never late, and
no two tills ever wait for one. Rows below the mark that change are taken out before and put back
after (`taken_out`), and lists that end take their copies along (`end_lists`).

Who changes sums holds the mark shared, who moves it holds it alone; sums are written in the order
of their keys.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.store import sum_rows
from service.store.bulk import is_sqlite, stage
from service.store.sum_rows import COPY_SUMS, DAY_SUMS, DEAL, EXPECTED_CENTS, PART_SUMS, TOTAL_SUMS

_KEYS = {
    "deal_copies": ("deal_id", "cell"),
    "deal_total": ("deal_id",),
    "deal_part": ("deal_id", "part", "name"),
    "cycle_day": ("cycle_id", "day"),
}
_SUMS = {
    "deal_copies": COPY_SUMS,
    "deal_total": TOTAL_SUMS,
    "deal_part": PART_SUMS,
    "cycle_day": DAY_SUMS,
}

_PATIENCE = "1s"


class Mark(NamedTuple):
    """The newest rows that sums hold."""

    redemption_line_id: int
    ledger_entry_id: int


def read_mark(session: Session) -> Mark:
    """How far sums are kept."""
    return _mark(session, "")


def newest(session: Session) -> Mark:
    """The newest rows that can be seen."""
    row = session.execute(
        text(
            """SELECT (SELECT coalesce(max(id), 0) FROM redemption_line),
                      (SELECT coalesce(max(id), 0) FROM ledger_entry)"""
        )
    ).one()
    return Mark(*row)


def writers(session: Session) -> frozenset[str]:
    """The transactions that may have written rows which cannot be seen yet.

    On PostgreSQL numbers are given in order and not committed in order: below a row that can be
    seen there may be one that cannot. Its writer holds a lock on the table until it ends, and held
    it before it had the number. SQLite has one writer, and nobody sees anything of it before.
    """
    if is_sqlite(session):
        return frozenset()
    rows = session.execute(
        text(
            """SELECT DISTINCT virtualtransaction FROM pg_locks
               WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND relation IN ('redemption_line'::regclass, 'ledger_entry'::regclass)"""
        )
    )
    return frozenset(name for (name,) in rows)


def fold(session: Session, upto: Mark, *, most: int) -> bool:
    """Move the mark towards rows that are all written, at most so many; whether it is there.

    Fails as a conflict when a long transaction holds the mark; it can be done again later.
    """
    if not is_sqlite(session):
        session.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    before = hold_alone(session)
    after = Mark(*(max(old, min(new, old + most)) for old, new in zip(before, upto, strict=True)))
    if after == before:
        return True
    limits = {
        "line": before.redemption_line_id, "last_line": after.redemption_line_id,
        "entry": before.ledger_entry_id, "last_entry": after.ledger_entry_id,
    }  # fmt: skip
    which = {
        "uses": "r.id > :line AND r.id <= :last_line",
        "entries": "e.id > :entry AND e.id <= :last_entry",
    }
    add(session, "deal_total", sum_rows.totals(**which), limits)
    add(session, "deal_part", sum_rows.parts(**which), limits)
    add(session, "cycle_day", sum_rows.cycle_days(which["uses"]), limits)
    session.execute(
        text(
            """UPDATE sum_mark SET redemption_line_id = :last_line, ledger_entry_id = :last_entry"""
        ),
        limits,
    )
    return after == upto


def issue_copies(session: Session) -> None:
    """Count the copies that `lists.issue` has staged."""
    _hold_shared(session)
    add(
        session,
        "deal_copies",
        f"""SELECT {DEAL} AS deal_id, coalesce(l.cell, '') AS cell, count(*) AS copies,
                   sum(l.uses) AS open_uses, sum({EXPECTED_CENTS}) AS open_expected_cents
            FROM staged_list_line l JOIN offer o ON o.id = l.offer_id
            GROUP BY {DEAL}, coalesce(l.cell, '')""",
    )


def end_lists(session: Session, list_ids: Sequence[int], *, voided: bool) -> None:
    """Take lists that are about to end out of what is open, voided ones out of the copies too."""
    if not list_ids:
        return
    mark = _hold_shared(session)
    stage(session, "staged_ending", pl.DataFrame({"id": list_ids}, {"id": pl.Int64}))
    ending = "s.id IN (SELECT id FROM staged_ending)"
    of_copies = "-copies" if voided else "0"
    add(
        session,
        "deal_copies",
        f"""SELECT deal_id, cell, {of_copies} AS copies, -open_uses AS open_uses,
                   -open_expected_cents AS open_expected_cents
            FROM ({sum_rows.copies(ending)}) AS ended""",
    )
    add(
        session,
        "deal_total",
        f"""SELECT deal_id, 0 AS uses, 0 AS discount_cents, -open_uses AS open_uses,
                   -open_expected_cents AS open_expected_cents,
                   0 AS reserved_cents, 0 AS spent_cents
            FROM ({sum_rows.totals(uses=f"{ending} AND r.id <= :line")}) AS used""",
        {"line": mark.redemption_line_id},
    )


@contextmanager
def taken_out(session: Session, line_ids: Sequence[int]) -> Iterator[None]:
    """Redemption lines that change meanwhile are in no sum; then they are as they are now."""
    kept: list[int] = []
    if line_ids:
        mark = _hold_shared(session)
        kept = [each for each in line_ids if each <= mark.redemption_line_id]
    _add_lines(session, kept, sign="-")
    yield
    _add_lines(session, kept, sign="")


def hold_alone(session: Session) -> Mark:
    """The mark, while nobody else changes a sum until the transaction ends."""
    return _mark(session, "" if is_sqlite(session) else "FOR UPDATE")


def add(session: Session, table: str, rows: str, values: dict[str, Any] | None = None) -> int:
    """Add the rows of a query, with all columns of a table, to its sums; how many there were."""
    keys, sums = ", ".join(_KEYS[table]), _SUMS[table]
    columns = f"{keys}, {', '.join(sums)}"
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    # SQLite needs a condition before ON CONFLICT to tell it from that of a join.
    result = session.execute(
        text(
            f"""INSERT INTO {table} ({columns})
                SELECT {columns} FROM ({rows}) AS added WHERE true ORDER BY {keys}
                ON CONFLICT ({keys}) DO UPDATE SET {added}"""
        ),
        values or {},
    )
    changed: int = result.rowcount  # type: ignore[attr-defined]
    return changed


def _add_lines(session: Session, line_ids: Sequence[int], *, sign: str) -> None:
    if not line_ids:
        return
    which = f"r.id IN ({', '.join(map(str, map(int, line_ids)))})"
    for table, rows in (
        ("deal_total", sum_rows.totals(uses=which)),
        ("deal_part", sum_rows.parts(uses=which)),
        ("cycle_day", sum_rows.cycle_days(which)),
    ):
        keys, sums = ", ".join(_KEYS[table]), _SUMS[table]
        signed = ", ".join(f"{sign}{name} AS {name}" for name in sums)
        add(session, table, f"SELECT {keys}, {signed} FROM ({rows}) AS changed")


def _hold_shared(session: Session) -> Mark:
    return _mark(session, "" if is_sqlite(session) else "FOR SHARE")


def _mark(session: Session, hold: str) -> Mark:
    row = session.execute(
        text(f"SELECT redemption_line_id, ledger_entry_id FROM sum_mark {hold}")
    ).one()
    return Mark(*row)
