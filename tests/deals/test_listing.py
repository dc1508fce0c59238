"""Deals are chosen, listed, moved and edited, many at once or one by itself, on both databases."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.deals import load_body, load_deals, preview_deals, steer, upload
from service.deals.form import Form
from service.deals.form_reader import read_form
from service.deals.listing import act_on_each, choose_deals, list_deals, split_name
from service.deals.one_deal import new_row, row_with
from service.deals.products import find_products
from service.errors import InvalidInput, NotAccepted, NotFound
from service.files.products import load_products
from service.settings import Settings
from service.store.actor import Actor
from service.store.offers.overview import DealFilter
from service.store.session import Database
from tests.files.files import write_file
from tests.people import acting

Ask = Callable[[str], list[tuple[Any, ...]]]
MILK, BREAD = "2000000000015", "2000000000022"
PRODUCTS = f"""gtin,description,brand,private_label,item,category,department,supplier,price_cents
{MILK},Dale Milk,Dale,false,Milk,Dairy,Chilled,Dale: Foods,120
00123457,Dale Yeast,Dale,false,Yeast,Baking,Grocery,Dale: Foods,80
{BREAD},Bread in the Öven,Oven,false,Bread,Bakery,Grocery,Oven Works,250
"""
HEAD = (
    "deal_id,supplier,title,eligible_gtins,benefit,value,min_quantity,unit,face_value,"
    "funding_share_percent,mail_from,mail_to,redeem_from,redeem_to,target_regions,legal_text"
)
DAYS = "2026-04-01,2026-04-30,2026-04-01,2026-05-14"
JUNE = "2026-06-01,2026-06-30,2026-06-01,2026-07-14"
DEALS = f"""{HEAD}
A:1,Dale: Foods,Milk_1,{MILK};00123457,amount_off,0.50,2,,,100,{DAYS},Île; KY,"Only ""1"", see"
A2,Dale: Foods,Milk by weight,{MILK},amount_off,0.40,1.2340,kg,,100,{DAYS},,
B1,Oven Works,Grüße: bread 100% rye,{BREAD},percent_off,12.5%,,,0.30,50,{JUNE},,
"""


@pytest.fixture
def stocked(database: Database, tmp_path: Path) -> Database:
    load_products(database, write_file(tmp_path / "p.csv", PRODUCTS))
    file = write_file(tmp_path / "d.csv", DEALS)
    load_deals(database, file, uploaded_by=Actor("anna"), with_approval=True)
    return database


def test_every_filter_finds_what_it_says(stocked: Database) -> None:
    def found(**chosen: Any) -> list[str]:
        rows = list_deals(stocked, DealFilter(**chosen), currency="USD")
        return [row["deal_id"] for row in rows]

    assert found() == ["A:1", "A2", "B1"]
    assert found(supplier="Oven Works") == found(category="Bakery") == found(gtin=int(BREAD))
    assert found(gtin=int(BREAD)) == ["B1"]
    assert found(text="milk_") == found(text="a:1") == found(target="Île") == ["A:1"]
    # As people write it: capitals, and a dot that stands by itself.
    assert found(text="GRÜSSE") == found(text="gru\u0308ße") == found(text="b1") == ["B1"]
    [bread] = find_products(stocked, "ÖVEN bread", after=0, limit=9).rows
    assert bread["gtin"] == int(BREAD)
    assert found(text="100%") == found(benefit="percent_off") == ["B1"]
    assert found(target="le; K") == found(text="milk%") == found(upload=9) == []
    assert found(worth_from_cents=40, worth_to_cents=40) == ["A2"]
    assert found(mailed_on=date(2026, 6, 30)) == found(redeemed_on=date(2026, 7, 14)) == ["B1"]
    assert found(mailed_on=date(2026, 5, 1)) == []
    shown = list_deals(stocked, DealFilter(deal_id="A:1"), currency="USD")[0]
    assert (shown["value"], shown["products"], shown["product"]) == (
        "$0.50 off when you buy 2", 2, "Dale Milk",
    )  # fmt: skip
    assert shown["targets"] == {"regions": ["KY", "Île"]}


def test_an_act_on_many_deals_says_what_it_skipped(stocked: Database, settings: Settings) -> None:
    strict = settings.model_copy(update={"deal_approval": True})
    anna, bert = acting(stocked, settings, "anna"), acting(stocked, settings, "bert")
    dale = choose_deals(stocked, [DealFilter(supplier="Dale: Foods")])
    every = choose_deals(stocked, [DealFilter(deal_id="B1"), DealFilter()])
    assert [deal.deal_id for deal in every] == ["A:1", "A2", "B1"]
    assert len(act_on_each(dale, lambda n: steer.check(stocked, n, by=anna)).done) == 2
    again = act_on_each(every, lambda n: steer.check(stocked, n, by=anna))
    assert [deal.deal_id for deal in again.done] == ["B1"]
    assert [count for _, count in again.reasons()] == [2]
    own = act_on_each(every, lambda n: steer.approve(stocked, strict, n, by=anna))
    assert (own.done, [count for _, count in own.reasons()]) == ([], [3])
    # Loaded by nobody who is known: who checked is the first of the two.
    assert "Who checked a deal" in str(own.reasons()[0][0])
    other = act_on_each(dale, lambda n: steer.approve(stocked, strict, n, by=bert))
    assert len(other.done) == 2
    stopped = act_on_each(every, lambda n: steer.stop(stocked, n, by=bert))
    assert (len(stopped.done), len(stopped.skipped)) == (2, 1)
    with pytest.raises(NotFound, match="Oven Works:X"):
        choose_deals(stocked, [DealFilter(supplier="Oven Works", deal_id="X")])


def test_a_row_written_again_means_the_same(stocked: Database) -> None:
    for supplier, deal_id in (("Dale: Foods", "A:1"), ("Dale: Foods", "A2"), ("Oven Works", "B1")):
        assert split_name(stocked, f"{supplier}:{deal_id}") == (supplier, deal_id)
        report = load_body(
            stocked, *row_with(stocked, supplier, deal_id, {}), uploaded_by=Actor("anna")
        )
        assert (report.unchanged, report.revised, report.added) == (1, 0, 0), deal_id


def test_one_deal_is_edited_and_made_with_the_checks_of_a_file(
    stocked: Database, read_only: Ask
) -> None:
    def put(row: tuple[str, bytes]) -> tuple[int, int]:
        report = load_body(stocked, *row, uploaded_by=Actor("anna"))
        return report.added, report.revised

    assert put(
        row_with(stocked, "Oven Works", "B1", {"Discount": "15%", "face_value": "0.40"})
    ) == (0, 1)
    assert put(row_with(stocked, "Dale: Foods", "A:1", {"legal_text": ""})) == (0, 1)
    cells = dict(zip(HEAD.split(","), DEALS.splitlines()[2].split(","), strict=True))
    assert put(new_row({**cells, "deal_id": "A3"})) == (1, 0)
    stored = (
        "SELECT deal_ref, revision, face_value_cents, legal FROM offer WHERE state <> 'replaced'"
    )
    assert read_only(f"{stored} ORDER BY id")[-3:] == [
        ("B1", 2, 40, ""), ("A:1", 2, 50, ""), ("A3", 1, 40, ""),
    ]  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        put(row_with(stocked, "Oven Works", "B1", {"title": "Bread\u0546roll"}))
    assert "U+0546" in caught.value.problems[0].detail
    for wrong in ({"colour": "red"}, {"value": "1", "discount": "2"}):
        with pytest.raises(InvalidInput):
            row_with(stocked, "Oven Works", "B1", wrong)
    with pytest.raises(InvalidInput, match="SUPPLIER:ID"):
        split_name(stocked, "B1")


def test_a_digest_accepts_only_the_notes_that_were_seen(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader is made to ask, so that this holds whatever it asks about."""
    asked = ["the first question"]

    def read_and_ask(*given: Any, **named: Any) -> Form:
        form = read_form(*given, **named)
        for text in asked:
            form.ask(text)
        return form

    monkeypatch.setattr(upload, "read_form", read_and_ask)
    body = DEALS.replace("Milk_1", "Milk").encode()
    seen = preview_deals(stocked, "d.csv", body)
    asked.append("another question")
    with pytest.raises(NotAccepted) as caught:
        load_body(stocked, "d.csv", body, uploaded_by=Actor("anna"), accept=seen.accept)
    assert caught.value.asked == ("the first question", "another question")
    asked.pop()
    report = load_body(stocked, "d.csv", body, uploaded_by=Actor("anna"), accept=seen.accept)
    assert (report.revised, report.notes) == (1, seen.notes)
