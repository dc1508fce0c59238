"""What became of every pin in a plan: the copies it gave, and by name what forbade the others."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from service.cycle.plan import Plan
from service.engine.offers.overrides import OverrideAct
from service.store.overrides import NamedOverride


class NoCopy(StrEnum):
    """Why a pin gave no copy, besides what forbids one on a list (`engine.offers.why.Why`)."""

    NOT_RUNNING = "not_running"
    """The deal cannot be issued on that day."""
    NO_LIST = "no_list"
    """The household gets no list."""
    NOT_IN_SAMPLE = "not_in_the_sample"
    """The plan is of a sample, in which the household is not."""
    NO_ROOM_TO_PRINT = "no_room_to_print"
    """Its list has no room to print the offer."""
    NOBODY = "nobody_is_meant"
    """Nobody who gets a list is of the cell."""


@dataclass(frozen=True, slots=True)
class PinKept:
    """What became of a pin: copies it gave, and how many it did not by reason."""

    override_id: int
    supplier: str
    deal_id: str
    title: str
    household: str
    cell: str
    copies: int
    refused: dict[str, int]


def pins_kept(
    plan: Plan,
    named: Sequence[NamedOverride],
    *,
    printed: pl.DataFrame | None = None,
    is_sample: bool = False,
) -> tuple[PinKept, ...]:
    """What became of the pins among some overrides, by number.

    `printed` (household_id, offer_id) are the offers on the lists, if they were made already. Where
    several pins are of one copy, it counts for the narrowest.
    """
    given = plan.pinned.given
    on_lists = given if printed is None else _on(given, printed)
    copies: dict[int, int] = dict(on_lists.group_by("pin").len().iter_rows())
    refused: dict[int, Counter[str]] = {}
    for pin, because, count in (
        plan.pinned.refused.group_by("pin", "because").len().sort("pin", "because").iter_rows()
    ):
        refused.setdefault(pin, Counter())[because] += count
    for pin, count in given.group_by("pin").len().iter_rows():
        if count > copies.get(pin, 0):
            lost = count - copies.get(pin, 0)
            refused.setdefault(pin, Counter())[NoCopy.NO_ROOM_TO_PRINT] += lost
    running = set(plan.inputs.running.overrides["override_id"])
    eligible = set(plan.eligible["household_id"])
    nowhere = NoCopy.NOT_IN_SAMPLE if is_sample else NoCopy.NO_LIST
    return tuple(
        PinKept(
            override_id=each.override.id,
            supplier=each.supplier,
            deal_id=each.deal_ref,
            title=each.title,
            household=each.household,
            cell=each.override.cell or "",
            copies=copies.get(each.override.id, 0),
            refused={
                str(reason): count
                for reason, count in (
                    refused.get(each.override.id)
                    or _gave_nothing(each, running, eligible, copies, nowhere)
                ).items()
            },
        )
        for each in sorted(named, key=lambda each: each.override.id)
        if each.override.act == OverrideAct.PIN
    )


def _on(given: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    return given.join(printed, on=["household_id", "offer_id"], how="semi")


def _gave_nothing(
    each: NamedOverride,
    running: Collection[int],
    eligible: Collection[int],
    copies: Mapping[int, int],
    nowhere: NoCopy,
) -> dict[str, int]:
    """Why a pin met nobody at all; nothing of one that gave copies."""
    pin = each.override
    if pin.id in copies:
        return {}
    if pin.id not in running:
        return {NoCopy.NOT_RUNNING: 1}
    if pin.household_id is not None and pin.household_id not in eligible:
        return {nowhere: 1}
    return {NoCopy.NOBODY: 1}
