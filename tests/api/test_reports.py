"""Management's reports over HTTP: they add up to the baskets, and a file has the same rows."""

import csv
import io
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from service.results.sales import count_sales
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.market import query
from tests.results.simulated import count_programme

pytestmark = pytest.mark.slow
REPORTS = "/v1/reports"
DAYS = {"first": "2020-01-01", "last": "2030-01-01"}


def test_reports_add_up_to_the_baskets_and_are_files_as_well(
    database: Database, settings: Settings, anonymous: TestClient, key_for: Callable[[Role], str]
) -> None:
    anonymous.headers["Authorization"] = key_for(Role.MARKETING)
    asked = {**DAYS, "each": "year"}
    assert anonymous.get(f"{REPORTS}/sales", params=asked).status_code == 409
    count_sales(database)
    [(cents, baskets, customers)] = query(
        database,
        """SELECT sum(l.amount_cents), count(DISTINCT b.id), count(DISTINCT b.household_id)
           FROM basket b JOIN basket_line l ON l.basket_id = b.id""",
    )

    for by in ("all", "store", "category"):
        rows = anonymous.get(f"{REPORTS}/sales", params={**asked, "by": by}).json()["rows"]
        assert sum(row["sales_cents"] for row in rows) == cents
    shops = anonymous.get(f"{REPORTS}/stores", params=DAYS).json()["rows"]
    assert sum(shop["baskets"] for shop in shops) == baskets
    best = anonymous.get(f"{REPORTS}/concentration", params=DAYS).json()
    assert (best["households"], best["rows"][-1]["of_sales"]) == (customers, 1)
    assert best["sales_cents"] + best["unknown_cents"] == cents
    # Everybody is away for a year after the last day, and nobody of these buys in a rhythm.
    left = anonymous.get(f"{REPORTS}/leaving", params={"as_of": "2027-06-01"})
    assert (left.status_code, left.json()["rows"]) == (200, [])
    file = anonymous.get(
        f"{REPORTS}/sales", params={**asked, "by": "store"}, headers={"Accept": "text/csv"}
    )
    read = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert sum(int(row["sales_cents"]) for row in read) == cents
    long = {**DAYS, "first": "1995-01-01", "each": "day"}
    too_many = anonymous.get(f"{REPORTS}/sales", params=long)
    assert (too_many.status_code, "periods" in too_many.json()["detail"]) == (422, True)
    backwards = {"first": "2026-03-02", "last": "2026-03-01"}
    for name in ("sales", "stores", "concentration", "programme"):
        answer = anonymous.get(f"{REPORTS}/{name}", params=backwards)
        assert (answer.status_code, "before the first" in answer.json()["detail"]) == (422, True)

    assert anonymous.get(f"{REPORTS}/programme", params=DAYS).status_code == 409
    count_programme(database)
    programme = anonymous.get(f"{REPORTS}/programme", params=DAYS).json()
    [whole, *_] = programme["rows"]
    assert (whole["kind"], whole["households"], whole["held_out"]) == ("all", 2_000, 500)
    assert whole["sales_low"] < whole["sales_added"] < whole["sales_high"]
    assert programme["cost"]["copies"] > 0
