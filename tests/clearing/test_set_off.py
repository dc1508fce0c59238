"""What was agreed to be set off is set off by itself, once, and only what is not in dispute."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from service.clearing.agreements import load_agreements
from service.clearing.books import check_books
from service.clearing.disputes import answer_dispute, open_dispute
from service.clearing.set_off import set_off_due
from service.clearing.show import show_claim
from service.engine.clearing.claim import ClaimPart, ClaimState, DisputeReason
from service.jobs.scheduler import planned_jobs, run_slot
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import returned, sold
from tests.clearing.conftest import BY, NOW, TODAY, agreement, drawn, form
from tests.shop import H1, H2, Shop
from tests.till import FULL

SET_OFF = "SELECT posting, amount_cents FROM ledger_entry WHERE account = 'set_off' ORDER BY id"


@pytest.fixture
def shop(shop: Shop, database: Database, settings: Settings) -> Shop:
    """The shop, in which Dale Foods agreed to set-off two days after the claim."""
    terms = agreement("S-1", ["Dale Foods"], settlement="set_off", payment_days=2)
    load_agreements(database, settings, form(terms), by=BY, now=NOW)
    return shop


def night(database: Database, settings: Settings, days: int) -> None:
    """Run the nightly job of so many days later, as two schedulers do."""
    job = next(each for each in planned_jobs(settings) if each.name == "set_off")
    now = datetime.combine(TODAY + timedelta(days=days), time(23), UTC)
    assert run_slot(database, settings, job, now)
    assert not run_slot(database, settings, job, now)


def test_a_claim_is_set_off_once_on_the_night_it_is_due(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    claim = drawn(database, settings)[0]
    night(database, settings, 1)
    assert read_only(SET_OFF) == []
    for days in (2, 3):
        night(database, settings, days)
    day = TODAY + timedelta(days=2)
    assert read_only(SET_OFF) == [(f"set-off-{claim.id}-{day}", 110)]
    assert show_claim(database, claim.id).state == ClaimState.PAID
    assert set_off_due(database, as_of=day, by=BY, now=NOW) == []
    assert check_books(database, settings, now=NOW).is_sound


def test_what_is_in_dispute_is_set_off_once_it_is_answered(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    claim = drawn(database, settings)[0]
    dispute = open_dispute(
        database, claim.id, line=1, part=ClaimPart.SHARE, reason=DisputeReason.WRONG_RATE,
        cents=40, note="", on=TODAY, by=BY, now=NOW,
    )  # fmt: skip
    night(database, settings, 2)
    assert [cents for _, cents in read_only(SET_OFF)] == [70]
    answer_dispute(
        database, dispute.id, accepted_cents=15, reason=DisputeReason.WRONG_RATE, note="",
        by=BY, now=NOW,
    )  # fmt: skip
    night(database, settings, 3)
    assert [cents for _, cents in read_only(SET_OFF)] == [70, 25]
    assert show_claim(database, claim.id).state == ClaimState.CLOSED
    assert check_books(database, settings, now=NOW).is_sound


def test_a_claim_in_credit_is_paid_with_the_goods(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    for number, household in ((1, H1), (2, H2)):
        sold(database, settings, number, presented=[("list", shop.lists[household])], lines=FULL)
    drawn(database, settings)
    returned(database, settings, 3, of=1, lines=[(1, 1)])
    credit = drawn(database, settings, later=1)[0]
    assert credit.total_cents == -110
    night(database, settings, 5)
    assert [cents for _, cents in read_only(SET_OFF)] == [219, -110]
    assert show_claim(database, credit.id).state == ClaimState.PAID
    assert check_books(database, settings, now=NOW).is_sound
