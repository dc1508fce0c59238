"""One piece of the race: so many tries on a database of its own, and what came of them."""

import json
import random
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from bench.race_acts import TILLS, Heard, Household, Racer, acts_of, day_at
from service.cycle.expiry import expire_lists
from service.errors import LarderError
from service.settings import Settings
from service.store.session import Database
from tests.crowd import Crowd
from tests.nursery import Nursery, nursery
from tests.racing import Ask, Till, double_uses, faults, lost_answers
from tests.served import Service, address, await_all, environment, eventually, free_port

# Of so many places at one a service is killed, and at another every backend is ended.
EVERY = 60
SPREAD_SECONDS = 0.03
"""Within so long after the tills have met."""
AWAY_SECONDS = 0.8
AGAIN = 5
"""One in so many answers is asked for once more over HTTP; all are compared with what is stored."""


@dataclass(slots=True)
class World:
    """What a piece races on."""

    settings: Settings
    crowd: Crowd
    key: str
    folder: Path
    services: int

    @property
    def is_sqlite(self) -> bool:
        """Whether one process has the database for itself."""
        return self.settings.database_url.startswith("sqlite")


class Disturber:
    """Kills services and ends backends at moments drawn from the seed; starts what it killed."""

    def __init__(self, world: World, nest: Nursery, seed: int) -> None:
        self._world = world
        self._nest = nest
        self._seed = seed
        self.counts: Counter[str] = Counter()
        self.services = [self._serve(free_port()) for _ in range(world.services)]
        await_all(self.services)

    def meet(self, place: int) -> None:
        """Disturb the tills at this place, or do not; all is well again when this returns."""
        draw = random.Random(f"{self._seed} {place} disturbed")
        chance = draw.randrange(EVERY)
        if chance > (0 if self._world.is_sqlite else 1):
            return
        time.sleep(draw.uniform(0, SPREAD_SECONDS))
        if chance == 0:
            which = draw.randrange(len(self.services))
            killed = self.services[which]
            killed.kill()
            self.counts["killed"] += 1
            eventually(lambda: not killed.listens())
            # Long enough for tills to give up and sell offline, or not.
            time.sleep(draw.choice([0, 0, AWAY_SECONDS]))
            self.services[which] = self._serve(int(killed.address.rpartition(":")[2]))
            await_all(self.services)
        else:
            self._end_backends()

    def _end_backends(self) -> None:
        url = self._world.settings.database_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            (ended,) = connection.execute(
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            ).fetchone() or (0,)
        self.counts["backends ended"] += ended

    def _serve(self, port: int) -> Service:
        return Service(address(port), self._nest.serve(port))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be 0, and what was done."""

    tries: int
    wrong: dict[str, int]
    done: dict[str, int]
    seconds: float
    cpu_seconds: float


def run_piece(world: World, *, seed: int, tries: int) -> Outcome:
    """Race until so many requests were sent, let everything come to rest, and look at the books."""
    start, before = time.monotonic(), _cpu()
    database = Database(world.settings.database_url)
    with _nest(world) as nest:
        disturber = Disturber(world, nest, seed)
        tills = [
            Till.at(
                disturber.services[number % world.services].address,
                world.key,
                queue=world.folder / f"queue-{number}",
                timeout_seconds=20,
            )
            for number in range(TILLS)
        ]
        racers = [Racer(till, _expire(world)) for till in tills]
        places = _race(world, tills, racers, disturber, seed=seed, tries=tries)
        heard = Heard()
        left = _at_rest(racers)
        for racer in racers:
            heard.add(racer.heard)
        wrong = {"left in a queue": left} | _again(racers, heard, seed)
        statuses = sum((till.seen.statuses for till in tills), Counter[int]())
        for till in tills:
            till.client.close()

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    wrong |= _books(ask, heard, world.crowd)
    wrong["answers of 500"] = statuses[500]
    database.dispose()
    done = heard.counts + disturber.counts + Counter({"households": places})
    done |= Counter({f"answers of {status}": count for status, count in statuses.items()})
    tried = sum(statuses.values())
    return Outcome(tried, wrong, dict(done), time.monotonic() - start, _cpu() - before)


@contextmanager
def _nest(world: World) -> Iterator[Nursery]:
    with (
        (world.folder / "service.log").open("ab") as log,
        nursery(environment(world.settings), world.folder, log) as nest,
    ):
        yield nest


def _race(
    world: World,
    tills: list[Till],
    racers: list[Racer],
    disturber: Disturber,
    *,
    seed: int,
    tries: int,
) -> int:
    """All meet at one household after another; at how many they did."""
    homes = [
        Household((world.crowd.codes[2 * n], world.crowd.codes[2 * n + 1]), card, day_at(n))
        for n, card in enumerate(world.crowd.cards)
    ]
    met = 0
    is_over = False

    def count() -> None:
        nonlocal met, is_over
        is_over = met == len(homes) or sum(t.seen.statuses.total() for t in tills) >= tries
        met += not is_over

    meeting = threading.Barrier(TILLS + 1, action=count)

    def run(number: int) -> None:
        try:
            for place, home in enumerate([*homes, homes[0]]):
                meeting.wait()
                if is_over:
                    return
                if number == TILLS:
                    disturber.meet(place)
                else:
                    racers[number].meet(place, acts_of(seed, place, number), home)
        except BaseException:
            meeting.abort()
            raise

    with ThreadPoolExecutor(TILLS + 1) as pool:
        # The first that failed says why, not those whose meeting it broke.
        running = [pool.submit(run, number) for number in range(TILLS + 1)]
    failed = [each for each in (one.exception() for one in running) if each is not None]
    for error in sorted(failed, key=lambda each: isinstance(each, threading.BrokenBarrierError)):
        raise error
    return met


def _at_rest(racers: list[Racer]) -> int:
    """Send all that waits in the queues; how much is left in the end."""
    for _ in range(20):
        left = sum(racer.flush() for racer in racers)
        if not left:
            break
        time.sleep(0.5)
    return left


def _expire(world: World) -> Callable[[date], None]:
    def expire(before: date) -> None:
        for _ in range(10):
            database = Database(world.settings.database_url, pool_size=1)
            try:
                expire_lists(database, before=before)
            except (DBAPIError, LarderError):
                # Its backend was ended; the next night's sweep would do what is left.
                continue
            finally:
                database.dispose()
            return

    return expire


def _again(racers: list[Racer], heard: Heard, seed: int) -> dict[str, int]:
    """Ask once more for some of the answers that were given."""
    draw = random.Random(seed)
    asked = [sent for sent in sorted(heard.texts) if draw.randrange(AGAIN) == 0]
    differing = 0
    for place, sent in enumerate(asked):
        answer = racers[place % TILLS].again(*sent)
        # What was voided since is refused as such; the books are asked about these.
        differing += answer != b"" and {answer} != heard.texts[sent]
        heard.counts["asked again"] += 1
        heard.counts["since voided"] += answer == b""
    return {"other answers when asked again": differing}


def _books(ask: Ask, heard: Heard, crowd: Crowd) -> dict[str, int]:
    """What is wrong in the books, and between them and what tills heard."""
    owners = {code: place // 2 for place, code in enumerate(crowd.codes)}
    stored = {
        str(number): (state, answer, void_answer)
        for number, state, answer, void_answer in ask(
            """SELECT r.number, r.state, coalesce(t.answer, r.answer), r.void_answer
               FROM redemption r LEFT JOIN till_return t ON t.id = r.id"""
        )
    }
    other = 0
    for (path, sent), texts in heard.texts.items():
        number = _number(sent)
        kept = stored.get(number, ("", "", ""))[2 if path == "/v1/voids" else 1]
        other += texts != {str(kept).encode()}
    # A sale made offline counts as given, like any other, unless the service answered it too.
    for number, answer in heard.offline.items():
        heard.record.sales.setdefault(number, [answer])
    acknowledged = {_number(sent) for _, sent in heard.texts}
    lost = lost_answers(ask, heard.record)
    found = faults(ask)
    return {
        "double uses": len(double_uses(ask, heard.record, owner=owners.__getitem__)),
        "lost answers": len([each for each in lost if each not in heard.offline])
        + sum(number not in stored for number in (*heard.offline, *acknowledged)),
        "answers that differ from what is stored": other,
        "unbalanced postings": len(found.pop("postings that do not balance", [])),
        **{name: len(rows) for name, rows in found.items()},
    }


def _number(sent: str) -> str:
    return str(json.loads(sent)["transaction"]["number"])


def _cpu() -> float:
    mine, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return mine.ru_utime + mine.ru_stime + others.ru_utime + others.ru_stime
