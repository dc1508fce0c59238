"""Tills that race over HTTP, through the reference client, against real service processes.

Two processes serve PostgreSQL, one SQLite; processes are killed in the middle of a sale. Whatever
happens: no use is made twice, no answer is lost, and nobody is answered 500.
"""

import sqlite3
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from service.admin.keys import add_key
from service.cycle.expiry import expire_lists
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillClient, TillRefusedError
from tests.conftest import CODE, SECRET, fresh_database
from tests.crowd import Crowd, open_crowd
from tests.nursery import Nursery, nursery
from tests.racing import (
    TillAnswers,
    double_uses,
    faults,
    lost_answers,
    sale,
    sold_offline,
    undo,
    uses,
)
from tests.served import Service, address, await_all, environment, eventually, free_port
from tests.shop import STORE, VALID_TO

pytestmark = pytest.mark.slow

TILLS = 8
ROUNDS = 2
EXPIRING = VALID_TO + timedelta(days=3)
LISTS = 60
Body = dict[str, Any]


@dataclass(slots=True)
class Race:
    """A crowd with a list each, services that are asked for them, and what the tills heard."""

    settings: Settings
    database: Database
    crowd: Crowd
    key: str
    folder: Path
    nursery: Nursery
    services: list[Service]
    record: TillAnswers = field(default_factory=TillAnswers)
    statuses: Counter[int] = field(default_factory=Counter)
    lists: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lists = iter(self.crowd.codes)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database directly."""
        with self.database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    def serve(self) -> Service:
        """One more process of the service."""
        port = free_port()
        service = Service(address(port), self.nursery.serve(port))
        await_all([service])
        return service

    def till(
        self,
        service: Service,
        *,
        timeout_seconds: float = 30.0,
        lost: int = 0,
        queue: str | None = None,
    ) -> TillClient:
        """A till that asks this service; of its first answers so many are lost on the way."""
        return TillClient(
            service.address,
            self.key,
            queue=self.folder / (queue or f"queue-{uuid.uuid4().hex}"),
            timeout_seconds=timeout_seconds,
            transport=_Line(self.statuses, lost),
        )

    def at_once(self, acts: Sequence[Callable[[TillClient], Any]], *, lost: int = 0) -> list[Any]:
        """Do each act at a till of its own, all at the same moment; returns the answers."""
        together = threading.Barrier(len(acts))

        def run(number: int) -> Any:
            till = self.till(self.services[number % len(self.services)], lost=lost)
            together.wait()
            try:
                return acts[number](till)
            except TillRefusedError as refused:
                return refused
            finally:
                till.close()

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, range(len(acts))))

    def sound(self) -> None:
        """Nothing happened that may not."""
        assert double_uses(self.ask, self.record) == []
        assert lost_answers(self.ask, self.record) == []
        assert faults(self.ask) == {}
        assert [status for status in self.statuses if status >= 500] == []
        if not self.database.is_sqlite:
            # Locks are taken in one order everywhere, so nobody ever waits for one who waits.
            deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            assert self.ask(deadlocks) == [(0,)]


class _Line(httpx2.BaseTransport):
    """The line from a till to the service: counts statuses, loses the first answers."""

    def __init__(self, statuses: Counter[int], lost: int) -> None:
        self.inner = httpx2.HTTPTransport()
        self.statuses = statuses
        self.lost = lost

    def close(self) -> None:
        self.inner.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.inner.handle_request(request)
        self.statuses[answer.status_code] += 1
        if self.lost:
            self.lost -= 1
            answer.read()
            answer.close()
            raise httpx2.ReadTimeout("lost on the way", request=request)
        return answer


def _last_day(place: int) -> date:
    return EXPIRING if place == LISTS - 1 else VALID_TO + timedelta(days=90)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def race(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Race]:
    """One world on each kind of database for all races; each takes lists of its own."""
    folder = tmp_path_factory.mktemp("races")
    with fresh_database(request, request.param, folder) as url, (folder / "log").open("wb") as log:
        settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=CODE)
        database = Database(url)
        crowd = open_crowd(database, settings, folder, size=LISTS, last_day=_last_day)
        key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
        with nursery(environment(settings), folder, log) as forks:
            opened = Race(settings, database, crowd, key, folder, forks, [])
            count = 1 if database.is_sqlite else 2
            opened.services = [opened.serve() for _ in range(count)]
            yield opened
        database.dispose()


@pytest.fixture(autouse=True)
def _sound_after_all(race: Race) -> Iterator[None]:
    yield
    race.sound()


def sell(race: Race, number: str, code: str) -> Callable[[TillClient], Body]:
    """A sale; its answer is recorded."""

    def act(till: TillClient) -> Body:
        answer = till.redeem(sale(number, code))
        race.record.sale(number, answer)
        return answer

    return act


def void(race: Race, number: str) -> Callable[[TillClient], Body]:
    """The void of a sale."""

    def act(till: TillClient) -> Body:
        answer = till.void(undo(number))
        assert answer is not None
        race.record.void(number, answer)
        return answer

    return act


def test_the_same_list_at_eight_tills_is_used_once(race: Race) -> None:
    for turn in range(ROUNDS):
        code = next(race.lists)
        answers = race.at_once([sell(race, f"list-{turn}-{n}", code) for n in range(TILLS)])
        assert uses(answers) == {(code, 1): 1, (code, 2): 2, (code, 3): 1}


def test_the_same_sale_from_eight_tills_has_one_effect_and_one_answer(race: Race) -> None:
    for turn in range(ROUNDS):
        answers = race.at_once([sell(race, f"same-{turn}", next(race.lists))] * TILLS)
        assert answers == [answers[0]] * TILLS
        assert answers[0]["total_discount_cents"] == 350
    assert race.ask("SELECT count(*) FROM redemption WHERE substr(number, 1, 5) = 'same-'") == [
        (ROUNDS,)
    ]


def test_a_storm_of_retries_loses_no_answer(race: Race) -> None:
    code = next(race.lists)
    acts = [sell(race, f"storm-{n % 3}", code) for n in range(3 * TILLS)]
    answers = race.at_once(acts, lost=2)
    assert all(answers[n] == answers[n % 3] for n in range(3 * TILLS))
    assert uses(answers[:3]) == {(code, 1): 1, (code, 2): 2, (code, 3): 1}


def test_redeem_against_void_leaves_a_list_wholly_used_or_wholly_open(race: Race) -> None:
    for turn in range(ROUNDS):
        code = next(race.lists)
        acts = [
            *[sell(race, f"void-{turn}-{n % 2}", code) for n in range(TILLS // 2)],
            *[void(race, f"void-{turn}-{n % 2}") for n in range(TILLS // 2)],
        ]
        answers = race.at_once(acts)
        refused = [each for each in answers if isinstance(each, TillRefusedError)]
        assert {each.status for each in refused} <= {409}
        assert answers[TILLS // 2 :: 2] == [answers[TILLS // 2]] * 2
    assert race.ask(
        """SELECT count(*) FROM redemption_line l JOIN redemption r ON r.id = l.redemption_id
           WHERE l.live AND substr(r.number, 1, 5) = 'void-'"""
    ) == [(0,)]


def test_a_line_of_two_uses_is_never_used_thrice_while_uses_are_undone(race: Race) -> None:
    for turn in range(ROUNDS):
        code = next(race.lists)

        def again(till: TillClient, number: str, code: str = code) -> None:
            sell(race, number, code)(till)
            void(race, number)(till)
            sell(race, f"{number}-b", code)(till)

        race.at_once(
            [lambda till, n=n, t=turn: again(till, f"churn-{t}-{n}") for n in range(TILLS)]  # type: ignore[misc]
        )
        used = race.ask(
            f"""SELECT l.list_line, sum(l.uses) FROM redemption_line l
                JOIN shopping_list s ON s.id = l.list_id
                WHERE l.live AND s.code = '{code}' GROUP BY l.list_line ORDER BY l.list_line"""
        )
        assert [(line, int(count)) for line, count in used] == [(1, 1), (2, 2), (3, 1)]


def test_redeem_against_expiry_gives_no_reservation_back_twice(race: Race) -> None:
    code = race.crowd.codes[-1]
    other = Database(race.settings.database_url)

    def expire(_: TillClient) -> int:
        return expire_lists(other, before=EXPIRING + timedelta(days=1)).lists

    def late(till: TillClient, number: int) -> Body:
        return till.redeem(sale(f"late-{number}", code, on=EXPIRING))

    answers = race.at_once(
        [expire, *[lambda till, n=n: late(till, n) for n in range(TILLS - 1)]]  # type: ignore[misc]
    )
    other.dispose()
    assert uses(answers[1:]) == {(code, 1): 1, (code, 2): 2, (code, 3): 1}
    assert race.ask(f"SELECT state FROM shopping_list WHERE code = '{code}'") == [("expired",)]


def test_replays_against_redemptions_lose_no_sale(race: Race) -> None:
    code = next(race.lists)

    def offline(till: TillClient, number: int) -> Body:
        (answer,) = till.replay([sold_offline(f"replay-{number}", code)])
        return answer

    acts: list[Callable[[TillClient], Body]] = [
        *[lambda till, n=n: offline(till, n) for n in range(TILLS // 2)],  # type: ignore[misc]
        *[sell(race, f"online-{n}", code) for n in range(TILLS // 2)],
    ]
    answers = race.at_once(acts)
    replayed, redeemed = answers[: TILLS // 2], answers[TILLS // 2 :]
    assert {answer["status"] for answer in replayed} == {"accepted"}
    given = uses(redeemed)
    assert given[code, 2] == 2
    # Whoever came first has the use; all the others that gave it offline are in dispute.
    disputes = race.ask(
        """SELECT count(*) FROM till_conflict c JOIN redemption r ON r.id = c.redemption_id
           WHERE substr(r.number, 1, 7) = 'replay-' AND c.ended_at IS NULL"""
    )
    assert disputes == [(TILLS // 2 - 1 + given[code, 1],)]


@contextmanager
def held_up(race: Race, table: str, code: str) -> Iterator[None]:
    """Whoever comes to this table (or, on SQLite, wants to write at all) waits."""
    if race.database.is_sqlite:
        file = race.settings.database_url.removeprefix("sqlite:///")
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        yield
        lock.execute("ROLLBACK")
        lock.close()
        return
    with psycopg.connect(race.settings.database_url.replace("+psycopg", "")) as connection:
        if table == "shopping_list":
            connection.execute("SELECT FROM shopping_list WHERE code = %s FOR UPDATE", (code,))
        else:
            mode = "ACCESS EXCLUSIVE" if table == "offer_product" else "SHARE ROW EXCLUSIVE"
            connection.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        yield
        connection.rollback()


def waits(race: Race) -> bool:
    """Whether somebody waits for a lock, or on SQLite has been given time to."""
    if race.database.is_sqlite:
        threading.Event().wait(0.3)
        return True
    return race.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") != [(0,)]


MOMENTS = (
    "offer_product",
    "shopping_list",
    "basket_line",
    "redemption_line",
    "due",
)


def test_a_service_killed_in_the_middle_of_a_sale_loses_nothing(race: Race) -> None:
    """On PostgreSQL the statement is stopped at each table in turn, before the process dies."""
    moments = MOMENTS[:1] if race.database.is_sqlite else MOMENTS
    for table in moments:
        code, number = next(race.lists), f"killed-{table}"
        victim = race.serve()
        till = race.till(victim)
        with ThreadPoolExecutor(1) as pool:
            with held_up(race, table, code):
                cut_off: Future[Body] = pool.submit(till.redeem, sale(number, code))
                eventually(lambda: waits(race))
                victim.kill()
                assert cut_off.result()["status"] == "offline"
            # The database may still be carrying out what the dead process asked for.
            with closing(race.till(race.services[0])) as other:
                answer = sell(race, number, code)(other)
        assert answer["total_discount_cents"] == 350
        till.close()
    assert race.ask("SELECT count(*) FROM redemption WHERE substr(number, 1, 7) = 'killed-'") == [
        (len(moments),)
    ]


def test_a_till_that_gave_up_waiting_gets_the_stored_answer(race: Race) -> None:
    code, number = next(race.lists), "gave-up"
    hasty = race.till(race.services[0], timeout_seconds=0.4, queue="hasty")
    quoted = hasty.quote(sale(number, code))
    with held_up(race, "due", code):
        answer = hasty.redeem(sale(number, code), quoted=quoted)
    assert (answer["status"], answer["total_discount_cents"]) == ("offline", 350)
    hasty.close()
    patient = race.till(race.services[-1], queue="hasty")
    flushed = patient.flush()
    assert (flushed.taken, flushed.to_check, flushed.left) == (1, (), 0)
    stored = sell(race, number, code)(patient)
    patient.close()
    assert stored["discounts"] == quoted["discounts"]
