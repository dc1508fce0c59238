"""Schedules of kills drawn from a seed: sales, voids, returns and replays, each killed anywhere.

A schedule interleaves a few sales; each act of them is killed up to twice before a statement drawn
at random and then asked for again, as tills do. Nothing is lost and nothing is done twice.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from service.settings import Settings
from service.store.session import Database
from tests.nursery import Nursery, act
from tests.racing import sale, sold_offline, undo

SALES = 3
"""Of one schedule; each takes a list."""
_STATEMENTS = 30
_DONE = {"redeemed", "voided", "returned", "accepted", "duplicate"}

Ask = Callable[[str], list[tuple[Any, ...]]]


def run_schedule(
    settings: Settings, database: Database, forks: Nursery, codes: Iterator[str], *, seed: int
) -> int:
    """Carry out the schedule of a seed; how many processes were killed. Asserts each answer."""
    draw = random.Random(seed)
    waiting = [_acts(draw, f"{seed}-{number}", next(codes)) for number in range(SALES)]
    killed = 0
    while waiting := [each for each in waiting if each]:
        verb, sent = draw.choice(waiting).pop(0)
        for _ in range(draw.randrange(3)):
            killed += forks.killed(verb, sent, before=draw.randrange(1, _STATEMENTS))
        first = json.loads(act(settings, database, verb, sent))
        again = json.loads(act(settings, database, verb, sent))
        assert first["status"] in _DONE, (seed, verb)
        assert again | {"status": first["status"]} == first, (seed, verb)
    return killed


def twice(ask: Ask) -> list[tuple[Any, ...]]:
    """What was done more than once, by its number or its redemption."""
    return [
        *ask("SELECT number FROM redemption GROUP BY number HAVING count(*) > 1"),
        *ask(
            "SELECT redemption_id FROM till_event GROUP BY redemption_id, verb HAVING count(*) > 1"
        ),
    ]


def returned(number: str, code: str) -> dict[str, Any]:
    """The return of the whole sale."""
    named = sale(number, code)["transaction"]
    original = {name: value for name, value in named.items() if name != "at"}
    return {
        "transaction": {**named, "number": f"{number}-back"},
        "original": original,
        "lines": [{"line": 1, "quantity": 1}, {"line": 3, "quantity": 2}],
    }


def _acts(draw: random.Random, number: str, code: str) -> list[tuple[str, dict[str, Any]]]:
    sold = draw.choice([("redeem", sale(number, code)), ("replay", sold_offline(number, code))])
    undone = draw.choice([None, ("void", undo(number)), ("return", returned(number, code))])
    return [sold] if undone is None else [sold, undone]
