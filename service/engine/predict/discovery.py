"""Discovery: items that a household has never bought and is most likely to try next.

All items with a vector are ranked by linear log-odds (see prospects.py); the likeliest of each
household are judged again by a network, which also gives their chances.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from service.engine.blas import use_one_thread
from service.engine.predict import rhythm
from service.engine.predict.events import (
    CustomerBase,
    Events,
    Flags,
    Floats,
    Ints,
    day_number,
    decode_ids,
    encode,
    no_events,
)
from service.engine.predict.model import Model
from service.engine.predict.pairs import PairSummaries, summaries
from service.engine.predict.prospects import Block, Discovery, Prospects, prospects_of

SHORTLIST = 60
BLOCK = 256
DIGITS = 6


def discover(
    model: Model,
    history: pl.DataFrame,
    *,
    as_of: date,
    per_household: int = 2,
    among: pl.Series | None = None,
) -> pl.DataFrame:
    """Find the likeliest items that each household never bought, at most `per_household` of them.

    `among` limits the items, for example to those of one category. Returns `household_id`,
    `item_id` and `p_purchase` (within the model's horizon), the likeliest first within a household.
    The result is empty if there was too little to learn from. A household gets the same result
    alone as among others, to the last bit.
    """
    frames = discover_base(
        model, encode(history, as_of), as_of=as_of, per_household=per_household, among=among
    )
    return pl.concat(list(frames))


def discover_base(
    model: Model,
    base: CustomerBase,
    *,
    as_of: date,
    per_household: int,
    among: pl.Series | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the frame of `discover` for some households of a base at a time; at least one frame.

    The parts are those of `scoring.score_base`. All events of the base must lie before `as_of`.
    """
    use_one_thread()
    allowed = np.ones(len(model.vector_ids), dtype=np.bool_)
    if among is not None:
        allowed = model.vector_ids.is_in(among.implode()).to_numpy()
    day = day_number(as_of)
    has_rows = False
    for events, pairs in summaries(base, day):
        has_rows = True
        yield _best_items(model, events, pairs, day, allowed, per_household)
    if not has_rows:
        yield _frame(no_events(base), model, [])


def _best_items(
    model: Model, events: Events, pairs: PairSummaries, day: int, allowed: Flags, count: int
) -> pl.DataFrame:
    learned = model.discovery
    if learned is None or count < 1 or not allowed.any():
        return _frame(events, model, [])
    ids = model.vector_ids
    prospects = prospects_of(
        pairs,
        model.vector_rows(events.item_ids)[pairs.item],
        model.items,
        model.items.rows_of(ids),
        model.taste,
        model.moves,
    )
    calendar = rhythm.calendar_log_odds(model.rhythm, day, model.horizon_days)
    found = []
    for start in range(0, len(prospects.households), BLOCK):
        block = prospects.block(start, min(start + BLOCK, len(prospects.households)))
        found.append(_best_of(block, prospects, learned, allowed, count, calendar))
    return _frame(events, model, found)


def _best_of(
    block: Block,
    prospects: Prospects,
    learned: Discovery,
    allowed: Flags,
    count: int,
    calendar: float,
) -> tuple[Ints, Ints, Floats]:
    """Household, item row and chance of the likeliest prospects of each household of a block."""
    linear = prospects.linear_log_odds(block, learned.coefficients)
    linear[:, ~allowed] = -np.inf
    household, row = shortlist(linear, max(SHORTLIST, 2 * count))
    odds = learned.log_odds(prospects, block, household, row, linear[household, row])
    chance = np.round(1.0 / (1.0 + np.exp(-(odds + calendar))), DIGITS)
    order = np.lexsort((row, -chance, household))
    place = np.arange(len(order)) - np.searchsorted(household[order], household[order])
    best = order[place < count]
    return household[best] + block.start, row[best], chance[best]


def shortlist(linear: Floats, count: int) -> tuple[Ints, Ints]:
    """Household and item row of the `count` highest finite log-odds of each row, by household."""
    count = min(count, linear.shape[1])
    top = np.argsort(-linear, axis=1, kind="stable")[:, :count]
    is_prospect = np.isfinite(np.take_along_axis(linear, top, axis=1))
    return np.nonzero(is_prospect)[0], top[is_prospect]


def _frame(events: Events, model: Model, found: list[tuple[Ints, Ints, Floats]]) -> pl.DataFrame:
    if not found:
        return pl.DataFrame(
            schema={
                "household_id": events.household_ids.dtype,
                "item_id": events.item_ids.dtype,
                "p_purchase": pl.Float64,
            }
        )
    households, rows, chances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return pl.DataFrame(
        {
            "household_id": decode_ids(events.household_ids, households),
            "item_id": decode_ids(model.vector_ids, rows),
            "p_purchase": chances,
        }
    )
