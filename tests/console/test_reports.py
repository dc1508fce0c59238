"""Management's reports in the console: pages and files say what the baskets say."""

import csv
import io

from service.admin.people import PersonRole
from service.console.app import PATH
from service.results.sales import count_sales
from tests.checkout.acts import sold
from tests.console.conftest import House
from tests.market import query
from tests.results.simulated import count_programme, freeze
from tests.shop import H1, VALID_FROM
from tests.till import FULL

REPORTS = f"{PATH}/reports"
DAYS = {"first": "2026-01-01", "last": "2026-12-31"}


def test_reports_show_what_was_sold_and_are_files(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    early = client.get(REPORTS)
    assert (early.status_code, "No sales were counted yet" in early.text) == (409, True)
    assert "There is nothing to show yet" in early.text
    assert client.get(f"{REPORTS}/lift").status_code == 409
    shown = [("list", house.shop.lists[H1])]
    sold(house.database, house.settings, 1, presented=shown, lines=FULL)
    count_sales(house.database)
    [(cents,)] = query(house.database, "SELECT sum(amount_cents) FROM basket_line")

    page = client.get(REPORTS, params=DAYS).text
    by_store = client.get(f"{REPORTS}/sales", params={**DAYS, "by": "store", "each": "day"}).text
    file = client.get(f"{REPORTS}/sales.csv", params={**DAYS, "by": "store"})

    assert f"${int(str(cents)) / 100:,.2f}" in page
    assert 'id="chart-sales"' in page
    assert "chart-sales" not in by_store
    # What is beside a day is 52 weeks before it, and says so.
    assert "Mar 6, 2025" in by_store
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert sum(round(100 * float(row["Sales"])) for row in rows) == cents
    for name, said in (("stores", "Ticket"), ("concentration", "Of margin")):
        assert said in client.get(f"{REPORTS}/{name}", params=DAYS).text
        assert client.get(f"{REPORTS}/{name}.csv", params=DAYS).status_code == 200
    # Who leaves is named by its number: for whoever may see households.
    desk = house.member(PersonRole.SERVICE).get(
        f"{REPORTS}/leaving", params={"as_of": "2026-06-01"}
    )
    assert (desk.status_code, "Nothing in these days" in desk.text) == (200, True)
    assert "reports/leaving" not in page

    assert client.get(f"{REPORTS}/programme", params=DAYS).status_code == 409
    count_programme(house.database)
    programme = client.get(f"{REPORTS}/programme", params={**DAYS, "first": VALID_FROM}).text
    for said in ("Borne by suppliers", "Not final", "2,000"):
        assert said in programme
    assert client.get(f"{REPORTS}/programme.csv", params=DAYS).status_code == 200


def test_lift_is_shown_by_deal_and_its_supplier_s_report_is_logged(house: House) -> None:
    freeze(house.database, {1: 3_000}, windows=1)
    with house.database.write() as session:
        session.connection().exec_driver_sql("UPDATE offer SET control_share = 10 WHERE id = 1")
    [(deal, supplier)] = query(
        house.database,
        "SELECT o.deal_ref, s.name FROM offer o JOIN supplier s ON s.id = o.supplier_id "
        "WHERE o.id = 1",
    )
    client = house.member(PersonRole.FINANCE)

    page = client.get(f"{REPORTS}/lift").text
    file = client.get(
        f"{REPORTS}/lift/document", params={"supplier": supplier, "deal": deal, "form": "pdf"}
    )

    assert 'id="chart-lift-control"' in page
    assert "sold more" in page
    assert f"supplier={str(supplier).replace(' ', '+')}" in page
    assert file.content.startswith(b"%PDF")
    [(shown_to, form)] = query(house.database, "SELECT shown_to, form FROM lift_showing")
    assert (form, "@" in str(shown_to) or bool(shown_to)) == ("pdf", True)


def test_lift_is_shown_by_region_and_by_kind_of_household(house: House) -> None:
    freeze(house.database, {1: 3_000}, windows=1)
    with house.database.write() as session:
        session.connection().exec_driver_sql("UPDATE offer SET control_share = 10 WHERE id = 1")
    client = house.member(PersonRole.FINANCE)
    page = client.get(f"{REPORTS}/lift", params={"by": "region"}).text
    assert 'id="chart-places-control"' in page
    assert "Exploratory" in page
    assert "Exploratory" not in client.get(f"{REPORTS}/lift").text
    rows = client.get(f"{REPORTS}/lift.csv", params={"by": "cell"}).text.splitlines()
    assert "buys little" in rows[1]
    assert len(rows) - 1 == 9
    assert client.get(f"{REPORTS}/lift", params={"by": "street"}).status_code == 422
