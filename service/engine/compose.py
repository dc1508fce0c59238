"""Compose the printed list of a household from its offers and reminders."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from service.engine.content import Pictogram, in_language
from service.engine.habits import Habit, due, reason
from service.engine.records import Due, ListDocument, OfferLine, ReminderLine
from service.engine.redeem import Terms, Wording, with_offer, wording_of
from service.engine.wishes import WishAct, is_asked_for

PARTED = "\u00a0\u00b7 "
"""Parts what is said of one thing; it may end a line, and begins none."""


@dataclass(frozen=True, slots=True)
class Masthead:
    """What all lists of one cycle have in common."""

    retailer: str
    currency: str
    issued_on: date
    valid_from: date
    arrives_on: date
    valid_to: date
    wordings: Mapping[str, Wording]
    """The fixed texts of lists, by language."""
    logo: str | None = None
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """The household a list is for, its language, and the code of the list.

    `is_general` is a list that follows from nothing the household bought.
    """

    household_id: int
    language: str
    list_code: str
    page_url: str = ""
    is_general: bool = False


def bought_products(purchases: pl.DataFrame) -> pl.DataFrame:
    """The products that households buy, by household and item, the most often bought first.

    `purchases` has `household_id`, `item_id`, `gtin`, `purchased_at`, `quantity` and
    `amount_cents`. Returns `household_id`, `item_id`, `gtin`, `times`, `purchased_at` (the last
    time), and `paid_cents`, the last price of one piece. Of products bought as often the latest
    bought comes first.
    """
    return (
        _by_moment(purchases.filter((pl.col("quantity") > 0) & (pl.col("amount_cents") >= 0)))
        .group_by("household_id", "item_id", "gtin")
        .agg(
            pl.len().alias("times"),
            pl.col("purchased_at").last(),
            (pl.col("amount_cents") / pl.col("quantity"))
            .last()
            .round(mode="half_away_from_zero")
            .cast(pl.Int64)
            .alias("paid_cents"),
        )
        .sort(
            "household_id",
            "item_id",
            "times",
            "purchased_at",
            "gtin",
            descending=[False, False, True, True, False],
        )
    )


def _by_moment(purchases: pl.DataFrame) -> pl.DataFrame:
    """Purchases, those of each household by moment; mostly they are so already."""
    earlier = pl.col("purchased_at").diff() < pl.duration()
    goes_back = earlier & (pl.col("household_id").diff() == 0)
    households = purchases["household_id"]
    is_parted = households.n_unique() < households.rle_id().n_unique()
    if is_parted or purchases.select(goes_back.any()).item():
        return purchases.sort("purchased_at", maintain_order=True)
    return purchases


def usual_products(bought: pl.DataFrame) -> pl.DataFrame:
    """The product that a household buys most often for each item, of what `bought_products` found.

    One row per household and item, sorted by both: `household_id`, `item_id`, `gtin`, `paid_cents`.
    """
    return bought.unique(["household_id", "item_id"], keep="first", maintain_order=True).select(
        "household_id", "item_id", "gtin", "paid_cents"
    )


def choose_reminders(
    scores: pl.DataFrame, covered: pl.DataFrame, *, count: int, discoveries: int = 0
) -> pl.DataFrame:
    """Choose the `count` likeliest items of each household that no offer on its list covers.

    Favourites come before likelier items. `covered` has the `household_id` and `item_id` of the
    offers. Up to `discoveries` of the items are ones that the household neither bought nor said
    anything of (see `wishes.is_asked_for`); they replace the least likely others. Returns the
    chosen rows of `scores`, sorted by household; within a household discoveries come last, then the
    order is by falling `p_purchase`, then by item.
    """
    ranked = (
        scores.join(covered, on=["household_id", "item_id"], how="anti")
        .with_columns(_is_favourite(scores).alias("first"))
        .sort(
            "household_id", "first", "p_purchase", "item_id",
            descending=[False, True, True, False],
        )
        .drop("first")
    )  # fmt: skip
    rank = pl.int_range(pl.len()).over("household_id")
    is_discovery = ~is_asked_for(scores)
    proposed = ranked.filter(is_discovery).filter(rank < min(discoveries, count))
    taken = proposed.group_by("household_id").len("taken")
    regular = (
        ranked.filter(~is_discovery)
        .join(taken, on="household_id", how="left", maintain_order="left")
        .filter(rank < count - pl.col("taken").fill_null(0).cast(pl.Int64))
        .drop("taken")
    )
    return pl.concat([regular, proposed]).sort("household_id", maintain_order=True)


def _is_favourite(scores: pl.DataFrame) -> pl.Expr:
    if "said" not in scores.columns:
        return pl.lit(False)
    return (pl.col("said") == WishAct.FAVOURITE).fill_null(False)


def compose_documents(
    recipients: Iterable[Recipient],
    *,
    masthead: Masthead,
    terms: Mapping[int, Terms],
    offers: pl.DataFrame,
    reminders: pl.DataFrame,
) -> list[tuple[int, ListDocument]]:
    """Compose one document per recipient, in their order, as (household id, document).

    Lines are numbered from 1, offers before reminders.

    - `offers`, in the order of printing: `household_id`, `offer_id`, `title`, `face_value_cents`,
      `department`, `legal`; optionally `value_text` (for a partner's slot, which has no terms),
      `texts` (title and legal text by language, as JSON), `face_values`, `uses` (of the copy), and
      what is known of its products: how many there are (`varieties`), and the `product`, `size` and
      `shelf_cents` that all of them have, else null; `picture` and `pictogram`; `usual_size` and
      `price_cents` of the one that the household buys; and of the item that it is reminded of by
      the offer `item`, `last_bought_on`, `interval_days` and `expected_on`, or null.
    - `terms`: the terms of each offer, by its id.
    - `reminders`: `household_id`, `item_id`, `item`, `product`, `department`, `price_cents`,
      `paid_cents`, `expected_on`, `last_bought_on`, `interval_days`. For a discovery the last five
      are null. Optionally `picture`, `pictogram` and `size`, and `said`: what the household said of
      it (see `Said.scored`), or null.
    """
    offers_of = _by_household(offers)
    said: dict[tuple[Any, ...], tuple[str, str, str]] = {}
    reminders_of = _by_household(reminders)
    composed = []
    for recipient in recipients:
        own_offers = offers_of.get(recipient.household_id, [])
        wording = wording_of(masthead.wordings, recipient.language)
        offer_lines = tuple(
            offer_line(
                number,
                row,
                terms.get(row["offer_id"]),
                currency=masthead.currency,
                language=recipient.language,
                wording=wording,
                needed=due(_habit(row, masthead)) if row.get("item") else Due.UNSAID,
                said=said,
            )
            for number, row in enumerate(own_offers, start=1)
        )
        reminder_lines = tuple(
            _reminder_line(number, row, masthead=masthead, wording=wording)
            for number, row in enumerate(
                reminders_of.get(recipient.household_id, []), start=len(own_offers) + 1
            )
        )
        composed.append(
            (
                recipient.household_id,
                ListDocument(
                    list_code=recipient.list_code,
                    language=recipient.language,
                    currency=masthead.currency,
                    retailer=masthead.retailer,
                    greeting="",
                    issued_on=masthead.issued_on,
                    valid_from=masthead.valid_from,
                    valid_to=masthead.valid_to,
                    offers=offer_lines,
                    reminders=reminder_lines,
                    worth_cents=sum(line.face_value_cents for line in offer_lines),
                    # The tip speaks of offers.
                    tip=wording.tip if offer_lines else "",
                    legal=wording.legal,
                    logo=masthead.logo,
                    colour=masthead.colour,
                    page_url=recipient.page_url,
                    is_general=recipient.is_general,
                ),
            )
        )
    return composed


def _by_household(frame: pl.DataFrame) -> Mapping[int, list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row["household_id"], []).append(row)
    return rows


def offer_line(
    number: int,
    row: Mapping[str, Any],
    terms: Terms | None,
    *,
    currency: str,
    language: str,
    wording: Wording,
    needed: Due = Due.UNSAID,
    said: dict[tuple[Any, ...], tuple[str, str, str]] | None = None,
) -> OfferLine:
    """The line of an offer on a list in a language; `row` as `compose_documents` takes it.

    `needed` is when the household needs the item that it is reminded of by the offer. `said` keeps
    what is said of terms, for further lines with the same offers, currency and wordings.
    """
    translated = _texts_in(row.get("texts", "{}"), language)
    value, detail, goods = row.get("value_text") or "", "", ""
    if terms is not None:
        key = (language, *map(row.get, _SAID_BY))
        found = None if said is None else said.get(key)
        if found is None:
            found = _said_of(row, terms, currency=currency, wording=wording)
            if said is not None:
                said[key] = found
        value, detail, goods = found
    return OfferLine(
        line=number,
        offer_id=row["offer_id"],
        title=translated.get("title", row["title"]),
        detail=detail,
        face_value_cents=row["face_value_cents"],
        value_text=value,
        department=row["department"],
        legal=translated.get("legal", row["legal"]),
        **_look(row, size=row.get("usual_size") or row.get("size")),
        price_cents=row.get("price_cents") or row.get("shelf_cents"),
        item=row.get("item") or "",
        due=needed,
        goods=goods,
    )


_SAID_BY = (
    "offer_id", "face_value_cents", "uses", "title", "varieties", "product", "size", "shelf_cents",
)  # fmt: skip
"""What of a row decides what is said of its terms."""


def _said_of(
    row: Mapping[str, Any], terms: Terms, *, currency: str, wording: Wording
) -> tuple[str, str, str]:
    """What comes off, what must be bought, and which products count."""
    if row.get("face_values", "[]") != "[]":
        terms = terms.at_face_value(row["face_value_cents"])
    detail = wording.condition(terms, currency=currency)
    if row.get("uses", 1) > 1:
        detail = wording.joined([detail, wording.say("uses", count=row["uses"])])
    return (
        wording.benefit(terms, currency=currency),
        detail,
        _goods(row, terms, currency=currency, wording=wording),
    )


def _look(row: Mapping[str, Any], *, size: str | None) -> dict[str, Any]:
    return {
        "picture": row.get("picture"),
        "pictogram": Pictogram(row.get("pictogram") or Pictogram.GENERIC),
        "size": size or "",
    }


def _goods(row: Mapping[str, Any], terms: Terms, *, currency: str, wording: Wording) -> str:
    """Which products count for an offer, and what they cost with it, as far as all have it."""
    said: list[str] = []
    if (row.get("varieties") or 0) > 1:
        said.append(wording.say("varieties", count=row["varieties"]))
    elif row.get("product") and row["product"].casefold() != row["title"].casefold():
        said.append(row["product"])
    size = row.get("size") or ""
    if size and not any(size in text for text in (row["title"], *said)):
        said.append(size)
    priced = None if row.get("shelf_cents") is None else with_offer(terms, row["shelf_cents"])
    if priced is not None:
        after, before = (
            wording.money(cents, currency)
            if priced.pieces == 1
            else wording.say("bundle", count=priced.pieces, amount=wording.money(cents, currency))
            for cents in (priced.after_cents, priced.before_cents)
        )
        said.append(wording.say("instead_of", after=after, before=before))
    return PARTED.join(said)


def _texts_in(texts: str, language: str) -> Mapping[str, str]:
    """The texts of a deal in a language, else in the language without its region."""
    if texts == "{}":
        return {}
    by_language: dict[str, dict[str, str]] = json.loads(texts)
    return in_language(by_language, language) or {}


def _reminder_line(
    number: int, row: Mapping[str, Any], *, masthead: Masthead, wording: Wording
) -> ReminderLine:
    habit = _habit(row, masthead)
    return ReminderLine(
        line=number,
        item_id=row["item_id"],
        item=row["item"],
        product=row["product"],
        department=row["department"],
        price_cents=row["price_cents"],
        expected_on=None if habit is None else habit.expected_on,
        reason=reason(habit, wording, row.get("said")),
        due=due(habit, row.get("said")),
        paid_cents=row["paid_cents"] if row["price_cents"] is None else None,
        **_look(row, size=row.get("size")),
    )


def _habit(row: Mapping[str, Any], masthead: Masthead) -> Habit | None:
    """How the household buys an item, as the list says it; None where it never did."""
    if row["last_bought_on"] is None:
        return None
    return Habit(
        last_bought_on=row["last_bought_on"],
        interval_days=row["interval_days"],
        expected_on=row["expected_on"],
        issued_on=masthead.issued_on,
        begins_on=masthead.arrives_on,
    )
