"""Retention: what is old goes, what something needs stays, and nothing is counted from a part."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from service.admin import retention
from service.clearing.books import check_books
from service.clearing.reports import evaluate_suppliers
from service.errors import Conflict
from service.results.sales import count_sales
from service.settings import Settings
from service.store import household_cases, lists
from service.store.session import Database
from service.store.tables.household_case import HouseholdCase
from service.store.tables.retention import Kind
from tests.checkout.acts import off, replayed, returned, sold, voided
from tests.clearing.conftest import NOW, drawn, shop
from tests.clearing.test_disputes import paid
from tests.shop import BREAD, H1, H2, MILK, Shop

__all__ = ["shop"]

Ask = Callable[[str], list[tuple[Any, ...]]]
LATER = NOW + timedelta(days=1000)
KEPT = {
    "keep_baskets_days": 400, "keep_lists_days": 200, "keep_refusals_days": 30,
    "keep_audit_days": 30, "keep_runs_days": 30,
}  # fmt: skip
EVERYTHING = """SELECT (SELECT count(*) FROM basket), (SELECT count(*) FROM basket_line),
    (SELECT count(*) FROM redemption), (SELECT count(*) FROM refusal),
    (SELECT count(*) FROM list_line), (SELECT count(*) FROM audit_event)"""


def kept(settings: Settings) -> Settings:
    return settings.model_copy(update=KEPT)


def numbers(read_only: Ask) -> list[str]:
    """The numbers of the sales whose baskets are there."""
    return [str(number) for (number,) in read_only("SELECT number FROM basket ORDER BY number")]


@pytest.fixture
def used(database: Database, settings: Settings, shop: Shop) -> Shop:
    """Sales 1 (two offers), 2 (history), 3 (a refusal), and 4, made offline with what 1 used."""
    shown = [("list", shop.lists[H1])]
    sold(database, settings, 1, presented=shown, lines=[(MILK, 1, 120), (BREAD, 1, 250)])
    sold(database, settings, 2)
    sold(database, settings, 3, presented=shown)
    replayed(database, settings, 4, presented=shown, discounts=[off(shop.lists[H1], 1, 100)])
    with database.write() as session:
        lists.expire(session, before=date(2026, 4, 1), limit=10, after=0)
    return shop


def test_what_is_old_goes_but_for_what_is_needed(
    database: Database, settings: Settings, used: Shop, read_only: Ask
) -> None:
    before = read_only(EVERYTHING)
    ledger = read_only("SELECT * FROM ledger_entry ORDER BY id")
    count_sales(database)
    days = read_only("SELECT * FROM sales_day ORDER BY day, store_id, category_id")
    # Kept for ever unless a setting says otherwise.
    assert retention.remove(database, settings, now=LATER) == {}
    planned = retention.look(database, kept(settings), now=LATER)
    assert read_only(EVERYTHING) == before
    # No claim holds sale 1 yet, and sale 4 is in dispute.
    [baskets] = next(old for old in planned if old.kind is Kind.BASKETS).counts
    assert (baskets.old, baskets.needed) == (4, 2)
    gone = retention.remove(database, kept(settings), now=LATER)
    assert gone[Kind.BASKETS] == baskets.going == 2
    assert {old.kind: sum(each.going for each in old.counts) for old in planned} == gone
    assert numbers(read_only) == ["1", "4"]
    # The row of a sale that used nothing goes with its basket.
    assert read_only("SELECT number FROM redemption ORDER BY number") == [("1",), ("4",)]
    claims = drawn(database, settings)
    retention.remove(database, kept(settings), now=LATER)
    assert "1" in numbers(read_only), "its claims are open"
    for claim in claims:
        paid(database, claim, claim.total_cents, f"R-{claim.id}")
    retention.remove(database, kept(settings), now=LATER)
    assert numbers(read_only) == ["4"]
    # Nobody's money changed, and what was used counts as used.
    assert read_only("SELECT * FROM ledger_entry ORDER BY id")[: len(ledger)] == ledger
    assert check_books(database, settings, now=LATER).is_sound
    assert read_only("SELECT count(*) FROM redemption_line WHERE live") == [(2,)]
    # What was counted of days that went stays, however it is counted again.
    count_sales(database, everything=True)
    assert read_only("SELECT * FROM sales_day ORDER BY day, store_id, category_id") == days
    for undo in (lambda: voided(database, 1),
                 lambda: returned(database, settings, 9, of=1, lines=[(1, 1)])):  # fmt: skip
        with pytest.raises(Conflict, match="is kept no more"):
            undo()
    with pytest.raises(Conflict, match=r"Baskets before \S+ are kept no more"):
        evaluate_suppliers(database, day=date(2026, 3, 5))


def test_a_sale_that_a_household_asks_about_stays_without_its_basket(
    database: Database, settings: Settings, used: Shop, read_only: Ask
) -> None:
    [(sale, household)] = read_only("SELECT id, household_id FROM redemption WHERE number = '3'")
    with database.write() as session:
        household_cases.add(
            session,
            HouseholdCase(
                household_id=household, redemption_id=sale, list_id=1, list_line=1,
                reason="already_redeemed", text="", state="open", asked_at=NOW, answer="", actor="",
            ),
        )  # fmt: skip
    gone = retention.remove(database, kept(settings), now=LATER)
    assert gone[Kind.BASKETS] == 2
    assert numbers(read_only) == ["1", "4"]
    assert read_only("SELECT basket_id FROM redemption WHERE number = '3'") == [(None,)]


def test_of_lists_what_they_said_goes_and_what_was_offered_stays(
    database: Database, settings: Settings, used: Shop, read_only: Ask
) -> None:
    retention.remove(database, kept(settings), now=LATER)
    rows = read_only(
        """SELECT s.code, s.document = '', (SELECT count(*) FROM list_line l WHERE l.list_id = s.id)
           FROM shopping_list s ORDER BY s.id"""
    )
    # H1's list is in dispute.
    assert [(code, bool(empty), lines) for code, empty, lines in rows] == [
        (used.lists[H1], False, 4), (used.lists[H2], True, 3),
    ]  # fmt: skip


def test_a_pass_that_was_killed_is_finished_by_the_next(
    database: Database,
    settings: Settings,
    used: Shop,
    read_only: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)

    def killed(table: str, removed: int) -> None:
        if table == "basket" and removed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retention.remove(database, kept(settings), now=LATER, progress=killed)
    state = "SELECT kept_from, ended_at IS NULL, removed FROM retention WHERE kind = 'baskets'"
    from_day = (LATER - timedelta(days=400)).date()
    assert [(str(day), bool(on), gone) for day, on, gone in read_only(state)] == [
        (str(from_day), True, 0)
    ]
    assert len(numbers(read_only)) == 3
    retention.remove(database, kept(settings), now=LATER)
    assert numbers(read_only) == ["1", "4"]
    assert [(bool(on), gone) for _, on, gone in read_only(state)] == [(False, 1)]


def test_baskets_of_a_cycle_that_is_not_counted_stay(
    database: Database, settings: Settings, used: Shop, read_only: Ask
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO cycle_pick (cycle_id, household_id, offer_id, arm, cell, weight, is_given)"
            f" VALUES (1, 1, {used.milk_offer}, 'exposed', 'nb_light', 1, true)"
        )
    baskets = next(
        old
        for old in retention.look(database, kept(settings), now=LATER)
        if old.kind is Kind.BASKETS
    )
    # A year before the lists of 2026-03-02 became valid.
    assert (baskets.is_held, baskets.age and baskets.age.before) == (True, date(2025, 3, 3))
    assert retention.remove(database, kept(settings), now=LATER)[Kind.BASKETS] == 0
    assert len(numbers(read_only)) == 4


def test_a_time_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"keep_baskets_days\n.*at least 400"):
        Settings(_env_file=None, secret_key="s" * 32, code_key="c" * 32, keep_baskets_days=399)
