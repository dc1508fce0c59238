"""Forecasts from a file to a file: `larder predict` and `larder backtest`, without a database."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from service.engine.backtest.diagrams import precision_curve, reliability_diagram
from service.engine.backtest.explore import Exploration, explore
from service.engine.backtest.metrics import Lead, Report, lead, report
from service.engine.backtest.planted import Gain, planted_gains
from service.engine.backtest.rolling import (
    OURS,
    BacktestSettings,
    JudgedDate,
    as_of_dates,
    judge_date,
)
from service.engine.history import COLUMNS, IDS, rows_before, validate_history
from service.engine.predict import Model, discover_base, fit_base, score_base
from service.engine.predict.events import Events, encode
from service.engine.predict.items import IdIndex
from service.errors import InvalidInput, Problem
from service.executors import Opener, each_done, in_process
from service.files.report import Progress, silent
from service.files.spill import Spiller

PUBLIC_COLUMNS = ("household_id", "item_id", "p_purchase", "expected_on")
INTERVAL_COLUMNS = ("early_50_on", "late_50_on", "early_80_on", "late_80_on")
CSV = ".csv"
SUFFIXES = (".parquet", CSV)
BATCH_ROWS = 250_000
MOST_NEW_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Prediction:
    """The result of `predict_file`: rows read and used, pairs and households written, the model."""

    rows: int
    rows_used: int
    pairs: int
    households: int
    model: Model
    out: Path


@dataclass(frozen=True, slots=True)
class Backtest:
    """The result of `backtest_file`: reports by method, Larder's first.

    `leads` say by how much Larder is ahead of each other method.

    `exploration` scores the items never bought before, None if there were none.
    The seconds are CPU seconds by method. `inside_50` and `inside_80` are the shares of purchases
    inside these intervals. `told` is what it gains, with the model of the last date, to be told by
    planted households. `out` is the folder of the files written.
    """

    reports: dict[str, Report]
    leads: dict[str, Lead]
    exploration: Exploration | None
    dates: tuple[date, ...]
    seconds_per_date: dict[str, float]
    fit_seconds: float
    date_error_days: float
    date_error_median_days: float
    inside_50: float
    inside_80: float
    told: tuple[Gain, ...]
    out: Path


def predict_file(
    history: Path,
    *,
    as_of: date,
    horizon_days: int,
    out: Path,
    new_items: int = 0,
    intervals: bool = False,
    progress: Progress = silent,
) -> Prediction:
    """Fit on a history file and write the chance and date of every household's items.

    Reads and writes Parquet or CSV by the suffix. Writes `household_id, item_id, p_purchase,
    expected_on`; ids keep their type. Of each household, up to `new_items` items that it never
    bought are written as well, with a chance and without a date. With `intervals`, the dates are
    added between which 50 % and 80 % of the purchases fall, both included.

    Only a part of the rows is in memory at a time; the others are in a temporary folder beside
    `out`. Raises InvalidInput with file, row and column.
    """
    _validate_options(horizon_days=horizon_days, out=out, new_items=new_items)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".larder-", dir=out.parent) as folder:
        progress("read", 0, 3)
        spiller = Spiller(Path(folder), as_of)
        whole = [name for name, is_whole in _spill_rows(history, spiller).items() if is_whole]
        if not spiller.rows_used:
            remedy = "choose a later --as-of date" if spiller.rows else "give a file with rows"
            raise InvalidInput(
                f"{history} has no purchase before {as_of}.",
                [Problem(f"{history}, column purchased_at", f"no row before {as_of}", remedy)],
            )
        base = spiller.base(whole=whole)
        progress("fit", 1, 3)
        model = fit_base(base, as_of=as_of, horizon_days=horizon_days)
        progress("score", 2, 3)
        columns = PUBLIC_COLUMNS + (INTERVAL_COLUMNS if intervals else ())
        scored = score_base(
            model, base, as_of=as_of, horizon_days=horizon_days, intervals=intervals
        )
        frames = (frame.select(columns) for frame in scored)
        if new_items:
            found = discover_base(model, base, as_of=as_of, per_household=new_items)
            frames = (_with_new(*both) for both in zip(frames, found, strict=True))
        pairs = _write(frames, out, Path(folder))
        progress("done", 3, 3)
    return Prediction(
        rows=spiller.rows,
        rows_used=spiller.rows_used,
        pairs=pairs,
        households=len(base.household_ids),
        model=model,
        out=out,
    )


def backtest_file(
    history: Path,
    *,
    start: date,
    end: date,
    every_days: int,
    out: Path,
    settings: BacktestSettings | None = None,
    opener: Opener = in_process,
    progress: Progress = silent,
) -> Backtest:
    """Evaluate the forecast at rolling dates; write backtest.json and two diagrams into `out`.

    At every date the model is fitted again on the history before it, as the nightly job does. The
    horizon of the last date must end within the history. Dates are judged by the executor that
    `opener` opens, whose workers read the file again; the figures do not depend on it, but for
    CPU seconds. Raises InvalidInput.
    """
    settings = settings or BacktestSettings()
    _validate_options(horizon_days=settings.horizon_days, every_days=every_days)
    history = history.absolute()
    rows, _ = _history(history)
    dates = as_of_dates(start, end, every_days)
    if not dates:
        raise InvalidInput(
            "The backtest has no date.", [Problem("--to", f"{end} is before {start}")]
        )
    judged: dict[int, JudgedDate] = {}
    progress("backtest", 0, len(dates))
    try:
        for place, day in each_done(opener, partial(_judge, history, settings), dates):
            judged[place] = day
            progress("backtest", len(judged), len(dates))
    finally:
        _history.cache_clear()
    days = [judged[place] for place in range(len(dates))]
    if not any(len(day.outcomes[OURS].truths) for day in days):
        raise InvalidInput(
            "No household is eligible at any date of the backtest.",
            [Problem(str(history), "nobody spends enough", "lower --weekly-spend or move --from")],
        )
    last = days[-1]
    told = planted_gains(
        last.model, rows_before(rows, last.as_of), as_of=last.as_of,
        horizon_days=settings.horizon_days,
    )  # fmt: skip
    found = _summarize(days, tuple(told), out)
    _write_reports(found, settings)
    return found


def _judge(history: Path, settings: BacktestSettings, as_of: date) -> JudgedDate:
    rows, events = _history(history)
    return judge_date(rows, events, as_of, settings, time.process_time)


@lru_cache(maxsize=1)
def _history(path: Path) -> tuple[pl.DataFrame, Events]:
    """What a process judges one date after the other by."""
    rows = read_history(path)
    return rows, encode(rows)


def read_history(path: Path) -> pl.DataFrame:
    """A validated history from Parquet or CSV. Ids of a CSV become integers if all of them are."""
    frame = pl.concat(list(_read_frames(path)))
    if path.suffix.lower() == CSV:
        frame = frame.with_columns(
            _as_integers(frame[name]) for name in IDS if name in frame.columns
        )
    # Rows are counted as in a spreadsheet: the header is row 1.
    return validate_history(frame, source=str(path), first_row=2)


def _with_new(scores: pl.DataFrame, new_items: pl.DataFrame) -> pl.DataFrame:
    """The scores of some households with their new items, in the order of the scores."""
    return pl.concat([scores, new_items], how="diagonal").sort("household_id", "item_id")


def _spill_rows(path: Path, spiller: Spiller) -> dict[str, bool]:
    """Add a file's rows to `spiller`; by id column, whether all ids of a CSV are whole numbers."""
    csv = path.suffix.lower() == CSV
    all_whole = dict.fromkeys(IDS, csv)
    row = 2
    for frame in _read_frames(path):
        rows = validate_history(frame, source=str(path), first_row=row)
        for name in IDS:
            all_whole[name] = all_whole[name] and (not rows.height or _is_whole(rows[name]))
        spiller.add(rows)
        row += rows.height
    return all_whole


def _read_frames(path: Path) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file in order, in one frame or more. Columns of a CSV are text."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(f"{path} is neither .parquet nor .csv.", [_suffix_problem(path)])
    if not path.is_file():
        raise InvalidInput(f"{path} does not exist.", [Problem(str(path), "no such file")])
    csv = path.suffix.lower() == CSV
    try:
        rows = pl.scan_csv(path, infer_schema=False) if csv else pl.scan_parquet(path)
        names = rows.collect_schema().names()
        rows = rows.select([name for name in COLUMNS if name in names])
        yield rows.limit(0).collect()
        yield from rows.collect_batches(chunk_size=BATCH_ROWS)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(
            f"{path} cannot be read.",
            [Problem(str(path), str(error).splitlines()[0], "check that the file is whole")],
        ) from error


def _is_whole(ids: pl.Series) -> bool:
    """Whether every text is a whole number as Python prints it; 007 is not."""
    whole = ids.cast(pl.Int64, strict=False)
    return not whole.is_null().any() and bool((whole.cast(pl.String) == ids).all())


def _as_integers(ids: pl.Series) -> pl.Series:
    """The ids as integers when every text is one; otherwise as they are, so 007 stays text."""
    return ids.cast(pl.Int64) if len(ids) and _is_whole(ids) else ids


def _suffix_problem(path: Path) -> Problem:
    return Problem(str(path), f"unknown suffix {path.suffix!r}", "name it .parquet or .csv")


def _validate_options(
    *, horizon_days: int, out: Path | None = None, every_days: int = 1, new_items: int = 0
) -> None:
    problems = []
    if not 0 <= new_items <= MOST_NEW_ITEMS:
        problems.append(
            Problem("--new-items", f"{new_items} is not possible", f"0 to {MOST_NEW_ITEMS}")
        )
    if not 1 <= horizon_days <= 366:
        problems.append(Problem("--horizon-days", f"{horizon_days} is not possible", "1 to 366"))
    if every_days < 1:
        problems.append(Problem("--every-days", f"{every_days} is not possible", "1 or more"))
    if out is not None and out.suffix.lower() not in SUFFIXES:
        problems.append(_suffix_problem(out))
    if problems:
        raise InvalidInput("The options cannot be used.", problems)


def _write(frames: Iterable[pl.DataFrame], out: Path, folder: Path) -> int:
    """Write a file whole or not at all, frame by frame; returns the number of rows."""
    part = out.with_name(out.name + ".part")
    rows = 0
    if out.suffix.lower() == CSV:
        with part.open("wb") as file:
            for frame in frames:
                frame.write_csv(file, include_header=not rows)
                rows += frame.height
    else:
        pieces: list[Path] = []
        for frame in frames:
            pieces.append(folder / f"scores-{len(pieces)}.parquet")
            frame.write_parquet(pieces[-1])
            rows += frame.height
        pl.scan_parquet(pieces).sink_parquet(part)
    part.replace(out)
    return rows


def _summarize(days: list[JudgedDate], told: tuple[Gain, ...], out: Path) -> Backtest:
    judged = [day for day in days if len(day.outcomes[OURS].truths)]
    errors = np.concatenate([day.date_errors for day in judged])
    methods = list(judged[0].outcomes)
    return Backtest(
        reports={
            name: report([day.outcomes[name] for day in judged if name in day.outcomes])
            for name in methods
        },
        leads={name: _lead(judged, name) for name in methods if name != OURS},
        exploration=explore([day.proposals for day in judged]),
        dates=tuple(day.as_of for day in judged),
        seconds_per_date={
            name: float(np.mean([day.seconds[name] for day in judged if name in day.seconds]))
            for name in judged[0].seconds
        },
        fit_seconds=float(np.mean([day.fit_seconds for day in judged])),
        date_error_days=float(errors.mean()) if len(errors) else 0.0,
        date_error_median_days=float(np.median(errors)) if len(errors) else 0.0,
        inside_50=float(np.concatenate([day.inside_50 for day in judged]).mean()),
        inside_80=float(np.concatenate([day.inside_80 for day in judged]).mean()),
        told=told,
        out=out,
    )


def _lead(days: list[JudgedDate], name: str) -> Lead:
    """Larder's lead over a method, on the dates that judged both."""
    both = [day for day in days if name in day.outcomes]
    ids = IdIndex(pl.concat([day.households for day in both]).unique().sort())
    return lead(
        [day.outcomes[OURS] for day in both],
        [day.outcomes[name] for day in both],
        [ids.rows_of(day.households) for day in both],
    )


def _write_reports(found: Backtest, settings: BacktestSettings) -> None:
    """Write backtest.json, reliability.svg and precision.svg."""
    found.out.mkdir(parents=True, exist_ok=True)
    body: dict[str, Any] = {
        "terms": asdict(settings),
        "dates": [day.isoformat() for day in found.dates],
        "fit_cpu_seconds": round(found.fit_seconds, 2),
        "cpu_seconds_per_date": {k: round(v, 2) for k, v in found.seconds_per_date.items()},
        "date": {
            "mean_absolute_error_days": round(found.date_error_days, 3),
            "median_absolute_error_days": round(found.date_error_median_days, 3),
            "inside_50": round(found.inside_50, 4),
            "inside_80": round(found.inside_80, 4),
        },
        "explore": None if found.exploration is None else _round(asdict(found.exploration)),
        "told": [_round(asdict(one)) for one in found.told],
        "leads": {name: _round(asdict(one)) for name, one in found.leads.items()},
        "methods": {name: _round_report(one) for name, one in found.reports.items()},
    }
    ours = found.reports[OURS]
    curves = {name: one.curve for name, one in found.reports.items()}
    files = {
        "backtest.json": json.dumps(body, indent=1) + "\n",
        "reliability.svg": reliability_diagram(ours.reliability, title="Reliability"),
        "precision.svg": precision_curve(curves, title="Precision among the first k items"),
    }
    for name, text in files.items():
        (found.out / name).write_text(text, encoding="utf-8")


def _round_report(one: Report) -> dict[str, Any]:
    plain = asdict(one)
    plain["curve"] = [round(value, 5) for value in one.curve]
    plain["reliability"] = [[round(a, 5), round(b, 5), n] for a, b, n in one.reliability]
    return _round(plain)


def _round(plain: dict[str, Any]) -> dict[str, Any]:
    """Floats to five digits; what is not known (infinite) is null."""
    return {
        k: (round(v, 5) if math.isfinite(v) else None) if isinstance(v, float) else v
        for k, v in plain.items()
    }
