"""The migration to one ledger: rows from before keep their sums and get what they lacked."""

from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import service.store
from service.store import ledger, migrate
from service.store.session import Database

# Only a use's share was ever claimed: neither its fee of 8 cents nor a printed slot.
BEFORE = (
    "INSERT INTO store (id, timezone) VALUES ('0042', 'UTC'), ('0043', 'UTC')",
    "INSERT INTO supplier (id, name) VALUES (5, 'Dale'), (6, 'Cleaners')",
    "INSERT INTO category (id, name, department) VALUES (1, 'Dairy', 'Chilled')",
    """INSERT INTO upload (id, name, sha256, uploaded_at, uploaded_by, rows)
       VALUES (1, 'u', 'u', {now}, 'tests', 1)""",
    *(
        f"""INSERT INTO offer (id, supplier_id, deal_ref, revision, state, upload_id, digest, title,
                category_id, terms, private_label, price_cents, face_value_cents,
                limit_per_household, funding_share, control_share, handling_fee_cents, mail_from,
                mail_to, redeem_from, redeem_to, legal, kind)
            VALUES ({key}, {supplier}, 'd', 1, 'running', 1, 'd', 'o', 1, '{{{{}}}}', {{no}}, 120,
                100, 1, 100, 0, 8, '2026-01-01', '2026-12-31', '2026-01-01', '2026-12-31', '',
                '{kind}')"""
        for key, supplier, kind in ((7, 5, "product"), (8, 6, "partner"))
    ),
    *(
        f"""INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, state,
                total_discount_cents, answer, redeemed_at)
            VALUES ('{key}', '0042', '1', '2026-03-05', '{key}', '', 'redeemed', 100, '',
                {{now}})"""
        for key in ("kept", "undone")
    ),
    """INSERT INTO till_return (id, redemption_id, store_id, terminal, business_date, number,
           digest, answer, returned_at)
       VALUES ('back', 'kept', '0043', '2', '2026-03-09', '9', '', '', {now})""",
    """INSERT INTO till_event (redemption_id, verb, detail, happened_at)
       VALUES ('kept', 'standing', '{{}}', {now})""",
    *(
        f"""INSERT INTO ledger_entry (posting, kind, account, offer_id, amount_cents, posted_at)
            VALUES ('{posting}', '{kind}', '{account}', {offer}, {cents}, {{now}})"""
        for posting, kind, offer, moved in (
            ("cycle-1", "issue", 7, {"offer_budget": -324, "offer_reserved": 324}),
            ("cycle-1", "issue", 8, {"offer_budget": -15, "offer_reserved": 15}),
            ("slots-1", "issue", 8, {"offer_reserved": -15, "offer_spent": 15}),
            *(
                (
                    sale,
                    "redemption",
                    7,
                    {
                        "offer_reserved": -108,
                        "offer_spent": 108,
                        "supplier_claim": 100,
                        "household_discount": -100,
                    },
                )
                for sale in ("kept", "undone")
            ),
            (
                "undone-void",
                "void",
                7,
                {
                    "offer_reserved": 108,
                    "offer_spent": -108,
                    "supplier_claim": -100,
                    "household_discount": 100,
                },
            ),
            (
                "kept",
                "standing",
                7,
                {
                    "offer_budget": 10,
                    "offer_spent": -10,
                    "supplier_claim": -10,
                    "retailer_funding": 10,
                },
            ),
            (
                "back",
                "return",
                7,
                {
                    "offer_budget": 98,
                    "offer_spent": -98,
                    "supplier_claim": -90,
                    "retailer_funding": -10,
                    "household_discount": 100,
                },
            ),
        )
        for account, cents in moved.items()
    ),
)


@pytest.fixture
def older(database_url: str, tmp_path: Path) -> Database:
    """A database of the version before, with a sale, a void, a return and a printed slot."""
    if database_url.startswith("sqlite"):
        database_url = f"sqlite:///{tmp_path / 'older.db'}"
    else:
        with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    database = Database(database_url)
    config = Config()
    folder = Path(service.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with database.alter() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        literals = (
            {"now": "0", "no": "0"} if database.is_sqlite else {"now": "now()", "no": "false"}
        )
        for statement in BEFORE:
            connection.execute(text(statement.format(**literals)))
    return database


def test_entries_get_their_fees_their_suppliers_and_where_they_were_made(older: Database) -> None:
    migrate.upgrade(older)
    with older.read() as session:
        assert ledger.imbalance(session) == ledger.uncharged(session) == []
        ask = session.connection().exec_driver_sql
        found = ask(
            """SELECT posting, kind, account, offer_id, supplier_id, store_id, business_date,
                      sum(amount_cents) FROM ledger_entry
               WHERE account IN ('supplier_receivable', 'fee_income', 'slot_income')
               GROUP BY posting, kind, account, offer_id, supplier_id, store_id, business_date
               ORDER BY posting, kind, account"""
        )
        rows = [(*row[:6], row[6] and str(row[6]), int(row[7])) for row in found]
        nowhere = ask(
            """SELECT DISTINCT posting, supplier_id, store_id FROM ledger_entry
               WHERE posting = 'cycle-1' ORDER BY supplier_id"""
        )
        assert [tuple(row) for row in nowhere] == [("cycle-1", 5, None), ("cycle-1", 6, None)]
        assert [row[0] for row in ask("SELECT verb FROM till_event")] == ["resettlement"]
    sale, back = ("0042", "2026-03-05"), ("0043", "2026-03-09")
    assert rows == [
        ("back", "return", "fee_income", 7, 5, *back, 8),
        ("back", "return", "supplier_receivable", 7, 5, *back, -98),
        ("kept", "redemption", "fee_income", 7, 5, *sale, -8),
        ("kept", "redemption", "supplier_receivable", 7, 5, *sale, 108),
        ("kept", "resettlement", "supplier_receivable", 7, 5, *sale, -10),
        ("slots-1", "issue", "slot_income", 8, 6, None, None, -15),
        ("slots-1", "issue", "supplier_receivable", 8, 6, None, None, 15),
        ("undone", "redemption", "fee_income", 7, 5, *sale, -8),
        ("undone", "redemption", "supplier_receivable", 7, 5, *sale, 108),
        ("undone-void", "void", "fee_income", 7, 5, *sale, 8),
        ("undone-void", "void", "supplier_receivable", 7, 5, *sale, -108),
    ]
    older.dispose()
