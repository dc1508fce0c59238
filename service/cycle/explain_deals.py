"""Why each offer is on a household's list, and why the next ones are not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
from sqlmodel import Session

from service.cycle.buyers import Buyers, buyers_of, to_value
from service.cycle.explain_inputs import Known, considered, offers_held, priced, read_known
from service.cycle.inputs import read_inputs, read_purchases
from service.engine.offers import Arm
from service.engine.offers.second_best import second_best
from service.engine.offers.why import Seen, Why, why_held, why_missed
from service.settings import Settings
from service.store import copies
from service.store.session import Database

NEXT = 5
"""Offers that are not on the list, explained unless asked otherwise."""
_BOUGHT = (Why.BUDGET, Why.COPIES)


@dataclass(frozen=True, slots=True)
class OfferWhy:
    """Why an offer is on the list (`line` is where) or not. Money is in cents.

    `chance` is of buying the goods, whatever the brand; `why` says how the household buys them.
    `value_cents` is what the copy changes, `price_cents` what it would be worth to others (null
    where no copy is left, or for an offer without a price), `loss_cents` what the list would be
    worth less without it, or with it (below 0: more), and `instead` what would come, or go, for
    it. `buyers` got the copies where those or the budget went to others. `pinned` says
    whether somebody pinned it; `reason` is then what forbids it if it is not on the list.
    """

    offer_id: int
    deal_id: str
    supplier: str
    title: str
    line: int | None
    reason: Why
    chance: float | None
    cell: str | None
    why: str | None
    face_value_cents: int
    value_cents: float | None
    price_cents: float | None
    loss_cents: float | None
    instead: tuple[str, ...]
    buyers: Buyers | None
    pinned: bool


@dataclass(frozen=True, slots=True)
class DealsWhy:
    """A household's offers as of a day, explained.

    `issued` says whether they are on a list of the cycle of that very day; otherwise they are what
    the household would choose at the prices of the newest cycle before (`cycle_as_of`; without
    one there are none). `arm`, `tier` and `worth_decile` are null for a household that the cycle
    did not see. `considered` counts its candidates, `listed` are on the list, `missed` are the
    nearest of the others.
    """

    household: str
    as_of: date
    cycle_as_of: date | None
    issued: bool
    arm: str | None
    tier: str | None
    worth_decile: int | None
    slots: int
    face_value_cents: int
    floor_cents: int | None
    ceiling_cents: int | None
    considered: int
    listed: tuple[OfferWhy, ...]
    missed: tuple[OfferWhy, ...]


def explain_deals(
    database: Database, settings: Settings, ref: str, *, as_of: date, most_missed: int = NEXT
) -> DealsWhy:
    """Why each offer is on a household's list as of a day, and why the next ones are not.

    Everything is computed again from what was bought before the day, the newest cycle up to it and
    its prices; nothing is written. Deals, budgets and targets are those of today. Raises NotFound
    for an unknown household or one that has bought nothing.
    """
    with database.read() as session:
        read = read_known(session, settings, ref, as_of=as_of)
    held = offers_held(read, settings)
    seen = _seen(read, held, priced(read, considered(read, read.purchases, settings), held))
    missed = sorted((each for each in seen.offers if each not in held), key=_nearest(seen))
    reasons = {key: why_missed(key, seen) for key in missed[:most_missed]}
    with database.read() as session:
        names = {
            row["offer_id"]: row
            for row in copies.names(session, [*held, *seen.offers]).iter_rows(named=True)
        }
        bought = [key for key, reason in reasons.items() if reason in _BOUGHT]
        buyers = _buyers(session, settings, read, bought)
    limits = read.last.limits.row(0, named=True)
    return DealsWhy(
        household=ref,
        as_of=as_of,
        cycle_as_of=read.cycle.as_of if read.cycle else None,
        issued=read.on_list is not None,
        arm=read.arm,
        tier=read.worth.get("tier"),
        worth_decile=read.worth.get("worth_decile"),
        slots=seen.slots,
        face_value_cents=seen.face_value_cents,
        floor_cents=limits["face_value_floor_cents"],
        ceiling_cents=limits["face_value_ceiling_cents"],
        considered=len(seen.offers),
        listed=tuple(
            replace(
                _explained(key, why_held(key, seen), seen, names),
                line=line,
                face_value_cents=face_cents,
            )
            for key, (line, face_cents) in held.items()
        ),
        missed=tuple(
            replace(_explained(key, reason, seen, names), buyers=buyers.get(key))
            for key, reason in reasons.items()
        ),
    )


def _seen(read: Known, held: Mapping[int, tuple[int, int]], mine: pl.DataFrame) -> Seen:
    """The household's candidates with what each makes of the list."""
    limits = read.last.limits.row(0, named=True)
    open_to_it = pl.col("left_out").is_null() & pl.col("gone").is_null()
    found = second_best(
        mine,
        [each for each in held if each in mine["offer_id"].to_list()],
        mine.filter(open_to_it)["offer_id"].to_list(),
        mine.select("offer_id", "budget_price", "circulation_price_cents"),
        limits,
        terms=read.last.terms,
    )
    rows = mine.join(found, on="offer_id").iter_rows(named=True)
    return Seen(
        offers={row["offer_id"]: row for row in rows},
        held=list(held),
        face_value_cents=sum(face_cents for _, face_cents in held.values()),
        floor_cents=limits["face_value_floor_cents"] or 0,
        slots=limits["slots"],
        category_max=limits["category_max"],
        is_held_out=read.arm == Arm.HOLDOUT,
        used_up=frozenset(read.used["offer_id"]),
    )


def _nearest(seen: Seen) -> Callable[[int], tuple[bool, bool, float, int]]:
    """The order of what is not on the list: pins first, then what it would gain most by."""

    def rank(offer_id: int) -> tuple[bool, bool, float, int]:
        loss = seen.offers[offer_id]["loss_cents"]
        return seen.offers[offer_id]["pin"] is None, loss is None, loss or 0.0, offer_id

    return rank


def _buyers(
    session: Session, settings: Settings, read: Known, offer_ids: Sequence[int]
) -> dict[int, Buyers]:
    """Who got the copies of some offers in the cycle, by offer."""
    if read.cycle is None or not offer_ids:
        return {}
    holders = copies.holders(session, read.cycle.id, offer_ids)
    drawn = to_value(holders, salt=f"buyers:{read.inputs.as_of}")
    ids = drawn["household_id"].unique().sort().to_list()
    bought = read_purchases(session, settings, before=read.inputs.as_of, household_ids=ids)
    if bought.is_empty():
        return {}
    theirs = read_inputs(session, settings, as_of=read.inputs.as_of, bought=bought)
    pairs = considered(replace(read, inputs=theirs), bought, settings).join(
        drawn.select("offer_id", "household_id"), on=["offer_id", "household_id"], how="semi"
    )
    prices = dict(read.last.prices.select("offer_id", "budget_price").iter_rows())
    return {
        key: buyers_of(each, pairs.filter(offer_id=key), budget_price=prices.get(key, 0.0))
        for key, each in ((part["offer_id"][0], part) for part in holders.partition_by("offer_id"))
    }


def _explained(
    offer_id: int, reason: Why, seen: Seen, names: Mapping[int, Mapping[str, Any]]
) -> OfferWhy:
    """An offer with what is known of it, which is only its name where it no longer runs."""
    offer = seen.offers.get(offer_id, {})
    price = None
    if offer.get("has_price"):
        price = offer["budget_price"] * offer["cost_cents"] + offer["circulation_price_cents"]
    return OfferWhy(
        offer_id=offer_id,
        deal_id=names[offer_id]["deal_id"],
        supplier=names[offer_id]["supplier"],
        title=names[offer_id]["title"],
        line=None,
        reason=reason,
        chance=offer.get("p_purchase"),
        cell=offer.get("cell"),
        why=offer.get("why"),
        face_value_cents=offer.get("face_value_cents", 0),
        value_cents=_rounded(offer.get("value_cents")),
        price_cents=_rounded(price),
        loss_cents=_rounded(offer.get("loss_cents")),
        instead=tuple(
            f"{names[each]['title']} ({names[each]['deal_id']})"
            for each in offer.get("instead", ())
        ),
        buyers=None,
        pinned=offer.get("pin") is not None,
    )


def _rounded(cents: float | None) -> float | None:
    return None if cents is None else round(cents, 2)
