"""How quickly questions of households are answered, as *Today* counts it."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from service.admin.today import CASES_WITHIN, MOST_COUNTED
from service.settings import Settings
from service.store import household_cases
from service.store.household_cases import CaseCounts
from service.store.session import Database
from service.store.tables.household_case import CaseState, HouseholdCase
from service.store.tables.redemption import Redemption
from tests.checkout.acts import sold
from tests.shop import H1, MILK, Shop

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_was_answered_within_a_day(database: Database, settings: Settings, shop: Shop) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=[(MILK, 1, 120)])
    asked = (
        (3 * DAY, HOUR),
        (3 * DAY, 2 * DAY),
        (2 * DAY, None),
        (HOUR, None),
        (40 * DAY, HOUR),  # too long ago to count
    )
    with database.write() as session:
        sale = session.exec(select(Redemption)).one()
        assert sale.household_id is not None
        for line, (ago, answered) in enumerate(asked, start=1):
            for _ in range(2):
                household_cases.add(
                    session,
                    HouseholdCase(
                        household_id=sale.household_id, redemption_id=sale.id, list_id=1,
                        list_line=line, reason="quantity_short", text="", answer="", actor="",
                        state=CaseState.ANSWERED if answered else CaseState.OPEN,
                        asked_at=NOW - ago,
                        answered_at=NOW - ago + answered if answered else None,
                    ),
                )  # fmt: skip
    with database.read() as session:
        counted = household_cases.counts(
            session, since=NOW - CASES_WITHIN, now=NOW, most=MOST_COUNTED
        )
        assert [row.list_line for row in household_cases.waiting(session, limit=9)] == [3, 4]
    assert counted == CaseCounts(waiting=2, late=1, counted=3, in_a_day=1)
