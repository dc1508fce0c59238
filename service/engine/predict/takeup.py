"""Learn which items that households had never bought they took up after earlier dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.engine.loops.symmetric import solve_small
from service.engine.predict import rhythm
from service.engine.predict.discovery import BLOCK, SHORTLIST, shortlist
from service.engine.predict.events import Events, Flags, Floats, Ints, Singles, day_number
from service.engine.predict.examples import SEED
from service.engine.predict.items import NEW_DAYS, ItemTally
from service.engine.predict.model import Model
from service.engine.predict.moves import learn_moves
from service.engine.predict.network import Network, recalibrate, train
from service.engine.predict.pairs import summarise
from service.engine.predict.prospects import LINEAR, Block, Discovery, Prospects, prospects_of
from service.engine.predict.taste import directions

ORIGINS = 6
LEAST_PAST_DAYS = 2
HOUSEHOLDS = 1500
# Of the prospects on the shortlist that were not taken up a quarter is learned from, and of all
# others one in two hundred.
LISTED_SHARE = 0.25
OTHER_SHARE = 0.005
LINEAR_SHARE = 0.05
WIDTHS, ITEM_WIDTH = (32, 16), 2
EPOCHS = 4
TRUST_TAKEN = 100.0
# As many squared steps as would halve the slope of the level.
SLOPE_PRIOR = 6.0
STEPS = 12
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Examples:
    """The prospects of one origin that are learned from.

    - `inputs`: the numbers of prospects.NAMES. `row`: the item's vector row.
    - `taken`: whether the item was bought in the window. `listed`: whether it was on the shortlist.
    - `weight`: above 1 where similar prospects were left out.
    - `calendar`: what the days of the window add to all log-odds (see rhythm.py).
    """

    inputs: Singles
    row: Ints
    taken: Flags
    listed: Flags
    weight: Floats
    calendar: float


@dataclass(frozen=True, slots=True)
class _Origin:
    """The prospects of some active households at an origin, and what they took up after it.

    `rare` items had too few buyers at the origin. They have enough now, which was not known then.
    """

    origin: int
    prospects: Prospects
    window: Events
    known: Ints
    rare: Flags
    calendar: float

    def blocks(self) -> Iterator[Block]:
        """The households, some at a time, without prospects among the rare items."""
        count = len(self.prospects.households)
        for start in range(0, count, BLOCK):
            block = self.prospects.block(start, min(start + BLOCK, count))
            block.bought[:, self.rare] = True
            yield block

    def taken(self, block: Block) -> Flags:
        """What each household of a block bought in the window for the first time."""
        size = len(block.bought)
        bought = np.zeros_like(block.bought)
        household = self.window.household - block.start
        inside = (household >= 0) & (household < size)
        row = self.known[self.window.item]
        inside &= row < bought.shape[1]
        bought[household[inside], row[inside]] = True
        return np.asarray(bought & ~block.bought)


def learn(events: Events, model: Model) -> Discovery | None:
    """Learn from the newest origins; None if nothing was taken up.

    The origins are half a horizon apart, the newest window ends at the as-of date or after the
    last event. `model` provides the day, the horizon, the rhythm and the items with a vector.
    Moves, tastes and statistics are computed again at each origin from what came before it.
    """
    end = min(day_number(model.as_of), int(events.day.max()) + 1)
    horizon_days = model.horizon_days
    step_days = max(1, horizon_days // 2)
    coefficients: tuple[float, ...] = ()
    groups: list[Examples] = []
    for step in range(ORIGINS):
        origin = end - horizon_days - step * step_days
        if origin - int(events.day.min()) < max(LEAST_PAST_DAYS, horizon_days):
            break
        found = _at(events, model, origin)
        if found is None:
            break
        if not coefficients:
            coefficients = _learn_coefficients(found)
            if not coefficients:
                return None
        groups.append(_examples(found, coefficients))
    if not groups:
        return None
    return _learn_network(groups, coefficients, len(model.vector_ids), horizon_days // step_days)


def _at(events: Events, model: Model, origin: int) -> _Origin | None:
    """The prospects at an origin; None if nobody is active."""
    past = events.before(origin)
    pairs = summarise(past, origin)
    tally = ItemTally(events.item_ids)
    tally.add(pairs)
    items = tally.items()
    known = model.vector_rows(events.item_ids)
    size = len(model.vector_ids)
    rows = known[pairs.item]
    active = np.flatnonzero(pairs.households.last_trip_age <= NEW_DAYS)
    if not size or not len(active):
        return None
    chosen = np.zeros(len(events.household_ids), dtype=np.bool_)
    chosen[np.random.default_rng(SEED + origin).permutation(active)[:HOUSEHOLDS]] = True
    of_chosen = past.select_households(chosen)
    window = events.where((events.day >= origin) & (events.day < origin + model.horizon_days))
    chosen_pairs = summarise(of_chosen, origin)
    item_rows = items.rows_of(model.vector_ids)
    least = model.items.buyers[model.items.rows_of(model.vector_ids)].min()
    return _Origin(
        origin=origin,
        prospects=prospects_of(
            chosen_pairs,
            known[chosen_pairs.item],
            items,
            item_rows,
            directions(pairs, rows, size, seed=SEED),
            learn_moves(pairs, rows, size),
        ),
        window=window.select_households(chosen),
        known=known,
        rare=items.buyers[item_rows] < least,
        calendar=rhythm.calendar_log_odds(model.rhythm, origin, model.horizon_days),
    )


def _learn_coefficients(found: _Origin) -> tuple[float, ...]:
    """Fit the linear log-odds to all that was taken up and a weighted sample of the others."""
    random = np.random.default_rng(found.origin)
    inputs, taken, weight = [], [], []
    for block in found.blocks():
        is_taken = found.taken(block)
        rest = ~block.bought & ~is_taken & (random.random(is_taken.shape) < LINEAR_SHARE)
        household, row = np.nonzero(is_taken | rest)
        inputs.append(found.prospects.inputs(block, household, row)[:, LINEAR])
        taken.append(is_taken[household, row])
        weight.append(np.where(taken[-1], 1.0, 1.0 / LINEAR_SHARE))
    bought = np.concatenate(taken).astype(np.float64)
    if not bought.any() or bought.all():
        return ()
    table = np.concatenate(inputs)
    constant = np.ones((len(table), 1))
    return _fit_logistic(np.hstack([constant, table]), bought, np.concatenate(weight))


def _examples(found: _Origin, coefficients: tuple[float, ...]) -> Examples:
    """What is learned from at an origin: a sample of the shortlist, and of all others a few."""
    random = np.random.default_rng(found.origin + 1)
    columns: list[tuple[np.ndarray, ...]] = []
    for block in found.blocks():
        is_taken = found.taken(block)
        listed = np.zeros_like(is_taken)
        linear = found.prospects.linear_log_odds(block, coefficients)
        listed[shortlist(linear, SHORTLIST)] = True
        share = np.where(is_taken, 1.0, np.where(listed, LISTED_SHARE, OTHER_SHARE))
        household, row = np.nonzero(~block.bought & (random.random(share.shape) < share))
        columns.append(
            (
                found.prospects.inputs(block, household, row).astype(np.float32),
                row,
                is_taken[household, row],
                listed[household, row],
                1.0 / share[household, row],
            )
        )
    inputs, rows, taken, is_listed, weight = map(np.concatenate, zip(*columns, strict=True))
    return Examples(inputs, rows, taken, is_listed, weight, found.calendar)


def _learn_network(
    groups: list[Examples], coefficients: tuple[float, ...], size: int, ahead: int
) -> Discovery:
    """Learn the network from all origins, `ahead` steps before the as-of date or more.

    What is in fashion passes, so that a network is too sure of a window that it has not seen. How
    much to shrink its log-odds is learned from the newest window, by a network that has learned
    only from windows before it.
    """
    network = _train(groups, size)
    newest, older = groups[0], groups[ahead:]
    unseen = (np.zeros(0), np.zeros(0), np.zeros(0))
    if older:
        unseen = _listed([newest], _train(older, size))
    network = recalibrate(network, validation=unseen, training=_listed(groups, network))
    count = float(sum(int(group.taken.sum()) for group in groups))
    return Discovery(
        coefficients=coefficients,
        network=network,
        level=_level(groups, network, ahead),
        trust=count / (count + TRUST_TAKEN),
    )


def _train(groups: list[Examples], size: int) -> Network:
    def stack(name: str) -> np.ndarray:
        return np.concatenate([getattr(group, name) for group in groups])

    return train(
        stack("inputs"),
        stack("taken").astype(np.float64)[:, None],
        stack("row"),
        items=size,
        epochs=EPOCHS,
        seed=SEED,
        hidden=WIDTHS,
        item_width=ITEM_WIDTH,
        target_weights=stack("weight")[:, None],
        known_log_odds=np.repeat(
            [group.calendar for group in groups], [len(group.row) for group in groups]
        ),
    )


def _listed(groups: list[Examples], network: Network) -> tuple[Floats, Floats, Floats]:
    """Log-odds, take-up and weight of the prospects on the shortlists."""
    odds, taken, weight = [], [], []
    for group in groups:
        listed = group.listed
        found = network.log_odds(group.inputs[listed], group.row[listed])[:, 0]
        odds.append(found + group.calendar)
        taken.append(group.taken[listed].astype(np.float64))
        weight.append(group.weight[listed])
    return np.concatenate(odds), np.concatenate(taken), np.concatenate(weight)


def _level(groups: list[Examples], network: Network, ahead: int) -> float:
    """What is added to the log-odds on the as-of date, `ahead` steps after the newest origin.

    The longer a history, the fewer of the things that a household buys are new to it, so that the
    take-up falls from origin to origin. The line through the log ratios of what was taken up to
    what was forecast is followed up to the as-of date; its slope is shrunk to zero.
    """
    ratio = np.zeros(len(groups))
    for k, group in enumerate(groups):
        odds, taken, weight = _listed([group], network)
        forecast = float((weight / (1.0 + np.exp(-odds))).sum())
        ratio[k] = np.log((float((weight * taken).sum()) + 1.0) / (forecast + 1.0))
    step = -np.arange(len(groups), dtype=np.float64)
    middle = float(step.mean())
    away = step - middle
    slope = float((away * ratio).sum() / ((away * away).sum() + SLOPE_PRIOR))
    return round(float(ratio.mean()) + slope * (ahead - middle), 6)


def _fit_logistic(inputs: Floats, bought: Floats, weight: Floats) -> tuple[float, ...]:
    """Weighted logistic regression with a small ridge, by Newton's method."""
    scale = np.abs(inputs).max(axis=0) + 1e-9
    table = inputs / scale
    coefficients = np.zeros(inputs.shape[1])
    share = float((weight * bought).sum() / weight.sum())
    coefficients[0] = np.log(share / (1.0 - share)) * scale[0]
    for _ in range(STEPS):
        odds = np.clip(np.einsum("nk,k->n", table, coefficients), -30.0, 30.0)
        chance = 1.0 / (1.0 + np.exp(-odds))
        gradient = np.einsum("nk,n->k", table, weight * (bought - chance))
        gradient -= RIDGE * np.append(0.0, coefficients[1:])
        spread = weight * chance * (1.0 - chance)
        curvature = np.einsum("nk,nl->kl", table * spread[:, None], table)
        coefficients = coefficients + solve_small(
            curvature + RIDGE * np.eye(len(coefficients)), gradient
        )
    return tuple(round(float(value), 6) for value in coefficients / scale)
