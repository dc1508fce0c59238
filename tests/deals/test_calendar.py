"""The calendar of deals: overlaps and gaps by category, in pages."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.deals.calendar import Sought, Span, read_calendar, read_category, spans
from service.errors import NotFound
from service.settings import Settings
from service.store.offers.calendar import Running, Window
from service.store.session import Database
from tests.shop import open_shop

FIRST = date(2026, 3, 2)
RUNS = st.lists(st.tuples(st.integers(1, 4), st.integers(-20, 40), st.integers(0, 30)), max_size=8)


@given(RUNS, st.integers(1, 28))
def test_each_day_counts_each_deal_once_whatever_its_revisions(
    drawn: list[tuple[int, int, int]], days: int
) -> None:
    runs = [
        Running(1, deal, number, FIRST + timedelta(begin), FIRST + timedelta(begin + length))
        for number, (deal, begin, length) in enumerate(drawn)
    ]
    found = spans(runs, Sought(FIRST, days))
    by_day = [span.deals for span in found for _ in range(span.days)]
    assert by_day == [
        len({run.deal_id for run in runs if run.from_day <= day <= run.to_day})
        for day in (FIRST + timedelta(place) for place in range(days))
    ]
    assert all(one.deals != other.deals for one, other in pairwise(found))
    assert found[0].first == FIRST


def test_a_page_of_categories_and_the_deals_of_one(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run("UPDATE offer SET mail_from = '2026-03-04', mail_to = '2026-03-10'")
        run(f"UPDATE offer SET category_id = (SELECT category_id FROM offer WHERE id = "
            f"{shop.milk_offer}), mail_from = '2026-03-09', mail_to = '2026-05-01' "
            f"WHERE id = {shop.bread_offer}")  # fmt: skip
        run(f"UPDATE offer SET state = 'draft' WHERE id = {shop.bread_offer}")
    sought = Sought(FIRST, 14)
    pages, after = [], ""
    while True:
        found = read_calendar(database, sought, after=after, limit=1)
        pages += found.rows
        if found.after is None:
            break
        after = found.after
    assert [row.name for row in pages] == sorted(row.name for row in pages)
    both = next(row for row in pages if row.most == 2)
    assert both.spans == [
        Span(date(2026, 3, 2), date(2026, 3, 3), 0),
        Span(date(2026, 3, 4), date(2026, 3, 8), 1),
        Span(date(2026, 3, 9), date(2026, 3, 10), 2),
        Span(date(2026, 3, 11), date(2026, 3, 15), 1),
    ]
    assert (both.overlapping_days, both.gaps) == (2, both.spans[:1])
    one = Sought(FIRST, 14, category=both.name)
    approved = Sought(FIRST, 14, category=both.name, with_waiting=False)
    assert read_calendar(database, approved, after="", limit=9).rows[0].most == 1

    def numbers(sought: Sought, after: int | None = None) -> tuple[list[int], int | None]:
        found = read_category(database, sought, after=after, limit=1, language="en", currency="USD")
        return [row["offer_id"] for row in found.rows], found.after

    assert numbers(one) == ([shop.milk_offer], shop.milk_offer)
    assert numbers(one, shop.milk_offer) == ([shop.bread_offer], None)
    assert numbers(approved) == ([shop.milk_offer], None)
    assert numbers(Sought(date(2027, 1, 4), 14, category=both.name)) == ([], None)
    at_tills = Sought(FIRST, 14, Window.REDEEMED, both.name, supplier="nobody")
    assert read_calendar(database, at_tills, after="", limit=1).rows[0].most == 0
    with pytest.raises(NotFound):
        numbers(Sought(FIRST, 14, category="Nothing like it"))
