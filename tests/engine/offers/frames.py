"""Two households, two items and three offers, small enough to count by hand.

Household 1 bought milk (item 10) of the offer's brand each week, household 2 of another; only
household 1 bought soap (item 20). Offers 1 and 2 are on milk and soap, offer 3 is a partner's slot.
"""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from service.engine.allocate.value import ResponseModel
from service.engine.offers import RunningOffers, Valuation, candidates
from service.engine.offers.margins import with_margins
from service.engine.segment import unit_counts, usage_bounds

AS_OF = date(2026, 3, 2)
MILK, OTHER_MILK, SOAP = 101, 102, 201
OFFERS: list[dict[str, Any]] = [
    {"offer_id": 1, "supplier_id": 4, "category_id": 7, "price_cents": 400,
     "face_value_cents": 100, "funding_share": 50, "limit_per_household": 2},
    {"offer_id": 2, "supplier_id": 5, "category_id": 8, "price_cents": 800,
     "face_value_cents": 200, "funding_share": 100, "funding_cap_cents": 120},
    {"offer_id": 3, "supplier_id": 6, "category_id": 9, "price_cents": 0, "face_value_cents": 0,
     "funding_share": 100, "kind": "partner", "copy_fee_cents": 15},
]  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "title": "", "department": "", "legal": "", "terms": "", "private_label": False,
    "limit_per_household": 1, "control_share": 0, "funding_cap_cents": None,
    "handling_fee_cents": 8, "budget_cents": None, "circulation_max": None,
    "circulation_min": None, "kind": "product", "copy_fee_cents": 0, "value_text": None,
    "texts": "{}", "face_values": "[]", "targets": "{}",
}  # fmt: skip
MONEY = ("price_cents", "face_value_cents", "funding_cap_cents", "handling_fee_cents",
         "copy_fee_cents")  # fmt: skip
CANDIDATES: dict[str, Any] = {"value_cents": 10.0, "cost_cents": 50, "face_value_cents": 50}


def purchases() -> pl.DataFrame:
    """Milk every week for eight weeks, soap once."""
    noon = datetime(2026, 3, 2, 12)  # noqa: DTZ001
    bought = [
        *((1, 10, MILK, 7, week) for week in range(1, 9)),
        *((2, 10, OTHER_MILK, 7, week) for week in range(1, 9)),
        (1, 20, SOAP, 8, 3),
    ]
    return pl.DataFrame(
        [
            {
                "household_id": household,
                "item_id": item,
                "gtin": gtin,
                "category_id": category,
                "basket_id": household * 100 + week,
                "quantity": 1.0,
                "amount_cents": 400,
                "private_label": False,
                "purchased_at": noon - timedelta(weeks=week),
            }
            for household, item, gtin, category, week in bought
        ]
    )


def scores() -> pl.DataFrame:
    """Household 1 has never bought item 30: a discovery."""
    return pl.DataFrame(
        [(1, 10, 0.5, AS_OF), (1, 20, 0.25, AS_OF), (2, 10, 0.5, AS_OF), (1, 30, 0.9, None)],
        {"household_id": pl.Int64, "item_id": pl.Int64, "p_purchase": pl.Float64,
         "last_bought_on": pl.Date},
        orient="row",
    )  # fmt: skip


def running(
    *,
    costs: dict[int, tuple[int, int | None]] | None = None,
    unit: int = 1,
    **changes: Any,
) -> RunningOffers:
    """The offers with changed columns; `costs` are (price, cost) by offer, `unit` scales money."""
    rows = [DEFAULTS | offer | changes for offer in OFFERS]
    known = [(offer, *each) for offer, each in (costs or {}).items()]
    frame = pl.DataFrame(rows, schema_overrides={"funding_cap_cents": pl.Int64})
    products = pl.DataFrame(
        known, {"offer_id": pl.Int64, "price_cents": pl.Int64, "cost_cents": pl.Int64}, orient="row"
    )
    return RunningOffers(
        offers=with_margins(
            frame.with_columns(pl.col(*MONEY) * unit),
            products.with_columns(pl.col("price_cents", "cost_cents") * unit),
            margin_percent=25,
        ),
        items=pl.DataFrame({"offer_id": [1, 2], "item_id": [10, 20]}),
        products=pl.DataFrame({"offer_id": [1, 2], "gtin": [MILK, SOAP]}),
    )


def considered(
    offers: RunningOffers,
    *,
    response: ResponseModel | None = None,
    safety: float | None = None,
    seed: int = 0,
) -> pl.DataFrame:
    """The candidates of both households."""
    bought = purchases()
    return candidates(
        bought,
        scores(),
        offers,
        as_of=AS_OF,
        bounds=usage_bounds(unit_counts(bought, as_of=AS_OF)),
        by=Valuation(seed, response or ResponseModel(), safety),
    )


def pairs(*rows: dict[str, Any]) -> pl.DataFrame:
    """Candidates as given, with what a test does not care about filled in."""
    defaults = CANDIDATES | {
        "category_id": 7, "conflict_id": None, "cell": "switcher_light", "why": "", "uses": 1,
        "use_cents": 50, "reserved_cents": 50, "control_share": 0, "left_out": None, "pin": None,
        "kind": "product", "expected_redemptions": 0.5, "expected_gain": 0.1, "p_purchase": 0.5,
        "p_without": 0.2, "depth_percent": 25,
    }  # fmt: skip
    return pl.DataFrame(
        [defaults | row for row in rows],
        schema_overrides={
            "category_id": pl.Int64,
            "conflict_id": pl.Int64,
            "left_out": pl.String,
            "pin": pl.Int64,
            "p_purchase": pl.Float64,
        },
    )


def households(*rows: dict[str, Any]) -> pl.DataFrame:
    """Eligible households as given, without limits that a test does not name."""
    defaults = {
        "arm": "exposed", "worth_decile": 1, "slots": 12, "category_max": 2,
        "face_value_floor_cents": 0, "face_value_ceiling_cents": 1000,
    }  # fmt: skip
    return pl.DataFrame([defaults | row for row in rows])
