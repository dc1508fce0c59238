"""Sales that the till sent are not loaded twice from the POSLog of the same day."""

from collections.abc import Callable
from pathlib import Path

from service.files.poslog import load_poslog
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import returned, sold, voided
from tests.files.files import write_file
from tests.files.poslog.files import line, poslog, transaction
from tests.shop import MILK, SHOPPING_DAY, open_shop

HISTORY = """SELECT b.number, l.line, l.quantity_milli, l.amount_cents FROM basket b
             JOIN basket_line l ON l.basket_id = b.id ORDER BY b.number, l.line"""


def test_sales_voids_and_returns_of_the_till_are_known(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    read_only: Callable[[str], list[tuple[object, ...]]],
) -> None:
    open_shop(database, settings, tmp_path)
    for number in (1, 2, 3):
        sold(database, settings, number, lines=[(MILK, 2, 240)])
    voided(database, 2)
    returned(database, settings, 4, of=3, lines=[(1, 1)])
    before = read_only(HISTORY)
    assert [tuple(row) for row in before] == [("1", 1, 2000, 240), ("3", 1, 1000, 120)]

    day = SHOPPING_DAY.isoformat()
    milk = line(gtin=MILK, extended="2.40", quantity="2")
    back = line(gtin=MILK, extended="1.20", kind="Return")
    sales = [
        transaction(goods, number=str(number), day=day, at=f"{day}T17:04:12Z").replace(
            "<WorkstationID>07<", "<WorkstationID>1<"
        )
        for number, goods in ((1, milk), (2, milk), (3, milk), (4, back), (5, milk))
    ]
    report = load_poslog(
        database,
        write_file(tmp_path / "log.xml", poslog(*sales)),
        timezone="UTC",
        currency="USD",
        secret_key=settings.secret_key,
    )
    assert (report.read, report.taken, report.known, report.refused) == (5, 1, 4, 0)
    assert read_only(HISTORY) == [*before, ("5", 1, 2000, 240)]
