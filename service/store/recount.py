"""Counts the sums of deals and cycles again, from the rows they stand for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, select

from service.store import sum_rows, sums
from service.store.sum_rows import COPY_SUMS, DAY_SUMS, DEAL, PART_SUMS, TOTAL_SUMS
from service.store.tables.deal_sums import SumMark

# Expectations are added and taken away as floats.
_LEAST_CENTS = 0.5

_UPTO = {
    "uses": "r.id <= (SELECT redemption_line_id FROM sum_mark)",
    "entries": "e.id <= (SELECT ledger_entry_id FROM sum_mark)",
}
_TABLES = {
    "deal_copies": (("deal_id", "cell"), COPY_SUMS),
    "deal_total": (("deal_id",), TOTAL_SUMS),
    "deal_part": (("deal_id", "part", "name"), PART_SUMS),
    "cycle_day": (("cycle_id", "day"), DAY_SUMS),
}
_OF_DEALS = ("deal_copies", "deal_total", "deal_part")
_EVERY = "1 = 1"


def wrong_deals(session: Session) -> Sequence[int]:
    """The deals of which any sum differs from its rows, in order; there must be none."""
    found = {
        deal_id
        for table in _OF_DEALS
        for (deal_id,) in session.execute(
            text(f"SELECT DISTINCT deal_id FROM ({_missing(table, _EVERY, _EVERY)}) AS missing")
        )
    }
    return sorted(found)


def wrong_cycles(session: Session) -> Sequence[int]:
    """The cycles of which any sum differs from its rows, in order; there must be none."""
    missing = _missing("cycle_day", _EVERY, _EVERY)
    rows = session.execute(text(f"SELECT DISTINCT cycle_id FROM ({missing}) AS missing"))
    return sorted(cycle_id for (cycle_id,) in rows)


def correct(session: Session, deal_ids: Sequence[int]) -> int:
    """Put the sums of some deals right; how many were wrong. Nobody else changes any meanwhile."""
    if not deal_ids:
        return 0
    sums.hold_alone(session)
    chosen = f"IN ({', '.join(map(str, map(int, deal_ids)))})"
    return sum(
        sums.add(session, table, _missing(table, f"{DEAL} {chosen}", f"deal_id {chosen}"))
        for table in _OF_DEALS
    )


def correct_cycles(session: Session, cycle_ids: Sequence[int]) -> int:
    """Put the sums of some cycles right, as `correct` does those of deals."""
    if not cycle_ids:
        return 0
    sums.hold_alone(session)
    chosen = f"IN ({', '.join(map(str, map(int, cycle_ids)))})"
    missing = _missing("cycle_day", f"s.cycle_id {chosen}", f"cycle_id {chosen}")
    return sums.add(session, "cycle_day", missing)


def note(session: Session, *, corrected: int, at: datetime) -> None:
    """Store when everything was counted again, and how many sums were wrong."""
    row = session.exec(select(SumMark)).one()
    row.recounted_at, row.corrected = at, corrected
    session.add(row)
    session.flush()


def newest(session: Session) -> tuple[datetime | None, int]:
    """When everything was last counted again, and how many sums were wrong."""
    return session.exec(select(SumMark.recounted_at, SumMark.corrected)).one()


def _missing(table: str, of_rows: str, of_sums: str) -> str:
    """SQL: what has to be added to the sums of a table so that they are what they count."""
    keys, names = _TABLES[table]
    key, columns = ", ".join(keys), ", ".join(names)
    upto = {kind: f"{where} AND {of_rows}" for kind, where in _UPTO.items()}
    counted = {
        "deal_copies": lambda: sum_rows.copies(of_rows),
        "deal_total": lambda: sum_rows.totals(**upto),
        "deal_part": lambda: sum_rows.parts(**upto),
        "cycle_day": lambda: sum_rows.cycle_days(upto["uses"]),
    }[table]()
    less = ", ".join(f"-{name}" for name in names)
    differs = " OR ".join(
        f"abs(sum({name})) > {_LEAST_CENTS}"
        if name == "open_expected_cents"
        else f"sum({name}) <> 0"
        for name in names
    )
    sums_of = ", ".join(f"sum({name}) AS {name}" for name in names)
    return f"""SELECT {key}, {sums_of} FROM (
            SELECT {key}, {columns} FROM ({counted}) AS counted
            UNION ALL SELECT {key}, {less} FROM {table} WHERE {of_sums}
        ) AS compared GROUP BY {key} HAVING {differs}"""
