"""What a deal says is what happens: targets, face values by cell, languages, partners' slots."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service import checkout
from service.checkout import BodyDigest, Presented, TillBasket
from service.cycle import what_if
from service.deals import load_deals, preview_deals
from service.engine.allocate.value import CELLS
from service.engine.redeem import BasketLine
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.store.till import Reference
from tests.market import AS_OF, STORE, cycle, gtin, load_market, query, silent, stocked, write

COLUMNS = (
    "deal_id,supplier,kind,title,title_es,eligible_gtins,benefit,value,funding_share_percent,"
    "copy_fee,value_text,budget,target_tiers,target_stores,target_buyers,target_regions,"
    "target_cells,control_share_percent,face_value,"
    + ",".join(f"face_value_{cell}" for cell in CELLS)
    + ",mail_from,mail_to,redeem_from,redeem_to"
)
TARGET_CELL = "national_brand_medium"
FACES = {cell: 11 + place for place, cell in enumerate(CELLS)}


def row(
    deal_id: str,
    product: int,
    *,
    benefit: str = "amount_off,0.50",
    targets: str = ",,",
    more: str = ",,,",
    faces: str = "," * 8,
) -> str:
    """`targets`: tiers, stores, buyers; `more`: regions, cells, control share, face value."""
    return (
        f"{deal_id},Supplier {product % 6},,Deal {product},Oferta {product},{gtin(product)},"
        f"{benefit},100,,,,{targets},{more},{faces},2026-01-01,2026-12-31,2026-01-01,2026-12-31"
    )


DEALS = [
    COLUMNS,
    row("CELLS", 0, faces=",".join(f"0.{cents}" for cents in FACES.values())),
    row("TIER", 3, targets="most_valuable,,"),
    row("HERE", 6, targets=f",{STORE},"),
    row("ELSEWHERE", 9, targets=",9999,"),
    row("NEW", 12, targets=",,new"),
    row("CURRENT", 15, targets=",,current"),
    row("PERCENT", 18, benefit="percent_off,20", more=",,,0.70",
        faces=",".join(f"0.{cents}" for cents in FACES.values())),
    row("REGION", 1, more="ky,,,"),
    row("CELL", 19, more=f",{TARGET_CELL},,"),
    "SLOT,Cleaners,partner,Bright Cleaners,,,,,,0.15,first shirt free,0.75,,,,,,,," + "," * 8
    + ",2026-01-01,2026-12-31,,",
    "FREE,Bakers,partner,Round Bakers,,,,,,0.20,a roll on us,,,,,,,,," + "," * 8
    + ",2026-01-01,2026-12-31,,",
    "NOBODY,Cleaners,partner,Dark Cleaners,,,,,,0.15,second shirt free,,,,,,,100,," + "," * 8
    + ",2026-01-01,2026-12-31,,",
]  # fmt: skip
LINES = """SELECT o.deal_ref, s.household_id, l.kind, l.face_value_cents, l.cell, l.terms, l.text,
                  l.uses * l.reserved_cents
           FROM list_line l JOIN shopping_list s ON s.id = l.list_id
           JOIN offer o ON o.id = l.offer_id
           ORDER BY o.deal_ref, s.household_id"""


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    """The market with these deals only, and one cycle."""

    def fill() -> None:
        load_market(database, settings, tmp_path, deals=0)
        load_deals(database, write(tmp_path / "deals.csv", DEALS), uploaded_by=Actor("tests"))
        with database.write() as session:
            session.connection().exec_driver_sql("UPDATE household SET language = 'es-MX'")
            session.connection().exec_driver_sql(
                "UPDATE contact SET region = 'KY' WHERE household_id < 15"
            )
        cycle(database, settings)

    stocked(database, tmp_path, "aimed", fill)


def lines(database: Database, deal: str) -> list[tuple[object, ...]]:
    return [line[1:] for line in query(database, LINES) if line[0] == deal]


def bought(database: Database, product: int) -> set[object]:
    return {
        key
        for (key,) in query(
            database,
            f"""SELECT DISTINCT b.household_id FROM basket b JOIN basket_line l
                ON l.basket_id = b.id WHERE l.gtin = {gtin(product)}""",
        )
    }


@pytest.mark.slow
def test_deals_reach_those_they_are_aimed_at(
    database: Database, settings: Settings, issued: None
) -> None:
    best = query(database, "SELECT household_id FROM cycle_household WHERE tier = 'most_valuable'")
    tiered = {line[0] for line in lines(database, "TIER")}
    assert tiered
    assert tiered <= {key for (key,) in best}
    assert len(lines(database, "HERE")) > len(tiered)
    assert lines(database, "ELSEWHERE") == []
    new = {line[0] for line in lines(database, "NEW")}
    assert new
    assert not new & bought(database, 12)
    current = {line[0] for line in lines(database, "CURRENT")}
    assert current
    assert current <= bought(database, 15)


def test_each_cell_has_its_own_face_value_on_paper_and_at_the_till(
    database: Database, settings: Settings, issued: None
) -> None:
    given = lines(database, "CELLS")
    assert len({cell for _, _, _, cell, *_ in given}) > 1
    for _, _, cents, cell, terms, text, _ in given:
        assert cents == FACES[str(cell)]
        assert json.loads(str(terms))["benefit"] == {"kind": "amount_off", "amount_cents": cents}
        assert f"0.{cents}" in str(text)
    household, _, cents, *_ = given[0]
    ((code,),) = query(database, f"SELECT code FROM shopping_list WHERE household_id = {household}")
    basket = TillBasket(
        reference=Reference(STORE, "01", AS_OF, "1"),
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        presented=(Presented("list", code),),
        lines=(BasketLine(1, int(gtin(0)), 1000, "each", 300),),
        digest=BodyDigest("x", str),
    )
    answer = json.loads(checkout.quote(database, settings, basket))
    assert answer["total_discount_cents"] == cents


def test_the_printed_worth_of_a_per_cent_is_that_of_the_cell_and_its_terms_are_one(
    database: Database, settings: Settings, issued: None
) -> None:
    given = lines(database, "PERCENT")
    assert len({cell for _, _, _, cell, *_ in given}) > 1
    for _, _, cents, cell, terms, text, reserved in given:
        assert (cents, reserved) == (FACES[str(cell)], FACES[str(cell)])
        assert terms is None
        assert "20" in str(text)


def test_a_deal_reaches_only_its_regions_and_its_cells(
    database: Database, settings: Settings, issued: None
) -> None:
    regions = dict(query(database, "SELECT household_id, region FROM contact"))
    assert {regions[line[0]] for line in lines(database, "REGION")} == {"KY"}
    assert {line[3] for line in lines(database, "CELL")} == {TARGET_CELL}


def test_a_control_share_holds_for_a_partners_slot_too(
    database: Database, settings: Settings, issued: None
) -> None:
    assert lines(database, "NOBODY") == []


def test_a_title_is_printed_in_the_households_language(
    database: Database, settings: Settings, issued: None
) -> None:
    assert {str(line[5]).split(":")[0] for line in lines(database, "HERE")} == {"Oferta 6"}


def test_a_partner_pays_for_each_copy_printed_and_the_till_knows_nothing_of_it(
    database: Database, settings: Settings, issued: None
) -> None:
    slots = lines(database, "SLOT")
    assert [line[1:3] + line[5:] for line in slots] == [
        ("partner", 0, "Bright Cleaners: first shirt free", 15)
    ] * 5
    balance = dict(
        query(
            database,
            """SELECT account, sum(amount_cents) FROM ledger_entry e JOIN offer o
               ON o.id = e.offer_id WHERE o.deal_ref = 'SLOT' GROUP BY account""",
        )
    )
    assert {name: int(cents) for name, cents in balance.items()} == {
        "offer_budget": -75, "offer_reserved": 0, "offer_spent": 75,
        "supplier_receivable": 75, "slot_income": -75,
    }  # fmt: skip
    ((document,),) = query(
        database, f"SELECT document FROM shopping_list WHERE household_id = {slots[0][0]}"
    )
    printed = [
        each for each in json.loads(document)["offers"] if each["title"] == "Bright Cleaners"
    ]
    assert printed[0]["value_text"] == "first shirt free"


def test_a_plan_counts_what_a_partner_pays_for_each_copy(
    database: Database, settings: Settings, issued: None
) -> None:
    plan = what_if(database, settings, as_of=AS_OF, seed=1, fewer_than=6, progress=silent)
    (slot,) = (deal for deal in plan.deals if deal["deal_id"] == "FREE")
    assert slot["copies"] > 0
    assert slot["expected_redemptions"] == 0
    assert slot["expected_cost_cents"] == slot["reserved_cents"] == 20 * slot["copies"]


def test_a_store_gets_its_zeros_back_and_one_that_is_not_known_is_noted(
    database: Database, settings: Settings, issued: None
) -> None:
    deals = [COLUMNS, row("A", 0, targets=f",{int(STORE)},"), row("B", 3, targets=",9999,")]
    found = preview_deals(database, "s.csv", "\n".join(deals).encode())
    assert tuple(map(str, found.notes)) == (
        "N2: 42 was read as store 0042",
        "N3: 9999 is no store known yet",
        "A, B: NO BUDGET: nothing limits what these deals may cost",
    )
    assert "only for stores 0042" in found.deals[0].sentence
