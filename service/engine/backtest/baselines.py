"""Baselines that the forecast is compared with: one score per household-item pair.

All methods score the same pairs. `fit_isotonic`, fitted one horizon earlier, turns scores into
chances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict.events import Events, Flags, Floats
from service.engine.predict.features import gamma_poisson
from service.engine.predict.items import Items
from service.engine.predict.pairs import HALF_LIVES_DAYS, PairSummaries, exposure

TIFU_GROUPS = 7
TIFU_WITHIN = 0.9
TIFU_BETWEEN = 0.7
TIFU_NEIGHBOURS = 300
TIFU_OWN = 0.7
TIFU_BLOCK = 512
TIFU_ITEMS = 6000


def personal_frequency(pairs: PairSummaries) -> Floats:
    """Events per day since the household was first seen."""
    return np.asarray(pairs.count / pairs.households.seen_days[pairs.household])


def decayed_frequency(pairs: PairSummaries) -> Floats:
    """Events per day, with events and days discounted at a half-life of 56 days."""
    days = exposure(pairs.households.seen_days, HALF_LIVES_DAYS[2])
    return np.asarray(pairs.counts[:, 2] / days[pairs.household])


def discounted_gamma_poisson(
    pairs: PairSummaries, items: Items, events: Events, horizon_days: int
) -> Floats:
    """The prior model of the forecast: the household's rates, shrunk to the item's rate."""
    rows = items.rows_of(events.item_ids)[pairs.item]
    return gamma_poisson(pairs, items, rows, horizon_days)


def tifu_knn(events: Events, pairs: PairSummaries, as_of: int) -> Floats:
    """TIFU-KNN (Hu et al., SIGIR 2020): decayed frequencies, mixed with those of neighbours.

    Trips are the baskets, in 7 groups from the newest. The 300 neighbours are the nearest by cosine
    over the 6,000 commonest items; the household's own share is 0.7. `as_of` is a day number.
    """
    size = len(events.household_ids)
    span = int(as_of - events.day.min())
    trip_days = np.unique(events.household * span + (as_of - 1 - events.day))
    household_of_trip = trip_days // span
    newest = np.searchsorted(household_of_trip, np.arange(size))
    trips = np.bincount(household_of_trip, minlength=size)
    trips_back = np.searchsorted(trip_days, events.household * span + (as_of - 1 - events.day))
    trips_back = trips_back - newest[events.household]
    per_group = np.maximum(1, -(-trips // TIFU_GROUPS))
    groups = -(-trips // per_group)
    group = per_group[events.household]
    weight = TIFU_WITHIN ** (trips_back % group) * TIFU_BETWEEN ** (trips_back // group)
    own = np.add.reduceat(weight, np.flatnonzero(events.pair_starts()))
    own = own / (per_group * groups)[pairs.household]
    common = np.argsort(-np.bincount(pairs.item, minlength=len(events.item_ids)), kind="stable")
    column = np.full(len(events.item_ids), -1)
    common_items = common[:TIFU_ITEMS]
    column[common_items] = np.arange(len(common_items))
    is_common = column[pairs.item] >= 0
    table = np.zeros((size, len(common_items)), dtype=np.float32)
    table[pairs.household[is_common], column[pairs.item[is_common]]] = own[is_common]
    near = _neighbours(table)
    mixed = np.asarray(TIFU_OWN * own, dtype=np.float64)
    mixed[is_common] += (1.0 - TIFU_OWN) * near[
        pairs.household[is_common], column[pairs.item[is_common]]
    ]
    return mixed


def _neighbours(table: np.ndarray) -> np.ndarray:
    """The mean of each row's nearest rows by cosine, without the row itself."""
    unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    near = np.empty_like(table)
    count = min(TIFU_NEIGHBOURS, len(table) - 1)
    if count < 1:
        return np.zeros_like(table)
    for start in range(0, len(table), TIFU_BLOCK):
        similarity = unit[start : start + TIFU_BLOCK] @ unit.T
        row = np.arange(len(similarity))
        similarity[row, start + row] = -1.0
        chosen = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        pick = np.zeros_like(similarity)
        pick[row[:, None], chosen] = 1.0 / count
        near[start : start + TIFU_BLOCK] = pick @ table
    return near


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising function from score to chance (pool adjacent violators)."""

    edges: Floats
    chances: Floats

    def __call__(self, score: Floats) -> Floats:
        """The chance at each score, by linear interpolation between the steps."""
        return np.interp(score, self.edges, self.chances)


def fit_isotonic(score: Floats, bought: Flags, bins: int = 400) -> Isotonic:
    """Fit to bins of equal size. At least one pair is needed."""
    order = np.argsort(score, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    blocks: list[list[float]] = []
    for part in parts:
        blocks.append([float(score[part].sum()), float(bought[part].sum()), float(len(part))])
        while len(blocks) > 1 and (blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]):
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    table = np.array(blocks)
    chances = (table[:, 1] + 0.5) / (table[:, 2] + 1.0)
    return Isotonic(edges=table[:, 0] / table[:, 2], chances=chances)
