"""Queries on what was bought."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from service.store import history
from service.store.bulk import is_sqlite, moment_literal, moment_micros, read_integers, stage
from service.store.history import read
from service.store.tables.basket import Basket
from service.store.tables.redemption import RedemptionState

_OF_PRODUCT = ("gtin", "item_id", "category_id", "supplier_id", "private_label")
_LOOKED_UP = 2_000
"""So many products are looked up by name; of more all are read."""


_SAME = """{0}.store_id = staged_line.store_id AND {0}.terminal = staged_line.terminal
           AND {0}.business_date = staged_line.business_date AND {0}.number = staged_line.number"""
_DROP_RECORDED = f"""DELETE FROM staged_line
    WHERE EXISTS (SELECT 1 FROM redemption r
                  WHERE {_SAME.format("r")} AND r.state = '{RedemptionState.VOIDED}')
       OR EXISTS (SELECT 1 FROM till_return t WHERE {_SAME.format("t")})"""
_DROP_KNOWN = f"""DELETE FROM staged_line
    WHERE EXISTS (SELECT 1 FROM basket b WHERE {_SAME.format("b")})"""
_OF_OTHERS = f"""SELECT staged_line.row_number FROM staged_line
    JOIN basket b ON {_SAME.format("b")}
    WHERE b.household_id <> staged_line.household_id"""
_DROP_OTHERS = f"""DELETE FROM staged_line
    WHERE EXISTS (SELECT 1 FROM basket b
                  WHERE {_SAME.format("b")} AND b.household_id <> staged_line.household_id)"""
_SEALED = f"""SELECT DISTINCT b.id FROM staged_line JOIN basket b ON {_SAME.format("b")}
    WHERE b.sealed"""
_GROWING = f"""SELECT DISTINCT b.id FROM staged_line JOIN basket b ON {_SAME.format("b")}
    WHERE NOT EXISTS (SELECT 1 FROM {{lines}} l
                      WHERE l.basket_id = b.id AND l.line = staged_line.line)"""
# What the till recorded is not a file's to contradict: goods were returned there since.
_CHANGED = f"""SELECT staged_line.row_number FROM staged_line
    JOIN basket b ON {_SAME.format("b")}
    JOIN {{lines}} l ON l.basket_id = b.id AND l.line = staged_line.line
    WHERE (l.gtin <> staged_line.gtin OR l.quantity_milli <> staged_line.quantity_milli
           OR l.amount_cents <> staged_line.amount_cents)
      AND NOT EXISTS (SELECT 1 FROM redemption r WHERE r.basket_id = b.id)"""
_OTHERS = """
    SELECT s.store_id, s.terminal, s.business_date, s.number
    FROM (SELECT store_id, terminal, business_date, number, count(*) AS lines,
                 sum(gtin) AS gtins, sum(quantity_milli) AS milli, sum(amount_cents) AS cents
          FROM staged_line GROUP BY store_id, terminal, business_date, number) s
    JOIN basket b ON b.store_id = s.store_id AND b.terminal = s.terminal
        AND b.business_date = s.business_date AND b.number = s.number
    WHERE NOT EXISTS (SELECT 1 FROM redemption r WHERE r.basket_id = b.id)
      AND (s.lines, s.gtins, s.milli, s.cents) <>
          (SELECT count(*), coalesce(sum(l.gtin), 0), coalesce(sum(l.quantity_milli), 0),
                  coalesce(sum(l.amount_cents), 0) FROM {lines} l WHERE l.basket_id = b.id)
    ORDER BY s.store_id, s.terminal, s.business_date, s.number"""


class AddedLines(NamedTuple):
    """How many lines were added, and the `row_number` of those that contradict what is stored.

    `others` belong to a basket of another household, `changed` are stored with other contents.
    """

    lines: int
    others: frozenset[int]
    changed: frozenset[int]


def add_baskets(session: Session, lines: pl.DataFrame) -> AddedLines:
    """Add purchase lines that are not there yet.

    Columns: row_number, store_id, terminal, business_date, number, household_id (null for an
    unknown one), purchased_at, line, gtin, quantity_milli, unit, amount_cents, code. The key of a
    basket is store, terminal, business date and number, that of a line its basket and line number.
    Every store and household exists. A sale that was voided at the till, and goods that were
    returned there, are not added: history has recorded them already.
    """
    stage(session, "staged_line", lines)
    session.execute(text(_DROP_RECORDED))
    baskets = lines.select("store_id", "terminal", "business_date", "number").n_unique()
    others: frozenset[int] = frozenset()
    lines_of = history.TABLE
    if _add_baskets(session) < baskets:
        lines_of = _lines(session)
        growing = session.execute(text(_GROWING.format(lines=lines_of))).scalars().all()
        history.open_again(session, growing)
        others = frozenset(session.execute(text(_OF_OTHERS)).scalars())
        if others:
            session.execute(text(_DROP_OTHERS))
    added = _add_lines(session)
    changed: frozenset[int] = frozenset()
    if added + len(others) < lines.height:
        changed = frozenset(session.execute(text(_CHANGED.format(lines=lines_of))).scalars())
    return AddedLines(added, others, changed)


def add_whole_baskets(
    session: Session, lines: pl.DataFrame
) -> tuple[int, list[tuple[str, str, str, str]]]:
    """Add baskets that are not there yet, each whole; an existing basket does not change.

    Columns as in `add_baskets`. Returns the number of lines added, and the references (store,
    terminal, ISO business date, number) of existing baskets with other lines, except those that
    the till changed.
    """
    stage(session, "staged_line", lines)
    session.execute(text(_DROP_RECORDED))
    others = [
        (store, terminal, str(day), number)
        for store, terminal, day, number in session.execute(
            text(_OTHERS.format(lines=_lines(session)))
        )
    ]
    session.execute(text(_DROP_KNOWN))
    return _add_staged(session), others


def _add_staged(session: Session) -> int:
    _add_baskets(session)
    return _add_lines(session)


def _add_baskets(session: Session) -> int:
    """Add the baskets of the staged lines; how many are new."""
    added: int = session.execute(
        text(
            """INSERT INTO basket (store_id, terminal, business_date, number, household_id,
                                   purchased_at)
               SELECT store_id, terminal, business_date, number, min(household_id),
                      min(purchased_at)
               FROM staged_line WHERE true GROUP BY store_id, terminal, business_date, number
               ORDER BY min(purchased_at), store_id, number
               ON CONFLICT (store_id, terminal, business_date, number) DO NOTHING"""
        )
    ).rowcount  # type: ignore[attr-defined]
    return added


def _lines(session: Session) -> str:
    """What stands for `basket_line` in statements on the baskets of the staged lines."""
    ids = session.execute(text(_SEALED)).scalars().all()
    return history.of_baskets(session, ids) if ids else history.TABLE


def _add_lines(session: Session) -> int:
    """Add the staged lines to their baskets; how many are new.

    What is sealed has all of them: what has not was opened again.
    """
    added: int = session.execute(
        text(
            """INSERT INTO basket_line (basket_id, line, gtin, quantity_milli, unit, amount_cents,
                                        code)
               SELECT b.id, s.line, s.gtin, s.quantity_milli, s.unit, s.amount_cents, s.code
               FROM staged_line s JOIN basket b ON b.store_id = s.store_id
                   AND b.terminal = s.terminal AND b.business_date = s.business_date
                   AND b.number = s.number
               WHERE NOT b.sealed ORDER BY b.id, s.line
               ON CONFLICT (basket_id, line) DO NOTHING"""
        )
    ).rowcount  # type: ignore[attr-defined]
    return added


def purchases(
    session: Session,
    *,
    before: datetime,
    since: datetime | None = None,
    household_ids: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Lines that households bought before a moment, of products in the catalogue.

    Columns: household_id, item_id, basket_id, purchased_at (UTC), quantity (pieces or units of
    measure), amount_cents, gtin, category_id, supplier_id, private_label; sorted by household,
    moment, basket and line. All households unless `household_ids` are given.
    """
    span = read.Span(since, before, household_ids)
    query = f"""SELECT 0, b.household_id, {moment_micros(session, "b.purchased_at")}, l.basket_id,
                       l.line, l.gtin, l.quantity_milli, l.amount_cents
                FROM basket b JOIN basket_line l ON l.basket_id = b.id
                WHERE NOT b.sealed AND {read.in_span(session, span)}
                UNION ALL {read.asked(session, span, width=len(read.LINES))}"""
    rows = read_integers(session, query, ("kind", *read.LINES))
    told = _told(rows)
    rows = rows.filter(pl.col("kind") == 0).with_columns(
        pl.col("purchased_at").cast(pl.Datetime("us", "UTC"))
    )
    lines = rows.select(*read.LINES)
    sealed = read.from_files(session, span, told)
    if not sealed.is_empty():
        lines = pl.concat([lines, sealed])
    found = lines.sort(read.ORDER).join(
        _products(session, lines["gtin"]), on="gtin", maintain_order="left"
    )
    return found.select(
        "household_id",
        "item_id",
        "basket_id",
        "purchased_at",
        (pl.col("quantity_milli") / 1000).alias("quantity"),
        "amount_cents",
        "gtin",
        "category_id",
        "supplier_id",
        pl.col("private_label").cast(pl.Boolean),
    )


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    """What `read.asked` told among the rows of a statement."""
    told = rows.filter(pl.col("kind") > 0)
    return told.select(pl.nth(0), pl.nth(1).alias("key"), pl.nth(2).alias("day"),
                       pl.nth(3).alias("shard"))  # fmt: skip


def _private_label(session: Session) -> str:
    return "p.private_label" if is_sqlite(session) else "p.private_label::int"


def _products(session: Session, gtins: pl.Series) -> pl.DataFrame:
    """What the catalogue says of some products, as far as it has them: see `_OF_PRODUCT`."""
    some = gtins.unique()
    chosen = ", ".join(map(str, some.to_list())) or "NULL"
    where = f"WHERE p.gtin IN ({chosen})" if some.len() <= _LOOKED_UP else ""
    query = f"""SELECT p.gtin, p.item_id, p.category_id, p.supplier_id, {_private_label(session)}
                FROM product p {where}"""
    return read_integers(session, query, _OF_PRODUCT)


def unnamed_spend(
    session: Session,
    *,
    since: datetime,
    before: datetime,
    household_ids: Sequence[int] | None = None,
) -> pl.DataFrame:
    """What households paid for goods without a GTIN, which `purchases` leaves out.

    From `since` to before `before`, of all households unless `household_ids` are given. Columns:
    household_id, purchased_at (UTC), amount_cents; one row per line.
    """
    span = read.Span(since, before, household_ids)
    query = f"""SELECT 0 AS kind, b.household_id, {moment_micros(session, "b.purchased_at")} AS at,
                       l.basket_id, l.line, l.amount_cents
                FROM basket b JOIN basket_line l ON l.basket_id = b.id
                WHERE l.gtin = 0 AND NOT b.sealed AND {read.in_span(session, span)}
                UNION ALL {read.asked(session, span, width=5)}
                ORDER BY 1, 2, 3, 4, 5"""
    columns = ("kind", *read.ORDER, "amount_cents")
    rows = read_integers(session, query, columns)
    found = rows.filter(pl.col("kind") == 0).with_columns(
        pl.col("purchased_at").cast(pl.Datetime("us", "UTC"))
    )
    sealed = read.from_files(session, span, _told(rows)).filter(pl.col("gtin") == 0)
    both = pl.concat([found.select(columns[1:]), sealed.select(columns[1:])]).sort(read.ORDER)
    return both.select("household_id", "purchased_at", "amount_cents")


def newest_day(session: Session) -> date | None:
    """The newest business day that has a basket."""
    return session.exec(select(func.max(Basket.business_date))).one()


def count(session: Session, household_id: int) -> int:
    """How many baskets a household has."""
    statement = select(func.count()).where(Basket.household_id == household_id)
    return session.exec(statement).one()


def buyers(session: Session, *, before: datetime) -> list[int]:
    """The households that bought before a moment, in ascending order."""
    household = col(Basket.household_id)
    statement = (
        select(household)
        .where(household.is_not(None), col(Basket.purchased_at) < before)
        .distinct()
        .order_by(household)
    )
    return [key for key in session.exec(statement) if key is not None]


def newest_moments(session: Session, household_ids: Sequence[int]) -> dict[int, datetime]:
    """When some households bought last; those that never bought are left out."""
    statement = (
        select(Basket.household_id, func.max(Basket.purchased_at))
        .where(col(Basket.household_id).in_(household_ids))
        .group_by(col(Basket.household_id))
    )
    return {key: moment for key, moment in session.exec(statement) if key is not None}


def usual_stores(
    session: Session,
    *,
    since: datetime,
    before: datetime,
    household_ids: Sequence[int] | None = None,
) -> pl.DataFrame:
    """The store of most of a household's baskets, ties to the lower: household_id, store.

    Households without a basket from `since` to before `before` are left out.
    """
    some = ", ".join(str(int(each)) for each in household_ids or ()) or "NULL"
    chosen = "" if household_ids is None else f"AND household_id IN ({some})"
    rows = session.execute(
        text(
            f"""SELECT household_id, store_id, count(*) FROM basket
                WHERE household_id IS NOT NULL {chosen}
                  AND purchased_at >= {moment_literal(session, since)}
                  AND purchased_at < {moment_literal(session, before)}
                GROUP BY household_id, store_id"""
        )
    )
    schema = {"household_id": pl.Int64, "store": pl.String, "baskets": pl.Int64}
    return (
        pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
        .sort("household_id", "baskets", "store", descending=[False, True, False])
        .unique("household_id", keep="first", maintain_order=True)
        .select("household_id", "store")
    )
