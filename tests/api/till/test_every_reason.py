"""Every reason for a refusal and every kind of benefit is reached through the till's own door.

Both lists are closed and iterated here, so that a new one is red until a sale shows it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from service.admin.keys import add_key
from service.deals import load_deals, steer
from service.demo.replay import serve_on_loopback
from service.engine.codes import check_digit
from service.engine.redeem import BENEFITS, RefusalReason
from service.files.notes import ALL
from service.files.products import load_products
from service.settings import Settings
from service.store import cycles, households, lists
from service.store.actor import Actor
from service.store.offers import revisions
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillClient
from tests.shop import (
    BREAD,
    CARDS,
    H1,
    H2,
    H3,
    MILK,
    SALT,
    SHOPPING_DAY,
    SOAP,
    STORE,
    VALID_FROM,
    VALID_TO,
    Shop,
    issue_again,
    list_code,
)
from tests.till import body

pytestmark = pytest.mark.slow


def _pie(number: int) -> str:
    digits = f"2000000006{number:02}"
    return f"{digits}{check_digit(digits)}"


PIES = {kind: _pie(number) for number, kind in enumerate(BENEFITS)}
"""A product of its own for each kind of benefit, at 4.00."""
ROWS: dict[str, dict[str, str]] = {
    "amount_off": {"value": "1.00"},
    "percent_off": {"value": "20"},
    "fixed_price": {"value": "3.00"},
    "bundle_price": {"value": "7.00", "min_quantity": "2"},
    "buy_get": {"value": "100"},
    "free_item": {"value": "4.00", "with_gtins": MILK},
    "points": {"value": "250"},
}
OFF = {
    "amount_off": 100,
    "percent_off": 80,
    "fixed_price": 100,
    "bundle_price": 100,
    "buy_get": 400,
    "free_item": 400,
    "points": None,
}
"""What two pies and a milk have off; points take nothing off and are in no discount."""
REASONS: dict[str, dict[str, str]] = {
    "STOPPED": {"eligible_gtins": MILK},
    "EXCLUDES": {"eligible_items": "Pie", "excluded_gtins": PIES["points"]},
    "TWO": {"eligible_gtins": SALT, "min_quantity": "2"},
    "SPEND": {"eligible_gtins": SALT, "min_spend": "50.00"},
    "DEAR": {"eligible_gtins": SALT, "benefit": "fixed_price", "value": "9.00"},
    "MORE": {"eligible_gtins": BREAD, "value": "2.00"},
    "LESS": {"eligible_gtins": BREAD, "value": "1.00"},
    "ABSENT": {"eligible_gtins": SOAP},
}
DEAL = {"supplier": "House Brand", "benefit": "amount_off", "value": "1.00", "face_value": "1.00",
        "mail_from": "2026-01-01", "mail_to": "2026-12-31", "redeem_from": "2026-01-01",
        "redeem_to": "2026-12-31", "funding_share_percent": "100"}  # fmt: skip


@pytest.fixture
def till(
    shop: Shop, database: Database, settings: Settings, tmp_path: Path
) -> Iterator[TillClient]:
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    with serve_on_loopback(database, settings) as address:
        client = TillClient(address, key, queue=tmp_path / "queue", timeout_seconds=30)
        yield client
        client.close()


def issue(
    database: Database, folder: Path, ref: str, number: int, deals: dict[str, dict[str, str]]
) -> tuple[str, dict[str, int]]:
    """Load these deals and issue a list of them, a line each; its code, and their offers."""
    header = "gtin,description,brand,private_label,item,category,department,supplier,price_cents"
    pies = [f"{pie},Pie,House,true,Pie,Pies,Grocery,House Brand,400" for pie in PIES.values()]
    (folder / "pies.csv").write_text("\n".join([header, *pies, ""]), encoding="utf-8")
    load_products(database, folder / "pies.csv")
    rows = [{**DEAL, "deal_id": ref, "title": ref, **row} for ref, row in deals.items()]
    columns = dict.fromkeys(sorted({name for row in rows for name in row}), pl.String)
    pl.DataFrame(rows, schema=columns).write_csv(folder / f"{number}.csv")
    # Some are products of other suppliers.
    load_deals(database, folder / f"{number}.csv", uploaded_by=Actor("tests"), accept=ALL)
    code = list_code(number)
    with database.write() as session:
        offers = dict(revisions.current(session).select("deal_ref", "offer_id").iter_rows())
        newest = cycles.newest(session)
        assert newest is not None
        listed = {
            "code": [code],
            "household_id": [households.ids_by_ref(session)[ref]],
            "document": ["{}"],
            "cycle_id": [newest.id],
            "valid_from": [VALID_FROM],
            "valid_to": [VALID_TO],
            "written_at": [datetime(2026, 3, 1, tzinfo=UTC)],
        }
        lines = [
            {"code": code, "line": line, "kind": "offer", "item_id": None, "text": deal,
             "offer_id": offers[deal], "reason": "", "face_value_cents": 100, "uses": 1,
             "reserved_cents": 0, "p_purchase": None}
            for line, deal in enumerate(deals, start=1)
        ]  # fmt: skip
        nulls = {"item_id": pl.Int64, "p_purchase": pl.Float64}
        lists.issue(session, pl.DataFrame(listed), pl.DataFrame(lines, schema_overrides=nulls))
    return code, offers


def test_every_reason_is_given(
    till: TillClient, shop: Shop, database: Database, tmp_path: Path
) -> None:
    mine, offers = issue(database, tmp_path, H3, 30, REASONS)
    steer.stop(database, offers["STOPPED"], by=Actor("tests"))
    two = issue_again(database, shop, H1, 3)
    with database.write() as session:
        theirs = lists.of_household(session, households.ids_by_ref(session)[H2])
        lists.void(session, [each.id for each in theirs])

    def sell(
        number: int, *shown: tuple[str, str], day: date = SHOPPING_DAY
    ) -> list[tuple[int | None, str]]:
        goods = [(MILK, 1, 120), (SALT, 1, 80), (BREAD, 1, 250), (PIES["points"], 1, 400)]
        answer = till.redeem(body(number, presented=list(shown), lines=goods, day=day.isoformat()))
        return [(each["list_line"], each["reason"]) for each in answer["refused"]]

    first = sell(1, ("list", shop.lists[H1]), ("card", CARDS[H2]), ("list", list_code(77)))
    again = sell(2, ("list", shop.lists[H1]))
    other = sell(3, ("list", two))
    withdrawn = sell(4, ("list", shop.lists[H2]))
    early = sell(5, ("list", mine), day=VALID_FROM - timedelta(days=1))
    late = sell(6, ("list", mine), day=VALID_TO + timedelta(days=1))
    basket = sell(7, ("list", mine))
    assert first == [(None, "unknown_code"), (None, "household_mismatch"), (3, "not_in_basket")]
    assert (again[0], other[0]) == ((1, "already_redeemed"), (1, "limit_reached"))
    assert withdrawn == [(line, "voided") for line in (1, 2, 3)]
    assert early[1] == (2, "not_yet_valid")
    assert late[1] == (2, "expired")
    assert basket == [
        (1, "offer_stopped"),
        (2, "excluded_product"),
        (3, "quantity_short"),
        (4, "spend_short"),
        (5, "no_saving"),
        (7, "better_offer_used"),
        (8, "not_in_basket"),
    ]
    reached = {
        reason
        for sale in (first, again, other, withdrawn, early, late, basket)
        for _, reason in sale
    }
    assert reached == set(RefusalReason)


def test_every_kind_of_benefit_is_given(
    till: TillClient, shop: Shop, database: Database, tmp_path: Path
) -> None:
    rows = {
        kind: {"eligible_gtins": PIES[kind], "benefit": kind, **ROWS[kind]} for kind in BENEFITS
    }
    code, _ = issue(database, tmp_path, H3, 30, rows)
    goods = [(MILK, 1, 120), *((PIES[kind], 2, 800) for kind in BENEFITS)]
    answer = till.redeem(body(1, presented=[("list", code)], lines=goods))
    given = dict.fromkeys(range(1, 1 + len(BENEFITS)))
    given |= {each["list_line"]: each["amount_cents"] for each in answer["discounts"]}
    assert dict(zip(BENEFITS, given.values(), strict=True)) == OFF
    assert answer["refused"] == []
