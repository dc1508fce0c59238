"""Why an offer is on a household's list, or is not: the first reason that holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from service.engine.offers.left_out import LeftOut
from service.engine.records import DealKind


class Why(StrEnum):
    """Why an offer is on a list or not. The first six are of offers on it, the last of both."""

    WORTH = "worth"
    """It is worth more to this household than its copy costs others."""
    FLOOR = "lifts_to_floor"
    """It is not, but lifts the list towards what it should be worth."""
    PROMISED = "promised"
    """It is not, but its supplier was promised copies."""
    PARTNER = "partner"
    """A partner pays for the place."""
    PINNED = "pinned"
    """Somebody pinned it to the household, its cell, or all."""
    NO_LONGER_RUNS = "no_longer_runs"
    """The offer was stopped or replaced since, so nothing more is known of it."""

    HOLDOUT = "holdout"
    """The household was held out of the cycle and gets no offers."""
    BANNED = "banned"
    """Somebody banned it from the household's list, its cell's, or all."""
    TARGET = "target"
    """The offer is for others."""
    CONTROL = "control"
    """The household is in the offer's control share."""
    UNLIKELY = "unlikely"
    """It hardly buys the goods, and likelier offers are left."""
    USED_UP = "limit_used_up"
    """The household has used the deal as often as it may."""
    CONFLICT = "conflict"
    """An offer of the same supplier in the same category is on the list."""
    BUDGET = "budget"
    """The budget goes to households to whom it is worth more."""
    COPIES = "copies"
    """The copies go to households to whom they are worth more."""
    NEW = "newer_than_the_cycle"
    """It was loaded after the cycle, so that its copies have no price yet."""
    CATEGORY = "category"
    """The list has as many offers of the category as it may."""
    CEILING = "ceiling"
    """The list would be worth more than it may be."""
    FULL = "list_full"
    """The list is full of offers that are worth more to this household."""
    FLOOR_FIRST = "floor_first"
    """The list is full of offers that lift it further towards what it should be worth."""
    NOT_WORTH_IT = "not_worth_it"
    """It changes too little for what it costs."""
    WITHIN_GAP = "within_gap"
    """It would do as well; the allocation may be that far from the best."""


LEFT_OUT = {
    LeftOut.BANNED: Why.BANNED,
    LeftOut.TARGET: Why.TARGET,
    LeftOut.USED_UP: Why.USED_UP,
    LeftOut.CONTROL: Why.CONTROL,
    LeftOut.UNLIKELY: Why.UNLIKELY,
}
"""Why an offer that a household is left out of is not on its list."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a list when its offers are explained; `held` are the offers on it.

    `face_value_cents` is what the list is worth on paper, `floor_cents` what it should be.
    `offers` are the household's pairs by offer, with `budget_price`, `circulation_price_cents`
    and `gone` (`Why.BUDGET` or `COPIES` where no copy is left, `Why.NEW` without a price, or
    null), and `loss_cents` and `instead` as `second_best` gives them.
    """

    offers: Mapping[int, Mapping[str, Any]]
    held: Sequence[int]
    face_value_cents: int
    floor_cents: int
    slots: int
    category_max: int
    is_held_out: bool
    used_up: frozenset[int]


def why_held(offer_id: int, seen: Seen) -> Why:
    """Why an offer is on the list."""
    offer = seen.offers.get(offer_id)
    if offer is None:
        return Why.NO_LONGER_RUNS
    if offer["pin"] is not None:
        return Why.PINNED
    if offer["kind"] == DealKind.PARTNER:
        return Why.PARTNER
    earned = offer["value_cents"] - offer["budget_price"] * offer["cost_cents"]
    if earned - offer["circulation_price_cents"] > 0:
        return Why.PROMISED if earned <= 0 else Why.WORTH
    others_cents = seen.face_value_cents - offer["face_value_cents"]
    return Why.FLOOR if others_cents < seen.floor_cents else Why.WITHIN_GAP


def why_missed(offer_id: int, seen: Seen) -> Why:
    """Why an offer is not on the list."""
    offer = seen.offers[offer_id]
    if seen.is_held_out:
        return Why.HOLDOUT
    if offer_id in seen.used_up:
        return Why.USED_UP
    if offer["left_out"] is not None:
        return LEFT_OUT[LeftOut(offer["left_out"])]
    gone = [seen.offers[each] for each in offer["instead"]]
    pinned = [each for each in map(seen.offers.get, seen.held) if each and each["pin"] is not None]
    if any(_alike(offer, each, "conflict_id") for each in (*gone, *pinned)):
        return Why.CONFLICT
    if sum(_alike(offer, each, "category_id") for each in pinned) >= seen.category_max:
        return Why.CATEGORY
    return _why_outbid(offer) or _why_no_room(offer, gone, seen)


def _why_outbid(offer: Mapping[str, Any]) -> Why | None:
    """Whether the offer would be on the list if its copy cost others nothing."""
    if offer["loss_cents"] is None:
        return None
    money = offer["budget_price"] * offer["cost_cents"]
    price = money + max(0.0, offer["circulation_price_cents"])
    if offer["loss_cents"] - price >= 0:
        return None
    if offer["gone"] is not None:
        return Why(offer["gone"])
    if price <= 0:
        return None
    return Why.BUDGET if money > 0 else Why.COPIES


def _why_no_room(offer: Mapping[str, Any], gone: Sequence[Mapping[str, Any]], seen: Seen) -> Why:
    if offer["loss_cents"] is None:
        return Why.CEILING if seen.slots else Why.FULL
    if not gone:
        return Why.NOT_WORTH_IT if offer["loss_cents"] > 0 else Why.WITHIN_GAP
    held = [seen.offers[each] for each in seen.held if each in seen.offers]
    of_category = sum(_alike(offer, each, "category_id") for each in held)
    if of_category >= seen.category_max and any(_alike(offer, e, "category_id") for e in gone):
        return Why.CATEGORY
    if len(seen.held) < seen.slots:
        return Why.CEILING
    if offer["loss_cents"] <= 0:
        return Why.WITHIN_GAP
    is_better = _score(offer) > sum(map(_score, gone))
    return Why.FLOOR_FIRST if is_better else Why.FULL


def _alike(one: Mapping[str, Any], other: Mapping[str, Any], column: str) -> bool:
    return one[column] is not None and bool(one[column] == other[column])


def _score(offer: Mapping[str, Any]) -> float:
    spent = offer["budget_price"] * offer["cost_cents"] + offer["circulation_price_cents"]
    return float(offer["value_cents"] - spent)
