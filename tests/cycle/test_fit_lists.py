"""Whatever is issued can be printed, however much the deals of one list have to say together."""

from pathlib import Path

import pytest

from service.deals import load_deals
from service.engine.records import ListDocument
from service.engine.render import render_one
from service.files import layouts
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.market import (
    DEAL_COLUMNS,
    DEALS,
    cycle,
    deal,
    load_market,
    query,
    write,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("layout", ["classic-a4", "compact-a4"])
def test_what_lists_have_no_room_for_is_left_out_and_counted(
    database: Database, settings: Settings, tmp_path: Path, layout: str
) -> None:
    settings = settings.model_copy(
        update={"layout": layout, "offers_per_list": 24, "reminders_per_list": 24}
    )
    load_market(database, settings, tmp_path, deals=0)
    small_print = [f"{deal(n)},{f'Offer {n:02} of its own. ' * 12}" for n in range(DEALS)]
    write(tmp_path / "deals.csv", [f"{DEAL_COLUMNS},legal_text", *small_print])
    load_deals(database, tmp_path / "deals.csv", uploaded_by=Actor("tests"), accept="all")
    report = cycle(database, settings)
    assert report.offers_without_room > 0
    texts = query(database, "SELECT id, document FROM shopping_list ORDER BY id")
    documents = {key: ListDocument.from_json(text) for key, text in texts}
    assert len(documents) == report.lists
    printed = layouts.load(layout)
    for key, document in documents.items():
        assert render_one(document, None, printed, sender=layouts.sender_of(settings)).startswith(
            b"%PDF"
        )
        lines = query(
            database,
            f"SELECT line, offer_id, item_id FROM list_line WHERE list_id = {key} ORDER BY line",
        )
        assert [tuple(row) for row in lines] == [
            *((line.line, line.offer_id, None) for line in document.offers),
            *((line.line, None, line.item_id) for line in document.reminders),
        ]
        assert [row[0] for row in lines] == list(range(1, len(lines) + 1))
        assert document.worth_cents == sum(line.face_value_cents for line in document.offers)
    assert report.offers_issued == sum(len(each.offers) for each in documents.values())
    (reserved,) = query(database, "SELECT sum(uses * reserved_cents) FROM list_line")[0]
    assert report.reserved_cents == reserved


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_which_goods_count_is_left_unsaid_before_an_offer_is_left_out(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    load_market(database, settings, tmp_path)
    long = "Product of a name that takes more than the lines of an offer, whatever else it says"
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE product SET description = '{long} ' || gtin WHERE gtin % 2 = 0"
        )
    plan = cycle(database, settings.model_copy(update={"layout": "compact-a4"}))
    texts = query(database, "SELECT document FROM shopping_list ORDER BY id")
    offers = [line for (text,) in texts for line in ListDocument.from_json(text).offers]
    assert plan.offers_without_room == 0
    assert {bool(line.goods) for line in offers} == {True, False}
    assert not any(long in line.goods for line in offers)
