"""Draw a claim: freeze the entries of an account that no claim has, and add them up by line.

Everything is set-based and within the caller's transaction, which holds the account. The entries of
a posting stand in one claim together, since they have the same day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.engine.ledger import CHARGING, CLAIMABLE, UNDOING, Account, EntryKind
from service.store.bulk import day_value, is_sqlite
from service.store.tables.types import UtcMoment

_ON_ITS_WAY = timedelta(days=1)
"""So long a transaction may be open: entries come into sight in another order than their ids."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The days an agreement covers.

    From `first` to `last`; what only changes what was charged before is covered after that too,
    until `until` (the first day of the account's next agreement), so that a return is not lost.
    """

    first: date
    last: date
    until: date


@dataclass(frozen=True, slots=True)
class Gathered:
    """The entries that a claim will hold: how many, what they come to, the first and last day."""

    entries: int
    total_cents: int
    first_day: date
    last_day: date


def _in(values: Sequence[str]) -> str:
    return ", ".join([f"'{value}'" for value in values])


def posted_day(session: Session, of: str = "e") -> str:
    """SQL of the day in UTC on which an entry was posted."""
    if is_sqlite(session):
        return f"date({of}.posted_at / 1000000, 'unixepoch')"
    return f"({of}.posted_at AT TIME ZONE 'UTC')::date"


def entry_day(session: Session, of: str = "e") -> str:
    """SQL of the day that an entry counts for: the till's, or that of its posting in UTC."""
    return f"coalesce({of}.business_date, {posted_day(session, of)})"


def unclaimed(of: str = "e") -> str:
    """SQL of whether an entry is one that a claim should hold and none does."""
    return f"""{of}.account IN ({_in(CLAIMABLE)}) AND {of}.kind IN ({_in(CHARGING)})
        AND NOT EXISTS (SELECT 1 FROM claim_entry c WHERE c.entry_id = {of}.id)"""


def covers(session: Session, of: str = "e") -> str:
    """SQL of whether an agreement covers an entry; parameters first, last and until."""
    day = entry_day(session, of)
    return f"""{day} >= :first
        AND ({day} <= :last OR ({of}.kind IN ({_in(UNDOING)}) AND {day} < :until))"""


def gather(
    session: Session, *, supplier_ids: Sequence[int], covered: Covered, drawn_to: date
) -> Gathered | None:
    """Find the suppliers' entries up to a day that an agreement covers; None without any.

    Looked at is what was posted since the suppliers' marks, and what waits before them. All that no
    claim has waits in a table of the session's own for `write` and `move_marks`.
    """
    day = entry_day(session)
    columns = f"""e.id, e.posting, e.kind, e.account, e.offer_id, e.supplier_id, e.store_id,
        e.amount_cents, e.uses, e.discount_cents, e.posted_at, {day} AS on_day,
        {day} <= :drawn_to AND {covers(session)} AS is_drawn, CAST(NULL AS bigint) AS late_of"""
    run = session.execute
    _ensure_marks(session, supplier_ids)
    run(text("DROP TABLE IF EXISTS drawn_entry"))
    run(
        text(
            f"""CREATE TEMPORARY TABLE drawn_entry AS
                SELECT {columns} FROM claim_mark m
                JOIN ledger_entry e ON e.supplier_id = m.supplier_id AND e.id >= m.next_id
                WHERE {unclaimed()} AND m.supplier_id IN :suppliers
                UNION ALL
                SELECT {columns} FROM claim_mark m
                JOIN waiting_entry w ON w.supplier_id = m.supplier_id AND w.entry_id < m.next_id
                JOIN ledger_entry e ON e.id = w.entry_id
                WHERE {unclaimed()} AND m.supplier_id IN :suppliers"""
        ).bindparams(bindparam("suppliers", expanding=True)),
        {
            "first": day_value(session, covered.first),
            "last": day_value(session, covered.last),
            "until": day_value(session, covered.until),
            "drawn_to": day_value(session, drawn_to),
            "suppliers": list(supplier_ids),
        },
    )
    entries, total, first_day, last_day = run(
        text(
            f"""SELECT count(*), {_sum_of(Account.SUPPLIER_RECEIVABLE)}, min(on_day), max(on_day)
                FROM drawn_entry WHERE is_drawn"""
        )
    ).one()
    if not entries:
        return None
    return Gathered(int(entries), int(total), _day(first_day), _day(last_day))


def write(session: Session, *, claim_id: int, account_id: int) -> int:
    """Freeze what was gathered as a claim's, with its lines; how many lines there are.

    A line is of one supplier, offer and store; what belongs to an earlier claim has lines of its
    own that name it.
    """
    if not is_sqlite(session):
        # A small sample tells the planner enough; the usual one takes a fifth of the whole.
        session.execute(text("SET LOCAL default_statistics_target = 5"))
        session.execute(text("ANALYZE drawn_entry (id, posting, kind, is_drawn)"))
        session.execute(text("SET LOCAL default_statistics_target TO DEFAULT"))
    of = {"claim": claim_id, "account": account_id}
    _name_earlier(session, of)
    return _write_lines(session, of)


def move_marks(session: Session, *, drawn_to: date, now: datetime) -> None:
    """Move the suppliers' marks over what was gathered, so that it is not looked at again.

    A mark stays before whatever was posted since the day that was drawn to, or in the newest day:
    an entry with a lower number may still be on its way. What is before it and in no claim waits by
    its number.
    """
    run = session.execute
    since = min(datetime.combine(drawn_to + timedelta(days=1), time(), UTC), now - _ON_ITS_WAY)
    looked_at = run(
        text(
            """SELECT supplier_id, max(id) + 1 AS next_id FROM drawn_entry
               WHERE posted_at < :since GROUP BY supplier_id"""
        ).bindparams(bindparam("since", type_=UtcMoment())),
        {"since": since},
    ).all()
    for row in looked_at:
        run(
            text(
                """UPDATE claim_mark SET next_id = :next_id
                   WHERE supplier_id = :supplier_id AND next_id < :next_id"""
            ),
            row._asdict(),
        )
    run(
        text(
            """DELETE FROM waiting_entry
               WHERE entry_id IN (SELECT id FROM drawn_entry WHERE is_drawn)"""
        )
    )
    run(
        text(
            """INSERT INTO waiting_entry (entry_id, supplier_id)
               SELECT d.id, d.supplier_id FROM drawn_entry d
               JOIN claim_mark m ON m.supplier_id = d.supplier_id AND d.id < m.next_id
               WHERE NOT d.is_drawn ON CONFLICT (entry_id) DO NOTHING"""
        )
    )
    run(text("DROP TABLE drawn_entry"))


def _ensure_marks(session: Session, supplier_ids: Sequence[int]) -> None:
    session.execute(
        text(
            """INSERT INTO claim_mark (supplier_id, next_id)
               SELECT id, 0 FROM supplier WHERE id IN :suppliers
               ON CONFLICT (supplier_id) DO NOTHING"""
        ).bindparams(bindparam("suppliers", expanding=True)),
        {"suppliers": list(supplier_ids)},
    )


def _day(value: Any) -> date:
    found: date = date.fromisoformat(value) if isinstance(value, str) else value
    return found


def _name_earlier(session: Session, of: dict[str, Any]) -> None:
    """Name the claim that late entries belong to: their sale's, or the first that had their day.

    A claim that was cancelled is no longer what anything belongs to.
    """
    session.execute(
        text(
            f"""UPDATE drawn_entry SET late_of = (
                    SELECT max(c.claim_id) FROM ledger_entry s
                    JOIN claim_entry c ON c.entry_id = s.id
                    WHERE s.posting = coalesce(
                            (SELECT t.redemption_id FROM till_return t
                             WHERE t.id = replace(drawn_entry.posting, '-void', '')),
                            replace(drawn_entry.posting, '-void', ''))
                      AND s.kind = '{EntryKind.REDEMPTION}'
                      AND s.account = '{Account.SUPPLIER_RECEIVABLE}'
                      AND s.offer_id = drawn_entry.offer_id
                      AND s.supplier_id = drawn_entry.supplier_id)
                WHERE is_drawn AND kind IN ({_in(UNDOING)})"""
        )
    )
    session.execute(
        text(
            f"""UPDATE drawn_entry SET late_of = (
                    SELECT min(b.id) FROM claim b
                    WHERE b.account_id = :account AND b.id <> :claim AND b.state <> 'cancelled'
                      AND b.drawn_to >= drawn_entry.on_day)
                WHERE is_drawn AND late_of IS NULL AND kind = '{EntryKind.REDEMPTION}'
                  AND on_day <= (SELECT max(b.drawn_to) FROM claim b
                                 WHERE b.account_id = :account AND b.id <> :claim
                                   AND b.state <> 'cancelled')"""
        ),
        of,
    )


_PLACE = "supplier_id, offer_id, coalesce(store_id, ''), coalesce(late_of, 0)"


def _write_lines(session: Session, of: dict[str, Any]) -> int:
    """Write the sums of the lines, and which line each entry is in: both in the same order."""
    lines = session.execute(
        text(
            f"""INSERT INTO claim_line (claim_id, line, supplier_id, offer_id, store_id, late_of,
                   circulation, uses, discount_cents, share_cents, fee_cents, slot_cents,
                   adjustment_cents)
               SELECT :claim, row_number() OVER (ORDER BY {_PLACE}), supplier_id, offer_id,
                      store_id, late_of,
                      coalesce((SELECT sum(i.copies) FROM cycle_offer i
                                JOIN cycle y ON y.id = i.cycle_id
                                WHERE i.offer_id = l.offer_id AND y.withdrawn_at IS NULL), 0),
                      uses, discount_cents, owed_cents - fee_cents - slot_cents, fee_cents,
                      slot_cents, 0
               FROM (SELECT supplier_id, offer_id, store_id, late_of,
                            sum(uses) AS uses, sum(discount_cents) AS discount_cents,
                            {_sum_of(Account.SUPPLIER_RECEIVABLE)} AS owed_cents,
                            -{_sum_of(Account.FEE_INCOME)} AS fee_cents,
                            -{_sum_of(Account.SLOT_INCOME)} AS slot_cents
                     FROM drawn_entry WHERE is_drawn
                     GROUP BY supplier_id, offer_id, store_id, late_of) l"""
        ),
        of,
    )
    session.execute(
        text(
            f"""INSERT INTO claim_entry (entry_id, claim_id, line)
                SELECT id, :claim, dense_rank() OVER (ORDER BY {_PLACE})
                FROM drawn_entry WHERE is_drawn"""
        ),
        of,
    )
    return int(getattr(lines, "rowcount", 0))


def _sum_of(account: Account) -> str:
    return f"sum(CASE WHEN account = '{account}' THEN amount_cents ELSE 0 END)"


def release(session: Session, claim_id: int) -> None:
    """Free the entries of a claim that is cancelled; what it held is kept beside.

    The next claim finds them as it finds all that waits before the marks.
    """
    run = session.execute
    run(
        text(
            """INSERT INTO waiting_entry (entry_id, supplier_id)
               SELECT c.entry_id, e.supplier_id FROM claim_entry c
               JOIN ledger_entry e ON e.id = c.entry_id
               WHERE c.claim_id = :claim AND c.line > 0 ON CONFLICT (entry_id) DO NOTHING"""
        ),
        {"claim": claim_id},
    )
    run(
        text(
            """INSERT INTO cancelled_claim_entry (claim_id, entry_id, line)
               SELECT claim_id, entry_id, line FROM claim_entry WHERE claim_id = :claim"""
        ),
        {"claim": claim_id},
    )
    run(text("DELETE FROM claim_entry WHERE claim_id = :claim"), {"claim": claim_id})
