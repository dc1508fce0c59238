"""Put a household's offers and reminders together into the list that is printed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from service.engine.records import ListDocument, OfferLine, ReminderLine
from service.engine.redeem import Terms, Wording, wording_of


@dataclass(frozen=True, slots=True)
class Masthead:
    """What all lists of one issue share."""

    retailer: str
    currency: str
    issued_on: date
    valid_from: date
    valid_to: date
    wordings: Mapping[str, Wording]
    """What lists say in each language."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose list it is: the household, its language, and the code drawn for the list."""

    household_id: int
    language: str
    list_code: str


def usual_products(purchases: pl.DataFrame) -> pl.DataFrame:
    """The product a household takes most often of each item, the latest where two are even.

    In: household_id, item_id, gtin, purchased_at, quantity, amount_cents. Out, one row per
    household and item: household_id, item_id, gtin, and `paid_cents`, what one piece last cost.
    """
    return (
        purchases.filter((pl.col("quantity") > 0) & (pl.col("amount_cents") >= 0))
        .sort("purchased_at", maintain_order=True)
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
        .unique(["household_id", "item_id"], keep="first", maintain_order=True)
        .select("household_id", "item_id", "gtin", "paid_cents")
    )


def reminders(
    scores: pl.DataFrame, covered: pl.DataFrame, *, count: int, discoveries: int = 0
) -> pl.DataFrame:
    """The `count` likeliest items of each household that no offer of its list covers already.

    The likeliest `discoveries` of them are items it never bought, which have no `last_bought_on`.
    `covered`: household_id, item_id. The rows of `scores` that are kept come back in order of
    household, what was bought first, and falling probability; ties fall to the lower item.
    """
    ranked = scores.join(covered, on=["household_id", "item_id"], how="anti").sort(
        "household_id", "p_purchase", "item_id", descending=[False, True, False]
    )
    rank = pl.int_range(pl.len()).over("household_id")
    is_new = pl.col("last_bought_on").is_null()
    proposed = ranked.filter(is_new).filter(rank < min(discoveries, count))
    taken = proposed.group_by("household_id").len("taken")
    known = (
        ranked.filter(~is_new)
        .join(taken, on="household_id", how="left", maintain_order="left")
        .filter(rank < count - pl.col("taken").fill_null(0).cast(pl.Int64))
        .drop("taken")
    )
    return pl.concat([known, proposed]).sort("household_id", maintain_order=True)


def documents(
    recipients: Iterable[Recipient],
    *,
    masthead: Masthead,
    terms: Mapping[int, Terms],
    offers: pl.DataFrame,
    reminders: pl.DataFrame,
) -> list[tuple[int, ListDocument]]:
    """One document per recipient, in the order given, with offers numbered before reminders.

    `offers`, in the order of printing: household_id, offer_id, title, face_value_cents,
    department, legal, and where they have them value_text (of a partner's slot, which has no
    terms), texts (title and legal by language, as JSON) and face_values; their `terms` by offer.
    `reminders`: household_id, item_id, item, product, department, price_cents, expected_on,
    last_bought_on, interval_low_days, interval_high_days; a discovery has none of the last five.
    """
    offers_of = _by_household(offers)
    reminders_of = _by_household(reminders)
    made = []
    for recipient in recipients:
        mine = offers_of.get(recipient.household_id, [])
        wording = wording_of(masthead.wordings, recipient.language)
        offer_lines = tuple(
            _offer_line(
                number,
                row,
                terms.get(row["offer_id"]),
                currency=masthead.currency,
                language=recipient.language,
                wording=wording,
            )
            for number, row in enumerate(mine, start=1)
        )
        reminder_lines = tuple(
            _reminder_line(number, row, issued_on=masthead.issued_on, wording=wording)
            for number, row in enumerate(
                reminders_of.get(recipient.household_id, []), start=len(mine) + 1
            )
        )
        made.append(
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
                    tip=wording.tip,
                    legal="",
                ),
            )
        )
    return made


def _by_household(frame: pl.DataFrame) -> Mapping[int, list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row["household_id"], []).append(row)
    return rows


def _offer_line(
    number: int,
    row: Mapping[str, Any],
    terms: Terms | None,
    *,
    currency: str,
    language: str,
    wording: Wording,
) -> OfferLine:
    if terms is not None and row.get("face_values", "[]") != "[]":
        terms = terms.at_face_value(row["face_value_cents"])
    spoken = _spoken(row.get("texts", "{}"), language)
    value, detail = row.get("value_text") or "", ""
    if terms is not None:
        value = wording.benefit(terms, currency=currency)
        detail = wording.condition(terms, currency=currency)
    return OfferLine(
        line=number,
        offer_id=row["offer_id"],
        title=spoken.get("title", row["title"]),
        detail=detail,
        face_value_cents=row["face_value_cents"],
        value_text=value,
        department=row["department"],
        legal=spoken.get("legal", row["legal"]),
    )


def _spoken(texts: str, language: str) -> Mapping[str, str]:
    """What a deal says in a language, or in the language without its region."""
    if texts == "{}":
        return {}
    by_language: dict[str, dict[str, str]] = json.loads(texts)
    tag = language.replace("_", "-").lower()
    return by_language.get(tag) or by_language.get(tag.partition("-")[0], {})


def _reminder_line(
    number: int, row: Mapping[str, Any], *, issued_on: date, wording: Wording
) -> ReminderLine:
    bought = row["last_bought_on"]
    return ReminderLine(
        line=number,
        item_id=row["item_id"],
        item=row["item"],
        product=row["product"],
        department=row["department"],
        price_cents=row["price_cents"],
        expected_on=row["expected_on"],
        reason=wording.say("discovery")
        if bought is None
        else wording.reason(
            days=(issued_on - bought).days,
            low_days=row["interval_low_days"],
            high_days=row["interval_high_days"],
        ),
    )
