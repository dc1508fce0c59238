"""Lists are worth more, the more their household is worth, where there are deals enough for it.

Forty households buy in fourteen categories, the better the more of them each week, at some ten
dollars a piece; each category has a deal of each of its two makers, from 1.50 to 4.20. Settings
have their defaults.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from service.cycle import CycleReport
from service.deals import load_deals
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.market import AS_OF, BASKET_COLUMNS, cycle, gtin, query, store_model, write

pytestmark = pytest.mark.slow

HOUSEHOLDS, CATEGORIES, WEEKS = 40, 14, 12
DEAL_COLUMNS = (
    "deal_id,supplier,title,eligible_gtins,benefit,value,funding_share_percent,"
    "mail_from,mail_to,redeem_from,redeem_to"
)
WINDOWS = "2026-01-01,2026-12-31,2026-01-01,2026-12-31"


def price(category: int) -> int:
    return 800 + 50 * category


@pytest.fixture
def report(database: Database, settings: Settings, tmp_path: Path) -> CycleReport:
    """One cycle of the rich market."""
    products = [(2 * category + maker, category, maker) for category in range(CATEGORIES)
                for maker in range(2)]  # fmt: skip
    load_products(
        database,
        write(
            tmp_path / "products.csv",
            [
                "gtin,description,brand,private_label,item,category,department,supplier,price_cents",
                *(
                    f"{gtin(number)},Good {number},Brand {number},false,Item {number},"
                    f"Category {category},Department 0,Maker {category}-{maker},{price(category)}"
                    for number, category, maker in products
                ),
            ],
        ),
    )
    homes = [
        "household_id,name,street,postcode,city,country,mail_consent",
        *(f"R{n:02d},Person {n},{n} Elm Street,42801,Applecroft,US,true"
          for n in range(HOUSEHOLDS)),
    ]  # fmt: skip
    load_households(
        database, write(tmp_path / "homes.csv", homes), secret_key=settings.secret_key,
        language="en",
    )  # fmt: skip
    load_baskets(database, write(tmp_path / "baskets.csv", _baskets()), timezone=settings.timezone)
    deals = [
        f"D{number},Maker {category}-{maker},Good {number},{gtin(number)},amount_off,"
        f"{1.5 + 0.1 * number:.2f},100,{WINDOWS}"
        for number, category, maker in products
    ]
    load_deals(
        database, write(tmp_path / "d.csv", [DEAL_COLUMNS, *deals]), uploaded_by=Actor("tests")
    )
    store_model(database, settings, AS_OF)
    return cycle(database, settings)


def _baskets() -> list[str]:
    """The better a household, the more of the categories it buys each week; both makers in turn."""
    lines = [BASKET_COLUMNS]
    for home in range(HOUSEHOLDS):
        for week in range(WEEKS):
            day = AS_OF - timedelta(days=7 * (WEEKS - week) - home % 7)
            bought = [c for c in range(CATEGORIES) if (c + week) % CATEGORIES < 4 + home // 4]
            lines.extend(
                f"R{home:02d},{home}-{week},0042,{day}T10:00:00+00:00,{line},"
                f"{gtin(2 * category + (week + home) % 2)},1,each,{price(category)}"
                for line, category in enumerate(bought, start=1)
            )
    return lines


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_best_lists_come_to_thirty_dollars_and_lesser_ones_to_less(
    database: Database, settings: Settings, report: CycleReport
) -> None:
    lists = query(
        database,
        """SELECT h.worth_decile, count(*), sum(l.face_value_cents) FROM cycle_household h
           JOIN shopping_list s ON s.household_id = h.household_id
           JOIN list_line l ON l.list_id = s.id AND l.kind = 'offer'
           WHERE h.arm = 'exposed' GROUP BY h.worth_decile, s.id ORDER BY 1""",
    )
    best = [int(cents) for decile, _, cents in lists if decile == 10]
    others = [int(cents) for decile, _, cents in lists if decile < 10]
    assert len(best) + len(others) == sum(row["households"] for row in report.worth) == 39
    assert all(3000 <= cents <= 4000 for cents in best)
    assert max(others) < 3000
    bands = {row["worth_decile"]: (row["floor_cents"], row["ceiling_cents"])
             for row in report.worth}  # fmt: skip
    assert (bands[1], bands[10]) == ((500, 1500), (3000, 4000))
    assert all(low < high for low, high in zip(bands.values(), [*bands.values()][1:], strict=False))
    for decile, offers, cents in lists:
        floor, ceiling = bands[decile]
        # The floor is soft: less than two steps between deals may be missing.
        assert floor - 20 < cents <= ceiling
        assert offers <= settings.offers_per_list
