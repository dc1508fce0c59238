"""The stages from purchases to documents, as functions on frames.

A cycle calls them with a shard of households, the next list of one household with that one: there
is no second implementation.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from service.cycle.aims import TARGET, buyers, off_target
from service.cycle.basis import Basis
from service.engine.allocate.value import CELLS, ResponseModel, reasons, value
from service.engine.compose import (
    Masthead,
    Recipient,
    compose_documents,
    reminders,
    usual_products,
    with_face_value,
)
from service.engine.lift import held_out
from service.engine.predict import Model, discover, score
from service.engine.records import DealKind, ListDocument
from service.engine.redeem import AmountOff
from service.engine.segment import LIGHT, SWITCHER, FaceValueBand, cells
from service.files import layouts
from service.settings import Settings

# Purchases this far back say which brands a household takes of an item.
LOYALTY_WEEKS = 26
_CATEGORIES = 1 << 24
# Discoveries looked for; an offer on the list may cover some.
_PROPOSED = 8
CONTROL = "control"
PARTNER_LINE = "partner"
"""The kind of a list line that is printed and unknown to the till."""

_CHANCES = ("p_without", "p_with", "expected_gain", "expected_redemptions")
_SLOT_COSTS = ("cost_cents", "use_cents", "reserved_cents")
_BOUGHT: dict[str, Any] = {
    "household_id": pl.Int64, "gtin": pl.Int64, "quantity": pl.Float64,
    "purchased_at": pl.Datetime("us"),
}  # fmt: skip
_ON_A_COPY = (
    "why", "uses", "reserved_cents", "cell", "expected_redemptions", "expected_gain", "kind",
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
    """Chance and date of every item each household has bought, and of some it never bought.

    The latter come from `basis.items` and have nothing but their chance.
    """
    scores = score(model, purchases, as_of=basis.as_of, horizon_days=horizon_days)
    if basis.items.is_empty():
        return scores
    found = discover(
        model,
        purchases,
        as_of=basis.as_of,
        per_household=_PROPOSED,
        among=basis.items["item_id"],
    )
    return pl.concat([scores, found], how="diagonal")


def _bought(scores: pl.DataFrame) -> pl.DataFrame:
    return scores.filter(pl.col("last_bought_on").is_not_null())


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
        _bought(scores)
        .join(basis.offer_items, on="item_id")
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
        )
        .join(face_values(basis.offers), on=["offer_id", "cell"], how="left")
        .with_columns(
            pl.coalesce("cell_face_cents", "face_value_cents").alias("face_value_cents"),
            (pl.col("price_cents") * by.margin_percent / 100).alias("margin_cents"),
            (pl.col("funding_share") / 100).alias("supplier_share"),
            _conflict(),
        )
        .with_columns(_capped_share())
        .sort("household_id", "offer_id")
    )
    held = _controlled(pairs, by.seed)
    stands = buyers(purchases, basis.members, as_of=basis.as_of)
    missed = off_target(pairs, basis.offers, basis.homes, stands)
    valued = value(pairs, model=by.response).with_columns(
        pairs["cell"],
        reasons(pairs).alias("why"),
        pairs["control_share"],
        pairs["limit_per_household"].alias("uses"),
        pairs.select(_use_cents()).to_series().alias("use_cents"),
        _left_out(missed, held),
        pairs["kind"],
    )
    # What a copy costs a budget is what issuing it reserves, to the cent.
    costed = valued.with_columns(
        _reserved(by.expected_safety).alias("reserved_cents")
    ).with_columns((pl.col("reserved_cents") * pl.col("uses")).alias("cost_cents"))
    return pl.concat([costed, slots(scores, basis, seed=by.seed).select(costed.columns)]).sort(
        "household_id", "offer_id"
    )


def slots(scores: pl.DataFrame, basis: Basis, *, seed: int) -> pl.DataFrame:
    """Partners' slots for the households they are aimed at, in the columns of `candidates`.

    A slot is worth what the partner pays for it, and costs its budget the same. Some households
    never get it (`control_share`), as with any deal.
    """
    partners = basis.offers.filter(pl.col("kind") == DealKind.PARTNER)
    pairs = (
        scores.select(pl.col("household_id").unique().sort())
        .join(partners, how="cross")
        .with_columns(
            _conflict(),
            pl.lit(None, pl.String).alias("cell"),
            pl.lit(0, pl.Int64).alias("face_value_cents"),
            pl.lit(1, pl.Int64).alias("uses"),
            pl.lit("paid for by a partner").alias("why"),
            *(pl.lit(0.0).alias(name) for name in _CHANCES),
            *(pl.col("copy_fee_cents").alias(name) for name in _SLOT_COSTS),
            pl.col("copy_fee_cents").cast(pl.Float64).alias("value_cents"),
        )
    )
    stands = buyers(pl.DataFrame(schema=_BOUGHT), basis.members, as_of=basis.as_of)
    missed = off_target(pairs, partners, basis.homes, stands)
    return pairs.with_columns(_left_out(missed, _controlled(pairs, seed)))


def _controlled(pairs: pl.DataFrame, seed: int) -> pl.Series:
    """Whether a household is in the control share of each pair's offer."""
    salts = pl.format("offer:{}:{}", "offer_id", pl.lit(seed))
    return held_out(
        pairs["household_id"], pairs["control_share"], salt=pairs.select(salts).to_series()
    )


def _left_out(missed: pl.Series, held: pl.Series) -> pl.Expr:
    return pl.when(missed).then(pl.lit(TARGET)).when(held).then(pl.lit(CONTROL)).alias("left_out")


def face_values(offers: pl.DataFrame) -> pl.DataFrame:
    """The amounts of offers that have nine: offer_id, cell, cell_face_cents."""
    rows = [
        (offer_id, cell, cents)
        for offer_id, given in offers.select("offer_id", "face_values").iter_rows()
        for cell, cents in zip(CELLS, json.loads(given), strict=False)
    ]
    schema = {"offer_id": pl.Int64, "cell": pl.String, "cell_face_cents": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _conflict() -> pl.Expr:
    return (pl.col("supplier_id") * _CATEGORIES + pl.col("category_id")).alias("conflict_id")


def _capped_share() -> pl.Expr:
    """The part of the face value that the supplier bears, its cap on a redemption considered."""
    capped = pl.min_horizontal(
        "supplier_share", pl.col("funding_cap_cents") / pl.col("face_value_cents")
    )
    return pl.when(pl.col("face_value_cents") > 0).then(capped).otherwise("supplier_share")


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
    picked = reminders(
        printable,
        covered,
        count=settings.reminders_per_list,
        discoveries=settings.discoveries_per_list,
    )
    made = compose_documents(
        recipients,
        masthead=Masthead(
            retailer=settings.retailer,
            currency=settings.currency,
            issued_on=basis.as_of,
            valid_from=basis.valid_from,
            valid_to=basis.valid_to,
            wordings=layouts.wordings(settings.tips_file),
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
    by_cell = {
        offer_id
        for offer_id in face_values(basis.offers)["offer_id"].unique()
        if isinstance(basis.terms[offer_id].benefit, AmountOff)
    }
    copies = {
        (row["household_id"], row["offer_id"]): row
        | {"terms": _own_terms(row, basis) if row["offer_id"] in by_cell else None}
        for row in mine.select(
            "household_id", "offer_id", "face_value_cents", *_ON_A_COPY
        ).iter_rows(named=True)
    }
    return [
        Drafted(household_id, document, _lines(household_id, document, chances, copies))
        for household_id, document in made
    ]


def _own_terms(copy: Mapping[str, Any], basis: Basis) -> str:
    """The terms of a copy whose amount is that of its cell, as they are stored."""
    terms = with_face_value(basis.terms[copy["offer_id"]], copy["face_value_cents"])
    return json.dumps(terms.to_dict(), sort_keys=True, separators=(",", ":"))


def _printable(scores: pl.DataFrame, purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    """The scores of items with a usual product to print that is not restricted, and discoveries."""
    free = basis.catalogue.filter(pl.col("restriction") == "").select("gtin")
    printable = usual_products(purchases).join(free, on="gtin", how="semi")
    bought = scores.join(printable, on=["household_id", "item_id"], how="semi")
    return pl.concat([_bought(bought), scores.filter(pl.col("last_bought_on").is_null())])


def _offer_rows(chosen: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    return (
        chosen.select("household_id", "offer_id", "value_cents", "face_value_cents")
        .join(basis.offers.drop("face_value_cents"), on="offer_id")
        .sort("household_id", "value_cents", "offer_id", descending=[False, True, False])
    )


def _reminder_rows(picked: pl.DataFrame, purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    shelf = basis.catalogue.select(
        "gtin", "item", "department", "price_cents", pl.col("description").alias("product")
    )
    known = (
        _bought(picked)
        .join(usual_products(purchases), on=["household_id", "item_id"])
        .join(shelf, on="gtin")
        .with_columns(pl.coalesce("price_cents", "paid_cents"))
    )
    proposed = (
        picked.filter(pl.col("last_bought_on").is_null())
        .join(basis.items, on="item_id")
        .with_columns(pl.lit("").alias("product"))
    )
    return pl.concat([known, proposed], how="diagonal").sort(
        "household_id", "p_purchase", "item_id", descending=[False, True, False]
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
            "kind": PARTNER_LINE if copy["kind"] == DealKind.PARTNER else "offer",
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
            "terms": copy["terms"],
        }
        for line in document.offers
        for copy in [copies[household_id, line.offer_id]]
    ]
    reminded = [
        {
            "line": line.line,
            "kind": "reminder" if line.expected_on else "discovery",
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
            "terms": None,
        }
        for line in document.reminders
    ]
    return [*offers, *reminded]
