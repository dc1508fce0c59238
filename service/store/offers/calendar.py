"""Queries on when the deals of a category run."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from service.store.offers.overview import DealFilter, bind, wanted_by
from service.store.sum_rows import DEAL


class Window(StrEnum):
    """Which days of a deal count: those on which new lists may carry it, or its days at tills."""

    MAILED = "mailed"
    REDEEMED = "redeemed"


_FROM_TO = {
    Window.MAILED: ("o.mail_from", "o.mail_to"),
    Window.REDEEMED: ("o.redeem_from", "o.redeem_to"),
}
_DAYS = {"from_day": Date(), "to_day": Date()}


class Running(NamedTuple):
    """The days of one revision of a deal; `number` is that of its offer."""

    category_id: int
    deal_id: int
    number: int
    from_day: date
    to_day: date


def categories(session: Session, *, name: str, after: str, limit: int) -> Sequence[tuple[int, str]]:
    """Categories that ever had a deal, by name: (id, name), from the one after a name on.

    With `name` just that one.
    """
    sql = """SELECT c.id, c.name FROM category c
             WHERE (:name = '' OR c.name = :name) AND c.name > :after
               AND EXISTS (SELECT 1 FROM offer o WHERE o.category_id = c.id)
             ORDER BY c.name LIMIT :limit"""
    rows = session.execute(text(sql), {"name": name, "after": after, "limit": limit})
    return [tuple(row) for row in rows]


def running(
    session: Session,
    category_ids: Sequence[int],
    chosen: DealFilter,
    *,
    window: Window,
    first: date,
    last: date,
) -> Sequence[Running]:
    """The revisions of some categories that run on a day of a window, by category and first day."""
    return _read(session, category_ids, chosen, window, first, last, after=None, limit=None)


def page(
    session: Session,
    category_id: int,
    chosen: DealFilter,
    *,
    window: Window,
    first: date,
    last: date,
    after: int | None,
    limit: int,
) -> Sequence[Running]:
    """Some of the revisions of one category, from the one after a number on."""
    return _read(session, [category_id], chosen, window, first, last, after=after, limit=limit)


def _read(
    session: Session,
    category_ids: Sequence[int],
    chosen: DealFilter,
    window: Window,
    first: date,
    last: date,
    *,
    after: int | None,
    limit: int | None,
) -> Sequence[Running]:
    begins, ends = _FROM_TO[window]
    place = begins.replace("o.", "x.")
    where = [
        wanted_by(chosen),
        f"o.category_id IN ({', '.join(map(str, map(int, category_ids))) or 'NULL'})",
        f"{begins} <= :last AND {ends} >= :first",
    ]
    values: dict[str, int] = {}
    if after is not None:
        where.append(
            f"({begins}, o.id) > ((SELECT {place} FROM offer x WHERE x.id = :after), :after)"
        )
        values["after"] = after
    if limit is not None:
        values["limit"] = limit
    order = "o.category_id, " if limit is None else ""
    sql = f"""SELECT o.category_id, {DEAL} AS deal_id, o.id AS number, {begins} AS from_day,
                     {ends} AS to_day
              FROM offer o WHERE {" AND ".join(where)} ORDER BY {order}{begins}, o.id
              {"LIMIT :limit" if limit is not None else ""}"""
    statement = bind(sql, chosen).bindparams(
        bindparam("first", first, type_=Date()), bindparam("last", last, type_=Date())
    )
    return [Running(*row) for row in session.execute(statement.columns(**_DAYS), values)]
