"""Which regions and cells of a report a supplier may see the effect of.

Effects are no sums of cells, but a deal's is nearly the mean of its regions': all but one give the
last away. So what is left out is looked at as one place, and has enough households, buyers and no
dominance in both arms too; until it has, the smallest place that is shown is left out as well. The
set is decided by the frozen figures alone, so that every release has the same. Of it a release has
those whose copies and buyers the audit of counts lets be told: that only ever leaves out more
together.
"""

from collections.abc import Sequence

from service.engine.lift.cube import Run, name_of
from service.engine.lift.disclosure import FEWEST
from service.engine.lift.figures import Amounts, Comparison, PlaceArm, PlaceFigures
from service.engine.lift.show import NumberOf, absolute_shown, is_dominated, relative_shown
from service.engine.lift.shown import ShownPlace


def shown_places(
    value: NumberOf, run: Run, first_day: int, found: Comparison, side: str
) -> dict[str, ShownPlace]:
    """The effects of a window against one control by region or by cell, by name."""

    def is_told(name: str) -> bool:
        place = f"{side}/{name}"
        copies = value(name_of(run, "copies", None, place))
        return copies is not None and value(name_of(run, "buyers", first_day, place)) is not None

    return {each.name: _shown(each) for each in may_be_shown(found, side) if is_told(each.name)}


def may_be_shown(found: Comparison, side: str) -> list[PlaceFigures]:
    """The places of a side of which neither they nor what is left out tell of few households."""
    kept = [each for each in found.places if each.side == side and _is_safe(each)]
    whole = [PlaceArm(arm.households, arm.amounts) for arm in (found.exposed, found.control)]
    while kept:
        exposed = _without(whole[0], [each.exposed for each in kept])
        control = _without(whole[1], [each.control for each in kept])
        if not exposed.households and not control.households:
            break
        if _are_enough(exposed, control):
            break
        kept.remove(min(kept, key=lambda each: (each.control.households, each.name)))
    return kept


def _is_safe(each: PlaceFigures) -> bool:
    return _are_enough(each.exposed, each.control)


def _are_enough(exposed: PlaceArm, control: PlaceArm) -> bool:
    return exposed.amounts.buyers >= FEWEST and not any(
        is_dominated(arm.amounts, arm.households) for arm in (exposed, control)
    )


def _without(whole: PlaceArm, parts: Sequence[PlaceArm]) -> PlaceArm:
    """What is left of an arm without some places; its largest may be those of the whole arm."""
    amounts = whole.amounts
    return PlaceArm(
        whole.households - sum(each.households for each in parts),
        Amounts(
            amounts.whole - sum(each.amounts.whole for each in parts),
            amounts.largest,
            amounts.second,
            amounts.buyers - sum(each.amounts.buyers for each in parts),
        ),
    )


def _shown(each: PlaceFigures) -> ShownPlace:
    """An estimate; where few of the control bought the lift alone, from which no mean follows."""
    few = each.control.amounts.buyers < FEWEST
    return ShownPlace(relative_shown(each.effect), None if few else absolute_shown(each.effect))
