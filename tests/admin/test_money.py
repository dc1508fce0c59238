"""Converting amounts to another minor unit: exactly, all of it, once."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text

from service.admin.money import convert_money
from service.admin.people import PersonRole
from service.clearing.agreements import load_agreements
from service.clearing.disputes import answer_dispute, open_dispute
from service.clearing.dunning import write_reminders
from service.clearing.receipts import load_advices, load_receipts, match_receipts
from service.cycle.product_sums import count_products
from service.deals.keep_sums import keep_sums
from service.desk.goodwill import GoodwillReason, GoodwillWanted, give
from service.engine.answers import Answer, Question
from service.engine.clearing.claim import ClaimPart, DisputeReason
from service.engine.clearing.receipt import Advice, PaidPart, Receipt, identified
from service.errors import Conflict, InvalidInput
from service.files.products import load_products
from service.members import answers
from service.results.sales import count_sales
from service.settings import Settings
from service.store import money
from service.store.session import Database
from service.store.tables import metadata
from service.store.tables.consent import ConsentChannel
from service.store.tables.cycle import CycleCap, CycleHousehold, CyclePick
from service.store.tables.types import Json
from tests.checkout.acts import returned, sold, voided
from tests.clearing.conftest import BY, DALE, OTHERS, TODAY, drawn, form
from tests.clearing.conftest import NOW as LATER
from tests.commands.conftest import Larder, configured, larder
from tests.people import NOW, somebody
from tests.shop import H1, H2, PRODUCTS, open_shop
from tests.till import FULL

__all__ = ["configured", "larder"]

# Nothing here costs, is capped, or is printed for a partner; no claim was adjusted.
_NOT_HERE = {
    "cost_cents", "copy_fee_cents", "funding_cap_cents", "slot_cents", "adjustment_cents",
}  # fmt: skip
Ask = Callable[[str], list[tuple[object, ...]]]


def test_every_document_is_known_to_hold_money_or_not() -> None:
    documents = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Text | Json)
    }
    assert documents == {*money.DOCUMENTS, *money.WITHOUT_MONEY}
    assert not money.DOCUMENTS.keys() & money.WITHOUT_MONEY


def test_every_amount_is_converted_there_and_back_and_nothing_else(
    database: Database, settings: Settings, read_only: Ask, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    hundredfold = [(gtin, pieces, 100 * cents) for gtin, pieces, cents in FULL]
    for number, ref in ((1, H1), (2, H2)):
        shown = [("list", shop.lists[ref])]
        sold(database, settings, number, presented=shown, lines=hundredfold)
    _claim_and_dispute(database, settings)
    returned(database, settings, 3, of=1, lines=[(1, 1)])
    voided(database, 2)
    drawn(database, settings, later=1)
    _receive_and_remind(database, settings, tmp_path, read_only)
    asked = GoodwillWanted("a", 500, reason=GoodwillReason.TILL_FAULT, list_id=1)
    anna = somebody(database, settings, "anna", [PersonRole.SERVICE]).acting()
    give(database, settings, asked, by=anna, now=NOW)
    budget = Answer(Question.BUDGET, number=8000)
    with database.write() as session:
        answers.add(
            session, settings, 1, budget, channel=ConsentChannel.PAGE, by=BY, now=NOW
        )  # fmt: skip
    keep_sums(database)
    count_products(database, settings, today=date(2026, 3, 16))
    count_sales(database)
    _pay_before(database)
    before = _all(read_only)
    # A fee of 8 cents is no whole number of the main unit.
    with pytest.raises(Conflict) as inexact:
        convert_money(database, from_exponent=2, to_exponent=0, apply=True)
    assert inexact.value.problems[0].detail.endswith("are no multiples of 100")
    assert _all(read_only) == before
    dry = convert_money(database, from_exponent=2, to_exponent=3, apply=False)
    assert _all(read_only) == before
    assert convert_money(database, from_exponent=2, to_exponent=3, apply=True) == dry
    after = _all(read_only)
    for table in money.tables():
        for column in money.money_columns(table):
            place = f"{table.name}.{column.name}"
            assert after[place] == [each and each * 10 for each in before[place]], place
            assert (
                table.name in {"till_conflict", "offline_use"}
                or any(before[place])
                or (column.name in _NOT_HERE or table.name == "cycle_price")
            ), place
    [answer] = read_only("SELECT answer FROM redemption WHERE number = '1'")
    assert '"total_discount_cents":' in str(answer[0])
    with pytest.raises(Conflict, match="converted to exponent 3 already"):
        convert_money(database, from_exponent=2, to_exponent=3, apply=True)
    convert_money(database, from_exponent=3, to_exponent=2, apply=True)
    assert _all(read_only) == before
    conversions = read_only("SELECT count(*) FROM money_conversion")
    assert conversions == [(2 * len(money.tables()),)]


def _pay_before(database: Database) -> None:
    """What a household paid in the year before a cycle, which this shop's was made without."""
    keys = {"cycle_id": 1, "offer_id": 1}
    household = {"cycle_id": 1, "household_id": 1, "arm": "exposed"}
    with database.write() as session:
        session.add_all(
            [
                CycleCap(**keys, days=14, deal_cents=100, category_cents=200, all_cents=300),
                CycleHousehold(**household, basket_year_cents=900, year_baskets=3),
                CyclePick(
                    **household, offer_id=1, cell="switcher_light", weight=1.0, is_given=True,
                    paid_14_cents=1, paid_28_cents=2, paid_56_cents=3, paid_year_cents=4,
                    category_year_cents=5,
                ),
            ]
        )  # fmt: skip


def _claim_and_dispute(database: Database, settings: Settings) -> None:
    """Claims of accounts that share, one of them in dispute and credited in part."""
    parties = [
        {"supplier": "House Brand", "rank": 1, "per_use": "0.10", "cap_per_use": "0.20"},
        {"supplier": "Dale Foods", "rank": 2},
    ]
    agreed = form(OTHERS, {**DALE, "parties": parties})
    load_agreements(database, settings, agreed, by=BY, now=LATER)
    [claim] = [each for each in drawn(database, settings) if each.account.number == "S-1"]
    dispute = open_dispute(
        database, claim.id, line=1, part=ClaimPart.SHARE, reason=DisputeReason.WRONG_RATE,
        cents=20, note="", on=TODAY, by=BY, now=LATER,
    )  # fmt: skip
    answer_dispute(
        database, dispute.id, accepted_cents=10, reason=DisputeReason.COUNT_DIFFERENCE, note="",
        by=BY, now=LATER,
    )  # fmt: skip


def _receive_and_remind(
    database: Database, settings: Settings, folder: Path, read_only: Ask
) -> None:
    """A payment with charges, one in suspense, an advice, and a reminder."""
    [(series, serial, owed)] = read_only(
        """SELECT series, serial, total_cents FROM claim WHERE total_cents > 5
           AND id NOT IN (SELECT claim_id FROM claim_settlement) ORDER BY id LIMIT 1"""
    )
    number = f"{series}-{serial:06}"
    paid = int(str(owed)) - 5
    made = (
        Receipt("A", "1", TODAY, paid, settings.currency, text=number, charges_cents=5),
        Receipt("A", "2", TODAY, 700, settings.currency, text="thanks"),
    )
    advice = Advice("T1", TODAY, 90, settings.currency, "Dale", (PaidPart(number, 100),), 10)
    (folder / "bank.csv").write_text("receipts")
    (folder / "advice.edi").write_text("advice")
    load_receipts(
        database,
        folder / "bank.csv",
        "plain",
        identified(made),
        currency=settings.currency,
        by=BY,
        now=LATER,
    )
    load_advices(database, folder / "advice.edi", (advice,), by=BY, now=LATER)
    match_receipts(database, by=BY, now=LATER)
    told = {"legal_address": "4 Market Street; 40202; Louisville", "country": "US"}
    billed = settings.model_copy(update=told)
    day = TODAY + timedelta(days=90)
    assert write_reminders(database, billed, as_of=day, by=BY, now=LATER)


def _all(read_only: Ask) -> dict[str, list[Any]]:
    """All amounts and all documents, by place."""
    found = {}
    for table in money.tables():
        keys = ", ".join(column.name for column in table.primary_key.columns)
        names = [column.name for column in money.money_columns(table)]
        for name in [*names, *(each for of, each in money.DOCUMENTS if of == table.name)]:
            rows = read_only(f"SELECT {name} FROM {table.name} ORDER BY {keys}")
            found[f"{table.name}.{name}"] = [row[0] for row in rows]
    return found


def test_a_document_is_converted_where_it_holds_amounts(database: Database) -> None:
    text = (
        '{"a_cents": -150, "text":"\\"b_cents\\": 7", "of":[{"c_cents":0}], "d_cents":null, "e":1}'
    )
    assert money._members(text, 1) == (
        text.replace("-150", "-1500"), 2,
    )  # fmt: skip
    assert money._members('{"x_cents": 2.5}', -1) == ('{"x_cents": 0.25}', 1)
    assert money._parts("[[1,[10,20],[0,0],[5,5]]]", -1) == ("[[1,[1,2],[0,0],[5,5]]]", 4)
    with pytest.raises(money.NotExact):
        money._amounts("[5]", -1)
    with pytest.raises(InvalidInput, match="No money is in store"):
        convert_money(database, from_exponent=2, to_exponent=0, tables=["store"], apply=False)


def test_it_is_typed(
    configured: Larder, database: Database, read_only: Ask, tmp_path: Path
) -> None:
    products = PRODUCTS.replace(",120", ",12000").replace(",250", ",").replace(",300", ",")
    (tmp_path / "products.csv").write_text(products.replace(",80\n", ",\n"), encoding="utf-8")
    load_products(database, tmp_path / "products.csv")
    typed = ("money", "convert", "--from-exponent", "2", "--to-exponent", "0")
    dry = configured(*typed, "--table", "product")
    assert (dry.code, dry.out.split()[:4]) == (0, ["table", "amounts", "product", "1"])
    assert dry.out.splitlines()[-1].startswith("nothing was written")
    assert read_only("SELECT price_cents FROM product WHERE price_cents > 0") == [(12_000,)]
    assert configured(*typed, "--table", "product", "--apply").out.splitlines()[-1] == "converted"
    assert read_only("SELECT price_cents FROM product WHERE price_cents > 0") == [(120,)]
    assert configured(*typed, "--apply").code == 1
