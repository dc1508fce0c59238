"""Forecasts from a file to a file: `larder predict` and `larder backtest`, without a database."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from service.engine.backtest.diagrams import precision_curve, reliability_diagram
from service.engine.backtest.metrics import Report, report
from service.engine.backtest.rolling import (
    OURS,
    BacktestSettings,
    JudgedDate,
    as_of_dates,
    run_backtest,
)
from service.engine.history import COLUMNS, IDS, validate_history
from service.engine.predict import Model, fit_base, score_base
from service.errors import InvalidInput, Problem
from service.files.report import Progress, silent
from service.files.spill import Spiller

PUBLIC_COLUMNS = ("household_id", "item_id", "p_purchase", "expected_on")
CSV = ".csv"
SUFFIXES = (".parquet", CSV)
BATCH_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class Prediction:
    """What `predict_file` did: rows read and used, pairs and households written, the model."""

    rows: int
    rows_used: int
    pairs: int
    households: int
    model: Model
    out: Path


@dataclass(frozen=True, slots=True)
class Backtest:
    """What `backtest_file` found, by method; Larder's own first. Files it wrote stand in `out`."""

    reports: dict[str, Report]
    dates: tuple[date, ...]
    seconds_per_date: dict[str, float]
    fit_seconds: float
    date_error_days: float
    date_error_median_days: float
    inside_50: float
    inside_80: float
    out: Path


def predict_file(
    history: Path,
    *,
    as_of: date,
    horizon_days: int,
    out: Path,
    progress: Progress = silent,
) -> Prediction:
    """Fit on a history file and write every household's items with chance and date.

    Reads and writes Parquet or CSV by the suffix; writes `household_id, item_id, p_purchase,
    expected_on`, ids in the type they came in. In memory is only a part of the rows at a time; the
    rest waits in a folder beside `out`. InvalidInput tells file, row and column.
    """
    _door(horizon_days=horizon_days, out=out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".larder-", dir=out.parent) as folder:
        progress("read", 0, 3)
        spiller = Spiller(Path(folder), as_of)
        whole = [name for name, plain in _spill(history, spiller).items() if plain]
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
        frames = score_base(model, base, as_of=as_of, horizon_days=horizon_days)
        pairs = _write((frame.select(PUBLIC_COLUMNS) for frame in frames), out, Path(folder))
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
    progress: Progress = silent,
) -> Backtest:
    """Judge the forecast at rolling dates and write backtest.json and two diagrams into `out`.

    At every date the model is fitted anew on what came before, as the nightly job does. The
    horizon of the last date must lie within the history.
    """
    settings = settings or BacktestSettings()
    _door(horizon_days=settings.horizon_days, every_days=every_days)
    rows = read_history(history)
    dates = as_of_dates(start, end, every_days)
    if not dates:
        raise InvalidInput(
            "The backtest has no date.", [Problem("--to", f"{end} is before {start}")]
        )
    days: list[JudgedDate] = []
    progress("backtest", 0, len(dates))
    for day in run_backtest(rows, dates, settings, time.process_time):
        days.append(day)
        progress("backtest", len(days), len(dates))
    if not any(len(day.outcomes[OURS].truths) for day in days):
        raise InvalidInput(
            "No household is eligible at any date of the backtest.",
            [Problem(str(history), "nobody spends enough", "lower --weekly-spend or move --from")],
        )
    found = _gathered(days, out)
    _publish(found, settings)
    return found


def read_history(path: Path) -> pl.DataFrame:
    """A validated history from Parquet or CSV. CSV ids that are whole numbers become integers."""
    frame = pl.concat(list(_batches(path)))
    if path.suffix.lower() == CSV:
        frame = frame.with_columns(_whole(frame[name]) for name in IDS if name in frame.columns)
    # As a spreadsheet counts: the header is row 1.
    return validate_history(frame, source=str(path), first_row=2)


def _spill(path: Path, spiller: Spiller) -> dict[str, bool]:
    """Hand on the rows of a file, and tell of each id of a CSV whether all are whole numbers."""
    csv = path.suffix.lower() == CSV
    plain = dict.fromkeys(IDS, csv)
    row = 2
    for frame in _batches(path):
        rows = validate_history(frame, source=str(path), first_row=row)
        for name in IDS:
            plain[name] = plain[name] and (not rows.height or _is_whole(rows[name]))
        spiller.add(rows)
        row += rows.height
    return plain


def _batches(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet or CSV file (its columns as text) in order; at least one frame."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(f"{path} is neither .parquet nor .csv.", [_suffix_problem(path)])
    if not path.is_file():
        raise InvalidInput(f"{path} is not there.", [Problem(str(path), "no such file")])
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
    """Whether every text is the plain writing of a whole number, as 007 is not."""
    whole = ids.cast(pl.Int64, strict=False)
    return not whole.is_null().any() and bool((whole.cast(pl.String) == ids).all())


def _whole(ids: pl.Series) -> pl.Series:
    """Integers where every text is one, so that 007 stays a text."""
    return ids.cast(pl.Int64) if len(ids) and _is_whole(ids) else ids


def _suffix_problem(path: Path) -> Problem:
    return Problem(str(path), f"unknown suffix {path.suffix!r}", "name it .parquet or .csv")


def _door(*, horizon_days: int, out: Path | None = None, every_days: int = 1) -> None:
    problems = []
    if not 1 <= horizon_days <= 366:
        problems.append(Problem("--horizon-days", f"{horizon_days} is not possible", "1 to 366"))
    if every_days < 1:
        problems.append(Problem("--every-days", f"{every_days} is not possible", "1 or more"))
    if out is not None and out.suffix.lower() not in SUFFIXES:
        problems.append(_suffix_problem(out))
    if problems:
        raise InvalidInput("The options cannot be used.", problems)


def _write(frames: Iterable[pl.DataFrame], out: Path, folder: Path) -> int:
    """Write whole or not at all, beside and renamed; frame by frame. How many rows."""
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


def _gathered(days: list[JudgedDate], out: Path) -> Backtest:
    judged = [day for day in days if len(day.outcomes[OURS].truths)]
    errors = np.concatenate([day.date_errors for day in judged])
    methods = list(judged[0].outcomes)
    return Backtest(
        reports={
            name: report([day.outcomes[name] for day in judged if name in day.outcomes])
            for name in methods
        },
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
        out=out,
    )


def _publish(found: Backtest, settings: BacktestSettings) -> None:
    """backtest.json, reliability.svg and precision.svg."""
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
        "methods": {name: _rounded(one) for name, one in found.reports.items()},
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


def _rounded(one: Report) -> dict[str, Any]:
    plain = asdict(one)
    plain["curve"] = [round(value, 5) for value in one.curve]
    plain["reliability"] = [[round(a, 5), round(b, 5), n] for a, b, n in one.reliability]
    return {k: round(v, 5) if isinstance(v, float) else v for k, v in plain.items()}
