"""What the newest lists came to: what is kept is what a plain count of all rows says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.deals.keep_sums import keep_sums, recount_sums
from service.publish import void_batch
from service.settings import Settings
from service.store import cycles, loop, recount
from service.store.session import Database
from service.store.tables.cycle import Cycle
from tests.checkout.acts import off, replayed, returned, sold, voided
from tests.mail import print_batch
from tests.market import open_issued
from tests.shop import H1, H2, SHOPPING_DAY, Shop, issue_again, open_shop
from tests.till import FULL

Ask = Callable[[str], list[tuple[Any, ...]]]
PLAIN = """SELECT t.business_date, sum(l.uses), sum(l.amount_cents), sum(l.supplier_cents)
           FROM shopping_list s JOIN redemption_line l ON l.list_id = s.id AND l.live
           JOIN redemption t ON t.id = l.redemption_id
           WHERE s.cycle_id = 1 GROUP BY t.business_date ORDER BY t.business_date"""


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    opened = open_shop(database, settings, tmp_path)
    opened.lists["again"] = issue_again(database, opened, H1, 3, valid_from=SHOPPING_DAY)
    return opened


def by_day(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as session:
        return loop.uses_by_day(session, 1).rows()


def test_uses_by_day_are_those_of_all_rows_however_far_they_are_kept(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    """Once nothing is kept ever, once after every act, a row at a time."""
    later = (SHOPPING_DAY + timedelta(1)).isoformat()

    def sell(number: int, ref: str, day: str = SHOPPING_DAY.isoformat()) -> object:
        return sold(database, settings, number, presented=[("list", shop.lists[ref])], lines=FULL,
                    day=day)  # fmt: skip

    offline = [off(shop.lists["again"], 2, 90, line=2)]
    acts: list[Callable[[], object]] = [
        lambda: sell(1, H1),
        lambda: sell(2, H2, later),
        lambda: returned(database, settings, 3, of=1, lines=[(1, 1)]),
        lambda: voided(database, 1),
        lambda: replayed(database, settings, 5, presented=[("list", shop.lists["again"])],
                         lines=FULL, discounts=offline),
        lambda: sell(6, H1, later),
        lambda: voided(database, 6),
    ]  # fmt: skip
    seen = []
    for act in acts:
        act()
        plain = [(date.fromisoformat(str(day)), *map(int, sums)) for day, *sums in read_only(PLAIN)]
        assert by_day(database) == plain
        assert keep_sums(database, rows_at_once=1)
        assert by_day(database) == plain
        seen.append(plain)
    assert len({str(each) for each in seen}) > 4, "the acts change what is counted"
    assert recount_sums(database, now=datetime.now(UTC)) == 0


def test_a_day_that_is_wrong_is_found_and_put_right(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    keep_sums(database)
    before = by_day(database)
    for wrong in ("UPDATE cycle_day SET uses = uses + 1", "DELETE FROM cycle_day"):
        with database.write() as session:
            session.connection().exec_driver_sql(wrong)
        assert by_day(database) != before
        with database.read() as session:
            assert recount.wrong_cycles(session) == [1]
        assert recount_sums(database, now=datetime.now(UTC)) == 1
        assert by_day(database) == before


def test_what_was_issued_is_what_the_lists_hold(
    database: Database, settings: Settings, tmp_path: Path, read_only: Ask
) -> None:
    """One deal is a partner's, whose slots are no copies; then a printed batch is voided."""
    open_issued(database, settings, tmp_path)
    held = """SELECT o.supplier_id, o.kind, count(DISTINCT o.id), count(*),
                     sum(l.reserved_cents * l.uses)
              FROM list_line l JOIN offer o ON o.id = l.offer_id GROUP BY 1, 2 ORDER BY 1, 2"""
    kept = """SELECT supplier_id, kind, deals, copies, reserved_cents FROM cycle_supplier
              ORDER BY 1, 2"""
    assert read_only(kept) == [(*row[:-1], int(row[-1])) for row in read_only(held)]

    def issued(*, is_plain: bool) -> loop.Issued:
        with database.read() as session:
            cycle = cycles.newest(session)
            assert isinstance(cycle, Cycle)
            if is_plain:
                return loop.count_issued(session, cycle.id)
            return loop.issued(session, cycle)

    before = issued(is_plain=False)
    assert before == issued(is_plain=True)
    assert before.copies > before.lists > 0
    print_batch(database, settings)
    void_batch(database, settings, 1)
    assert issued(is_plain=False) == issued(is_plain=True) != before
