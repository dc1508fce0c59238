"""Claims for tests of documents and of payments."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from service.engine.clearing.claim import (
    Address,
    Agreement,
    Channel,
    Claim,
    ClaimLine,
    ClaimState,
    Settlement,
    SupplierAccount,
    TaxCode,
)
from service.engine.clearing.retailer import Retailer

RETAILER = Retailer(
    legal_name="Larder Market GmbH",
    address=Address("Marktstraße 4", "50667", "Köln", "DE"),
    tax_number="DE123456788",
    bank_account="DE89370400440532013000",
    bank_code="COBADEFFXXX",
    email="billing@larder.example",
)
ACCOUNT = SupplierAccount(
    id=1,
    number="K-1001",
    legal_name="Brightside Foods Ltd",
    address=Address("12 Orchard Road", "22763", "Hamburg", "DE"),
    tax_number="DE811907980",
    language="en",
    currency="EUR",
    channel=Channel.PORTAL,
    brands=("Brightside", "Morning Crunch"),
)
AGREEMENT = Agreement(
    id=1,
    account_id=1,
    ref="AG-2026-7",
    revision=2,
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    fee_cents=8,
    tax_code=TaxCode.STANDARD,
    tax_basis_points=1900,
    tolerance_cents=100,
    grace_days=30,
    payment_days=30,
    dispute_days=45,
    credit_limit_cents=None,
    settlement=Settlement.INVOICE,
)


def line(number: int = 1, **more: Any) -> ClaimLine:
    """A line of 10 redemptions of 1.00, borne by half, in one store."""
    values: dict[str, Any] = {
        "line": number,
        "supplier_id": 1,
        "supplier": "Brightside",
        "deal_ref": "B-17",
        "revision": 1,
        "title": "Oat crunch 500 g, 1.00 off",
        "store_id": "001",
        "late_of": None,
        "circulation": 5000,
        "redemptions": 10,
        "redeemed_cents": 1000,
        "share_cents": 500,
        "fee_cents": 80,
        "slots": 0,
        "slot_cents": 0,
        "adjustment_cents": 0,
        "products": (4006381333931, 4006381333948),
    }
    return ClaimLine(**(values | more))


def claim(*lines: ClaimLine, **more: Any) -> Claim:
    """An issued claim, whose tax is that of its agreement."""
    agreement = more.pop("agreement", AGREEMENT)
    found = lines or (line(),)
    services = sum(each.fee_cents + each.slot_cents for each in found)
    tax = (2 * abs(services) * agreement.tax_basis_points + 10_000) // 20_000
    made = Claim(
        id=12,
        number="C-000012",
        state=ClaimState.ISSUED,
        account=ACCOUNT,
        agreement=agreement,
        drawn_to=date(2026, 3, 31),
        first_day=date(2026, 3, 1),
        last_day=date(2026, 3, 31),
        drawn_at=datetime(2026, 4, 1, 3, tzinfo=UTC),
        issued_on=date(2026, 4, 1),
        due_on=date(2026, 5, 1),
        dispute_until=date(2026, 5, 16),
        opening_cents=12_345,
        closing_cents=0,
        tax_cents=tax if services >= 0 else -tax,
        settled_cents=0,
        credit_number=None,
        cancelled_on=None,
        lines=found,
    )
    made = replace(made, **more)
    return replace(made, closing_cents=made.opening_cents + made.total_cents)


def long_claim(*, deals: int = 12, stores: int = 60, **more: Any) -> Claim:
    """A claim of many deals in many stores, with late events and long names."""
    lines = [
        line(
            deal * stores + store + 1,
            deal_ref=f"B-{deal:03}",
            title=f"Deal {deal}: "
            + "wholegrain breakfast cereal with honey and almonds, " * (deal % 3),
            store_id=f"{store + 1:03}",
            redemptions=store + 1,
            redeemed_cents=100 * (store + 1),
            share_cents=50 * (store + 1),
            fee_cents=8 * (store + 1),
            late_of="C-000007" if deal == 5 else None,
            products=tuple(4006381330000 + 10 * deal + n for n in range(9)),
        )
        for deal in range(deals)
        for store in range(stores)
    ]
    return claim(*lines, **more)
