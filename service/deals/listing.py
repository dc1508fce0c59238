"""Deals as people list and choose them, and one act on many of them."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlmodel import Session

from service.engine.lifecycle import DealState
from service.engine.redeem import Terms, wording_of
from service.errors import Conflict, InvalidInput, NotFound
from service.files import layouts
from service.notice import Notice
from service.store.offers import overview, pages
from service.store.offers.overview import ALL_DEALS, DealFilter
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database

LANGUAGE = "en"
"""That of what is read by machines."""


def list_deals(
    database: Database,
    chosen: DealFilter = ALL_DEALS,
    *,
    currency: str,
    after_id: int = 0,
    limit: int = 2**31,
) -> list[dict[str, Any]]:
    """Deals with their figures: the columns of `overview.DEALS`, and what people want to see.

    `value` is what comes off in words, `products` how many count and `product` one of them,
    `targets` who may get it, by kind of target.
    """
    with database.read() as session:
        figures = overview.deals(session, chosen=chosen, after=after_id, limit=limit)
        return _with_words(session, figures, LANGUAGE, currency)


@dataclass(frozen=True, slots=True)
class ListedDeals:
    """A page of deals as `list_deals` describes them, and whether others are before and after.

    `count` is how many match, counted up to what was said.
    """

    rows: Sequence[dict[str, Any]]
    has_before: bool
    has_after: bool
    count: int


def page_deals(
    database: Database,
    chosen: DealFilter,
    *,
    order: DealOrder,
    place: Place | None,
    limit: int,
    language: str,
    currency: str,
    most_counted: int = 0,
) -> ListedDeals:
    """A page of the deals that match, from a place in an order, in the words of a language."""
    with database.read() as session:
        chosen = pages.settled(session, chosen)
        found = pages.page(session, chosen, order=order, place=place, limit=limit)
        is_whole = not (found.has_before or found.has_after)
        count = (
            min(len(found.numbers), most_counted)
            if is_whole
            else pages.count(session, chosen, most=most_counted)
        )
        figures = overview.deals(session, offer_ids=found.numbers)
        rows = _with_words(session, figures, language, currency)
    by_number = {row["offer_id"]: row for row in rows}
    return ListedDeals(
        [by_number[number] for number in found.numbers], found.has_before, found.has_after, count
    )


def deals_with_words(
    database: Database, numbers: Sequence[int], *, language: str, currency: str
) -> list[dict[str, Any]]:
    """The deals with some numbers as `list_deals` describes them, in the words of a language."""
    with database.read() as session:
        return _with_words(session, overview.deals(session, offer_ids=numbers), language, currency)


def names_to_filter(database: Database) -> tuple[Sequence[str], Sequence[str]]:
    """The suppliers and the categories that have a deal, by name."""
    with database.read() as session:
        return pages.suppliers(session), pages.categories(session)


def _with_words(
    session: Session, figures: pl.DataFrame, language: str, currency: str
) -> list[dict[str, Any]]:
    """Deals with what they give in the words of a language, in their order."""
    seen = overview.shown(session, figures["offer_id"].to_list())
    found = figures.join(seen, on="offer_id", how="left", maintain_order="left").to_dicts()
    wording = wording_of(layouts.wordings(), language)
    for row in found:
        row["targets"] = json.loads(row["targets"])
        row["value"] = row.pop("value_text") or ""
        stored = row.pop("terms")
        if stored != "{}":
            terms = Terms.from_dict(json.loads(stored))
            parts = (wording.benefit(terms, currency=currency),
                     wording.condition(terms, currency=currency))  # fmt: skip
            row["value"] = " ".join(filter(None, parts))
    return found


@dataclass(frozen=True, slots=True)
class ChosenDeal:
    """One of the deals that an act is for; `number` is that of one of its revisions."""

    number: int
    supplier: str
    deal_id: str


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What an act on many deals did: those it was done to, and why the others were skipped."""

    done: Sequence[ChosenDeal]
    skipped: Sequence[tuple[ChosenDeal, Notice]]

    def reasons(self) -> Sequence[tuple[Notice, int]]:
        """Why deals were skipped and how many for each reason, the commonest first."""
        return Counter(reason for _, reason in self.skipped).most_common()


def choose_deals(database: Database, filters: Sequence[DealFilter]) -> list[ChosenDeal]:
    """The deals that match any of some filters, each once, by number.

    Raises NotFound for a filter that nothing matches.
    """
    found: dict[tuple[str, str], ChosenDeal] = {}
    with database.read() as session:
        for each in filters:
            frame = overview.deals(session, chosen=each).select("offer_id", "supplier", "deal_id")
            if frame.is_empty():
                named = f"{each.supplier}:{each.deal_id}" if each.deal_id else "so chosen"
                raise NotFound(f"There is no deal {named}.")
            for row in frame.iter_rows():
                found.setdefault(row[1:], ChosenDeal(*row))
    return sorted(found.values(), key=lambda deal: deal.number)


def deals_by_number(database: Database, numbers: Sequence[int]) -> list[ChosenDeal]:
    """The deals with some numbers, by number; those that are not there are left out."""
    with database.read() as session:
        found = overview.deals(session, offer_ids=numbers)
    return [ChosenDeal(*row) for row in found.select("offer_id", "supplier", "deal_id").iter_rows()]


def act_on_each(chosen: Sequence[ChosenDeal], act: Callable[[int], DealState]) -> BulkReport:
    """Do an act to each deal by itself; one that its state or a rule does not allow is skipped."""
    done: list[ChosenDeal] = []
    skipped: list[tuple[ChosenDeal, Notice]] = []
    for deal in chosen:
        try:
            act(deal.number)
        except (Conflict, NotFound) as error:
            skipped.append((deal, error.notice))
        else:
            done.append(deal)
    return BulkReport(done, skipped)


def split_name(database: Database, name: str) -> tuple[str, str]:
    """The supplier and the deal's id in `SUPPLIER:ID`; either may have a colon of its own.

    A deal that exists is preferred; of a new one the supplier ends at the first colon.
    """
    places = [place for place, letter in enumerate(name) if letter == ":"]
    splits = [(name[:place].strip(), name[place + 1 :].strip()) for place in places]
    splits = [(supplier, deal_id) for supplier, deal_id in splits if supplier and deal_id]
    if not splits:
        raise InvalidInput("%(name)s is not a deal: write SUPPLIER:ID.", name=repr(name[:60]))
    with database.read() as session:
        for supplier, deal_id in splits if len(splits) > 1 else ():
            named = DealFilter(supplier=supplier, deal_id=deal_id)
            if overview.deals(session, chosen=named, limit=1).height:
                return supplier, deal_id
    return splits[0]
