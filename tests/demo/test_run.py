"""The demonstration, end to end, and whether its numbers hang together."""

import hashlib
import io
import json
import re
import shutil
from contextlib import chdir
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from service import sample
from service.admin import people
from service.demo import run as demo
from service.demo.picture import svg, text_chart
from service.demo.summary import show
from service.engine.ledger import Account
from service.errors import Conflict
from service.members import pocket
from service.settings import Settings, load_settings
from service.store import ledger
from service.store.session import Database
from tests.market import query, silent


@pytest.mark.slow
def test_the_demonstration_s_numbers_hang_together(tmp_path: Path) -> None:
    made = demo.run_demo(
        tmp_path / "larder-demo",
        progress=silent,
        source=cut_sample(tmp_path / "cut", households=40),
    )
    database = Database(f"sqlite:///{made.folder.resolve() / 'larder.db'}")
    try:
        _lists_and_print(made, database)
        _reasons(database)
        _tills(made, database)
        _money(made, database)
        _next_lists(made, database)
        _log_in(made)
        _page(made, database)
    finally:
        database.dispose()
    _summary(made)


def _page(made: demo.Demo, database: Database) -> None:
    """The code in the terminal opens a household's page."""
    with chdir(made.folder):
        code = made.page.removeprefix("/l/")
        now = datetime.now(UTC)
        assert pocket.open_page(database, load_settings(), code, address="", now=now)


def cut_sample(folder: Path, *, households: int) -> Path:
    """The sample with the first of its households, so that the fit takes a moment."""
    folder.mkdir()
    with sample.folder() as files:
        some = pl.read_parquet(files / sample.HOUSEHOLDS).head(households)
        some.write_parquet(folder / sample.HOUSEHOLDS)
        baskets = pl.read_parquet(files / sample.BASKETS)
        baskets.filter(pl.col("household_id").is_in(some["household_id"].implode())).write_parquet(
            folder / sample.BASKETS
        )
        for name in (sample.PRODUCTS, sample.DEALS, sample.CONTENT):
            shutil.copy(files / name, folder / name)
    return folder


def _lists_and_print(made: demo.Demo, database: Database) -> None:
    cycle = made.cycle
    issued = query(
        database,
        """SELECT CASE WHEN l.kind = 'offer' THEN 'offer' ELSE 'reminder' END AS what,
                  count(*), sum(l.face_value_cents), count(DISTINCT l.list_id)
           FROM list_line l JOIN shopping_list s ON s.id = l.list_id
           WHERE s.cycle_id = 1 GROUP BY what ORDER BY what""",
    )
    assert [row[:3] for row in issued] == [
        ("offer", cycle.offers_issued, cycle.face_value_cents),
        ("reminder", cycle.reminders_issued, 0),
    ]
    assert cycle.lists == cycle.eligible == issued[1][3]
    assert 0 < cycle.holdout <= cycle.lists - issued[0][3]
    assert cycle.violations == 0
    assert made.batch.pieces + made.batch.not_mailed == cycle.lists
    manifest = json.loads((Path(made.batch.folder) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["total_pieces"] == made.batch.pieces
    assert manifest["envelope_profile"] == made.batch.window == "us-10"
    for file in manifest["files"]:
        content = (Path(made.batch.folder) / file["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


def _reasons(database: Database) -> None:
    """No reminder says an interval that its own last purchase or its own date is against."""
    days_of = {"day": 1, "week": 7, "month": 31}
    seen = 0
    for (text,) in query(database, "SELECT document FROM shopping_list"):
        document = json.loads(text)
        for line in document["reminders"]:
            said = line["reason"].replace("\u00a0", " ")
            often = re.match(r"about (?:every|once a) (?:(\d+) )?(day|week|month)", said)
            last = re.search(r"bought (?:once, )?(?:(\d+) (\w+)|(\w+) (\d+))$", said)
            if often and last:
                seen += 1
                name, number = (last[2], last[1]) if last[1] else (last[3], last[4])
                made_on = date.fromisoformat(document["issued_on"])
                bought = datetime.strptime(
                    f"{made_on.year} {name} {number} +0000", "%Y %b %d %z"
                ).date()
                ago = (made_on - bought).days % 365
                assert ago <= 1.25 * int(often[1] or 1) * days_of[often[2]] + 1, said
            assert line["due"] != "open" or often is None, said
    assert seen > 100


def _tills(made: demo.Demo, database: Database) -> None:
    tills = made.replay
    assert sum(tills.shown.values()) == tills.baskets
    assert set(tills.shown) == {"list", "card", "phone", "nothing"}
    assert query(database, "SELECT count(*) FROM redemption") == [(tills.baskets,)]
    assert query(
        database,
        "SELECT count(DISTINCT redemption_id), sum(amount_cents), count(*) FROM redemption_line",
    ) == [(tills.with_discount, tills.discount_cents, tills.lines_redeemed)]
    assert query(database, "SELECT sum(total_discount_cents) FROM redemption") == [
        (tills.discount_cents,)
    ]
    ((redeemed, redeeming),) = query(
        database,
        """SELECT count(DISTINCT r.list_id || '-' || r.list_line), count(DISTINCT s.household_id)
           FROM redemption_line r JOIN shopping_list s ON s.id = r.list_id""",
    )
    assert made.usage["redeemed"] == redeemed > 0
    assert made.usage["households_redeeming"] == redeeming
    assert made.usage["lines"] == made.cycle.offers_issued + made.cycle.reminders_issued
    assert made.usage["offers"] == made.cycle.offers_issued
    assert made.usage["redeemed"] < made.usage["bought"] < made.usage["lines"]


def _money(made: demo.Demo, database: Database) -> None:
    def balance(account: Account) -> int:
        rows = made.balances.filter(pl.col("account") == account)
        return int(rows["amount_cents"].sum())

    with database.read() as session:
        assert ledger.imbalance(session) == ledger.uncharged(session) == []
    assert made.balances["amount_cents"].sum() == 0
    fees = balance(Account.FEE_INCOME) + balance(Account.SLOT_INCOME)
    borne = balance(Account.SUPPLIER_RECEIVABLE) + fees
    given = borne + balance(Account.RETAILER_FUNDING)
    assert given == made.replay.discount_cents > 0
    over = query(
        database,
        """SELECT o.id FROM offer o JOIN ledger_entry e ON e.offer_id = o.id
           WHERE o.budget_cents IS NOT NULL AND e.account IN ('offer_reserved', 'offer_spent')
           GROUP BY o.id, o.budget_cents HAVING sum(e.amount_cents) > o.budget_cents""",
    )
    assert over == []


def _next_lists(made: demo.Demo, database: Database) -> None:
    known = query(
        database,
        """SELECT DISTINCT household_id FROM redemption WHERE household_id IS NOT NULL
           ORDER BY household_id""",
    )
    drafts = query(
        database, "SELECT household_id FROM shopping_list WHERE state = 'draft' ORDER BY 1"
    )
    assert drafts == known
    assert made.next_lists == len(known) > 20
    assert query(database, "SELECT count(*) FROM due") == [(0,)]


def _log_in(made: demo.Demo) -> None:
    folder = made.folder.resolve()
    settings = Settings(_env_file=folder / ".env", database_url=f"sqlite:///{folder / 'larder.db'}")
    database = Database(settings.database_url)
    entered = people.log_in(
        database,
        settings,
        email=made.log_in.email,
        password=made.log_in.password,
        visitor=people.Visitor(""),
        now=datetime.now(UTC),
    )
    assert made.claimed is not None
    supplier = people.log_in(
        database,
        settings,
        email=made.claimed.email,
        password=made.claimed.password,
        visitor=people.Visitor("", side=people.Side.SUPPLIER),
        now=datetime.now(UTC),
    )
    database.dispose()
    assert isinstance(entered, people.NewSession)
    assert entered.person.may(people.Right.SEE_DEALS)
    assert isinstance(supplier, people.NewSession)
    assert made.claimed.statement.read_bytes().startswith(b"%PDF")


def _summary(made: demo.Demo) -> None:
    out = io.StringIO()
    show(made, Console(file=out, width=200), program="/opt/bin/larder")
    printed = out.getvalue()
    for number in (
        f"{made.cycle.households}, of which {made.cycle.eligible} eligible",
        f"{made.replay.baskets} in {(made.cycle.valid_to - made.cycle.valid_from).days + 1} days",
        str(made.batch.window),
        made.log_in.address,
        made.log_in.email,
        made.log_in.password,
        made.claimed.statement.name if made.claimed else "",
        made.claimed.password if made.claimed else "",
        made.admin_key,
        made.pos_key,
        f"cd {made.folder} && /opt/bin/larder serve",
        f"{made.next_lists}",
        *text_chart(made.cycle.worth, made.worth_by_cell),
        "84.51°'s public Complete Journey 2017 data",
    ):
        assert number in printed
    drawn = (made.folder / demo.PICTURE).read_text(encoding="utf-8")
    assert drawn == svg(made.cycle.worth, made.worth_by_cell)
    example = printed[printed.index("-d '") + 4 :].split("'")[0]
    assert json.loads(example)["transaction"]["store"] == made.pos_store


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Conflict, match="was not made by the demo"):
        demo.run_demo(tmp_path, progress=silent)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_sample_reaches_beyond_the_lists_validity() -> None:
    with sample.folder() as files:
        last = pl.read_parquet(files / sample.BASKETS)["purchased_at"].max()
    assert str(last)[:10] >= "2017-12-08"
