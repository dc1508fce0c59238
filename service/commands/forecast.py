"""predict and backtest: the forecast from a file to a file, without a database."""

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service import sample
from service.commands.console import progress_bars, say, show_table
from service.engine.backtest.planted import Change
from service.engine.backtest.rolling import BacktestSettings
from service.executors import open_executor
from service.files.forecast import Backtest, backtest_file, predict_file
from service.settings import load_executor_settings

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]
HISTORY_HELP = (
    "Parquet or CSV with household_id, item_id, basket_id, purchased_at, quantity, amount_cents"
)


def predict(
    history: Annotated[Path, typer.Option(help=HISTORY_HELP)],
    as_of: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The forecast sees nothing from this day on"),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="Parquet or CSV to write")],
    horizon_days: Annotated[int, typer.Option(help="Days to forecast")] = 14,
    new_items: Annotated[
        int, typer.Option(help="Also so many items that a household never bought, without a date")
    ] = 0,
    intervals: Annotated[
        bool, typer.Option("--intervals", help="Also the dates that hold 50 % and 80 %")
    ] = False,
) -> None:
    """When each household buys each item next: chance and date for all it has bought."""
    with progress_bars() as progress:
        made = predict_file(
            history,
            as_of=as_of.date(),
            horizon_days=horizon_days,
            out=out_file,
            new_items=new_items,
            intervals=intervals,
            progress=progress,
        )
    say(
        f"{made.rows_used:,} of {made.rows:,} rows used; {made.pairs:,} items of "
        f"{made.households:,} households written to {made.out}"
    )


def backtest(
    history: Annotated[
        Path | None, typer.Option(help=f"{HISTORY_HELP}; the shipped sample when left out")
    ] = None,
    start: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First as-of date")
    ] = datetime(2017, 7, 1),  # noqa: DTZ001
    end: Annotated[
        datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last as-of date")
    ] = datetime(2017, 12, 16),  # noqa: DTZ001
    every_days: Annotated[int, typer.Option(help="Days between as-of dates")] = 14,
    horizon_days: Annotated[int, typer.Option(help="Days to forecast")] = 14,
    weekly_spend: Annotated[
        int,
        typer.Option(
            help="Only households that spend at least this many cents a week over eight weeks"
        ),
    ] = 2500,
    baselines: Annotated[bool, typer.Option(help="Also judge the usual methods")] = True,
    out_folder: Annotated[
        Path, typer.Option("--out", help="Folder for backtest.json and two diagrams")
    ] = Path("backtest"),
) -> None:
    """Evaluate the forecast at rolling dates against the usual methods.

    Dates are judged by so many processes as LARDER_PROCESSES says, or a cluster.
    """
    terms = BacktestSettings(
        horizon_days=horizon_days, weekly_spend_cents=weekly_spend, baselines=baselines
    )
    with tempfile.TemporaryDirectory() as folder, progress_bars() as progress:
        if history is None:
            history = Path(folder) / "sample.parquet"
            sample.write_history(history)
        found = backtest_file(
            history,
            start=start.date(),
            end=end.date(),
            every_days=every_days,
            out=out_folder,
            settings=terms,
            opener=partial(open_executor, load_executor_settings()),
            progress=progress,
        )
    _show(found)


_CHANGES = {
    Change.STOPS: "stops",
    Change.STOCKED: "stocked up elsewhere",
    Change.DOUBLES: "uses twice as much",
    Change.GROWS: "has twice as many people",
    Change.BABY: "has a baby",
}


def _show(found: Backtest) -> None:
    table = Table(
        "method",
        "precision@12",
        "recall@12",
        "repeat recall",
        "nDCG@12",
        "hit rate",
        "log loss",
        "Brier",
        "AUC",
        "ECE",
        "ECE shown",
        "CPU s a date",
        box=None,
    )
    for name, one in found.reports.items():
        seconds = found.seconds_per_date.get(name)
        table.add_row(
            name,
            f"{one.precision:.4f}",
            f"{one.recall:.4f}",
            f"{one.repeat_recall:.4f}",
            f"{one.ndcg:.4f}",
            f"{one.hit_rate:.4f}",
            f"{one.log_loss:.4f}",
            f"{one.brier:.4f}",
            f"{one.auc:.4f}",
            f"{one.calibration_error:.4f}",
            f"{one.shown_calibration_error:.4f}",
            "" if seconds is None else f"{seconds:.2f}",
        )
    first = next(iter(found.reports.values()))
    say(
        f"{len(found.dates)} dates from {found.dates[0]} to {found.dates[-1]}, "
        f"{first.household_dates:,} household-dates, {first.candidates:,} candidates"
    )
    show_table(table)
    for name, ahead in found.leads.items():
        say(
            f"ahead of {name}: precision {ahead.precision:+.4f} (standard error "
            f"{ahead.precision_error:.4f}), log loss {ahead.log_loss:+.5f} "
            f"({ahead.log_loss_error:.5f})"
        )
    say(
        f"date: mean error {found.date_error_days:.2f} days, median "
        f"{found.date_error_median_days:.2f}; 50 % interval holds {found.inside_50:.1%}, "
        f"80 % interval {found.inside_80:.1%}; fit {found.fit_seconds:.1f} CPU s a date"
    )
    if found.exploration is not None:
        new = found.exploration
        say(
            f"new items: {new.share_new:.1%} of what was bought; of two proposed per household "
            f"{new.taken_up:.1%} were taken up, forecast {new.forecast:.1%}; the ten likeliest "
            f"hold {new.recall:.1%} of them, ECE {new.calibration_error:.4f}"
        )
    for gain in found.told:
        days = (
            ""
            if gain.told_date_days is None
            else (f", date off by {gain.silent_date_days:.1f} and {gain.told_date_days:.1f} days")
        )
        say(
            f"planted, one that {_CHANGES[gain.change]}: log loss {gain.silent_log_loss:.3f} "
            f"unsaid and {gain.told_log_loss:.3f} said{days}"
        )
    say(f"written to {found.out}/")
