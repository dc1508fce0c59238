"""What the page of a household costs: CPU, wall-clock time and bytes, at a large chain.

    python -m bench.pocket [--households 1000000] [--asked 300] [--sqlite] [--keep FOLDER]

Each page is that of another household: a list of 12 offers and 18 items, a next list, ten things of
its own, ticks, and five sales with refusals. It is asked for over ASGI in this process, so its CPU
time is the whole cost on SQLite; on PostgreSQL that of the server's processes is added. The bare
reference answers as many bytes over the same way and asks no database. `--keep` leaves the SQLite
file in a folder and uses it again.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psutil
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bench.console import served
from bench.cpu import cpu
from bench.till_shop import OFFERS, fill, settings_of, settle_tables
from service.digests import token_digest
from service.engine.records import ListDocument, OfferLine, ReminderLine
from service.pocket import page
from service.pocket.app import PATH, create_pocket
from service.settings import Settings
from service.store import lists, migrate, pocket
from service.store.session import Database
from service.store.tables.pocket import YES, PocketItem, PocketSession, PocketWord, WordKind
from service.store.tables.redemption import Redemption
from service.store.tables.shopping_list import ListState, ShoppingList

NOW = datetime.now(UTC)
TODAY = NOW.date()
LAST = TODAY + timedelta(days=9)
LINES, ITEMS, OWN, SALES, REFUSED = 12, 18, 10, 5, 3
COOKIE = "__Host-pocket-session"
MOST_MS, LEAST_PAGES, MOST_BYTES = 30.0, 200.0, 60_000


class Cost(NamedTuple):
    """Of each request: CPU and wall-clock ms, in order of size; and the most bytes of an answer."""

    cpu_ms: Sequence[float]
    wall_ms: Sequence[float]
    size: int

    @property
    def mean_cpu_ms(self) -> float:
        return sum(self.cpu_ms) / len(self.cpu_ms)


def at(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return values[int(share * (len(values) - 1))]


def token(household: int) -> str:
    """What a browser of a household shows."""
    return f"a-token-of-household-{household}"


def document(household: int, code: str) -> ListDocument:
    """A full list."""
    offers = tuple(
        OfferLine(
            line, 1 + (household * 7 + line * 25) % OFFERS, f"Ground coffee of brand {line}",
            "up to 3 times", 50, "$0.50 off", f"Department {line % 4}",
            "Not with other coupons.", size="500 g", price_cents=649, item=f"Coffee {line}",
            goods="12 products, 250 g to 1 kg; $5.99 instead of $6.49",
        )
        for line in range(1, LINES + 1)
    )  # fmt: skip
    reminders = tuple(
        ReminderLine(
            LINES + place, place, f"Item of everyday {place}", f"A product as printed {place}",
            f"Department {place % 6}", 299, TODAY + timedelta(days=place % 9),
            "about every 9 days; last bought 27 Feb", size="1 l",
        )
        for place in range(1, ITEMS + 1)
    )  # fmt: skip
    return ListDocument(
        code, "en", "USD", "Bench Market", "", TODAY, TODAY, LAST, offers, reminders, 600, "", ""
    )


def answer_of(list_code: str) -> str:
    """What a till was answered in a sale: some offers refused."""
    refused = ",".join(
        f'{{"list_code":"{list_code}","list_line":{line},"offer_id":1,"reason":"quantity_short",'
        f'"detail":"2 are needed","presented":null}}'
        for line in range(1, REFUSED + 1)
    )
    return f'{{"applied":[],"refused":[{refused}]}}'


def open_pages(database: Database, settings: Settings, households: Sequence[int]) -> None:
    """Browsers of some households, with all that a page can show."""
    with database.write() as session:
        for household in households:
            row = lists.get(session, household)
            assert row is not None
            whole, answered = document(household, row.code), answer_of(row.code)
            row.document, row.valid_from, row.valid_to = whole.to_json(), TODAY, LAST
            session.add(row)
            session.add(
                ShoppingList(
                    code=f"draft-{household}", household_id=household, state=ListState.DRAFT.value,
                    valid_from=TODAY, valid_to=LAST, document=whole.as_draft().to_json(),
                    written_at=NOW,
                )
            )  # fmt: skip
            for number in range(SALES):
                day = TODAY - timedelta(days=number)
                session.add(
                    Redemption(
                        id=f"{household}-{number}", store_id="0042", terminal="1",
                        business_date=day, number=f"p{household}-{number}", digest="",
                        state="redeemed", household_id=household, total_discount_cents=0,
                        redeemed_at=NOW - timedelta(days=number), answer=answered,
                    )
                )  # fmt: skip
            digest = token_digest(settings.secret_key, "pocket", token(household))
            pocket.add_session(
                session,
                PocketSession(
                    token_digest=digest, household_id=household, list_id=household, opened_at=NOW,
                    seen_at=NOW, known_at=NOW,
                ),
            )  # fmt: skip
            for place in range(1, OWN + 1):
                key = f"key-of-{household}-{place}"
                pocket.set_item(
                    session,
                    PocketItem(
                        household_id=household, id=key, text=f"Candles {place}", ticked=False,
                        gone=False, said_at=NOW, key=key,
                    ),
                )  # fmt: skip
                pocket.set_word(
                    session,
                    PocketWord(
                        list_id=household, line=place, kind=WordKind.TICK.value, text=YES,
                        said_at=NOW, key=key,
                    ),
                )  # fmt: skip


def client_of(app: FastAPI | Starlette) -> TestClient:
    return TestClient(app, base_url="https://localhost", headers={"Sec-Fetch-Site": "same-origin"})


def measure(
    ask: Callable[[int], Response], asked: Sequence[int], beside: Sequence[psutil.Process]
) -> Cost:
    """Ask for each page once."""
    mine: list[float] = []
    wall: list[float] = []
    size = 0
    for household in asked:
        theirs, began, start = cpu(beside), time.process_time(), time.perf_counter()
        answered = ask(household)
        wall.append(1000 * (time.perf_counter() - start))
        mine.append(1000 * (time.process_time() - began + cpu(beside) - theirs))
        assert answered.status_code == 200, answered.status_code
        size = max(size, len(answered.content))  # type: ignore[attr-defined]
    return Cost(sorted(mine), sorted(wall), size)


def show(name: str, cost: Cost) -> None:
    print(
        f"{name:28} {at(cost.cpu_ms, 0.5):8.1f} {at(cost.cpu_ms, 0.95):8.1f} ms CPU"
        f" {at(cost.wall_ms, 0.5):8.1f} {at(cost.wall_ms, 0.95):8.1f} ms"
        f" {cost.size / 1000:8.1f} kB",
        flush=True,
    )


def run(
    database: Database, settings: Settings, asked: Sequence[int], beside: Sequence[psutil.Process]
) -> None:
    """Measure the page, what phones ask again and again, and the bare reference."""
    app = FastAPI()
    app.mount(PATH, create_pocket(database, settings))
    client = client_of(app)

    def get(path: str) -> Callable[[int], Response]:
        def ask(household: int) -> Response:
            client.cookies.set(COOKIE, token(household), domain="localhost.local", path="/")
            found: Response = client.get(f"{PATH}{path}")  # type: ignore[assignment]
            return found

        return ask

    warm = get("/")(asked[0])
    assert b"Candles 1" in warm.content, "the page is not the household's"  # type: ignore[attr-defined]
    assert b"2 are needed" not in warm.content  # type: ignore[attr-defined]
    content = warm.text  # type: ignore[attr-defined]

    async def bare(_request: Request) -> Response:
        return HTMLResponse(content)

    reference = client_of(Starlette(routes=[Route("/", bare)]))
    print(f"{'':28} {'median':>8} {'p95':>8}        {'median':>8} {'p95':>8}    {'most':>8}")
    whole = measure(get("/"), asked[1:], beside)
    show("the page", whole)
    show("what phones ask again", measure(get("/state"), asked[1:], beside))
    plain = measure(lambda _each: reference.get("/"), asked[1:], ())  # type: ignore[arg-type, return-value]
    show("as many bytes, bare", plain)
    assets = sum((page.STATIC / name).stat().st_size for name in ("pocket.css", "pocket.js",
                 "mark.svg", "worker.js"))  # fmt: skip
    own = whole.mean_cpu_ms - plain.mean_cpu_ms
    print(
        f"the page costs {whole.mean_cpu_ms / plain.mean_cpu_ms:.1f} times the bare reference; "
        f"{2000 / whole.mean_cpu_ms:.0f} pages/s on two cores with the client in this process, "
        f"{2000 / own:.0f} without what both cost (least {LEAST_PAGES:.0f})"
    )
    print(
        f"p95 {at(whole.cpu_ms, 0.95):.1f} ms of CPU (most {MOST_MS:.0f}); page, style, scripts "
        f"and icon {(whole.size + assets) / 1000:.1f} kB (most {MOST_BYTES / 1000:.0f})"
    )


def measure_all(url: str, chosen: argparse.Namespace, beside: Sequence[psutil.Process]) -> None:
    """Fill a database, unless that is done, and measure."""
    settings = settings_of(url)
    database = Database(url)
    migrate.upgrade(database)
    with database.read() as session:
        is_filled = lists.get(session, 1) is not None
    step = chosen.households // chosen.asked
    asked = [1 + place * step for place in range(chosen.asked)]
    if not is_filled:
        start = time.perf_counter()
        fill(database, chosen.households, 0)
        open_pages(database, settings, asked)
        settle_tables(database)
        print(f"filled in {time.perf_counter() - start:.0f} s")
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"{kind}: {chosen.households:,} households with a list each")
    run(database, settings, asked, beside)
    database.dispose()


def main() -> None:
    """Measure on the database that was chosen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=300)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--keep", default="", help="a folder whose SQLite file is used again")
    chosen = parser.parse_args()
    if not chosen.sqlite:
        with served("", "") as (url, beside):
            measure_all(url.replace("postgresql://", "postgresql+psycopg://", 1), chosen, beside)
        return
    with nullcontext(chosen.keep) if chosen.keep else tempfile.TemporaryDirectory() as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        measure_all(f"sqlite:///{Path(folder).resolve()}/larder.db", chosen, ())


if __name__ == "__main__":
    main()
