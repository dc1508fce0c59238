"""Suppliers' quarters, and postings for a general ledger, from the small shop."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlmodel import select

from service.clearing.receipts import load_receipts, match_receipts
from service.clearing.reports import evaluate_suppliers, write_postings
from service.engine.clearing.evaluation import Figure
from service.engine.clearing.receipt import Receipt, identified
from service.engine.ledger import Account
from service.engine.lifecycle import Act, DealState
from service.errors import InvalidInput, NotFound
from service.files.clearing.general_ledger import BUDGETS, read_account_map
from service.settings import Settings
from service.store.offers import events
from service.store.session import Database
from service.store.tables.offer import Offer
from tests.clearing.issued_claims import ANNA, DALE, LATER, issue_claims

MAP: dict[str, str | None] = {
    str(account): str(1000 + place)
    for place, account in enumerate(Account)
    if account not in BUDGETS
}


@pytest.fixture
def paid(database: Database, settings: Settings, tmp_path: Path) -> Database:
    issue_claims(database, settings, tmp_path)
    path = tmp_path / "bank.csv"
    path.write_text("x")
    receipt = Receipt("DE89", "R1", date(2026, 5, 5), 105, "USD", text=DALE)
    load_receipts(
        database, path, "plain", identified([receipt]), currency="USD", by=ANNA, now=LATER
    )
    match_receipts(database, by=ANNA, now=LATER)
    return database


def mapping(folder: Path, given: Any = MAP) -> Path:
    path = folder / "accounts.json"
    path.write_text(json.dumps(given))
    return path


def export(database: Database, settings: Settings, folder: Path, **more: Any) -> pl.DataFrame:
    file = folder / "postings.csv"
    values = {"first": date(2026, 1, 1), "last": date(2027, 12, 31), "each": False} | more
    now = LATER.replace(year=2028)
    accounts = read_account_map(values.pop("accounts", None) or mapping(folder))
    lines = write_postings(database, settings, file, accounts, now=now, **values)
    found = pl.read_csv(file, infer_schema=False)
    assert found.height == lines
    return found.with_columns(
        pl.col(name).cast(pl.Decimal(12, 2)).fill_null(0) for name in ("debit", "credit")
    )


@pytest.mark.parametrize("each", [False, True])
def test_debits_and_credits_of_every_posting_agree_and_nothing_is_lost(
    each: bool, paid: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    found = export(paid, settings, tmp_path, each=each)
    by_posting = found.group_by("posting").agg(pl.col("debit").sum(), pl.col("credit").sum())
    assert (by_posting["debit"] == by_posting["credit"]).all()
    held = dict(
        read_only(
            """SELECT account, sum(amount_cents) FROM ledger_entry GROUP BY account
               HAVING sum(amount_cents) <> 0"""
        )
    )
    sums = found.group_by("account_name").agg((pl.col("debit") - pl.col("credit")).sum())
    exported = {name: int(100 * amount) for name, amount in sums.iter_rows() if amount}
    assert exported == {name: cents for name, cents in held.items() if name not in BUDGETS}
    assert set(found["supplier_account"].drop_nulls()) == {"K-1", "K-2"}
    money = found.filter(pl.col("account_name") == "cash")
    assert money.select("account", "debit", "kind").rows() == [
        (MAP["cash"], pl.Series([1.05]).cast(pl.Decimal(12, 2))[0], "receipt")
    ]


def test_an_account_without_a_number_is_named_and_no_file_is_written(
    paid: Database, settings: Settings, tmp_path: Path
) -> None:
    few = {name: number for name, number in MAP.items() if name != "cash"}
    with pytest.raises(InvalidInput) as caught:
        export(paid, settings, tmp_path, accounts=mapping(tmp_path, few))
    assert [each.where for each in caught.value.problems] == ["account cash"]
    with pytest.raises(InvalidInput) as unbalanced:
        export(paid, settings, tmp_path, accounts=mapping(tmp_path, few | {"cash": None}))
    assert "105 minor units apart" in str(unbalanced.value.problems[0])
    assert not (tmp_path / "postings.csv").exists()


def test_days_that_are_not_over_are_not_exported(
    paid: Database, settings: Settings, tmp_path: Path
) -> None:
    accounts = read_account_map(mapping(tmp_path))
    with pytest.raises(InvalidInput, match="is not over"):
        write_postings(
            paid, settings, tmp_path / "x.csv", accounts,
            first=LATER.date(), last=LATER.date(), each=False, now=LATER,
        )  # fmt: skip


@pytest.mark.parametrize("given", [{"till": "1"}, {"cash": 12}, {"cash": " "}, [], "text"])
def test_a_bad_mapping_is_refused(given: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        read_account_map(mapping(tmp_path, given))
    with pytest.raises(NotFound):
        read_account_map(tmp_path / "none.json")


def test_suppliers_are_classed_by_what_the_quarter_counted(
    paid: Database, settings: Settings, read_only: Any
) -> None:
    with paid.write() as session:
        milk = session.exec(select(Offer).where(Offer.deal_ref == "MILK-1")).one()
        for reason in ("out_of_stock", "wrong_print"):
            events.add(
                session, milk, Act.STOP, to_state=DealState.PAUSED, by=ANNA,
                at=datetime(2026, 3, 9, tzinfo=UTC), detail={"reason": reason},
            )  # fmt: skip
    first = {each.supplier: each for each in evaluate_suppliers(paid, day=date(2026, 3, 5))}
    dale = {scored.figure: scored for scored in first["Dale Foods"].scored}
    # Two copies, two uses; 0.40 of 2.40 was spent on milk after the discounts.
    assert dale[Figure.SELL_THROUGH].value == 1.0
    assert dale[Figure.SPEND_SHARE].value == pytest.approx(40 / 240)
    assert dale[Figure.DAYS_TO_PAY].value is None
    assert dale[Figure.STOCK_STOPS].value == 1
    second = {each.supplier: each for each in evaluate_suppliers(paid, day=date(2026, 5, 5))}
    later = {scored.figure: scored for scored in second["Dale Foods"].scored}
    assert (later[Figure.DAYS_TO_PAY].value, later[Figure.DAYS_TO_PAY].points) == (5.0, 2)
    assert later[Figure.SPEND_SHARE].value is None
