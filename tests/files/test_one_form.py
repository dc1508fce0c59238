"""A name is the same at every door, however its accents were written and whatever hides in it."""

import unicodedata
from pathlib import Path

import pytest

from service.deals.form_reader import read_form
from service.deals.sheets import read_document
from service.files import rows
from service.files.dates import Order
from service.files.households import load_households
from service.files.layouts import wordings
from service.files.poslog.stream import transactions
from service.files.rows import FileColumn
from service.store import households
from service.store.session import Database
from tests.conftest import settings_of
from tests.files.files import write_file
from tests.shop import HOUSEHOLDS

NAME = "Bräuhaus Čapek 한"
HIDDEN = "\u202e" + unicodedata.normalize("NFD", NAME).replace("u", "u\u200b\u00ad") + "\u200d"


def test_files_of_every_kind_read_one_name(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", f"name\n{HIDDEN}\n")
    [chunk] = rows.read(path, (FileColumn("name", rows.text, "text"),))
    assert chunk.rows["name"].to_list() == [NAME]
    body = f"deal_id;supplier;title;eligible_brands\nD1;{HIDDEN};{HIDDEN};{HIDDEN}".encode()
    document = read_document("a.csv", body, encoding="cp1252")
    form = read_form(document, dates_when_unclear=Order.ASK, currency="USD")
    row = form.grids[0].row(0).values
    assert (row["supplier"], row["title"], row["eligible_brands"]) == (NAME, NAME, (NAME,))
    log = write_file(
        tmp_path / "a.xml", f"<POSLog><Transaction><Store>{HIDDEN}</Store></Transaction></POSLog>"
    )
    [(node, _, _)] = transactions(log, "a.xml")
    assert node.value("Store") == NAME
    tips = write_file(tmp_path / "tips.json", f'{{"en": "{HIDDEN}"}}')
    assert wordings(tips)["en"].tip == NAME


@pytest.mark.parametrize("asked", [NAME, HIDDEN])
def test_a_household_is_found_by_any_form_of_its_name(
    database: Database, tmp_path: Path, asked: str
) -> None:
    path = write_file(tmp_path / "h.csv", HOUSEHOLDS.replace("\nH1,", f"\n{HIDDEN},"))
    settings = settings_of(database.url, tmp_path)
    load_households(database, path, secret_key=settings.secret_key, language="en")
    with database.read() as session:
        found = households.by_ref(session, asked)
    assert found is not None
    assert found.ref == NAME
