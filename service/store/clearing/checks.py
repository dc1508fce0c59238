"""The invariants of the books, each as one query for what breaks it: (subject, cents apart).

The difference is what is there less what should be there. Rows come with the largest first.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from service.engine.ledger import CHARGING, CLAIMABLE, UNDOING
from service.store.bulk import day_value, is_sqlite
from service.store.clearing import claims
from service.store.clearing.drawing import entry_day, posted_day, unclaimed

WORST = 10


class Apart(NamedTuple):
    """One thing that breaks an invariant, and by how many cents (or numbers, of a series)."""

    subject: str
    difference: int


@dataclass(frozen=True, slots=True)
class Found:
    """What breaks an invariant: how many, all differences added without their signs, the worst."""

    count: int
    difference: int
    worst: tuple[Apart, ...]


def _in(values: tuple[str, ...]) -> str:
    return ", ".join([f"'{value}'" for value in values])


_CHARGED = f"account = 'supplier_receivable' AND kind IN ({_in(CHARGING)})"
_SETTLED = """(SELECT s.claim_id, sum(e.amount_cents) AS cents FROM claim_settlement s
    JOIN ledger_entry e ON e.id = s.entry_id GROUP BY s.claim_id)"""
_HELD = """(SELECT claim_id, entry_id, line FROM claim_entry
    UNION ALL SELECT claim_id, entry_id, line FROM cancelled_claim_entry)"""
_NEWEST = """SELECT a.*, lead(a.valid_from) OVER (
        PARTITION BY a.account_id ORDER BY a.valid_from) AS next_from
    FROM agreement a WHERE NOT EXISTS (
        SELECT 1 FROM agreement n WHERE n.account_id = a.account_id AND n.ref = a.ref
          AND n.revision > a.revision)"""

POSTINGS = "SELECT posting, sum(amount_cents) FROM ledger_entry GROUP BY posting"
"""Every posting sums to zero."""

CLAIMS = f"""SELECT 'claim ' || c.id, c.total_cents - coalesce(h.cents, 0)
    FROM claim c LEFT JOIN (
        SELECT x.claim_id, sum(e.amount_cents) AS cents FROM {_HELD} x
        JOIN ledger_entry e ON e.id = x.entry_id WHERE e.account = 'supplier_receivable'
        GROUP BY x.claim_id) h ON h.claim_id = c.id"""
"""A claim is what its entries come to."""

LINES = f"""SELECT 'claim ' || l.claim_id || ', line ' || l.line,
        l.share_cents + l.fee_cents + l.slot_cents + l.adjustment_cents - coalesce(h.owed, 0)
        + abs(l.fee_cents + coalesce(h.fee, 0)) + abs(l.slot_cents + coalesce(h.slots, 0))
    FROM claim_line l LEFT JOIN (
        SELECT x.claim_id, x.line,
               sum(CASE WHEN e.account = 'supplier_receivable' THEN e.amount_cents ELSE 0 END)
                   AS owed,
               sum(CASE WHEN e.account = 'fee_income' THEN e.amount_cents ELSE 0 END) AS fee,
               sum(CASE WHEN e.account = 'slot_income' THEN e.amount_cents ELSE 0 END) AS slots
        FROM {_HELD} x JOIN ledger_entry e ON e.id = x.entry_id GROUP BY x.claim_id, x.line
    ) h ON h.claim_id = l.claim_id AND h.line = l.line"""
"""A line is what its entries come to, and the fees and slots of it too."""

HELD = f"""SELECT 'claim ' || c.claim_id, count(*) FROM claim_entry c
    LEFT JOIN claim k ON k.id = c.claim_id LEFT JOIN ledger_entry e ON e.id = c.entry_id
    WHERE k.id IS NULL OR k.cancelled_at IS NOT NULL OR e.id IS NULL
       OR (c.line > 0 AND NOT (e.account IN ({_in(CLAIMABLE)}) AND e.kind IN ({_in(CHARGING)})))
    GROUP BY c.claim_id"""
"""Claims hold entries that are there, can be claimed, and are of no cancelled claim."""

RECEIVABLES = f"""SELECT 'account ' || a.number,
        coalesce((SELECT sum(e.amount_cents) FROM ledger_entry e JOIN supplier s
                  ON s.id = e.supplier_id
                  WHERE s.account_id = a.id AND e.account = 'supplier_receivable'), 0)
        - coalesce((SELECT sum(c.total_cents) FROM claim c
                    WHERE c.account_id = a.id AND c.cancelled_at IS NULL), 0)
        - coalesce((SELECT sum(t.cents) FROM claim c JOIN {_SETTLED} t ON t.claim_id = c.id
                    WHERE c.account_id = a.id), 0)
        - coalesce((SELECT sum(e.amount_cents) FROM ledger_entry e JOIN supplier s
                    ON s.id = e.supplier_id
                    WHERE s.account_id = a.id AND e.account = 'supplier_receivable'
                      AND {unclaimed()}), 0)
    FROM supplier_account a"""
"""What an account owes is what was claimed less what was paid and adjusted, and what waits."""

FEES = f"""SELECT 'offer ' || o.id, coalesce(sum(CASE WHEN e.account = 'fee_income'
            THEN -e.amount_cents ELSE 0 END), 0)
        - o.handling_fee_cents * coalesce(sum(CASE WHEN e.account = 'supplier_receivable'
            AND e.supplier_id = o.supplier_id THEN e.uses ELSE 0 END), 0)
    FROM offer o JOIN ledger_entry e ON e.offer_id = o.id
    WHERE e.kind IN ({_in(CHARGING)}) AND e.account IN ('fee_income', 'supplier_receivable')
    GROUP BY o.id, o.handling_fee_cents"""
"""The fees of an offer are its uses times its rate."""

BUDGETS = f"""SELECT 'offer ' || offer_id,
        sum(CASE WHEN account = 'offer_spent' THEN amount_cents ELSE 0 END)
        - sum(CASE WHEN {_CHARGED} THEN amount_cents ELSE 0 END)
    FROM ledger_entry WHERE offer_id IS NOT NULL
      AND (account = 'offer_spent' OR account = 'supplier_receivable')
    GROUP BY offer_id"""
"""What a budget has spent is what was claimed of its offer, and what waits to be."""

OPENINGS = """SELECT 'claim ' || c.id, c.opening_cents
        - coalesce((SELECT sum(b.total_cents) FROM claim b
                    WHERE b.account_id = c.account_id AND b.id <> c.id
                      AND (b.issued_at < c.issued_at
                           OR (b.issued_at = c.issued_at AND b.serial < c.serial))
                      AND (b.cancelled_at IS NULL OR b.cancelled_at >= c.issued_at)), 0)
        - coalesce((SELECT sum(e.amount_cents) FROM claim b
                    JOIN claim_settlement s ON s.claim_id = b.id
                    JOIN ledger_entry e ON e.id = s.entry_id
                    WHERE b.account_id = c.account_id AND b.id <> c.id
                      AND e.posted_at < c.issued_at), 0)
    FROM claim c WHERE c.issued_at IS NOT NULL"""
"""The opening of a claim is what was owed of the account's earlier ones when it was issued."""

NUMBERS = """SELECT 'series ' || n.series, n.last_serial
        - (SELECT count(*) FROM (
               SELECT c.series, c.serial FROM claim c
               UNION ALL SELECT c.credit_series, c.credit_serial FROM claim c) g
           WHERE g.series = n.series AND g.serial BETWEEN 1 AND n.last_serial)
    FROM claim_series n"""
"""The numbers of a series have no gap."""

MARKS = f"""SELECT 'supplier ' || m.supplier_id, count(*) FROM claim_mark m
    JOIN ledger_entry e ON e.supplier_id = m.supplier_id AND e.id < m.next_id
    WHERE {unclaimed()} AND NOT EXISTS (SELECT 1 FROM waiting_entry w WHERE w.entry_id = e.id)
    GROUP BY m.supplier_id"""
"""What waits to be claimed is where the next claim looks for it."""

QUERIES: dict[str, str] = {
    "postings_sum_to_zero": POSTINGS,
    "claims_equal_their_entries": CLAIMS,
    "lines_equal_their_entries": LINES,
    "entries_are_claimed_once": HELD,
    "receivables_are_explained": RECEIVABLES,
    "fees_are_count_times_rate": FEES,
    "budgets_are_claimed_or_waiting": BUDGETS,
    "openings_are_what_was_owed": OPENINGS,
    "numbers_have_no_gap": NUMBERS,
    "what_waits_is_looked_at": MARKS,
}


def broken(session: Session, query: str) -> Found:
    """What breaks the invariant of a query."""
    wrapped = f"SELECT subject, apart FROM ({query}) q (subject, apart) WHERE apart <> 0"
    if is_sqlite(session):
        wrapped = f"""WITH q (subject, apart) AS ({query})
            SELECT subject, apart FROM q WHERE apart <> 0"""
    return _found(session, wrapped, {})


def _found(session: Session, query: str, of: dict[str, object]) -> Found:
    rows = [Apart(str(subject), int(apart)) for subject, apart in session.execute(text(query), of)]
    rows.sort(key=lambda row: (-abs(row.difference), row.subject))
    return Found(len(rows), sum(abs(row.difference) for row in rows), tuple(rows[:WORST]))


def overdue(session: Session, *, as_of: date) -> Found:
    """What no claim has though its agreement's claims for its month should be drawn by a day.

    What came in after the days of grace belongs to the month that these end in.
    """
    day, posted = entry_day(session), posted_day(session)
    if is_sqlite(session):
        counts = f"max({day}, date({posted}, '-' || f.grace_days || ' days'))"
        month_end = f"date({counts}, 'start of month', '+1 month', '-1 day')"
        drawn = f"date({month_end}, '+' || f.grace_days || ' days')"
    else:
        counts = f"greatest({day}, {posted} - f.grace_days)"
        month_end = f"(date_trunc('month', {counts}) + INTERVAL '1 month - 1 day')::date"
        drawn = f"{month_end} + f.grace_days"
    query = f"""WITH f AS ({_NEWEST})
        SELECT s.name, sum(e.amount_cents) FROM ledger_entry e
        JOIN supplier s ON s.id = e.supplier_id JOIN f ON f.account_id = s.account_id
          AND {covered(day)}
        WHERE e.account = 'supplier_receivable' AND {unclaimed()} AND {drawn} < :as_of
        GROUP BY s.name ORDER BY s.name"""
    return _found(session, query, {"as_of": day_value(session, as_of)})


def without_agreement(session: Session) -> Found:
    """What is owed by suppliers whose agreements do not cover it: it waits until one does."""
    day = entry_day(session)
    query = f"""WITH f AS ({_NEWEST})
        SELECT s.name, sum(e.amount_cents) FROM ledger_entry e
        JOIN supplier s ON s.id = e.supplier_id
        WHERE e.account = 'supplier_receivable' AND {unclaimed()}
          AND NOT EXISTS (SELECT 1 FROM f WHERE f.account_id = s.account_id AND {covered(day)})
        GROUP BY s.name ORDER BY s.name"""
    return _found(session, query, {})


def after_grace(session: Session) -> Found:
    """What households got in sales that came in after the days of grace: the retailer bears it."""
    query = """SELECT s.name, sum(l.amount_cents) FROM offline_use u
        JOIN redemption_line l ON l.id = u.redemption_line_id
        JOIN redemption r ON r.id = l.redemption_id
        JOIN offer o ON o.id = l.offer_id JOIN supplier s ON s.id = o.supplier_id
        WHERE u.beyond_grace AND NOT u.given_back AND r.state <> 'voided'
        GROUP BY s.name ORDER BY sum(l.amount_cents) DESC, s.name"""
    return _found(session, query, {})


def newest_agreements() -> str:
    """SQL of the agreements in force, each with the first day of its account's next one."""
    return _NEWEST


def covered(day: str) -> str:
    """SQL of whether an agreement `f` of those covers an entry `e` of a day."""
    return f"""{day} >= f.valid_from AND ({day} <= f.valid_to
        OR (e.kind IN ({_in(UNDOING)}) AND (f.next_from IS NULL OR {day} < f.next_from)))"""


def misplaced(session: Session) -> Found:
    """Claims whose state is not what happened to them."""
    wrong = [
        Apart(f"claim {claim.id}", claim.total_cents)
        for claim, state in claims.states_now(session)
        if claim.state != state
    ]
    return Found(len(wrong), sum(abs(each.difference) for each in wrong), tuple(wrong[:WORST]))
