"""What is a supplier's own: deals, claims, documents, disputes, money. Others' are not there."""

from datetime import date
from typing import Any

import pytest

from service.admin.keys import add_key
from service.clearing.documents import list_documents, make_documents
from service.clearing.draw import draw_claims
from service.clearing.settle import receive_within
from service.engine.clearing.ageing import Age
from service.engine.clearing.claim import ClaimPart, DisputeReason, DisputeState, SettlementKind
from service.engine.lifecycle import DealState
from service.errors import NotFound
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.suppliers import claims, deals, money
from service.suppliers.scope import Scope, scope_of_supplier
from tests.clearing.conftest import BY, NOW, TODAY
from tests.clearing.issued_claims import ANNA, DALE, LATER, OVEN, billing, issue_claims
from tests.suppliers.conftest import scope_of

DAY = date(2026, 3, 10)


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Any) -> Settings:
    """Two claims of Dale Foods (K-1) and one of Oven Works (K-2), with documents of the first."""
    issue_claims(database, settings, tmp_path, credit_limit="10.00")
    made = billing(settings)
    make_documents(database, made, DALE, now=LATER)
    make_documents(database, made, OVEN, now=LATER)
    return made


def test_deals_say_what_is_left_and_until_when(database: Database, issued: Settings) -> None:
    scope = scope_of(database, "K-1")
    [row] = deals.own_deals(database, scope, on=DAY, currency="USD").rows
    assert (row["deal_id"], row["budget_cents"], row["spent_cents"]) == ("MILK-1", 10_000, 216)
    assert row["left_cents"] == 10_000 - 216 - row["reserved_cents"]
    # Two uses of 1.08 on March 5 are 36 cents a day until the 10th: 97.84 are gone in 272 days.
    assert row["runs_out_on"] == date(2026, 12, 7)
    found = deals.own_deal(database, scope, row["offer_id"], on=DAY, currency="USD")
    assert (found.results.uses, found.results.discount_cents) == (2, 200)
    waiting = deals.own_deals(database, scope, on=DAY, states=[DealState.DRAFT], currency="USD")
    assert list(waiting.rows) == []


def test_what_is_anothers_is_not_there(database: Database, issued: Settings) -> None:
    dale, oven = scope_of(database, "K-1"), scope_of(database, "K-2")
    [row] = deals.own_deals(database, oven, on=DAY, currency="USD").rows
    with pytest.raises(NotFound):
        deals.own_deal(database, dale, row["offer_id"], on=DAY, currency="USD")
    with pytest.raises(NotFound):
        claims.own_claim(database, dale, OVEN, on=TODAY)
    document = list_documents(database, OVEN)[0]
    assert claims.own_document(database, oven, document.id).name == document.name
    for call in (
        lambda: claims.own_document(database, dale, document.id),
        lambda: claims.own_evidence(database, issued, dale, OVEN, by=BY, now=NOW),
        lambda: disputed(database, dale, OVEN),
    ):
        with pytest.raises(NotFound):
            call()
    theirs = disputed(database, oven, OVEN)
    with pytest.raises(NotFound):
        claims.withdraw_own(database, dale, theirs.id, note="", by=BY, now=NOW)
    assert claims.own_disputes(database, dale) == []
    assert claims.own_disputes(database, oven) == [theirs]


def disputed(database: Database, scope: Scope, claim: str) -> Any:
    return claims.dispute_own(
        database, scope, claim, line=1, part=ClaimPart.SHARE, reason=DisputeReason.DUPLICATE,
        cents=20, note="", on=date(2026, 4, 2), by=BY, now=NOW,
    )  # fmt: skip


def test_a_dispute_is_opened_seen_and_withdrawn(database: Database, issued: Settings) -> None:
    scope = scope_of(database, "K-1")
    assert claims.own_claim(database, scope, DALE, on=date(2026, 5, 15)).may_dispute
    opened = disputed(database, scope, DALE)
    seen = claims.own_claim(database, scope, DALE, on=date(2026, 5, 16))
    assert seen.disputes == [opened]
    assert seen.taken == {(1, ClaimPart.SHARE): 20}
    assert not seen.may_dispute
    open_now = money.own_open(database, scope, as_of=date(2026, 5, 1))
    assert [(each.open_cents, each.disputed_cents) for each in open_now.claims] == [
        (108, 20), (108, 0),
    ]  # fmt: skip
    assert open_now.ages is not None
    assert open_now.ages.by_age[Age.UP_TO_30] == 108
    done = claims.withdraw_own(database, scope, opened.id, note="", by=BY, now=NOW)
    assert done.state == DisputeState.WITHDRAWN


def test_drafts_are_not_shown(database: Database, issued: Settings) -> None:
    scope = scope_of(database, "K-1")
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE claim SET issued_at = NULL, series = NULL, serial = NULL WHERE id = 1"
        )
    assert [each.id for each in claims.own_claims(database, scope)] == [3]
    with pytest.raises(NotFound):
        claims.own_claim(database, scope, 1, on=TODAY)
    assert draw_claims(database, issued, drawn_to=date(2026, 4, 2), by=ANNA, now=LATER) == []


def test_terms_credit_and_payments(database: Database, issued: Settings, read_only: Any) -> None:
    scope = scope_of(database, "K-1")
    terms = money.own_terms(database, scope, on=date(2026, 5, 1))
    owed = sum(
        cents
        for (cents,) in read_only(
            "SELECT amount_cents FROM ledger_entry WHERE supplier_id = 1 "
            "AND account IN ('supplier_receivable', 'offer_reserved')"
        )
    )
    assert terms.credit == money.Credit(1_000, 1_000 - owed)
    assert [each.ref for each in terms.agreements] == ["AG-K-1"]
    assert money.own_payments(database, scope) == []
    with database.write() as session:
        receive_within(session, 1, 100, reference="bank-1", by=BY, now=NOW)
    [payment] = money.own_payments(database, scope)
    assert (payment.claim_number, payment.kind, payment.cents) == (
        DALE, SettlementKind.RECEIPT, 100,
    )  # fmt: skip
    assert money.own_payments(database, scope_of(database, "K-2")) == []


def test_a_key_sees_the_account_of_its_brand_or_the_brand_alone(
    database: Database, settings: Settings, issued: Settings
) -> None:
    add_key(database, settings, role=Role.SUPPLIER, supplier="Dale Foods")
    assert scope_of_supplier(database, 1) == scope_of(database, "K-1")
    with database.read() as session:
        house = (
            session.connection()
            .exec_driver_sql("SELECT id FROM supplier WHERE name = 'House Brand'")
            .scalar_one()
        )
    alone = scope_of_supplier(database, house)
    assert (alone.names, alone.account_id) == (("House Brand",), None)
    assert claims.own_claims(database, alone) == []
    assert money.own_open(database, alone, as_of=TODAY) == money.Open((), None)
    with pytest.raises(NotFound, match="agreed"):
        money.own_terms(database, alone, on=TODAY)


def test_the_end_of_a_budget_is_at_the_pace_up_to_today() -> None:
    used = {date(2026, 3, 5): 200, date(2026, 3, 6): 80}
    until = date(2026, 12, 31)
    for left, day, ends in (
        (1_000, date(2026, 3, 6), date(2026, 3, 14)),  # 140 a day
        (1_000, date(2026, 3, 18), date(2026, 5, 7)),  # 280 in a fortnight
        (1_000, date(2026, 3, 19), date(2026, 9, 10)),  # 80 in it
        (1_000, date(2026, 3, 20), None),
        (0, date(2026, 3, 6), date(2026, 3, 6)),
        (100_000, date(2026, 3, 6), None),
    ):
        assert deals.runs_out_on(left, used, on=day, until=until) == ends, (left, day)
    assert deals.runs_out_on(1, {}, on=date(2026, 3, 6), until=until) is None
