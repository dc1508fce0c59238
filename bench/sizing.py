"""What a chain of so many households takes of a PostgreSQL database: rows and bytes by table.

    python -m bench.sizing 10000 100000

A cycle's lists with twelve lines each, a tenth of them used, two visits of three lines a
household, and a year of visits of a hundred.
"""

import argparse
import time

from bench.console import served
from bench.console_shop import fill
from service.settings import Settings
from service.store import migrate
from service.store.session import Database

DEALS = 2_000
SHOWN = (
    "basket", "basket_line", "shopping_list", "list_line", "cycle_pick", "redemption",
    "redemption_line", "ledger_entry", "identity", "contact", "mail_piece",
)  # fmt: skip
_SIZES = """SELECT c.relname, c.reltuples::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 3 DESC"""


def measure(households: int) -> None:
    """Fill a database of its own and print what it came to."""
    with served("", "") as (url, _):
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            database_url=url,
            secret_key="a secret key of the benchmark, long enough",
            code_key="a code key of the benchmark, long enough..",
        )
        database = Database(settings.database_url)
        migrate.upgrade(database)
        began = time.perf_counter()
        fill(database, settings, deals=DEALS, households=households)
        print(f"{households:,} households, {DEALS:,} deals: "
              f"filled in {time.perf_counter() - began:.0f} s")  # fmt: skip
        with database.alter() as connection:
            connection.exec_driver_sql("ANALYZE")
            rows = connection.exec_driver_sql(_SIZES).all()
        for name, count, table, indexes in rows:
            if name in SHOWN:
                print(f"  {name:16} {count:>12,} rows  {table / 1e6:>9,.1f} MB  "
                      f"indexes {indexes / 1e6:>9,.1f} MB  "
                      f"{(table + indexes) / max(count, 1):>7,.0f} bytes a row")  # fmt: skip
        print(f"  all: {sum(table + indexes for _, _, table, indexes in rows) / 1e9:.2f} GB")
        database.dispose()


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("households", type=int, nargs="+")
    for households in parser.parse_args().households:
        measure(households)


if __name__ == "__main__":
    main()
