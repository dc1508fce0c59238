"""What a forecast must beat, on identical candidates: one score per household-item pair.

Scores are turned into probabilities by `Isotonic` fitted one horizon earlier, for all alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict.events import Events, Flags, Floats
from service.engine.predict.features import gamma_poisson
from service.engine.predict.items import Items
from service.engine.predict.pairs import HALF_LIVES_DAYS, Pairs, exposure

TIFU_GROUPS = 7
TIFU_WITHIN = 0.9
TIFU_BETWEEN = 0.7
TIFU_NEIGHBOURS = 300
TIFU_OWN = 0.7
TIFU_BLOCK = 512
TIFU_ITEMS = 6000


def personal_frequency(pairs: Pairs) -> Floats:
    """Events per day since the household was first seen."""
    return np.asarray(pairs.count / pairs.homes.seen_days[pairs.household])


def decayed_frequency(pairs: Pairs) -> Floats:
    """The same with events and days discounted at a half-life of 56 days."""
    days = exposure(pairs.homes.seen_days, HALF_LIVES_DAYS[2])
    return np.asarray(pairs.counts[:, 2] / days[pairs.household])


def discounted_gamma_poisson(
    pairs: Pairs, items: Items, events: Events, horizon_days: int
) -> Floats:
    """The prior model of the forecast: rates shrunk to the item's own."""
    rows = items.rows_of(events.item_ids)[pairs.item]
    return gamma_poisson(pairs, items, rows, horizon_days)


def tifu_knn(events: Events, pairs: Pairs, as_of: int) -> Floats:
    """TIFU-KNN (Hu et al., SIGIR 2020): decayed personal frequencies mixed with neighbours'.

    Trips are the baskets, in 7 groups from the newest; neighbours (300) by cosine over the 6,000
    commonest items; own share 0.7. Only households with an event are compared.
    """
    size = len(events.household_ids)
    span = int(as_of - events.day.min())
    made = np.unique(events.household * span + (as_of - 1 - events.day))
    home = made // span
    newest = np.searchsorted(home, np.arange(size))
    trips = np.bincount(home, minlength=size)
    back = np.searchsorted(made, events.household * span + (as_of - 1 - events.day))
    back = back - newest[events.household]
    per_group = np.maximum(1, -(-trips // TIFU_GROUPS))
    groups = -(-trips // per_group)
    group = per_group[events.household]
    weight = TIFU_WITHIN ** (back % group) * TIFU_BETWEEN ** (back // group)
    own = np.add.reduceat(weight, np.flatnonzero(events.heads()))
    own = own / (per_group * groups)[pairs.household]
    common = np.argsort(-np.bincount(pairs.item, minlength=len(events.item_ids)), kind="stable")
    column = np.full(len(events.item_ids), -1)
    kept = common[:TIFU_ITEMS]
    column[kept] = np.arange(len(kept))
    inside = column[pairs.item] >= 0
    table = np.zeros((size, len(kept)), dtype=np.float32)
    table[pairs.household[inside], column[pairs.item[inside]]] = own[inside]
    near = _neighbours(table)
    mixed = np.asarray(TIFU_OWN * own, dtype=np.float64)
    mixed[inside] += (1.0 - TIFU_OWN) * near[pairs.household[inside], column[pairs.item[inside]]]
    return mixed


def _neighbours(table: np.ndarray) -> np.ndarray:
    """The mean of each row's nearest rows by cosine, itself left out."""
    unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    near = np.empty_like(table)
    count = min(TIFU_NEIGHBOURS, len(table) - 1)
    if count < 1:
        return np.zeros_like(table)
    for start in range(0, len(table), TIFU_BLOCK):
        like = unit[start : start + TIFU_BLOCK] @ unit.T
        row = np.arange(len(like))
        like[row, start + row] = -1.0
        chosen = np.argpartition(-like, count - 1, axis=1)[:, :count]
        pick = np.zeros_like(like)
        pick[row[:, None], chosen] = 1.0 / count
        near[start : start + TIFU_BLOCK] = pick @ table
    return near


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising step function from score to probability (pool adjacent violators)."""

    edges: Floats
    chances: Floats

    def __call__(self, score: Floats) -> Floats:
        """Probabilities of scores, by linear interpolation between the steps."""
        return np.interp(score, self.edges, self.chances)


def isotonic(score: Floats, bought: Flags, bins: int = 400) -> Isotonic:
    """Fit on bins of equal mass; at least one pair must be given."""
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
