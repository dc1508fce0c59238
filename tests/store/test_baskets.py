"""What households bought, as the forecast reads it."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.products import load_products
from service.settings import Settings
from service.store import baskets, households
from service.store.session import Database
from tests.files.files import BASKETS, HOUSEHOLDS, PRODUCTS, write_file

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def ids(database: Database, settings: Settings, tmp_path: Path) -> dict[str, int]:
    """The households' ids; H1 bought milk and bread, H2 milk and something unknown."""
    unknown = "H2,0003,0042,07,2026-03-02T09:00:00+00:00,2,99999999999999,1,each,120\n"
    load_products(database, write_file(tmp_path / "p.csv", PRODUCTS))
    path = write_file(tmp_path / "h.csv", HOUSEHOLDS)
    load_households(database, path, secret_key=settings.secret_key, language="en")
    load_baskets(database, write_file(tmp_path / "b.csv", BASKETS + unknown), timezone="UTC")
    with database.read() as session:
        return households.ids_by_ref(session)


def test_purchases_are_of_known_households_and_products_in_order(
    database: Database, ids: dict[str, int]
) -> None:
    with database.read() as session:
        found = baskets.purchases(session, before=LATER)
    assert found.columns == [
        *("household_id", "item_id", "basket_id", "purchased_at", "quantity", "amount_cents"),
        *("gtin", "category_id", "supplier_id", "private_label"),
    ]
    assert found.schema["purchased_at"] == pl.Datetime("us", "UTC")
    picked = found.select("household_id", "gtin", "purchased_at", "quantity", "amount_cents")
    assert picked.rows() == [
        (ids["H1"], 2000000000015, datetime(2026, 3, 1, 17, 4, tzinfo=UTC), 2.0, 240),
        (ids["H1"], 2000000000022, datetime(2026, 3, 1, 17, 4, tzinfo=UTC), 1.0, 250),
        (ids["H2"], 2000000000015, datetime(2026, 3, 2, 9, 0, tzinfo=UTC), 1.0, 120),
    ]
    assert found["private_label"].to_list() == [False, False, False]


def test_the_moment_before_is_not_part_and_the_moment_since_is(
    database: Database, ids: dict[str, int]
) -> None:
    second = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with database.read() as session:
        assert baskets.purchases(session, before=second).height == 2
        assert baskets.purchases(session, before=LATER, since=second).height == 1


def test_only_the_households_asked_for(database: Database, ids: dict[str, int]) -> None:
    with database.read() as session:
        one = baskets.purchases(session, before=LATER, household_ids=[ids["H2"]])
        nobody = baskets.purchases(session, before=LATER, household_ids=[])
        assert one["household_id"].to_list() == [ids["H2"]]
        assert (nobody.height, nobody.schema) == (0, one.schema)
        assert [baskets.count(session, ids[ref]) for ref in ("H1", "H2", "H3")] == [1, 1, 0]
        newest = baskets.newest_moments(session, [ids["H2"], ids["H3"]])
        assert newest == {ids["H2"]: datetime(2026, 3, 2, 9, tzinfo=UTC)}


def test_goods_without_a_gtin_are_spend_and_no_purchases(
    database: Database, ids: dict[str, int], tmp_path: Path
) -> None:
    head = BASKETS.partition("\n")[0]
    odd = "H3,77,0042,07,2026-03-02T10:00:00Z,{},{},1,each,{}\n"
    path = tmp_path / "odd.csv"
    path.write_text(
        f"{head}\n"
        + odd.format(1, "SHIRT-M", 900)
        + odd.format(2, "", -50)
        + odd.format(3, 4011, 7)
    )
    load_baskets(database, path, timezone="UTC")
    start = datetime(2026, 3, 2, tzinfo=UTC)
    with database.read() as session:
        spent = baskets.unnamed_spend(session, since=start, before=LATER)
        assert spent.rows() == [
            (ids["H3"], datetime(2026, 3, 2, 10, tzinfo=UTC), cents) for cents in (900, -50)
        ]
        assert baskets.unnamed_spend(session, since=LATER, before=LATER).is_empty()
        mine = baskets.purchases(session, before=LATER, household_ids=[ids["H3"]])
        assert 0 not in mine["gtin"].to_list()
