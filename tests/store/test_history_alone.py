"""Lines that left the database for files: whoever reads or changes them there does as before."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.admin import history
from service.admin.money import convert_money
from service.admin.retention import remove
from service.engine.clearing.evaluation import SupplierQuarter
from service.settings import Settings
from service.store import exports, household_views, lists, product_sums, sales
from service.store.clearing import quarter
from service.store.history import lines, manifest
from service.store.offers import responses
from service.store.sales import By
from service.store.session import Database
from tests.checkout.acts import returned, sold, voided
from tests.conftest import settings_of
from tests.shop import CARDS, H1, H2, MILK, SOAP, Shop, open_shop, shop
from tests.store.test_history import LATER, busy_months, everything, late

__all__ = ["shop"]
Ask = Callable[[str], list[tuple[object, ...]]]
FIRST, LAST = date(2026, 2, 1), date(2026, 3, 31)


@pytest.fixture
def alone(settings: Settings) -> Settings:
    """Settings of a shop whose lines leave the database."""
    return settings.model_copy(update={"history_alone": True})


def seen(database: Database, ask: Ask) -> dict[str, Any]:
    """What readers of lines see, one by one."""
    days = [(FIRST + timedelta(days=number), number // 7) for number in range(59)]
    with database.write() as session:
        product_sums.count_week(session, date(2026, 3, 2), before=LAST)
        sales.count_days(session, first=FIRST, before=LAST, cycle_id=1)
    with database.read() as session:
        quarters: list[SupplierQuarter] = quarter.suppliers_in(session, FIRST, LAST)
        return {
            "purchases": everything(database),
            "export": {each.name: list(each.rows) for each in exports.tables(session, 1)},
            "visits": household_views.baskets(session, 1, before_id=None, limit=50),
            "weeks": ask("SELECT * FROM product_week ORDER BY gtin"),
            "sales": ask("SELECT * FROM sales_day ORDER BY day, store_id, category_id, tier"),
            "visitors": ask("SELECT * FROM visits_day ORDER BY day, store_id, tier"),
            "buyers": sorted(sales.bought(session, days, By.CATEGORY, cycle_id=None)),
            "spent": sales.spent(session, first=FIRST, last=LAST, margin_percent=20).rows(),
            "unknown": sales.unknown_cents(session, first=FIRST, last=LAST),
            "suppliers": quarters,
            "usage": lists.usage(session, 1, until=LAST),
            "exposed": responses.exposed(session, 1).rows(),
            "ghosts": responses.ghosts(session, 1).rows(),
            "swings": responses.swings(session, 1).rows(),
            "baskets": [
                lines.of_basket(session, key)
                for key in ask_ids(ask)
            ],
        }  # fmt: skip


def ask_ids(ask: Ask) -> list[Any]:
    return [key for (key,) in ask("SELECT id FROM basket ORDER BY id")]


def test_every_reader_sees_in_files_what_it_saw_in_the_table(
    database: Database,
    settings: Settings,
    alone: Settings,
    shop: Shop,
    tmp_path: Path,
    read_only: Ask,
) -> None:
    busy_months(database, settings, tmp_path)
    before = seen(database, read_only)
    assert before["unknown"] == 490
    assert before["usage"]["bought"] > 0
    assert len(before["export"]["basket_lines"]) > 3
    history.compact(database, alone, now=LATER)
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    assert seen(database, read_only) == before
    # A file that is loaded again adds nothing, and what contradicts it is said.
    again = late(database, tmp_path, (H2, "77", 1, MILK))
    assert (again.taken, again.known, again.refused) == (0, 1, 0)
    other = late(database, tmp_path, (H2, "77", 1, SOAP))
    assert (other.taken, other.known, other.refused) == (0, 0, 1)
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    assert seen(database, read_only) == before


def test_what_left_changes_as_what_stayed_does(
    database: Database,
    alone: Settings,
    shop: Shop,
    tmp_path: Path,
    migrated: Path,
    read_only: Ask,
) -> None:
    busy_months(database, alone, tmp_path)
    twin_settings = settings_of(f"sqlite:///{tmp_path / 'twin.db'}", tmp_path / "twin")
    (tmp_path / "twin.db").write_bytes(migrated.read_bytes())
    twin = Database(twin_settings.database_url)
    never = twin_settings.model_copy(update={"hot_days": 0})
    open_shop(twin, never, tmp_path)
    busy_months(twin, never, tmp_path)

    def same() -> None:
        assert [row[:1] + row[2:] for row in everything(database)] == [
            row[:1] + row[2:] for row in everything(twin)
        ]

    same()
    history.compact(database, alone, now=LATER)
    same()
    for each, given in ((database, alone), (twin, never)):
        returned(each, given, 21, of=2, lines=[(1, 1)])
        voided(each, 3)
        late(each, tmp_path, (H2, "77", 3, MILK))
        assert sold(each, given, 31, presented=[("card", CARDS[H1])])["status"] == "redeemed"
    same()
    assert history.compact(database, alone, now=LATER).written == 1
    same()
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    for each in (database, twin):
        convert_money(each, from_exponent=2, to_exponent=3, apply=True)
    same()
    assert read_only("SELECT count(*) > 0 FROM basket_line") in ([(1,)], [(True,)])
    history.compact(database, alone, now=LATER)
    same()
    held = everything(database)
    much_later = LATER + timedelta(days=500)
    for each, given in ((database, alone), (twin, never)):
        remove(each, given.model_copy(update={"keep_baskets_days": 400}), now=much_later)
    same()
    # What suppliers were not charged for yet is kept.
    assert 0 < len(everything(database)) < len(held)
    history.compact(database, alone, now=much_later)
    same()
    with database.read() as session:
        assert sum(file.rows for file in manifest.counting(session)) == len(everything(database))
    assert read_only("SELECT count(*) FROM history_change") == [(0,)]
    twin.dispose()
