"""Whether deals are plausible beside the catalogue and the calendar; nothing here is a fault.

What may cost money or reach nobody asks to be accepted; the rest is noted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from service.deals.form import MOST_NOTES, Form, name_some
from service.deals.product_sets import members_of
from service.engine.codes import gtin_text
from service.engine.records import DealKind
from service.engine.redeem import Terms
from service.engine.redeem.units import PIECE

LONGEST_WINDOW_DAYS = 400
FARTHEST_DAYS = 730
FAR_ABOVE = 2
MOST_LOOKED_AT = 20
CROWD = 3
"""So many deals on one product in the same weeks are noted."""

_IS_PRODUCT = pl.col("kind") == str(DealKind.PRODUCT)


def note_implausible(
    form: Form,
    deals: pl.DataFrame,
    *,
    sets: Sequence[tuple[int, ...]],
    terms: Mapping[str, Terms],
    as_of: date,
    list_days: int,
) -> None:
    """Note and ask about deals as interpreted. No text has today's date in it: what was accepted
    yesterday is accepted today.

    `deals` has the columns of `InterpretedDeals.frame`, and
    list_price_cents, least_supplier and most_supplier of the products of the first set. Lists hold
    `list_days`."""
    _note_budgets(form, deals)
    _note_dates(form, deals, as_of)
    _note_short(form, deals, list_days)
    _note_prices(form, deals, terms)
    _ask_about_suppliers(form, deals)
    _note_crowds(form, deals, sets)


def _which(deals: pl.DataFrame, condition: pl.Expr) -> list[str]:
    return deals.filter(condition)["deal_ref"].to_list()


def _note_budgets(form: Form, deals: pl.DataFrame) -> None:
    form.note_of(
        _which(deals, pl.col("budget_cents").is_null()),
        "NO BUDGET: nothing limits what these deals may cost",
    )
    cost = pl.when(_IS_PRODUCT).then(
        pl.min_horizontal(
            pl.col("face_value_cents") * pl.col("funding_share") // 100, "funding_cap_cents"
        )
        + pl.col("handling_fee_cents")
    ).otherwise("copy_fee_cents")  # fmt: skip
    form.note_of(
        _which(deals, pl.col("budget_cents") < cost),
        "the budget does not pay for one copy, so no list will have the deal",
    )


def _note_dates(form: Form, deals: pl.DataFrame, as_of: date) -> None:
    last = pl.min_horizontal("mail_to", pl.when(_IS_PRODUCT).then("redeem_to"))
    form.note_of(
        _which(deals, last < as_of),
        "have ended by today, so only a list of an earlier day has them",
    )
    far = as_of + timedelta(days=FARTHEST_DAYS)
    begins = pl.max_horizontal("mail_from", pl.when(_IS_PRODUCT).then("redeem_from"))
    form.ask_of(_which(deals, begins > far), "begin in more than two years")
    longest = pl.duration(days=LONGEST_WINDOW_DAYS)
    long = (pl.col("mail_to") - pl.col("mail_from") > longest) | (
        _IS_PRODUCT & (pl.col("redeem_to") - pl.col("redeem_from") > longest)
    )
    form.ask_of(_which(deals, long), f"run for more than {LONGEST_WINDOW_DAYS} days")
    early = _IS_PRODUCT & (pl.col("redeem_to") < pl.col("mail_to"))
    form.note_of(_which(deals, early), "end at the till before the last day of mailing")


def _note_short(form: Form, deals: pl.DataFrame, list_days: int) -> None:
    """Note deals that end before the first list that could have them."""
    first = pl.max_horizontal("mail_from", "redeem_from")
    ends = first + pl.duration(days=list_days - 1)
    form.note_of(
        _which(deals, _IS_PRODUCT & (pl.col("redeem_to") < ends)),
        f"can be used for less than the {list_days} days of a list, so no list will have them",
    )


def _note_prices(form: Form, deals: pl.DataFrame, terms: Mapping[str, Terms]) -> None:
    """Note discounts that are more than the goods cost, and prices that are no lower than theirs.

    The till takes off what the goods cost at most; far more than that is a slip.
    """
    facts = []
    for stored, each in terms.items():
        benefit, need = each.benefit, each.condition.needs[0]
        off = getattr(benefit, "amount_cents", None)
        price = getattr(benefit, "price_cents", None)
        pieces = need.quantity_milli // 1000 if need.unit == PIECE else 0
        if pieces and (off is not None or price is not None):
            of = 1 if benefit.kind == "fixed_price" else pieces
            facts.append((stored, of, off, price))
    schema = {"terms": pl.String, "pieces": pl.Int64, "off": pl.Int64, "price": pl.Int64}
    priced = deals.join(
        pl.DataFrame(facts, schema, orient="row"), on="terms", maintain_order="left"
    )
    usual = pl.col("list_price_cents") * pl.col("pieces")
    form.ask_of(
        _which(priced, pl.col("off") >= FAR_ABOVE * usual),
        f"take off {FAR_ABOVE} times what the products usually cost, or more",
    )
    form.note_of(
        _which(priced, (pl.col("off") > usual) & (pl.col("off") < FAR_ABOVE * usual)),
        "take off more than the products usually cost",
    )
    form.note_of(
        _which(priced, pl.col("price") >= usual), "have a price that is not below the usual one"
    )


def _ask_about_suppliers(form: Form, deals: pl.DataFrame) -> None:
    others = (
        pl.col("first_set").is_not_null()
        & (pl.col("funding_share") > 0)
        & (
            (pl.col("least_supplier") != pl.col("supplier_id"))
            | (pl.col("most_supplier") != pl.col("supplier_id"))
        )
    )
    for (supplier,), part in deals.filter(others).group_by("supplier", maintain_order=True):
        form.ask_of(
            part["deal_ref"].to_list(), f"{supplier} would pay for products of other suppliers"
        )


def _note_crowds(form: Form, deals: pl.DataFrame, sets: Sequence[tuple[int, ...]]) -> None:
    """Note products with several deals for the same households in the same weeks."""
    windows = deals.filter(pl.col("first_set").is_not_null()).select(
        "deal_ref", "first_set", "targets", "redeem_from", "redeem_to"
    )
    if windows.height < CROWD:
        return
    places = windows["first_set"].unique().to_list()
    by_product = windows.join(
        members_of(sets, places), left_on="first_set", right_on="set", how="inner"
    ).filter(pl.len().over("gtin", "targets") >= CROWD)
    if by_product.is_empty():
        return
    starts = by_product.select("gtin", "targets", day="redeem_from", change=pl.lit(1))
    ends = by_product.select(
        "gtin", "targets", day=pl.col("redeem_to") + timedelta(days=1), change=pl.lit(-1)
    )
    peaks = (
        pl.concat([starts, ends])
        .sort("gtin", "targets", "day", "change")
        .with_columns(pl.col("change").cum_sum().over("gtin", "targets").alias("running"))
        .filter(pl.col("running") >= CROWD)
        .unique(["gtin", "targets"], keep="first", maintain_order=True)
    )
    found: dict[tuple[str, ...], list[str]] = {}
    looked_at = peaks.head(MOST_LOOKED_AT).select("gtin", "targets", "day")
    for gtin, targets, day in looked_at.iter_rows():
        there = by_product.filter(
            (pl.col("gtin") == gtin) & (pl.col("targets") == targets)
            & pl.lit(day).is_between("redeem_from", "redeem_to")
        )["deal_ref"].sort().to_list()  # fmt: skip
        found.setdefault(tuple(there), []).append(gtin_text(gtin))
    shown = list(found.items())[:MOST_NOTES]
    for ids, gtins in shown:
        form.note(f"{name_some(ids)}: all on {name_some(gtins)} in the same weeks")
    more = peaks.height - sum(len(gtins) for _, gtins in shown)
    if more > 0:
        form.note(f"{more:,} more products have {CROWD} deals or more in the same weeks")
