"""What the price of a missing cent does to the lists of the sample, before its first cycle.

    uv run python -m bench.floors

The table of `docs/planning.md`: value and face value of all lists, and the mean face value of the
least, the fifth and the best tenth of the households, in dollars.
"""

import sys
import tempfile
from pathlib import Path

import polars as pl

from service import sample
from service.cycle import refresh_forecast
from service.cycle.plan import plan_cycle
from service.deals import load_deals
from service.demo.run import AS_OF, write_history
from service.engine.offers.worth import by_worth
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.files.report import silent
from service.settings import Settings
from service.store import migrate
from service.store.actor import Actor
from service.store.session import Database

PRICES = (0.0, 0.02, 0.05, 0.1, 10.0)
TENTHS = (1, 5, 10)


def load(database: Database, settings: Settings, folder: Path) -> None:
    """Load the sample, with baskets from before its first cycle only."""
    migrate.upgrade(database)
    with sample.folder() as files:
        load_products(database, files / sample.PRODUCTS)
        load_households(
            database,
            files / sample.HOUSEHOLDS,
            secret_key=settings.secret_key,
            language=settings.language,
            country=settings.country,
        )
        baskets = pl.read_parquet(files / sample.BASKETS)
        history = write_history(baskets, folder, zone=settings.timezone)
        load_baskets(database, history, timezone=settings.timezone)
        load_deals(database, files / sample.DEALS, uploaded_by=Actor("bench"))
    refresh_forecast(database, settings, as_of=AS_OF)


def row(database: Database, settings: Settings, price: float) -> str:
    """A row of the table."""
    priced = settings.model_copy(update={"floor_shortfall_price": price})
    with plan_cycle(database, priced, as_of=AS_OF, seed=settings.seed, progress=silent) as plan:
        chosen, homes = plan.allocation.pairs, plan.eligible
    tenths = dict(
        by_worth(homes, chosen).select("worth_decile", "mean_face_value_cents").iter_rows()
    )
    cents = [
        chosen["value_cents"].sum(),
        chosen["face_value_cents"].sum(),
        *(tenths[tenth] for tenth in TENTHS),
    ]
    shown = " | ".join(f"{amount / 100:,.2f}" for amount in cents)
    return f"| {price:g} | {shown} |"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(
            _env_file=None,
            database_url=f"sqlite:///{folder / 'larder.db'}",
            runs_folder=folder / "runs",
            output_folder=folder / "batches",
            secret_key="s" * 64,
            code_key=sample.CODE_KEY,
            retailer=sample.RETAILER,
            timezone=sample.TIMEZONE,
            country="US",
            layout="classic-letter",
        )
        database = Database(settings.database_url)
        load(database, settings, folder)
        for price in PRICES:
            sys.stdout.write(f"{row(database, settings, price)}\n")
            sys.stdout.flush()
        database.dispose()


if __name__ == "__main__":
    main()
