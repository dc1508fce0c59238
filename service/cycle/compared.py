"""Two plans side by side: what each comes to, and the difference by tenth, supplier and deal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.errors import Conflict

TOTALS = (
    "eligible", "holdout", "offers_issued", "face_value_cents", "reserved_cents",
    "worst_cost_cents", "expected_cost_cents", "expected_redemptions", "shortfall_cents", "short",
    "banned",
)  # fmt: skip
"""What is compared of plans as wholes."""
OF_TENTHS = (
    "households", "offers", "face_value_cents", "mean_face_value_cents", "below_floor",
    "shortfall_cents",
)  # fmt: skip
"""What is compared by tenth of the households."""
OF_DEALS = (
    "copies", "face_value_cents", "reserved_cents", "expected_cost_cents", "expected_redemptions",
    "missing_copies",
)  # fmt: skip
"""What is compared by supplier and by deal."""
_SUPPOSED = ("floor_shortfall_price", "holdout_percent", "budget_percent")


@dataclass(frozen=True, slots=True)
class Pair:
    """A number of the first plan and of the second. Money is in cents."""

    first: float
    second: float

    @property
    def more(self) -> float:
        """How much more the second has."""
        return self.second - self.first


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """What both plans come to of one thing: `names` say which, what one has none of counts 0."""

    names: Mapping[str, Any]
    values: Mapping[str, Pair]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two plans. `supposed` is what each was made with: floor price, holdout, budgets.

    `suppliers` and `deals` come with the largest difference of expected cost first, then of copies;
    those in which neither differs come last.
    """

    supposed: Mapping[str, Pair]
    totals: Mapping[str, Pair]
    tenths: Sequence[ComparedRow]
    suppliers: Sequence[ComparedRow]
    deals: Sequence[ComparedRow]


def compare_plans(first: Mapping[str, Any], second: Mapping[str, Any]) -> Compared:
    """Compare what two plans came to, as their runs have it.

    Raises Conflict for plans of different dates, which compare nothing.
    """
    if str(first["as_of"]) != str(second["as_of"]):
        raise Conflict(
            "One plan is of %(first)s, the other of %(second)s; only plans of one day can be "
            "compared.",
            first=str(first["as_of"]),
            second=str(second["as_of"]),
        )
    whole = [_whole(first), _whole(second)]
    return Compared(
        supposed={name: Pair(first.get(name, 0), second.get(name, 0)) for name in _SUPPOSED},
        totals={name: Pair(whole[0][name], whole[1][name]) for name in TOTALS},
        tenths=_rows(first["worth"], second["worth"], ("worth_decile",), OF_TENTHS),
        suppliers=_by_difference(
            _rows(first["suppliers"], second["suppliers"], ("supplier",), OF_DEALS)
        ),
        deals=_by_difference(
            _rows(
                first["deals"],
                second["deals"],
                ("offer_id", "deal_id", "supplier", "title"),
                OF_DEALS,
            )
        ),
    )


def _whole(plan: Mapping[str, Any]) -> dict[str, float]:
    of_deals = ("reserved_cents", "worst_cost_cents")
    return {
        **{name: plan.get(name, 0) for name in TOTALS},
        **{name: sum(deal[name] for deal in plan["deals"]) for name in of_deals},
        "shortfall_cents": sum(each["shortfall_cents"] for each in plan["worth"]),
    }


def _rows(
    first: Sequence[Mapping[str, Any]],
    second: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    values: Sequence[str],
) -> list[ComparedRow]:
    """A row for each thing that one of them has, by its first name."""
    sides = [{each[names[0]]: each for each in rows} for rows in (first, second)]
    found = []
    for key in sorted(sides[0].keys() | sides[1].keys()):
        here, there = sides[0].get(key, {}), sides[1].get(key, {})
        found.append(
            ComparedRow(
                {name: (there or here)[name] for name in names},
                {name: Pair(here.get(name, 0), there.get(name, 0)) for name in values},
            )
        )
    return found


def _by_difference(rows: Sequence[ComparedRow]) -> list[ComparedRow]:
    def rank(row: ComparedRow) -> tuple[float, float]:
        values = row.values
        return -abs(values["expected_cost_cents"].more), -abs(values["copies"].more)

    return sorted(rows, key=rank)
