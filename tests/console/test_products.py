"""The product query in the console: found by number or words, and all that is known."""

from datetime import date

from service.admin.people import PersonRole
from service.console.app import PATH
from service.cycle.product_sums import count_products
from tests.checkout.acts import sold
from tests.console.conftest import House
from tests.shop import H1, MILK
from tests.till import FULL


def test_a_product_is_found_by_its_number_or_by_words(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    page = f"{PATH}/products/{int(MILK)}"
    for number in (MILK, f"0{MILK}", f" {MILK} "):
        assert client.get(f"{PATH}/products", params={"text": number}).headers["location"] == page
    several = client.get(f"{PATH}/products", params={"text": "  "}).text
    assert f'href="{page}"' in several
    by_words = client.get(f"{PATH}/products", params={"text": "MILK dal"})
    assert by_words.headers["location"] == page
    for nothing in ("100%", "_", "dale \\ milk", "no such thing"):
        assert (
            "No product has this." in client.get(f"{PATH}/products", params={"text": nothing}).text
        )
    assert client.get(f"{PATH}/products", params={"text": "a b c d e f g"}).status_code == 422
    assert client.get(f"{PATH}/products", params={"after": "99999999999999"}).status_code == 200
    for unknown in ("1", "0", "100000000000000"):
        assert client.get(f"{PATH}/products/{unknown}").status_code == 404


def test_a_product_shows_what_was_counted_and_its_cost_to_whoever_sees_money(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    page = f"{PATH}/products/{int(MILK)}"
    assert "it was not done yet" in client.get(page).text
    sold(house.database, house.settings, 1,
         presented=[("list", house.shop.lists[H1])], lines=FULL)  # fmt: skip
    with house.database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE product SET cost_cents = 77 WHERE gtin = {int(MILK)}"
        )
    count_products(house.database, house.settings, today=date(2026, 3, 16))
    shown = client.get(page).text
    for text in ("1 of 1 counted households", "Sold by week", "By the forecast of 1 of 1", "$0.77",
                 "MILK-1", "MILK-2"):  # fmt: skip
        assert text in shown, text
    desk = house.member(PersonRole.SERVICE).get(page).text
    assert "Sold by week" in desk
    assert "$0.77" not in desk
