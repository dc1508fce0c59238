"""Frozen figures as a supplier may see them: rounded, and nothing of few households."""

from collections.abc import Callable, Mapping
from math import ceil, sqrt
from statistics import NormalDist

from service.engine.lift.cube import CELL, REGION, Run, name_of
from service.engine.lift.disclosure import FEWEST, Number, is_unsafe, rounded
from service.engine.lift.effect import CONFIDENCE
from service.engine.lift.figures import Amounts, Apart, Comparison, Estimate
from service.engine.lift.shown import (
    Range,
    ShownChecks,
    ShownCounts,
    ShownLift,
    ShownPlace,
    ShownTotals,
)

JUDGED, PAID, PLACEBO, RIVALS = "sales", "supplier_paid", "placebo_sales", "rival_sales"
NumberOf = Callable[[str], int | None]
_MEASURES = ("buyers", "new", "repeat", "uses")


def numbers_shown(numbers: Mapping[str, Number], shown: set[str]) -> NumberOf:
    """The released value of a number by its name, None where it is left out."""

    def value(name: str) -> int | None:
        return rounded(numbers[name].value) if name in shown and name in numbers else None

    return value


def counts_of(value: NumberOf, run: Run, first_day: int, place: str = "") -> ShownCounts:
    """The counts of a window in one place, or in all."""
    return ShownCounts(
        copies=value(name_of(run, "copies", None, place)),
        **{name: value(name_of(run, name, first_day, place)) for name in _MEASURES},
    )


def places_of(value: NumberOf, run: Run, first_day: int, side: str) -> dict[str, ShownCounts]:
    """The counts of a window by region or by cell."""
    figures = run.windows[first_day]
    keys = {REGION: {**figures.regions, **figures.uses}, CELL: figures.cells}[side]
    return {key: counts_of(value, run, first_day, f"{side}/{key}") for key in keys}


def is_dominated(arm: Amounts, households: int) -> bool:
    """Whether so few households make an arm's sales that no number of it may be shown."""
    return is_unsafe(households, arm.largest, arm.second, arm.whole)


def lift_shown(
    report_id: int,
    against: str,
    found: Comparison,
    *,
    redraw_p: float | None,
    picked: int | None,
    has_copies: bool,
    places: Mapping[str, Mapping[str, ShownPlace]] | None = None,
) -> ShownLift:
    """A comparison; where few of an arm bought, one figure, from which no mean follows.

    `picked` is how many households the rule picked, as far as that may be shown; `has_copies` is
    whether the number of copies is shown: shares would tell what is not. `places` are by side, see
    `show_places`.
    """
    exposed, control = found.exposed, found.control
    effect, paid = found.effects.get(JUDGED), found.effects.get(PAID)
    hidden = (
        effect is None
        or is_dominated(exposed.amounts, exposed.households)
        or is_dominated(control.amounts, control.households)
        or exposed.amounts.buyers < FEWEST
    )
    known = None if hidden else effect
    few = control.amounts.buyers < FEWEST
    relative = relative_shown(known)
    absolute = None if few and relative is not None else absolute_shown(known)
    may_tell = known is not None and absolute is not None
    tells_given = has_copies and picked is not None
    return ShownLift(
        report_id=report_id,
        against=against,
        households=picked,
        controls=_count(control.households),
        given_share=_share(exposed.given / max(exposed.households, 1)) if tells_given else None,
        lift=relative,
        sales=absolute,
        with_copy=_money(known.treated) if known is not None and not few else None,
        without_copy=_money(known.control) if known is not None and not few else None,
        rivals=absolute_shown(found.effects.get(RIVALS)) if may_tell else None,
        sold_more=known is not None and found.sold_more,
        pooled=_money(found.pooled[0]) if may_tell and found.pooled is not None else None,
        per_money=_per_money(known, paid) if may_tell else None,
        redraw_p=redraw_p if known is not None else None,
        checks=_checks(found, hidden=hidden or few, tells_share=picked is not None),
        regions=(places or {}).get(REGION, {}) if known is not None else {},
        cells=(places or {}).get(CELL, {}) if known is not None else {},
    )


def totals_shown(value: NumberOf, subject: str, comparisons: list[list[Comparison]]) -> ShownTotals:
    """The totals of a period; `comparisons` are those of each deal that are added up."""
    counts = ShownCounts(**{name: value(f"{subject}/{name}") for name in ("copies", *_MEASURES)})
    if not comparisons:
        return ShownTotals(counts, None, 0)
    more, variance = 0.0, 0.0
    for found in (each for windows in comparisons for each in windows):
        effect = found.effects[JUDGED]
        if effect is not None:
            more += effect.difference * found.exposed.households
            variance += (effect.error * found.exposed.households) ** 2
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sqrt(variance)
    span = Range(round(more), round(more - reach), round(more + reach))
    return ShownTotals(counts, span, len(comparisons))


def is_added(found: Comparison) -> bool:
    """Whether a comparison's difference is shown, so that it may be part of a total."""
    shown = lift_shown(0, "", found, redraw_p=None, picked=None, has_copies=False)
    return shown.sales is not None


def _checks(found: Comparison, *, hidden: bool, tells_share: bool) -> ShownChecks:
    control = found.control
    placebo = found.effects.get(PLACEBO)
    few_used = control.redeemed < FEWEST
    is_counted = not is_unsafe(control.households) and not is_unsafe(found.exposed.households)
    redeemed = control.redeemed / max(control.households, 1)
    return ShownChecks(
        expected_share=found.expected_share,
        share=round(found.share, 3)
        if is_counted and tells_share and found.share is not None
        else None,
        ratio_p=round(found.ratio_p, 4),
        placebo=None if hidden else absolute_shown(placebo),
        placebo_p=None if hidden or placebo is None else _p(placebo.p_value),
        balance={
            name: Apart(round(each.apart, 2), _p(each.p_value))
            for name, each in found.balance.items()
            if is_counted
        },
        control_redeemed=None if few_used or not is_counted else _share(redeemed),
        control_redeemed_below=ceil(100 * FEWEST / control.households) / 100
        if few_used and is_counted
        else None,
    )


def relative_shown(found: Estimate | None) -> Range | None:
    """The lift as it is shown; None without bounds."""
    if found is None or found.lift is None or found.lift_low is None or found.lift_high is None:
        return None
    return Range(round(found.lift, 2), round(found.lift_low, 2), round(found.lift_high, 2))


def absolute_shown(found: Estimate | None) -> Range | None:
    """The difference as it is shown; None where nothing varies."""
    if found is None or not found.error > 0:
        return None
    return Range(_money(found.difference), _money(found.low), _money(found.high))


def _per_money(sold: Estimate | None, paid: Estimate | None) -> tuple[float, float] | None:
    if sold is None or paid is None or paid.treated <= 0:
        return None
    return round(sold.low / paid.treated, 2), round(sold.difference / paid.treated, 2)


def _count(households: int) -> int | None:
    return None if is_unsafe(households) else rounded(households)


def _share(share: float) -> float:
    return round(share, 2)


def _money(amount: float) -> float:
    return round(amount, 3)


def _p(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
