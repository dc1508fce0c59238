"""Backtest: fit, forecast and score at one as-of date after another, without later data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from service.engine.backtest import baselines, boosted
from service.engine.backtest.explore import LISTED, Proposals
from service.engine.backtest.metrics import Outcome
from service.engine.history import rows_before
from service.engine.predict import discover, fit, forecast, score
from service.engine.predict.events import Events, Flags, Floats, Ints, day_number
from service.engine.predict.examples import active_pairs, days_to_first_purchase, make_examples
from service.engine.predict.fitting import item_statistics
from service.engine.predict.items import IdIndex
from service.engine.predict.model import Model
from service.engine.predict.pairs import PairSummaries, summarise
from service.engine.segment import eligible_households

OURS = "larder"
Score = Callable[[Events, PairSummaries, int], Floats]


@dataclass(frozen=True, slots=True)
class BacktestSettings:
    """How a backtest is run. The defaults are those of the figures in docs/forecast.md.

    `weeks` and `weekly_spend_cents` are those of `segment.eligible_households`.
    """

    horizon_days: int = 14
    weeks: int = 8
    weekly_spend_cents: int = 2500
    baselines: bool = True


@dataclass(slots=True)
class JudgedDate:
    """The results of one as-of date.

    `households` are the ids of the households judged, in the order of their codes in the outcomes.
    `outcomes` and `seconds` (CPU, to score) are by method. `proposals` are the ten likeliest new
    items of each household. `date_errors` are the days between the
    expected and the real date of each item bought; `inside_50` and `inside_80` say whether the real
    date was in the interval.
    """

    as_of: date
    model: Model
    households: pl.Series
    proposals: Proposals
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    fit_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    date_errors: Floats = field(default_factory=lambda: np.zeros(0))
    inside_80: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    inside_50: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


def as_of_dates(start: date, end: date, every_days: int) -> list[date]:
    """The dates from `start` to `end`, both included, `every_days` apart."""
    return [start + timedelta(days=n) for n in range(0, (end - start).days + 1, every_days)]


def judge_date(
    history: pl.DataFrame,
    all_events: Events,
    as_of: date,
    settings: BacktestSettings,
    cpu_seconds: Callable[[], float],
) -> JudgedDate:
    """The results of one date. `all_events` is the encoded history, which dates can share.

    `cpu_seconds` returns the CPU seconds used so far.
    """
    history_before = rows_before(history, as_of)
    started = cpu_seconds()
    model = fit(history_before, as_of=as_of, horizon_days=settings.horizon_days)
    fitted = cpu_seconds()
    model, scores = forecast(model, history_before, as_of=as_of, horizon_days=settings.horizon_days)
    scored = cpu_seconds()
    scores = score(
        model, history_before, as_of=as_of, horizon_days=settings.horizon_days, intervals=True
    )
    candidates = _Candidates.collect(
        all_events,
        eligible_households(
            history,
            as_of=as_of,
            weeks=settings.weeks,
            weekly_spend_cents=settings.weekly_spend_cents,
        ),
        as_of,
        settings,
    )
    new_items = discover(model, history_before, as_of=as_of, per_household=LISTED)
    day = JudgedDate(
        as_of=as_of,
        model=model,
        households=all_events.household_ids.filter(pl.Series(candidates.is_judged)),
        proposals=candidates.proposals(new_items),
        fit_seconds=fitted - started,
    )
    day.seconds[OURS] = scored - fitted
    day.outcomes[OURS] = candidates.outcome(scores["p_purchase"].to_numpy())
    _score_dates(day, candidates, scores, settings.horizon_days)
    if settings.baselines:
        _score_baselines(day, candidates, settings, cpu_seconds)
    return day


@dataclass(frozen=True, slots=True)
class _Candidates:
    """All pairs of one date, which of them are judged, and what was bought in the horizon.

    `window` are the purchases in the horizon; `position` is the place of each household code among
    those judged, of which `is_judged` says which they are.
    """

    day: int
    past: Events
    window: Events
    is_judged: Flags
    position: Ints
    pairs: PairSummaries
    judged: Flags
    offset: Ints
    household: Ints
    truths: Ints
    horizon_days: int

    @staticmethod
    def collect(
        events: Events, households: pl.DataFrame, as_of: date, settings: BacktestSettings
    ) -> _Candidates:
        day = day_number(as_of)
        past = events.before(day)
        pairs = summarise(past, day)
        is_judged_household = np.zeros(len(events.household_ids), dtype=np.bool_)
        is_judged_household[
            events.household_ids.is_in(households["household_id"].implode()).to_numpy()
        ] = True
        position = np.cumsum(is_judged_household) - 1
        judged = is_judged_household[pairs.household]
        window = events.where((events.day >= day) & (events.day < day + settings.horizon_days))
        bought = window.household[window.pair_starts()]
        return _Candidates(
            day=day,
            past=past,
            window=window,
            is_judged=is_judged_household,
            position=position,
            pairs=pairs,
            judged=judged,
            offset=days_to_first_purchase(events, pairs, day, settings.horizon_days),
            household=position[pairs.household[judged]],
            truths=np.bincount(
                position[bought[is_judged_household[bought]]],
                minlength=int(is_judged_household.sum()),
            ),
            horizon_days=settings.horizon_days,
        )

    def outcome(self, chance: Floats) -> Outcome:
        return Outcome(
            household=self.household,
            chance=chance[self.judged],
            bought=(self.offset < self.horizon_days)[self.judged],
            truths=self.truths,
        )

    def proposals(self, new_items: pl.DataFrame) -> Proposals:
        """Judge the new items of the judged households; `new_items` is what `discover` returns."""
        ids, item_ids = self.past.household_ids, self.past.item_ids
        household = IdIndex(ids).rows_of(new_items["household_id"])
        judged = self.is_judged[household]
        household = household[judged]
        item = IdIndex(item_ids).rows_of(new_items["item_id"])[judged]
        window = self.window.where(self.is_judged[self.window.household])
        size = len(item_ids)
        bought = np.unique(window.household * size + window.item)
        known = np.isin(bought, self.pairs.household * size + self.pairs.item)
        households = self.position[bought // size]
        return Proposals(
            household=self.position[household],
            chance=new_items["p_purchase"].to_numpy()[judged],
            bought=np.isin(household * size + item, bought),
            truths=np.bincount(households[~known], minlength=len(self.truths)),
            known_truths=np.bincount(households[known], minlength=len(self.truths)),
        )


def _score_dates(
    day: JudgedDate, candidates: _Candidates, scores: pl.DataFrame, horizon_days: int
) -> None:
    """Fill in the errors of the expected dates, over judged pairs bought in the horizon."""
    was_bought = candidates.judged & (candidates.offset < horizon_days)
    bought_on = candidates.day + candidates.offset[was_bought]

    def column(name: str) -> Ints:
        return scores[name].cast(pl.Int32).to_numpy()[was_bought].astype(np.int64)

    day.date_errors = np.abs(column("expected_on") - bought_on).astype(np.float64)
    day.inside_80 = (column("early_80_on") <= bought_on) & (bought_on <= column("late_80_on"))
    day.inside_50 = (column("early_50_on") <= bought_on) & (bought_on <= column("late_50_on"))


def _score_baselines(
    day: JudgedDate,
    candidates: _Candidates,
    settings: BacktestSettings,
    cpu_seconds: Callable[[], float],
) -> None:
    """Score the baselines; the horizon before the date turns their scores into chances."""
    horizon = settings.horizon_days
    methods: dict[str, Score] = {
        "personal frequency": lambda _e, pairs, _d: baselines.personal_frequency(pairs),
        "decayed frequency": lambda _e, pairs, _d: baselines.decayed_frequency(pairs),
        "gamma-Poisson": lambda events, pairs, at: baselines.discounted_gamma_poisson(
            pairs, item_statistics(events, at), events, horizon
        ),
        "TIFU-KNN": baselines.tifu_knn,
    }
    earlier = candidates.day - horizon
    history_before = candidates.past.before(earlier)
    earlier_pairs = summarise(history_before, earlier)
    offset = days_to_first_purchase(candidates.past, earlier_pairs, earlier, horizon)
    is_active = active_pairs(earlier_pairs)
    for name, method in methods.items():
        curve = baselines.fit_isotonic(
            method(history_before, earlier_pairs, earlier)[is_active], offset[is_active] < horizon
        )
        started = cpu_seconds()
        raw = method(candidates.past, candidates.pairs, candidates.day)
        day.seconds[name] = cpu_seconds() - started
        day.outcomes[name] = candidates.outcome(
            curve(raw) + 1e-9 * np.argsort(np.argsort(raw)) / len(raw)
        )
    if boosted.available():
        groups = make_examples(candidates.past, day.model)
        if groups:
            trees = boosted.train_trees(
                np.concatenate([group.inputs for group in groups]),
                np.concatenate([group.bought for group in groups]),
                np.concatenate([group.weight for group in groups]),
            )
            started = cpu_seconds()
            pairs = summarise(candidates.past, candidates.day)
            ids = candidates.past.item_ids
            rows, vectors = day.model.items.rows_of(ids), day.model.vector_rows(ids)
            inputs = day.model.inputs(pairs, rows[pairs.item], vectors[pairs.item])
            chance = trees(inputs)
            day.seconds["LightGBM"] = cpu_seconds() - started
            day.outcomes["LightGBM"] = candidates.outcome(chance)
