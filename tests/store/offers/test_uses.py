"""What deals came to by day and store: pages that hold what plain sums say, on both databases."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl

from service.settings import Settings
from service.store.bulk import append
from service.store.offers import uses
from service.store.offers.uses import Uses, UsesFilter, UsesPlace
from service.store.session import Database
from tests.checkout.acts import returned, sold, voided
from tests.market import query
from tests.shop import H1, H2, SHOPPING_DAY, Shop
from tests.till import FULL

AT = datetime(2026, 3, 5, 9, tzinfo=UTC)
PLAIN = """SELECT coalesce(o.deal_id, o.id) AS number, t.business_date, t.store_id, sum(l.uses),
                  sum(l.amount_cents), sum(l.supplier_cents), sum(l.retailer_cents)
           FROM redemption_line l JOIN redemption t ON t.id = l.redemption_id
           JOIN offer o ON o.id = l.offer_id WHERE l.live GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


def walked(database: Database, chosen: UsesFilter, limit: int) -> list[Uses]:
    """All rows, page by page to the end."""
    found: list[Uses] = []
    after: UsesPlace | None = None
    with database.read() as session:
        while page := uses.page(session, chosen, after=after, limit=limit):
            assert len(page) <= limit
            found += page
            after = page[-1].place
    return found


def used_at_random(database: Database, shop: Shop) -> None:
    """Uses in stores on days; one in three was voided."""
    draw = random.Random(5)
    stores, days = ("0042", "7 / north", "é"), [date(2026, 3, 4) + timedelta(n) for n in range(4)]
    offers = (shop.milk_offer, shop.bread_offer)
    rows = [
        (f"r{n}", draw.choice(stores), draw.choice(days), draw.choice(offers), bool(n % 3))
        for n in range(60)
    ]
    names = {"id": pl.String, "store_id": pl.String, "business_date": pl.Date, "offer_id": pl.Int64}
    made = pl.DataFrame(rows, schema={**names, "live": pl.Boolean}, orient="row")
    moment = pl.lit(AT).cast(pl.Datetime("us", "UTC"))
    with database.write() as session:
        for store in stores[1:]:
            session.connection().exec_driver_sql(
                f"INSERT INTO store (id, timezone) VALUES ('{store}', 'UTC')"
            )
        append(session, "redemption", made.select(
            "id", "store_id", "business_date", terminal=pl.lit("1"), number=pl.col("id"),
            digest=pl.lit(""), state=pl.lit("redeemed"), total_discount_cents=pl.lit(9),
            answer=pl.lit("{}"), redeemed_at=moment,
        ))  # fmt: skip
        append(session, "redemption_line", made.select(
            "offer_id", "live", redemption_id=pl.col("id"), list_id=pl.lit(1),
            list_line=pl.lit(1), use_number=pl.int_range(pl.len()) + 1, uses=pl.lit(2),
            units=pl.lit(2), amount_cents=pl.int_range(pl.len()), supplier_cents=pl.lit(1),
            retailer_cents=pl.lit(3), reserved_cents=pl.lit(0), parts=pl.lit("[]"),
            household_id=pl.lit(1), deal_id=pl.lit(0),
        ))  # fmt: skip


def test_pages_hold_what_plain_sums_say(database: Database, shop: Shop) -> None:
    used_at_random(database, shop)
    plain = [
        (number, date.fromisoformat(str(day)), store, *map(int, sums))
        for number, day, store, *sums in query(database, PLAIN)
    ]
    for limit in (1, 2, 7, 100):
        found = walked(database, UsesFilter(), limit)
        assert [(row.number, row.day, row.store, *row[5:9]) for row in found] == plain, limit

    def chosen(**filters: object) -> Sequence[tuple[object, ...]]:
        return [row.place for row in walked(database, UsesFilter(**filters), 3)]  # type: ignore[arg-type]

    milk, day = shop.milk_offer, date(2026, 3, 5)
    assert chosen(number=milk) == [row[:3] for row in plain if row[0] == milk]
    assert chosen(first_day=day, last_day=day) == [row[:3] for row in plain if row[1] == day]
    assert chosen(supplier=found[0].supplier, last_day=date(2026, 3, 4)) == [
        row.place for row in found if row.supplier == found[0].supplier and row.day < day
    ]
    assert chosen(number=999) == chosen(supplier="nobody") == chosen(last_day=date.min) == []


def test_what_was_voided_is_nowhere_and_what_came_back_is_not_spent(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    sold(database, settings, 2, presented=[("list", shop.lists[H2])], lines=FULL)
    voided(database, 2)
    before = {row.number: row for row in walked(database, UsesFilter(), 10)}
    assert {row[3:6] for row in before.values()} == {(SHOPPING_DAY, "0042", 1)}
    milk = before[shop.milk_offer]
    assert (milk.deal_id, milk.discount_cents, milk.supplier_cents) == ("MILK-1", 100, 100)
    assert milk.spent_cents == 108
    returned(database, settings, 3, of=1, lines=[(1, 1)])
    after = {row.number: row for row in walked(database, UsesFilter(), 10)}
    spent = "SELECT coalesce(sum(amount_cents), 0) FROM ledger_entry WHERE account = 'offer_spent'"
    assert sum(row.spent_cents for row in after.values()) == int(query(database, spent)[0][0])
    assert shop.milk_offer not in after, "it was given back whole"
