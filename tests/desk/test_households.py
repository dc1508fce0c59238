"""One household, looked at on both databases."""

from datetime import UTC, date, datetime

from service.admin.people import PersonRole
from service.desk import households
from service.desk.households import FoundBy, OpeningReason
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import sold
from tests.people import somebody
from tests.shop import CARDS, H1, MILK, Shop


def test_a_household_is_opened_and_its_visits_are_turned_page_by_page(
    database: Database, settings: Settings, shop: Shop
) -> None:
    for number in range(1, 5):
        sold(database, settings, number, presented=[("list", shop.lists[H1])],
             lines=[(MILK, 1, 120)])  # fmt: skip
    anna = somebody(database, settings, "anna", (PersonRole.SERVICE,))
    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    household_id = households.find(database, settings, FoundBy.CARD, CARDS[H1])
    assert not households.is_open(database, household_id, anna.id, now=now)
    households.open_household(
        database, household_id, by=anna.acting(), reason=OpeningReason.CUSTOMER_ASKS, note="",
        now=now,
    )  # fmt: skip
    assert households.is_open(database, household_id, anna.id, now=now)
    view = households.look(database, settings, household_id, today=date(2026, 3, 20))
    assert (view.visits, view.spent_cents, view.as_of) == (4, 380, date(2026, 3, 6))
    assert [each.person_id for each in view.openings] == [anna.id]
    # All four are of one moment: the number of the basket parts them.
    whole = households.visits(database, household_id, before_id=None, limit=9)
    first = households.visits(database, household_id, before_id=None, limit=3)
    rest = households.visits(database, household_id, before_id=first[-1].id, limit=3)
    assert [row.number for row in whole] == ["4", "3", "2", "1"]
    assert [*first, *rest] == whole
