"""explain: a household's own table, on both databases."""

import json
from pathlib import Path

import pytest

from service.engine.money import format_money
from service.engine.offers.why import Why
from service.files.baskets import load_baskets
from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.market import AS_OF, open_issued
from tests.shop import MILK, open_shop

VISITS = "household_id,basket_id,store_id,purchased_at,line,gtin,quantity,amount_cents\n" + "".join(
    f"H1,b{day},0042,2026-02-{day:02d}T10:00:00+00:00,1,{MILK},1,120\n" for day in (2, 9, 16, 23)
)


def test_a_household_sees_its_items_chances_and_reasons(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_shop(database, settings, tmp_path)
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    load_baskets(database, tmp_path / "visits.csv", timezone="UTC")
    ended = configured("explain", "--household", "H1", "--as-of", "2026-03-01")
    assert ended.code == 0
    assert "Milk" in ended.out
    assert "4 days" in ended.out
    assert "bought 6 days ago" in " ".join(ended.out.split())
    assert "1 of 1 items" in ended.out
    assert "no cycle up to 2026-03-01" in ended.out
    rows = ended.out[ended.out.index("on the newest list") :].splitlines()
    assert [row.strip() for row in rows[1:]] == [
        "1     Dale Milk: $1.00 off",
        "2     Oven Bread: 20% off",
        "3     House Soap: $2.00 off",
        "4     Milk",
    ]


def test_an_unknown_household_and_one_that_bought_nothing_are_named(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_shop(database, settings, tmp_path)
    for household, why in (("nobody", "There is no household"), ("H3", "has bought nothing")):
        ended = configured("explain", "--household", household, "--as-of", "2026-03-01")
        assert ended.code == 1
        assert why in ended.err


@pytest.mark.slow
def test_the_table_and_the_json_say_the_same_of_each_offer(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    typed = ("explain", "--household", "M03", "--as-of", str(AS_OF), "--missed", "99")
    said = json.loads(configured(*typed, "--json").out)
    offers = said["offers"]
    assert said["items"][0].keys() >= {"item", "p_purchase", "expected_on", "reason"}
    assert offers["issued"]
    rows = configured(*typed).out.splitlines()
    assert f"{len(offers['listed'])} of {offers['considered']} offers" in "\n".join(rows)
    for offer in (*offers["listed"], *offers["missed"]):
        line = "" if offer["line"] is None else f" {offer['line']} "
        (row,) = (row for row in rows if f" {offer['deal_id']} {offer['title']} " in row and (
            row.startswith(line) or offer["line"] is None))  # fmt: skip
        assert f"{offer['chance']:.1%}" in row
        assert format_money(offer["face_value_cents"], "USD") in row
        assert set(Why) >= {offer["reason"]}
