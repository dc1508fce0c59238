"""What the report of a supplier's deal will be able to show, by what its earlier deals showed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from statistics import median

from service.engine.lift.figures import Comparison
from service.engine.lift.power import Baseline, detectable, variation_of
from service.engine.lift.show import JUDGED, is_added
from service.errors import NotFound
from service.store import lift_reports
from service.store.session import Database
from service.store.tables.offer import Offer
from service.suppliers.scope import Scope

SHARES = (5, 10, 20)
"""Control shares in per cent beside the deal's own."""


@dataclass(frozen=True, slots=True)
class Shows:
    """With a share of the households in control: the smallest lift found, copies withheld."""

    percent: int
    lift: float | None
    withheld: int


@dataclass(frozen=True, slots=True)
class Power:
    """What a deal's report will show of its first two weeks' sales with 80 % power.

    By the spread of sales in `reports` of earlier deals, of the same category where there are any;
    `copies` are the deal's most, else as many as those gave. `own` is with its own control share.
    """

    reports: int
    same_category: bool
    copies: int
    own: Shows
    others: tuple[Shows, ...]


def power_of(database: Database, scope: Scope, offer_id: int) -> Power | None:
    """The power of a deal's report; None while no report of an earlier deal may be shown.

    Raises NotFound for a deal of somebody else.
    """
    with database.read() as session:
        offer = session.get(Offer, offer_id)
        if offer is None or offer.supplier_id not in scope.supplier_ids:
            raise NotFound("There is no such deal.")
        found = lift_reports.first_windows(session, offer.supplier_id)
    alike = [each for each in found if each.offer.category_id == offer.category_id]
    chosen = alike or found
    seen = [
        found for each in chosen for found in _spreads(each.report.figures.comparisons.values())
    ]
    if not seen:
        return None
    spread = median(spread for spread, _ in seen)
    copies = offer.circulation_max or round(median(copies for _, copies in seen))
    picked = copies / (1 - offer.control_share / 100) if offer.control_share < 100 else 0.0
    shares = [each for each in SHARES if each != offer.control_share]
    return Power(
        reports=len(seen),
        same_category=bool(alike),
        copies=copies,
        own=_shows(offer.control_share, picked, spread),
        others=tuple(_shows(each, picked, spread) for each in shares),
    )


def _spreads(comparisons: Iterable[Comparison]) -> Iterator[tuple[float, int]]:
    """The spread of a report that may be shown, and the copies it is of."""
    for each in comparisons:
        effect = each.effects.get(JUDGED)
        if effect is None or not is_added(each):
            continue
        exposed, control = each.exposed.households, each.control.households
        spread = variation_of(effect.control, effect.error, exposed, control)
        if spread is not None:
            yield spread, each.exposed.given
            return


def _shows(percent: int, picked: float, spread: float) -> Shows:
    held = picked * percent / 100
    lift = detectable(picked - held, held, baseline=Baseline(1.0, spread))
    return Shows(percent, lift if isfinite(lift) else None, round(held))
