"""All that is stored of one household, and nothing of another."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from service.errors import NotFound
from service.files.households import load_households
from service.members.export import export
from service.settings import Settings
from service.store.actor import Actor
from service.store.exports import EXPORTED
from service.store.session import Database
from service.store.tables import metadata
from tests.checkout.acts import sold
from tests.shop import CARDS, H1, H2, MILK, PHONES, STORE, Shop

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
BY = Actor("tests")

NOT_EXPORTED = {
    "household": "its number and language are in household.json",
    "list_page": "a digest of a code",
    "cycle_pick": "which offers the rule considered: what deals are worth is the retailer's, and "
    "what the household paid for their goods before follows from its baskets",
    "cycle_chance": "which offers it might have got: as above",
    "due": "gone within seconds",
    "erasure": "of households that are gone",
}
"""The tables about households that an export leaves out, and why."""


def test_everything_of_the_household_and_nothing_of_another(
    database: Database, settings: Settings, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("more") / "more.csv"
    path.write_text(
        "household_id,name,email,email_consent,phone,sms_consent,mail_consent\n"
        f"H1,=Person H1,ada@example.org,true,{PHONES[H1]},true,true\n",
        encoding="utf-8",
    )
    load_households(database, path, secret_key=settings.secret_key, language="en")
    sold(database, settings, 1, presented=[("card", CARDS[H1])], lines=[(MILK, 1, 120)])
    sold(database, settings, 2, presented=[("card", CARDS[H2])], lines=[(MILK, 1, 119)])
    first, again = io.BytesIO(), io.BytesIO()
    for out in (first, again):
        export(database, settings, H1, out, by=BY, now=NOW)
    assert first.getvalue() == again.getvalue()
    with zipfile.ZipFile(first) as packed:
        files = {name: packed.read(name).decode() for name in packed.namelist()}
    assert sorted(files) == sorted(
        ["README.txt", "household.json", *(f"{name}.csv" for name in EXPORTED)]
    )
    whole = json.loads(files["household.json"])
    assert (whole["household"], whole["phone"]) == (
        {"number": "H1", "language": "en"}, "+15025550101"
    )  # fmt: skip
    assert (whole["contact"][0]["name"], whole["contact"][0]["mail_consent"]) == (
        "=Person H1", True
    )  # fmt: skip
    assert whole["identities"] == [{"kind": "card", "known": 1}, {"kind": "phone", "known": 1}]
    assert [(row["purpose"], row["granted"]) for row in whole["consents"]] == [
        ("letter", True), ("email", True), ("sms", True)
    ]  # fmt: skip
    assert [
        (row["store_id"], row["description"], row["quantity_milli"], row["amount_cents"])
        for row in whole["basket_lines"]
    ] == [(STORE, "Dale Milk 1 l", 1000, 20)]
    assert [(row["line"], row["amount_cents"], row["live"]) for row in whole["uses"]] == [
        (1, 100, True)
    ]
    assert "Person H2" not in str(files)
    assert "119" not in files["basket_lines.csv"]
    # What a spreadsheet would compute is guarded in CSV, and as it is in JSON.
    table = list(csv.DictReader(io.StringIO(files["contact.csv"], newline="")))
    assert table[0]["name"] == "'=Person H1"
    with pytest.raises(NotFound):
        export(database, settings, "nobody", io.BytesIO(), by=BY, now=NOW)


def test_every_table_about_households_is_exported_or_said_why_not() -> None:
    exported = {
        "contact", "identity", "consent", "basket", "shopping_list", "redemption",
        "redemption_line", "goodwill", "household_opening", "cycle_household", "cycle_left_out",
        "deal_override", "wish", "household_answer", "pocket_item", "pocket_session",
        "pocket_log_in", "message", "household_case",
    }  # fmt: skip
    about = {
        table.name
        for table in metadata.tables.values()
        if any(column.name == "household_id" for column in table.columns)
    }
    assert about - exported == NOT_EXPORTED.keys() - {"household", "list_page"}
