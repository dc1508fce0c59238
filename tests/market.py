"""A market for tests: 30 households, 24 products, 16 weeks of baskets, 18 deals, a stored model.

Everything is loaded through the service's own functions, by rule, so two databases hold the same.
M28 gives no consent to mail and M29 has no street. M30 buys too little for a list.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from service.admin.keys import add_key
from service.cycle import CycleReport, run_cycle
from service.deals import load_deals
from service.engine.codes import check_digit
from service.engine.predict import default_model
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.settings import Settings
from service.store import cycles, migrate
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.cycle import Forecast

AS_OF = date(2026, 3, 2)
WEEKS = 16
HOUSEHOLDS = 30
PRODUCTS = 24
DEALS = 18
STORE = "0042"
BASKET_COLUMNS = "household_id,basket_id,store_id,purchased_at,line,gtin,quantity,unit,amount_cents"
DEAL_COLUMNS = (
    "deal_id,supplier,title,eligible_gtins,benefit,value,min_quantity,face_value,"
    "funding_share_percent,handling_fee,budget,circulation_max,control_share_percent,"
    "mail_from,mail_to,redeem_from,redeem_to,limit_per_household"
)


CARDS = "9521234[0-9]{11}"
"""Cards are numbered one by one, without a check digit."""


def gtin(number: int) -> str:
    digits = f"20000000{number:04d}"
    return f"{digits}{check_digit(digits)}"


def ref(number: int) -> str:
    return f"M{number:02d}"


def price(product: int) -> int:
    return 300 + 40 * product


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


def open_market(database: Database, settings: Settings, folder: Path) -> None:
    """Load it all. The first time on a kind of database; later tests get a copy of that."""
    stocked(database, folder, "market", lambda: load_market(database, settings, folder))


def open_issued(database: Database, settings: Settings, folder: Path) -> None:
    """The market with one cycle issued as of AS_OF."""

    def fill() -> None:
        if database.is_sqlite:
            migrate.upgrade(database)
        load_market(database, settings, folder)
        cycle(database, settings)

    stocked(database, folder, "issued", fill)


def cycle(
    database: Database, settings: Settings, as_of: date = AS_OF, seed: int = 0
) -> CycleReport:
    return run_cycle(database, settings, as_of=as_of, seed=seed, progress=silent)


def load_market(
    database: Database, settings: Settings, folder: Path, *, deals: int = DEALS
) -> None:
    """Load it all through the service's own functions, with a model for AS_OF and key number 1."""
    add_key(database, settings, role=Role.ADMIN)
    write(folder / "products.csv", _products())
    load_products(database, folder / "products.csv")
    write(folder / "households.csv", _households())
    people = load_households(
        database, folder / "households.csv", secret_key=settings.secret_key, language="en",
        card_pattern=CARDS,
    )  # fmt: skip
    write(folder / "baskets.csv", baskets())
    bought = load_baskets(database, folder / "baskets.csv", timezone=settings.timezone)
    assert (people.refused, bought.refused) == (0, 0)
    if deals:
        write(folder / "deals.csv", [DEAL_COLUMNS, *(deal(n) for n in range(deals))])
        load_deals(database, folder / "deals.csv", uploaded_by=Actor("tests"))
    store_model(database, settings, AS_OF)


def more_baskets(database: Database, settings: Settings, folder: Path, lines: list[str]) -> None:
    path = write(folder / "more.csv", [BASKET_COLUMNS, *lines])
    report = load_baskets(database, path, timezone=settings.timezone, accept="all")
    assert report.taken == len(lines)


_COPIES: dict[tuple[bool, str], str] = {}


def stocked(database: Database, folder: Path, name: str, fill: Callable[[], None]) -> None:
    """Fill a fresh database, or copy what the first of its kind was filled with."""
    key = (database.is_sqlite, name)
    found = _COPIES.get(key)
    url = make_url(database.url)
    if found is None:
        fill()
    database.dispose()
    if database.is_sqlite:
        own = str(url.database)
        copy = found or str(folder.parent / f"{name}.db")
        shutil.copy(*((own, copy) if found is None else (copy, own)))
    else:
        own, copy = str(url.database), found or f"larder_{name}"
        source, target = (own, copy) if found is None else (copy, own)
        server = url.set(drivername="postgresql", database="postgres")
        with psycopg.connect(
            server.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)".encode())
            connection.execute(
                f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy".encode()
            )
    _COPIES[key] = copy


def documents(database: Database) -> list[tuple[Any, ...]]:
    """Every list with its household, and every line as the till has it."""
    return query(
        database,
        """SELECT h.ref, s.state, s.code, s.document, s.valid_from, s.valid_to,
                  l.line, l.kind, l.item_id, l.offer_id, l.text, l.reason, l.face_value_cents,
                  l.uses, l.reserved_cents, l.p_purchase
           FROM shopping_list s JOIN household h ON h.id = s.household_id
           LEFT JOIN list_line l ON l.list_id = s.id
           ORDER BY s.valid_from, s.state, s.code, l.line""",
    )


def query(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.read() as session:
        rows = session.connection().exec_driver_sql(sql).fetchall()
    return [tuple(str(v) if isinstance(v, date) else v for v in row) for row in rows]


def store_model(database: Database, settings: Settings, as_of: date) -> None:
    """Store a model that has learned nothing, so that no test waits for a fit."""
    model = default_model(as_of=as_of, horizon_days=settings.horizon_days)
    with database.write() as session:
        cycles.save_forecast(
            session, Forecast(as_of=as_of, fitted_at=datetime.now(UTC), model=model.to_json())
        )


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _products() -> list[str]:
    return [
        "gtin,description,brand,private_label,item,category,department,supplier,price_cents",
        *(
            f"{gtin(n)},Product {n},Brand {n % 6},{str(n % 6 == 5).lower()},Item {n // 2},"
            f"Category {n // 3},Department {n // 12},Supplier {n % 6},{price(n)}"
            for n in range(PRODUCTS)
        ),
    ]


def _households() -> list[str]:
    return [
        "household_id,name,street,postcode,city,country,card,phone,mail_consent",
        *(
            f"{ref(n)},Person {n},{'' if n == 29 else f'{n} Elm Street'},{42800 + n * 7 % 5},"
            f"Applecroft,US,9521234000000{n:05d},+15025550{n:03d},{str(n != 28).lower()}"
            for n in range(1, HOUSEHOLDS + 1)
        ),
    ]


def baskets() -> list[str]:
    rows = [BASKET_COLUMNS]
    for household in range(1, HOUSEHOLDS + 1):
        for week in range(WEEKS):
            day = AS_OF - timedelta(days=7 * (WEEKS - week) - household % 7)
            bought = [
                n
                for n in range(PRODUCTS)
                if (household * 7 + n * 3) % 5 < 3 and (week + n + household) % (1 + n % 4) == 0
            ]
            if household == HOUSEHOLDS:
                bought = bought[:1]
            rows.extend(
                basket_line(household, f"{household}-{week}", day, line, n)
                for line, n in enumerate(bought, start=1)
            )
    return rows


def basket_line(household: int, number: str, day: date, line: int, product: int) -> str:
    return (
        f"{ref(household)},{number},{STORE},{day}T10:{line:02d}:00+00:00,{line},"
        f"{gtin(product)},1,each,{price(product)}"
    )


def deal(
    n: int, *, budget: str | None = None, circulation: str | None = None, value: str = ""
) -> str:
    """Deal `n` is on product `n`: half a cent in its cost, two uses, caps and control shares."""
    value = value or f"0.{50 + n}"
    budget = budget if budget is not None else ("2.00" if n % 3 == 0 else "")
    circulation = circulation if circulation is not None else ("5" if n % 3 == 1 else "")
    control = 30 if n % 3 == 2 else 0
    return (
        f"D{n},Supplier {n % 6},Deal {n},{gtin(n)},amount_off,{value},1,,25,0,{budget},"
        f"{circulation},{control},2026-01-01,2026-12-31,2026-01-01,2026-12-31,{1 + n % 2}"
    )
