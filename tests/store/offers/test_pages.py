"""Pages of deals of which many are equal in what they are sorted by: each once, both ways."""

import pytest

from service.store.offers import pages
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database
from service.store.tables.offer import Offer
from tests.shop import Shop

MANY, LIMIT = 23, 4


@pytest.fixture
def many(database: Database, shop: Shop) -> None:
    """Deals of two titles, two budgets (one is none) and one last day."""
    names = [column.name for column in Offer.metadata.tables["offer"].columns]
    same = [name for name in names if name not in ("id", "deal_ref", "title", "budget_cents")]
    with database.write() as session:
        for number in range(MANY):
            budget = "NULL" if number % 2 else "700"
            session.connection().exec_driver_sql(
                f"INSERT INTO offer (deal_ref, title, budget_cents, {', '.join(same)})"
                f" SELECT 'more-{number}', 'Same {number % 2}', {budget}, {', '.join(same)}"
                f" FROM offer WHERE id = {shop.milk_offer}"
            )


@pytest.mark.parametrize("order", DealOrder)
def test_every_deal_is_on_one_page_both_ways(
    database: Database, many: None, order: DealOrder
) -> None:
    chosen = DealFilter()
    with database.read() as session:
        whole = pages.page(session, chosen, order=order, limit=100).numbers
        assert len(set(whole)) == len(whole) == MANY + 3
        forward: list[int] = []
        place: Place | None = None
        while True:
            page = pages.page(session, chosen, order=order, place=place, limit=LIMIT)
            assert page.has_before is (place is not None)
            forward += page.numbers
            if not page.has_after:
                break
            place = Place(page.numbers[-1])
        assert forward == list(whole)
        backward = [whole[-1]]
        while True:
            place = Place(backward[0], before=True)
            page = pages.page(session, chosen, order=order, place=place, limit=LIMIT)
            backward = [*page.numbers, *backward]
            if not page.has_before:
                break
        assert backward == list(whole)
