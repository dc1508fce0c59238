"""Queries on what stores sold by day, as it was counted, and who bought."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import polars as pl
from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from service.store import history
from service.store.bulk import is_sqlite


class By(StrEnum):
    """What the sales of a report are told apart by."""

    ALL = "all"
    STORE = "store"
    REGION = "region"
    DEPARTMENT = "department"
    CATEGORY = "category"
    TIER = "tier"


class Kept(NamedTuple):
    """The first and the last day that was counted."""

    first: date
    last: date


class Sold(NamedTuple):
    """What was sold in a period (by its number) of one of the names."""

    period: int
    name: str
    amount_cents: int
    quantity_milli: int


class Bought(NamedTuple):
    """How many baskets and households bought in a period of one of the names."""

    period: int
    name: str
    baskets: int
    customers: int


class Visits(NamedTuple):
    """The baskets of a store in a period, those that used an offer, and what came in at its door.

    `counted_baskets` are of days that the door was counted on.
    """

    period: int
    store_id: str
    baskets: int
    amount_cents: int
    using_baskets: int
    using_cents: int
    counted_baskets: int
    visitors: int


Days = Sequence[tuple[date, int]]
"""Days and the number of the period that each counts for; a day may count for several."""

_SALES_NAME = {
    By.ALL: ("CAST('' AS text)", ""),
    By.STORE: ("s.store_id", ""),
    By.REGION: ("t.region", "JOIN store t ON t.id = s.store_id"),
    By.DEPARTMENT: ("coalesce(c.department, '')", "LEFT JOIN category c ON c.id = s.category_id"),
    By.CATEGORY: ("coalesce(c.name, '')", "LEFT JOIN category c ON c.id = s.category_id"),
    By.TIER: ("s.tier", ""),
}
_GOODS = """JOIN {lines} l ON l.basket_id = b.id LEFT JOIN product p ON p.gtin = l.gtin
            LEFT JOIN category c ON c.id = p.category_id"""
_TIERS = """LEFT JOIN cycle_household h ON h.household_id = b.household_id
            AND h.cycle_id = :cycle"""
_BUYERS_NAME = {
    By.ALL: ("CAST('' AS text)", ""),
    By.STORE: ("b.store_id", ""),
    By.REGION: ("t.region", "JOIN store t ON t.id = b.store_id"),
    By.DEPARTMENT: ("coalesce(c.department, '')", _GOODS),
    By.CATEGORY: ("coalesce(c.name, '')", _GOODS),
    By.TIER: ("coalesce(h.tier, '')", _TIERS),
}


def kept(session: Session) -> Kept | None:
    """The days that were counted; None before the first time."""
    row = session.execute(
        text("SELECT min(day) AS first, max(day) AS last FROM visits_day").columns(
            first=Date(), last=Date()
        )
    ).one()
    return None if row.first is None else Kept(row.first, row.last)


def first_day(session: Session) -> date | None:
    """The oldest business day that has a basket."""
    statement = text("SELECT min(business_date) AS day FROM basket").columns(day=Date())
    return session.execute(statement).scalar_one()  # type: ignore[no-any-return]


def count_days(session: Session, *, first: date, before: date, cycle_id: int | None) -> None:
    """Count what was sold on some days, in place of what was counted of them.

    Households have the tier that a cycle gave them.
    """
    values = {"first": first, "before": before, "cycle": cycle_id or 0}
    days = (bindparam("first", type_=Date()), bindparam("before", type_=Date()))
    span = "b.business_date >= :first AND b.business_date < :before"
    lines = history.of_days(session, first, before)
    for table in ("sales_day", "visits_day"):
        session.execute(
            text(f"DELETE FROM {table} WHERE day >= :first AND day < :before").bindparams(*days),
            {"first": first, "before": before},
        )
    session.execute(
        text(
            f"""INSERT INTO sales_day (day, store_id, category_id, tier, amount_cents,
                                       quantity_milli, baskets)
                SELECT b.business_date, b.store_id, coalesce(p.category_id, 0),
                       coalesce(h.tier, ''), sum(l.amount_cents), sum(l.quantity_milli),
                       count(DISTINCT b.id)
                FROM basket b JOIN {lines} l ON l.basket_id = b.id
                LEFT JOIN product p ON p.gtin = l.gtin {_TIERS}
                WHERE {span}
                GROUP BY b.business_date, b.store_id, coalesce(p.category_id, 0),
                         coalesce(h.tier, '')"""
        ).bindparams(*days),
        values,
    )
    session.execute(
        text(
            f"""INSERT INTO visits_day (day, store_id, tier, baskets, amount_cents, using_baskets,
                                        using_cents)
                SELECT day, store_id, tier, count(*), sum(cents), sum(used), sum(used * cents)
                FROM (SELECT b.business_date AS day, b.store_id, coalesce(h.tier, '') AS tier,
                             (SELECT coalesce(sum(l.amount_cents), 0) FROM {lines} l
                              WHERE l.basket_id = b.id) AS cents,
                             CASE WHEN EXISTS (
                                 SELECT 1 FROM redemption r JOIN redemption_line x
                                     ON x.redemption_id = r.id AND x.live
                                 WHERE r.basket_id = b.id) THEN 1 ELSE 0 END AS used
                      FROM basket b {_TIERS} WHERE {span}) d
                GROUP BY day, store_id, tier"""
        ).bindparams(*days),
        values,
    )


def sold(session: Session, days: Days, by: By) -> list[Sold]:
    """What was sold by period and name, from what was counted."""
    name, join = _SALES_NAME[by]
    rows = session.execute(
        text(
            f"""WITH span (day, period) AS (VALUES {_values(session, days)})
                SELECT d.period, {name}, sum(s.amount_cents), sum(s.quantity_milli)
                FROM sales_day s JOIN span d ON d.day = s.day {join}
                GROUP BY 1, 2 ORDER BY 1, 2"""
        )
    )
    return [Sold(period, key, int(cents), int(milli)) for period, key, cents, milli in rows]


def bought(session: Session, days: Days, by: By, *, cycle_id: int | None) -> list[Bought]:
    """Baskets and households by period and name, from the baskets: neither adds up."""
    name, join = _BUYERS_NAME[by]
    if join is _GOODS and days:
        every = [day for day, _ in days]
        join = join.format(lines=history.of_days(session, min(every), max(every)))
    rows = session.execute(
        text(
            f"""WITH span (day, period) AS (VALUES {_values(session, days)})
                SELECT d.period, {name}, count(DISTINCT b.id), count(DISTINCT b.household_id)
                FROM basket b JOIN span d ON d.day = b.business_date {join}
                GROUP BY 1, 2"""
        ),
        {"cycle": cycle_id or 0} if by is By.TIER else {},
    )
    return [Bought(*row) for row in rows]


def visits(session: Session, days: Days) -> list[Visits]:
    """What came in and bought, by period and store."""
    rows = session.execute(
        text(
            f"""WITH span (day, period) AS (VALUES {_values(session, days)})
                SELECT d.period, v.store_id, sum(v.baskets), sum(v.cents), sum(v.used),
                       sum(v.used_cents),
                       sum(CASE WHEN c.visitors IS NULL THEN 0 ELSE v.baskets END),
                       coalesce(sum(c.visitors), 0)
                FROM (SELECT day, store_id, sum(baskets) AS baskets, sum(amount_cents) AS cents,
                             sum(using_baskets) AS used, sum(using_cents) AS used_cents
                      FROM visits_day GROUP BY day, store_id) v
                JOIN span d ON d.day = v.day
                LEFT JOIN door_count c ON c.day = v.day AND c.store_id = v.store_id
                GROUP BY d.period, v.store_id ORDER BY d.period, v.store_id"""
        )
    )
    return [Visits(period, store, *(int(each) for each in sums)) for period, store, *sums in rows]


def _values(session: Session, days: Days) -> str:
    """Days and periods as rows of SQL; both are ours, so that nothing has to be escaped."""
    begin = "'" if is_sqlite(session) else "DATE '"
    return ", ".join(f"({begin}{day.isoformat()}', {int(period)})" for day, period in days)


def spent(session: Session, *, first: date, last: date, margin_percent: int) -> pl.DataFrame:
    """What each known household paid in some days, and the margin in it.

    household_id, sales_cents, margin_cents. A unit's margin is what was paid for it less its cost;
    of goods whose cost is not known it is `margin_percent` of what was paid.
    """
    lines = history.of_days(session, first, last)
    rows = session.execute(
        text(
            f"""SELECT b.household_id, sum(l.amount_cents),
                      sum(CASE WHEN p.cost_cents IS NULL
                               THEN l.amount_cents * :percent / 100.0
                               ELSE l.amount_cents - p.cost_cents * l.quantity_milli / 1000.0 END)
               FROM basket b JOIN {lines} l ON l.basket_id = b.id
               LEFT JOIN product p ON p.gtin = l.gtin
               WHERE b.household_id IS NOT NULL AND b.business_date BETWEEN :first AND :last
               GROUP BY b.household_id ORDER BY b.household_id"""
        ).bindparams(bindparam("first", type_=Date()), bindparam("last", type_=Date())),
        {"first": first, "last": last, "percent": margin_percent},
    )
    schema = {"household_id": pl.Int64, "sales_cents": pl.Int64, "margin_cents": pl.Float64}
    return pl.DataFrame(
        [(key, int(cents), float(margin)) for key, cents, margin in rows], schema, orient="row"
    )


def unknown_cents(session: Session, *, first: date, last: date) -> int:
    """What baskets without a household paid in some days."""
    lines = history.of_days(session, first, last)
    statement = text(
        f"""SELECT coalesce(sum(l.amount_cents), 0) FROM basket b
           JOIN {lines} l ON l.basket_id = b.id
           WHERE b.household_id IS NULL AND b.business_date BETWEEN :first AND :last"""
    ).bindparams(bindparam("first", type_=Date()), bindparam("last", type_=Date()))
    return int(session.execute(statement, {"first": first, "last": last}).scalar_one())


def visit_days(session: Session, *, first: date, before: date) -> pl.DataFrame:
    """The business days on which known households bought: household_id, day."""
    rows = session.execute(
        text(
            """SELECT DISTINCT household_id, business_date AS day FROM basket
               WHERE household_id IS NOT NULL
                 AND business_date >= :first AND business_date < :before
               ORDER BY household_id, business_date"""
        )
        .bindparams(bindparam("first", type_=Date()), bindparam("before", type_=Date()))
        .columns(day=Date()),
        {"first": first, "before": before},
    )
    schema = {"household_id": pl.Int64, "day": pl.Date}
    return pl.DataFrame([tuple(row) for row in rows], schema, orient="row")


def set_door_counts(session: Session, counts: Sequence[tuple[date, str, int]]) -> int:
    """Keep how many came into stores: day, store, visitors; how many of them are new or others."""
    taken = 0
    statement = text(
        """INSERT INTO door_count (day, store_id, visitors) VALUES (:day, :store, :visitors)
           ON CONFLICT (day, store_id) DO UPDATE SET visitors = excluded.visitors
           WHERE door_count.visitors <> excluded.visitors"""
    ).bindparams(bindparam("day", type_=Date()))
    for day, store, visitors in counts:
        found = session.execute(statement, {"day": day, "store": store, "visitors": visitors})
        taken += found.rowcount  # type: ignore[attr-defined]
    return taken
