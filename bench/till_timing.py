"""Does the time of an answer tell what its text does not? CPU medians and a rank test, in one run.

    python -m bench.till_timing [--households 20000] [--asks 2000]

Redemptions are worked out in this process against SQLite, which runs in the same thread, so the
thread's CPU time is the whole cost of an answer, database included. Nothing is written, the kinds
are asked in an order drawn by lot, and each is asked about households of its own. Kinds in one
group have the same documented reason: p says how probable such a difference of ranks is by chance
alone (Mann and Whitney 1947, normal approximation), and `tells` how often a guess from one timing
is right (0.5 is a coin).
"""

import argparse
import math
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.till_shop import CARD, GCN, body, fill, settings_of, settle_tables
from service import checkout
from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.engine import codes
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role

OTHER = codes.gcn("406123400009")
CALLER = Caller(1, Role.ADMIN, None, None)
Shown = Callable[[int], list[tuple[str, str]]]


def code(household: int) -> str:
    """The code of a household's list."""
    return codes.list_code(GCN, f"{household:012d}")


def after(household: int, kind: str, value: str) -> list[tuple[str, str]]:
    """Something of another household, shown after one's own list; own lists are of the first."""
    return [("list", code(1 + household % 100)), (kind, value)]


def groups(nobody: int) -> dict[str, dict[str, Shown]]:
    """What must not be told apart by its time; households from `nobody` on do not exist."""
    return {
        "codes that nobody was given": {
            "no such serial": lambda n: [("list", code(nobody + n))],
            "another chain's": lambda n: [("list", codes.list_code(OTHER, f"{n:012d}"))],
            "a draft's": lambda n: [("list", code(4 * n))],
        },
        "cards and phones that nobody has": {
            "card": lambda n: [("card", CARD.format(nobody + n))],
            "phone": lambda n: [("phone", CARD.format(nobody + n))],
        },
        "lists of another household": {
            "issued": lambda n: after(n, "list", code(4 * n + 1)),
            "expired": lambda n: after(n, "list", code(4 * n + 2)),
            "voided": lambda n: after(n, "list", code(4 * n + 3)),
        },
        "for comparison: reasons that differ": {
            "unknown": lambda n: [("list", code(nobody + n))],
            "expired": lambda n: [("list", code(4 * n + 2))],
            "foreign": lambda n: after(n, "list", code(4 * n + 1)),
        },
    }


def asked(database: Database, settings: Settings, shown: list[tuple[str, str]], n: int) -> int:
    """The CPU nanoseconds of one quote."""
    sent: dict[str, Any] = {
        **body(n),
        "presented": [{"kind": kind, "value": value} for kind, value in shown],
    }
    basket = basket_of(BasketIn.model_validate(sent), CALLER)
    start = time.thread_time_ns()
    checkout.quote(database, settings, basket)
    return time.thread_time_ns() - start


def told_apart(one: list[int], other: list[int]) -> tuple[float, float]:
    """(p of the rank-sum test, two-sided; how often a guess from one timing is right)."""
    values = np.array(one + other)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    n, m = len(one), len(other)
    u = float(ranks[:n].sum()) - n * (n + 1) / 2
    ties = float((counts**3 - counts).sum()) / ((n + m) * (n + m - 1))
    spread = math.sqrt(n * m / 12 * (n + m + 1 - ties))
    z = (u - n * m / 2) / spread
    area = u / (n * m)
    return math.erfc(abs(z) / math.sqrt(2)), max(area, 1 - area)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--households", type=int, default=20_000)
    parser.add_argument("--asks", type=int, default=2000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="larder-timing-"))
    try:
        database = Database(f"sqlite:///{folder}/larder.db")
        settings = settings_of(database.url)
        migrate.upgrade(database)
        fill(database, options.households, options.households)
        with database.write() as session:
            # The first hundred are the tills' own customers.
            for rest, state in ((0, "draft"), (2, "expired"), (3, "voided")):
                session.connection().exec_driver_sql(
                    f"UPDATE shopping_list SET state = '{state}' WHERE id > 100 AND id % 4 = {rest}"
                )
        settle_tables(database)
        report(database, settings, options.households, options.asks)
        database.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def report(database: Database, settings: Settings, households: int, asks: int) -> None:
    draw = random.Random(1)
    kinds = groups(households + 1)
    numbers = range(30, households // 4 - 1)
    times: dict[tuple[str, str], list[int]] = {(g, k): [] for g, of in kinds.items() for k in of}
    for turn in range(asks + asks // 10):
        for group, kind in draw.sample(list(times), len(times)):
            n = draw.choice(numbers)
            spent = asked(database, settings, kinds[group][kind](n), n)
            if turn >= asks // 10:
                times[group, kind].append(spent)
    for group, of in kinds.items():
        print(f"{group}")
        names = list(of)
        for name in names:
            print(f"  {name:18}{statistics.median(times[group, name]) / 1000:9.1f} us")
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                p, tells = told_apart(times[group, one], times[group, other])
                print(f"  {one} or {other}: p = {p:.3f}, tells {tells:.3f}")


if __name__ == "__main__":
    main()
