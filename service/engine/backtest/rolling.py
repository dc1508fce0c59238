"""Rolling origin: fit, forecast and judge at one date after another, never looking ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from service.engine.backtest import baselines, boosted
from service.engine.backtest.metrics import Outcome
from service.engine.history import before
from service.engine.predict import fit, forecast, score
from service.engine.predict.events import Events, Flags, Floats, Ints, day_number, encode
from service.engine.predict.fitting import survey
from service.engine.predict.lessons import active, first_purchases, study
from service.engine.predict.model import Model
from service.engine.predict.pairs import Pairs, summarise
from service.engine.segment import eligible

OURS = "larder"
Score = Callable[[Events, Pairs, int], Floats]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a backtest is run; the defaults are those of the published figures."""

    horizon_days: int = 14
    weeks: int = 8
    weekly_spend_cents: int = 2500
    baselines: bool = True


@dataclass(slots=True)
class Day:
    """One as-of date judged: an outcome per method, CPU seconds, and errors of the date."""

    as_of: date
    model: Model
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    fit_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    date_errors: Floats = field(default_factory=lambda: np.zeros(0))
    inside_80: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    inside_50: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


def as_of_dates(start: date, end: date, every_days: int) -> list[date]:
    """From `start` to `end`, both included, every so many days."""
    return [start + timedelta(days=n) for n in range(0, (end - start).days + 1, every_days)]


def roll(
    history: pl.DataFrame, dates: Sequence[date], terms: Terms, cpu: Callable[[], float]
) -> Iterator[Day]:
    """Judge each date in turn; `cpu` tells the processor seconds used so far."""
    everything = encode(history)
    for as_of in dates:
        known = before(history, as_of)
        started = cpu()
        model = fit(known, as_of=as_of, horizon_days=terms.horizon_days)
        fitted = cpu()
        model, scores = forecast(model, known, as_of=as_of, horizon_days=terms.horizon_days)
        scored = cpu()
        scores = score(model, known, as_of=as_of, horizon_days=terms.horizon_days, intervals=True)
        field_ = _Field.at(
            everything,
            eligible(
                history, as_of=as_of, weeks=terms.weeks, weekly_spend_cents=terms.weekly_spend_cents
            ),
            as_of,
            terms,
        )
        day = Day(as_of=as_of, model=model, fit_seconds=fitted - started)
        day.seconds[OURS] = scored - fitted
        day.outcomes[OURS] = field_.outcome(scores["p_purchase"].to_numpy())
        _judge_dates(day, field_, scores, terms.horizon_days)
        if terms.baselines:
            _rivals(day, field_, terms, cpu)
        yield day


@dataclass(frozen=True, slots=True)
class _Field:
    """The candidates of one date: all pairs, which are judged, and what was then bought."""

    day: int
    past: Events
    pairs: Pairs
    judged: Flags
    offset: Ints
    home: Ints
    truths: Ints
    horizon_days: int

    @staticmethod
    def at(events: Events, households: pl.DataFrame, as_of: date, terms: Terms) -> _Field:
        day = day_number(as_of)
        past = events.until(day)
        pairs = summarise(past, day)
        member = np.zeros(len(events.household_ids), dtype=np.bool_)
        member[events.household_ids.is_in(households["household_id"].implode()).to_numpy()] = True
        place = np.cumsum(member) - 1
        judged = member[pairs.household]
        window = events.where((events.day >= day) & (events.day < day + terms.horizon_days))
        bought = window.household[window.heads()]
        return _Field(
            day=day,
            past=past,
            pairs=pairs,
            judged=judged,
            offset=first_purchases(events, pairs, day, terms.horizon_days),
            home=place[pairs.household[judged]],
            truths=np.bincount(place[bought[member[bought]]], minlength=int(member.sum())),
            horizon_days=terms.horizon_days,
        )

    def outcome(self, chance: Floats) -> Outcome:
        return Outcome(
            household=self.home,
            chance=chance[self.judged],
            bought=(self.offset < self.horizon_days)[self.judged],
            truths=self.truths,
        )


def _judge_dates(day: Day, field_: _Field, scores: pl.DataFrame, horizon_days: int) -> None:
    """Errors in days of the date, over judged items really bought in the window."""
    seen = field_.judged & (field_.offset < horizon_days)
    came = field_.day + field_.offset[seen]

    def column(name: str) -> Ints:
        return scores[name].cast(pl.Int32).to_numpy()[seen].astype(np.int64)

    day.date_errors = np.abs(column("expected_on") - came).astype(np.float64)
    day.inside_80 = (column("early_80_on") <= came) & (came <= column("late_80_on"))
    day.inside_50 = (column("early_50_on") <= came) & (came <= column("late_50_on"))


def _rivals(day: Day, field_: _Field, terms: Terms, cpu: Callable[[], float]) -> None:
    """Baselines, each made a probability by the horizon before."""
    horizon = terms.horizon_days
    methods: dict[str, Score] = {
        "personal frequency": lambda _e, pairs, _d: baselines.personal_frequency(pairs),
        "decayed frequency": lambda _e, pairs, _d: baselines.decayed_frequency(pairs),
        "gamma-Poisson": lambda events, pairs, at: baselines.discounted_gamma_poisson(
            pairs, survey(events, at), events, horizon
        ),
        "TIFU-KNN": baselines.tifu_knn,
    }
    earlier = field_.day - horizon
    known = field_.past.until(earlier)
    learned = summarise(known, earlier)
    offset = first_purchases(field_.past, learned, earlier, horizon)
    use = active(learned)
    for name, method in methods.items():
        curve = baselines.isotonic(method(known, learned, earlier)[use], offset[use] < horizon)
        started = cpu()
        raw = method(field_.past, field_.pairs, field_.day)
        day.seconds[name] = cpu() - started
        day.outcomes[name] = field_.outcome(
            curve(raw) + 1e-9 * np.argsort(np.argsort(raw)) / len(raw)
        )
    if boosted.available():
        lessons = study(field_.past, day.model)
        if lessons:
            trees = boosted.boosted(
                np.concatenate([lesson.inputs for lesson in lessons]),
                np.concatenate([lesson.bought for lesson in lessons]),
                np.concatenate([lesson.weight for lesson in lessons]),
            )
            started = cpu()
            pairs = summarise(field_.past, field_.day)
            ids = field_.past.item_ids
            rows, vectors = day.model.items.rows_of(ids), day.model.vector_rows(ids)
            ask = day.model.inputs(pairs, rows[pairs.item], vectors[pairs.item])
            chance = trees(ask)
            day.seconds["LightGBM"] = cpu() - started
            day.outcomes["LightGBM"] = field_.outcome(chance)
