"""Simulated shoppers who respond to their lists: what six cycles learn, and the lift they measure.

The plain demonstration's shoppers are history that no list influenced. Here every household does
what it did in 2017, and of its list it buys more besides: each copy adds `TRUTH` times the
purchases that the stated defaults expect of it. Larder is not told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from service import sample
from service.admin.configuration import write_configuration
from service.cycle import run_cycle
from service.cycle.learn import learned, model_of
from service.deals import load_deals
from service.demo.replay import bought_between, replay
from service.demo.responding import added, split
from service.demo.run import open_files, prepare_folder, shoppers
from service.engine.allocate.response import normal_gain
from service.engine.reading import reading_of
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.results.count_programme import DAYS, count_programmes
from service.results.programme import Part, programme_report
from service.settings import Settings
from service.store import chances, migrate
from service.store.actor import Actor
from service.store.offers import responses
from service.store.session import Database

# Four weeks apart, so that no list's purchases are counted as those of the one before.
CYCLES, EVERY_DAYS = 6, DAYS
FIRST = date(2017, 7, 8)
TRUTH = 1.8
HOLDOUT_PERCENT = 25
_SETTINGS = f"LARDER_HOLDOUT_PERCENT={HOLDOUT_PERCENT}\nLARDER_DEMONSTRATION=true\n"


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known after a cycle's lists have ended.

    `factor` is what copies add over what was expected, with its `error`, and `factor_truth` what
    the shoppers really did; `copies` of the cycle, of which `learnable` teach by their chance.
    `added` is what the shoppers bought more for their lists, `truth` that for each household and
    cycle; `measured` is it as the holdout shows it, with the ends of 95 %, None where too few were
    held out. All cycles until then together.
    """

    number: int
    as_of: date
    copies: int
    learnable: int
    factor: float
    error: float
    factor_truth: float
    added: int
    truth: float
    measured: tuple[float, float, float] | None


@dataclass(slots=True)
class _Shop:
    database: Database
    settings: Settings
    folder: Path
    files: Path
    baskets: pl.DataFrame
    least_units: dict[str, int]
    added: int = 0
    added_by_copies: int = 0
    expected: float = 0.0
    exposed: int = 0


def run_shoppers(
    folder: Path,
    *,
    progress: Any,
    source: Path | None = None,
    cycles: int = CYCLES,
    truth: float = TRUTH,
) -> Iterator[Learnt]:
    """Run the cycles in `folder`, which is emptied if an earlier demonstration made it.

    Yields what each taught, as soon as it has.
    """
    prepare_folder(folder)
    settings = _configure(folder)
    database = Database(settings.database_url, history=settings.history_store)
    migrate.upgrade(database)
    with open_files(source) as files:
        shop = _open(database, settings, folder, files, progress)
        for number in range(1, cycles + 1):
            as_of = FIRST + timedelta(days=EVERY_DAYS * (number - 1))
            yield _live(shop, number, as_of, truth, progress)
    database.dispose()


def _configure(folder: Path) -> Settings:
    path = write_configuration(
        folder,
        database_url="sqlite:///larder.db",
        code_key=sample.CODE_KEY,
        more=sample.SETTINGS + _SETTINGS,
    )
    return Settings(
        _env_file=path,
        database_url=f"sqlite:///{folder.resolve() / 'larder.db'}",
        output_folder=folder / "batches",
        runs_folder=folder / "runs",
        history_store=str(folder / "history"),
        serve_worker=False,
    )


def _open(
    database: Database, settings: Settings, folder: Path, files: Path, progress: Any
) -> _Shop:
    """Load the sample with what was bought before the first cycle; its deals run all the time."""
    reading = reading_of(settings)
    load_products(database, files / sample.PRODUCTS, reading=reading, progress=progress)
    load_households(
        database, files / sample.HOUSEHOLDS, secret_key=settings.secret_key,
        language=settings.language, country=settings.country, card_pattern=settings.card_pattern,
        progress=progress,
    )  # fmt: skip
    baskets = pl.read_parquet(files / sample.BASKETS)
    deals = pl.read_csv(files / sample.DEALS, infer_schema_length=0)
    more = [
        pl.when(pl.col(name).fill_null("") != "")
        .then((pl.col(name).cast(pl.Float64) * CYCLES).round(0).cast(pl.Int64).cast(pl.String))
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("budget", "circulation_max")
    ]
    deals.with_columns(
        *more,
        pl.lit(str(CYCLES)).alias("limit_per_household"),
        pl.lit(FIRST.isoformat()).alias("mail_from"),
        pl.lit(FIRST.isoformat()).alias("redeem_from"),
        pl.lit("2018-01-31").alias("mail_to"),
        pl.lit("2018-02-28").alias("redeem_to"),
    ).write_csv(folder / "deals.csv")
    shop = _Shop(database, settings, folder, files, baskets, _least_units(deals))
    _load(shop, bought_between(baskets, first=date.min, last=FIRST - timedelta(days=1),
                               zone=settings.timezone))  # fmt: skip
    load_deals(database, folder / "deals.csv", uploaded_by=Actor("larder demo"), progress=progress)
    return shop


def _least_units(deals: pl.DataFrame) -> dict[str, int]:
    """How many units a use of each deal takes."""
    rows = deals.select("deal_id", "min_quantity").iter_rows()
    return {deal: int(least or 1) for deal, least in rows}


def _load(shop: _Shop, baskets: pl.DataFrame) -> None:
    """Baskets that no list has to do with, as history."""
    if baskets.is_empty():
        return
    path = shop.folder / "history.parquet"
    baskets.write_parquet(path)
    load_baskets(
        shop.database, path, timezone=shop.settings.timezone, reading=reading_of(shop.settings)
    )


def _live(shop: _Shop, number: int, as_of: date, truth: float, progress: Any) -> Learnt:
    """One cycle: its lists are made, households shop, and what they did teaches."""
    settings, database = shop.settings, shop.database
    report = run_cycle(database, settings, as_of=as_of, seed=settings.seed, progress=progress)
    last = as_of + timedelta(days=EVERY_DAYS - 1)
    history = bought_between(shop.baskets, first=as_of, last=last, zone=settings.timezone)
    with database.read() as session:
        model = model_of(responses.as_of(session, as_of))
        copies = chances.printed(session, report.cycle_id)
        goods = chances.deal_goods(session, report.cycle_id)
    counted = bought_between(
        shop.baskets, first=as_of, last=as_of + timedelta(days=DAYS - 1), zone=settings.timezone
    )
    expected = normal_gain(copies, model)
    more = added(
        expected, goods, history, counted,
        least_units=shop.least_units, number=number, truth=truth,
    )  # fmt: skip
    # The report is of what the rule of the cycle picked, as a few copies given are not.
    shop.added += int(more["added"].sum())
    shop.added_by_copies += more.height
    shop.expected += float(expected["expected_gain"].sum())
    shop.exposed += report.eligible - report.holdout
    through_tills, others = split(history, more, copies, goods)
    people = shoppers(database, shop.files, report.cycle_id)
    # The baskets of those who are held out are all known: were some of the others nobody's, less
    # would be seen of what copies add.
    replay(
        through_tills, people, database=database, settings=settings, folder=shop.folder,
        progress=progress, all_known=True,
    )  # fmt: skip
    _load(shop, others)
    for _ in count_programmes(database, settings, today=last + timedelta(days=DAYS)):
        pass
    ended = settings.last_day(as_of) + timedelta(days=1)
    with database.read() as session:
        lesson = learned(session, settings, as_of=ended).lesson
    whole = programme_report(database, settings, first=FIRST, last=last).whole
    return Learnt(
        number, as_of, report.offers_issued, report.learnable, lesson.overall, lesson.error,
        factor_truth=shop.added_by_copies / shop.expected, added=shop.added,
        truth=shop.added / shop.exposed, measured=_measured(whole),
    )  # fmt: skip


def _measured(whole: Part) -> tuple[float, float, float] | None:
    found = whole.effects["bought"]
    if found is None:
        return None
    ends = found.interval()
    return found.difference, ends.low, ends.high
