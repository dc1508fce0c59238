"""Amounts keep the minor unit of their currency from the file of deals to the till's answer."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.cycle import run_cycle
from service.deals import ReadOptions, load_body, preview_deals
from service.engine.records import ListDocument
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.checkout.acts import sold
from tests.conftest import fresh_database, settings_of
from tests.market import AS_OF, DEAL_COLUMNS, deal, gtin, load_market, query, silent, stocked

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("currency", "written", "cents", "printed"),
    [("JPY", "100", 100, "¥100"), ("KWD", "0.125", 125, "KWD\u00a00.125"),
     ("HUF", "2.50", 250, "HUF\u00a02.50")],
)  # fmt: skip
def test_an_amount_goes_from_the_file_to_the_till_unchanged(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    currency: str,
    written: str,
    cents: int,
    printed: str,
) -> None:
    with fresh_database(request, "sqlite", tmp_path) as url:
        settings = settings_of(url, tmp_path).model_copy(update={"currency": currency})
        database = Database(url)
        _check(database, settings, tmp_path, written=written, cents=cents, printed=printed)
        database.dispose()


def _check(
    database: Database, settings: Settings, folder: Path, *, written: str, cents: int, printed: str
) -> None:
    stocked(
        database, folder, "without-deals", lambda: load_market(database, settings, folder, deals=0)
    )
    rows = [deal(n, value=written, budget="", circulation="") for n in range(6)]
    body = "\n".join([DEAL_COLUMNS, *rows]).encode()
    options = replace(ReadOptions(), currency=settings.currency)
    assert (
        f"{printed} off"
        in preview_deals(database, "d.csv", body, options=options).deals[0].sentence
    )
    load_body(database, "d.csv", body, uploaded_by=Actor("tests"), options=options)
    stored = query(database, "SELECT face_value_cents, given FROM offer WHERE id = 1")
    assert (stored[0][0], json.loads(stored[0][1])["value"]) == (cents, written)
    run_cycle(database, settings, as_of=AS_OF, seed=0, progress=silent)
    found = query(
        database,
        "SELECT s.code, s.document, l.line, l.offer_id FROM shopping_list s "
        "JOIN list_line l ON l.list_id = s.id WHERE s.state = 'issued' AND l.offer_id IS NOT NULL",
    )
    code, text, line, offer = found[0]
    document = ListDocument.from_json(text)
    [offered] = [each for each in document.offers if each.line == line]
    assert (offered.face_value_cents, document.currency) == (cents, settings.currency)
    assert offered.value_text == f"{printed} off"
    day = (AS_OF + timedelta(days=3)).isoformat()
    bought = [(gtin(offer - 1), 1, 10 * cents)]
    answer = sold(database, settings, 1, presented=[("list", code)], lines=bought, day=day)
    assert answer["total_discount_cents"] == cents
