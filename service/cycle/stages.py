"""The stages from purchases to documents, as functions on frames.

A cycle calls them with a shard of households, the next list of one household with that one: there
is no second implementation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from service.cycle.basis import Basis
from service.engine.allocate.value import ResponseModel, reasons, value
from service.engine.compose import (
    Masthead,
    Recipient,
    documents,
    reminders,
    usual_products,
)
from service.engine.lift import held_out
from service.engine.predict import Model, score
from service.engine.records import ListDocument
from service.engine.segment import LIGHT, SWITCHER, FaceValueBand, cells
from service.settings import Settings

# Purchases this far back say which brands a household takes of an item.
LOYALTY_WEEKS = 26
_CATEGORIES = 1 << 24
CONTROL = "control"
_ON_A_COPY = (
    "why", "uses", "reserved_cents", "cell", "expected_redemptions", "expected_gain",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Valuation:
    """What copies are valued by. A copy reserves all it can cost where `expected_safety` is None,
    else so many times what is expected of it.
    """

    margin_percent: int
    seed: int
    response: ResponseModel
    expected_safety: float | None


def valuation(settings: Settings, *, seed: int, response: ResponseModel) -> Valuation:
    """As the settings say."""
    return Valuation(
        margin_percent=settings.margin_percent,
        seed=seed,
        response=response,
        expected_safety=settings.expected_safety if settings.budget_mode == "expected" else None,
    )


def face_value_band(settings: Settings) -> FaceValueBand:
    """What lists are worth on paper, as the settings say."""
    return FaceValueBand(
        floor_least=settings.face_value_floor_least_cents,
        floor_best=settings.face_value_floor_best_cents,
        ceiling_least=settings.face_value_ceiling_least_cents,
        ceiling_best=settings.face_value_ceiling_best_cents,
    )


@dataclass(frozen=True, slots=True)
class Drafted:
    """A list before it is stored: whose, what is printed, and its lines for the till."""

    household_id: int
    document: ListDocument
    lines: list[dict[str, Any]]


def score_households(
    purchases: pl.DataFrame, model: Model, basis: Basis, *, horizon_days: int
) -> pl.DataFrame:
    """Chance and date of every item each household has bought."""
    return score(model, purchases, as_of=basis.as_of, horizon_days=horizon_days)


def candidates(
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    basis: Basis,
    *,
    bounds: pl.DataFrame,
    by: Valuation,
) -> pl.DataFrame:
    """The offers worth considering for each household, valued, in the allocator's columns.

    An offer is considered for a household that has bought one of its items, of whatever brand. A
    list has one offer of a supplier in a category. `bounds` are the usage bounds of all households.
    Beside the columns of `value`: `cell`, `why` (a line on each pair), `use_cents` (the most one
    use may cost), `reserved_cents` (what it reserves), `uses`, `control_share`, and `left_out`: why
    the household does not get it all the same (`control`), or null. See `given`.
    """
    pairs = (
        scores.join(basis.offer_items, on="item_id")
        .group_by("household_id", "offer_id")
        .agg((1 - (1 - pl.col("p_purchase")).product()).clip(0, 1).round(9).alias("p_purchase"))
        .join(_loyalty(purchases, basis), on=["household_id", "offer_id"], how="left")
        .join(basis.offers, on="offer_id")
        .join(
            cells(purchases, as_of=basis.as_of, weeks=LOYALTY_WEEKS, bounds=bounds).select(
                "household_id", "category_id", "cell"
            ),
            on=["household_id", "category_id"],
            how="left",
        )
        .with_columns(
            pl.col("cell").fill_null(f"{SWITCHER}_{LIGHT}"),
            (pl.col("price_cents") * by.margin_percent / 100).alias("margin_cents"),
            (pl.col("funding_share") / 100).alias("supplier_share"),
            (pl.col("supplier_id") * _CATEGORIES + pl.col("category_id")).alias("conflict_id"),
        )
        .sort("household_id", "offer_id")
    )
    salts = pl.format("offer:{}:{}", "offer_id", pl.lit(by.seed))
    held = held_out(
        pairs["household_id"], pairs["control_share"], salt=pairs.select(salts).to_series()
    )
    valued = value(pairs, model=by.response).with_columns(
        pairs["cell"],
        reasons(pairs).alias("why"),
        pairs["control_share"],
        pairs["limit_per_household"].alias("uses"),
        pairs.select(_use_cents()).to_series().alias("use_cents"),
        pl.when(held).then(pl.lit(CONTROL)).alias("left_out"),
    )
    # What a copy costs a budget is what issuing it reserves, to the cent.
    return valued.with_columns(_reserved(by.expected_safety).alias("reserved_cents")).with_columns(
        (pl.col("reserved_cents") * pl.col("uses")).alias("cost_cents")
    )


def given(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs that are not left out."""
    return pairs.filter(pl.col("left_out").is_null())


def _use_cents() -> pl.Expr:
    """`engine.reserve.reservation_cents` of every row."""
    share = (pl.col("face_value_cents") * pl.col("funding_share") + 50) // 100
    return pl.min_horizontal(share, "funding_cap_cents") + pl.col("handling_fee_cents")


def _reserved(safety: float | None) -> pl.Expr:
    """What one use reserves: `engine.reserve.expected_reservation_cents`, or all it can cost."""
    if safety is None:
        return pl.col("use_cents")
    wanted = safety * pl.col("expected_redemptions") * pl.col("use_cents") / pl.col("uses")
    whole = (wanted - 1e-9).ceil().cast(pl.Int64).clip(lower_bound=0)
    return pl.min_horizontal(whole, "use_cents")


def _loyalty(purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    """Per household and offer: the share of its products among what was bought of its items."""
    day = pl.col("purchased_at").cast(pl.Date)
    recent = purchases.filter(
        (day >= basis.as_of - timedelta(weeks=LOYALTY_WEEKS)) & (pl.col("quantity") > 0)
    ).select("household_id", "item_id", "gtin", pl.col("amount_cents"))
    own = basis.members.with_columns(pl.lit(True).alias("own"))
    return (
        recent.join(basis.offer_items, on="item_id")
        .join(own, on=["offer_id", "gtin"], how="left")
        .group_by("household_id", "offer_id")
        .agg(
            pl.col("own").fill_null(False).mean().alias("own_share"),
        )
    )


def compose(
    recipients: list[Recipient],
    *,
    settings: Settings,
    basis: Basis,
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    chosen: pl.DataFrame,
) -> list[Drafted]:
    """The documents of some households and their lines.

    `chosen` are the allocated pairs, in the columns of `candidates`.
    """
    wanted = pl.Series("household_id", [each.household_id for each in recipients], dtype=pl.Int64)
    mine = chosen.filter(pl.col("household_id").is_in(wanted.implode()))
    scores = scores.filter(pl.col("household_id").is_in(wanted.implode()))
    covered = mine.join(basis.offer_items, on="offer_id").select("household_id", "item_id").unique()
    printable = _printable(scores, purchases, basis)
    picked = reminders(printable, covered, count=settings.reminders_per_list)
    made = documents(
        recipients,
        masthead=Masthead(
            retailer=settings.retailer,
            currency=settings.currency,
            issued_on=basis.as_of,
            valid_from=basis.valid_from,
            valid_to=basis.valid_to,
        ),
        terms=basis.terms,
        offers=_offer_rows(mine, basis),
        reminders=_reminder_rows(picked, purchases, basis),
    )
    chances = {
        (household_id, item_id): chance
        for household_id, item_id, chance in picked.select(
            "household_id", "item_id", "p_purchase"
        ).iter_rows()
    }
    copies = {
        (row["household_id"], row["offer_id"]): row
        for row in mine.select("household_id", "offer_id", *_ON_A_COPY).iter_rows(named=True)
    }
    return [
        Drafted(household_id, document, _lines(household_id, document, chances, copies))
        for household_id, document in made
    ]


def _printable(scores: pl.DataFrame, purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    """The scores of items with a usual product to print that is not restricted."""
    free = basis.catalogue.filter(pl.col("restriction") == "").select("gtin")
    printable = usual_products(purchases).join(free, on="gtin", how="semi")
    return scores.join(printable, on=["household_id", "item_id"], how="semi")


def _offer_rows(chosen: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    return (
        chosen.select("household_id", "offer_id", "value_cents")
        .join(basis.offers, on="offer_id")
        .sort("household_id", "value_cents", "offer_id", descending=[False, True, False])
    )


def _reminder_rows(picked: pl.DataFrame, purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    shelf = basis.catalogue.select(
        "gtin", "item", "department", "price_cents", pl.col("description").alias("product")
    )
    return (
        picked.join(usual_products(purchases), on=["household_id", "item_id"])
        .join(shelf, on="gtin")
        .with_columns(pl.coalesce("price_cents", "paid_cents"))
        .sort("household_id", "p_purchase", "item_id", descending=[False, True, False])
    )


def _lines(
    household_id: int,
    document: ListDocument,
    chances: Mapping[tuple[int, int], float],
    copies: Mapping[tuple[int, int], Mapping[str, Any]],
) -> list[dict[str, Any]]:
    offers = [
        {
            "line": line.line,
            "kind": "offer",
            "item_id": None,
            "offer_id": line.offer_id,
            "text": f"{line.title}: {line.value_text}",
            "reason": copy["why"],
            "face_value_cents": line.face_value_cents,
            "uses": copy["uses"],
            "reserved_cents": copy["reserved_cents"],
            "p_purchase": None,
            "cell": copy["cell"],
            "expected_uses": copy["expected_redemptions"],
            "expected_gain": copy["expected_gain"],
        }
        for line in document.offers
        for copy in [copies[household_id, line.offer_id]]
    ]
    reminded = [
        {
            "line": line.line,
            "kind": "reminder",
            "item_id": line.item_id,
            "offer_id": None,
            "text": line.item,
            "reason": line.reason,
            "face_value_cents": 0,
            "uses": 0,
            "reserved_cents": 0,
            "p_purchase": chances[household_id, line.item_id],
            "cell": None,
            "expected_uses": None,
            "expected_gain": None,
        }
        for line in document.reminders
    ]
    return [*offers, *reminded]
