"""explain: why a household's list looks as it does."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import polars as pl
import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import open_database
from service.cycle.buyers import Buyers
from service.cycle.explain import explain_household, explain_list
from service.cycle.explain_deals import NEXT, DealsWhy, OfferWhy, explain_deals
from service.engine.money import format_money
from service.engine.offers.why import Why

_SAID = {
    Why.WORTH: "worth more to this household than to others",
    Why.FLOOR: "lifts the list to what it should be worth",
    Why.PROMISED: "its supplier was promised copies",
    Why.PINNED: "pinned to it",
    Why.PARTNER: "paid for by a partner",
    Why.NO_LONGER_RUNS: "stopped or replaced since",
    Why.HOLDOUT: "the household is held out and gets no offers",
    Why.BANNED: "it is banned from the list",
    Why.TARGET: "it is for others",
    Why.CONTROL: "the household is in its control share",
    Why.UNLIKELY: "too unlikely to be bought, and likelier offers are left",
    Why.USED_UP: "the household has used it as often as it may",
    Why.CONFLICT: "the supplier has an offer of the category on the list",
    Why.BUDGET: "the budget goes to others",
    Why.COPIES: "the copies go to others",
    Why.NEW: "loaded after the cycle",
    Why.CATEGORY: "the list has as many of the category as it may",
    Why.CEILING: "the list may not be worth that much",
    Why.FULL: "the list is full of offers worth more",
    Why.FLOOR_FIRST: "others lift the list further to what it should be worth",
    Why.NOT_WORTH_IT: "changes too little for what it costs",
    Why.WITHIN_GAP: "as good or better; the allocation may be that far from the best",
}
Money = Callable[[float | None], str]


def explain(
    household: Annotated[str, typer.Option(help="The retailer's own number of the household")],
    as_of: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The forecast sees nothing from this day on"),
    ],
    most: Annotated[int, typer.Option(help="Rows shown, the likeliest first", min=1)] = 30,
    missed: Annotated[
        int, typer.Option(help="Offers explained that are not on the list", min=0)
    ] = NEXT,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON")] = False,
) -> None:
    """Why a household's list looks as it does: each item, each offer, and the next offers."""
    with open_database() as (database, settings):
        table = explain_household(database, settings, household, as_of=as_of.date())
        lines = explain_list(database, household)
        deals = explain_deals(database, settings, household, as_of=as_of.date(), most_missed=missed)
    if as_json:
        items = table.drop("household_id", "item_id").to_dicts()
        say(json.dumps({"items": items, "offers": asdict(deals)}, indent=2, default=str))
        return
    _show_items(table, most)
    _show_deals(deals, settings.currency)
    if lines:
        listed = Table("line", "on the newest list", "why", box=None)
        for line, text, reason in lines:
            listed.add_row(str(line), text, reason)
        show_table(listed)


def _show_items(table: pl.DataFrame, most: int) -> None:
    shown = Table("item", "chance", "expected (80 %)", "bought on", "why", box=None)
    for row in table.head(most).iter_rows(named=True):
        shown.add_row(
            row["item"],
            f"{row['p_purchase']:.1%}",
            f"{row['expected_on']} ({row['early_80_on']} to {row['late_80_on']})"
            if row["expected_on"]
            else "-",
            f"{row['times']} days" if row["times"] else "not read",
            row["reason"],
        )
    show_table(shown)
    say(f"{min(most, table.height)} of {table.height} items")


def _show_deals(deals: DealsWhy, currency: str) -> None:
    if deals.cycle_as_of is None:
        say(f"no cycle up to {deals.as_of}: its offers would be chosen by the first")
        return

    def money(cents: float | None) -> str:
        return "-" if cents is None else format_money(round(cents), currency)

    say(_heading(deals, money))
    shown = Table("line", "offer", "worth", "chance", "value", "price", "without", "why", box=None)
    for each in deals.listed:
        shown.add_row(*_cells(each, money), _because(each, "then", money))
    show_table(shown)
    if deals.missed:
        missed = Table("not on it", "worth", "chance", "value", "price", "with", "why", box=None)
        for each in deals.missed:
            missed.add_row(*_cells(each, money)[1:], _because(each, "in place of", money))
        show_table(missed)


def _heading(deals: DealsWhy, money: Money) -> str:
    which = (
        f"the list of the cycle of {deals.cycle_as_of}"
        if deals.issued
        else f"what it would get at the prices of the cycle of {deals.cycle_as_of}"
    )
    of = f"tenth {deals.worth_decile}, {deals.tier}" if deals.tier else "not of that cycle"
    band = (
        ""
        if deals.floor_cents is None
        else f" (should be {money(deals.floor_cents)}, at most {money(deals.ceiling_cents)})"
    )
    return (
        f"{which}: {len(deals.listed)} of {deals.considered} offers, "
        f"worth {money(deals.face_value_cents)}{band}; {of}"
    )


def _cells(each: OfferWhy, money: Money) -> tuple[str, ...]:
    """What a row says before its reason; the last is the list's loss, or its gain with a plus."""
    loss = "-"
    if each.loss_cents is not None:
        loss = f"{'-' if each.loss_cents >= 0 else '+'}{money(abs(each.loss_cents))}"
    return (
        "" if each.line is None else str(each.line),
        f"{each.deal_id} {each.title}",
        money(each.face_value_cents),
        "-" if each.chance is None else f"{each.chance:.1%}",
        money(each.value_cents),
        money(each.price_cents),
        loss,
    )


def _because(each: OfferWhy, joined: str, money: Money) -> str:
    said = _SAID[each.reason]
    if each.pinned and each.line is None:
        said = f"pinned, but {said}"
    if each.buyers is not None:
        said += f": {_buyers(each.buyers, money)}"
    if each.instead:
        said += f"; {joined} {', '.join(each.instead)}"
    return said


def _buyers(buyers: Buyers, money: Money) -> str:
    most = ", ".join(
        f"{count} {name.replace('_', ' ')}"
        for counts in (buyers.tiers, buyers.cells)
        for name, count in list(counts.items())[:2]
    )
    said = f"{buyers.copies}, on average of tenth {buyers.mean_worth_decile} ({most})"
    if buyers.last is None:
        return said
    last = buyers.last
    return (
        f"{said}, to whom it is worth {money(buyers.mean_value_cents)}, to the last "
        f"{money(last.value_cents)} (tenth {last.worth_decile}, {last.cell.replace('_', ' ')})"
    )
