"""Queries on pages of deals in an order, and on how many there are. No page counts all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from service.store.offers import kept
from service.store.offers.overview import SHORT_DEALS, DealFilter, bind, wanted_by


class DealOrder(StrEnum):
    """What the deals of a page are sorted by; equal ones by their number."""

    NEWEST = "newest"
    OLDEST = "oldest"
    ENDS_FIRST = "ends_first"
    ENDS_LAST = "ends_last"
    TITLE = "title"
    TITLE_LAST = "title_last"
    BUDGET = "budget"
    BUDGET_LEAST = "budget_least"


_KEYS = {
    DealOrder.NEWEST: ("o.id", False),
    DealOrder.OLDEST: ("o.id", True),
    DealOrder.ENDS_FIRST: ("o.redeem_to", True),
    DealOrder.ENDS_LAST: ("o.redeem_to", False),
    DealOrder.TITLE: ("o.search_text", True),
    DealOrder.TITLE_LAST: ("o.search_text", False),
    # A deal without a limit has the largest budget.
    DealOrder.BUDGET: ("coalesce(o.budget_cents, 9223372036854775807)", False),
    DealOrder.BUDGET_LEAST: ("coalesce(o.budget_cents, 9223372036854775807)", True),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: after the deal with this number, or before it."""

    number: int
    before: bool = False


@dataclass(frozen=True, slots=True)
class DealPage:
    """The numbers of a page's deals, and whether there are others before and after them."""

    numbers: Sequence[int]
    has_before: bool
    has_after: bool


FIRST_PAGE = None
MOST_SETTLED = 2000


def page(
    session: Session,
    chosen: DealFilter,
    *,
    order: DealOrder,
    place: Place | None = FIRST_PAGE,
    limit: int,
) -> DealPage:
    """A page of the deals that match, from a place in the order.

    The cost does not grow with the number of pages before it.
    """
    key, is_rising = _KEYS[order]
    is_backward = place is not None and place.before
    sign, direction = (">", "ASC") if is_rising is not is_backward else ("<", "DESC")
    wanted = [wanted_by(chosen)]
    values: dict[str, int] = {"limit": limit + 1}
    if place is not None:
        place_key = key.replace("o.", "x.")
        wanted.append(
            f"({key}, o.id) {sign} ((SELECT {place_key} FROM offer x WHERE x.id = :place), :place)"
        )
        values["place"] = place.number
    sql = f"""SELECT o.id FROM offer o WHERE {" AND ".join(wanted)}
              ORDER BY {key} {direction}, o.id {direction} LIMIT :limit"""
    found = [number for (number,) in _read(session, sql, chosen, values)]
    has_more = len(found) > limit
    numbers = found[:limit]
    if is_backward:
        return DealPage(numbers[::-1], has_before=has_more, has_after=True)
    return DealPage(numbers, has_before=place is not None, has_after=has_more)


def settled(session: Session, chosen: DealFilter) -> DealFilter:
    """The same deals, with what takes long looked at once, for whoever asks several times.

    That are sums of deals, and a text that few deals have; one that many have is found at once.
    """
    percent = chosen.left_below_percent
    if percent is not None:
        found = kept.at_one_moment(
            session,
            lambda mark: session.execute(
                text(SHORT_DEALS), {"left_below": percent, **kept.values(mark)}
            ).all(),
        )
        return replace(chosen, left_below_percent=None, numbers=[number for (number,) in found])
    if chosen.text and chosen.numbers is None:
        sql = f"SELECT o.id FROM offer o WHERE {wanted_by(chosen)} LIMIT :most"
        few = [number for (number,) in _read(session, sql, chosen, {"most": MOST_SETTLED + 1})]
        if len(few) <= MOST_SETTLED:
            return DealFilter(numbers=few)
    return chosen


def count(session: Session, chosen: DealFilter, *, most: int) -> int:
    """How many deals match, counted up to `most`."""
    sql = f"""SELECT count(*) FROM
              (SELECT 1 AS one FROM offer o WHERE {wanted_by(chosen)} LIMIT :most) AS found"""
    [(found,)] = _read(session, sql, chosen, {"most": most})
    return int(found)


def numbers(session: Session, chosen: DealFilter, *, most: int) -> Sequence[int]:
    """The numbers of the deals that match, in order, at most so many."""
    sql = f"SELECT o.id FROM offer o WHERE {wanted_by(chosen)} ORDER BY o.id LIMIT :most"
    return [number for (number,) in _read(session, sql, chosen, {"most": most})]


def _read(
    session: Session, sql: str, chosen: DealFilter, values: Mapping[str, int]
) -> Sequence[Row[Any]]:
    """The rows of a statement with the parameters of a filter, which may ask for sums of deals."""
    statement = bind(sql, chosen)
    if chosen.left_below_percent is None:
        return session.execute(statement, values).all()
    return kept.at_one_moment(
        session, lambda mark: session.execute(statement, {**values, **kept.values(mark)}).all()
    )


def suppliers(session: Session) -> Sequence[str]:
    """The suppliers that have a deal, by name."""
    rows = session.execute(
        text(
            """SELECT s.name FROM supplier s
               WHERE EXISTS (SELECT 1 FROM offer o WHERE o.supplier_id = s.id) ORDER BY s.name"""
        )
    )
    return [name for (name,) in rows]


def categories(session: Session) -> Sequence[str]:
    """The categories that have a deal, by name."""
    rows = session.execute(
        text(
            """SELECT c.name FROM category c
               WHERE EXISTS (SELECT 1 FROM offer o WHERE o.category_id = c.id) ORDER BY c.name"""
        )
    )
    return [name for (name,) in rows]
