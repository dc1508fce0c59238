"""Results of copies over HTTP: a supplier's key sees its own, and every showing is logged."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.api.conftest import SUPPLIER
from tests.market import query
from tests.results.simulated import freeze

pytestmark = pytest.mark.slow
OWN = "/v1/supplier/results"


def test_a_supplier_sees_its_own_deals_whatever_it_names(
    database: Database, settings: Settings, anonymous: TestClient, key_for: Callable[[Role], str]
) -> None:
    mine, others = (
        query(
            database,
            f"""SELECT o.id, o.deal_ref, s.name FROM offer o JOIN supplier s ON s.id = o.supplier_id
                WHERE s.name {sign} '{SUPPLIER}' ORDER BY o.id""",
        )[0]
        for sign in ("=", "<>")
    )
    freeze(database, {int(mine[0]): 900, int(others[0]): 900}, windows=1)
    anonymous.headers["Authorization"] = key_for(Role.SUPPLIER)

    found = anonymous.get(OWN, params={"deal": mine[1], "supplier": others[2]})
    book = anonymous.get(OWN, params={"deal": mine[1], "form": "xlsx"})
    refused = anonymous.get(OWN, params={"deal": others[1], "supplier": others[2]})

    assert (found.status_code, found.json()["supplier"]) == (200, SUPPLIER)
    assert (book.status_code, book.content[:2]) == (200, b"PK")
    assert refused.status_code == 404
    log = anonymous.get(f"{OWN}/showings").json()["showings"]
    assert [(each["form"], each["subject"]) for each in log] == [
        ("xlsx", f"deal:{mine[1]}"), ("record", f"deal:{mine[1]}")
    ]  # fmt: skip
    anonymous.headers["Authorization"] = key_for(Role.MARKETING)
    asked = {"deal": others[1], "supplier": others[2]}
    assert anonymous.get("/v1/results/lift", params=asked).json()["supplier"] == others[2]
    assert len(anonymous.get("/v1/results/lift/showings").json()["showings"]) == 3
    anonymous.headers["Authorization"] = key_for(Role.SUPPLIER)
    assert len(anonymous.get(f"{OWN}/showings").json()["showings"]) == 2
