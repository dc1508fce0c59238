"""The migration to limits of households: rows from before are numbered, also beyond the limit."""

from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import service.store
from service.store import migrate
from service.store.session import Database

# One use a household: two lists of it have one each, a third sale was voided, a fourth is disputed.
BEFORE = (
    "INSERT INTO store (id, timezone) VALUES ('0042', 'UTC')",
    "INSERT INTO supplier (id, name) VALUES (5, 'Dale')",
    "INSERT INTO category (id, name, department) VALUES (1, 'Dairy', 'Chilled')",
    "INSERT INTO item (id, name, category_id) VALUES (1, 'Milk', 1)",
    """INSERT INTO product (gtin, description, brand, private_label, item_id, category_id,
           supplier_id, package_size, restriction, price_cents)
       VALUES (15, 'Milk', '', {no}, 1, 1, 5, '', '', 120)""",
    """INSERT INTO upload (id, name, sha256, uploaded_at, uploaded_by, rows)
       VALUES (1, 'u', 'u', {now}, 'tests', 1)""",
    *(
        f"""INSERT INTO offer (id, supplier_id, deal_ref, revision, state, upload_id, digest, title,
                category_id, terms, private_label, price_cents, face_value_cents,
                limit_per_household, funding_share, control_share, handling_fee_cents, mail_from,
                mail_to, redeem_from, redeem_to, legal, given)
            VALUES ({key}, 5, '{ref}', {revision}, 'running', 1, 'd', 'Öl', 1, '{{{{}}}}', {{no}},
                120, 100, 1, 100, 0, 8, '2026-01-01', '2026-12-31', '2026-01-01', '2026-12-31', '',
                '{{{{"excluded_gtins": "15; 16"}}}}')"""
        for key, ref, revision in ((6, "other", 1), (7, "d", 1), (8, "d", 2), (9, "d", 3))
    ),
    "INSERT INTO household (id, ref, language) VALUES (1, 'h', 'en'), (2, 'i', 'en')",
    *(
        f"""INSERT INTO shopping_list (id, code, household_id, state, valid_from, valid_to,
                document, written_at)
            VALUES ({key}, 'c{key}', {household}, 'issued', '2026-03-02', '2026-03-15', '',
                {{now}})"""
        for key, household in ((1, 1), (2, 1), (3, 2))
    ),
    *(
        f"""INSERT INTO list_line (list_id, line, kind, offer_id, text, reason, face_value_cents,
                uses, reserved_cents)
            VALUES ({list_id}, 1, 'offer', {offer}, '', '', 100, 1, 108)"""
        for list_id, offer in ((1, 7), (2, 9), (3, 8))
    ),
    *(
        f"""INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, state,
                total_discount_cents, answer, redeemed_at)
            VALUES ('{key}', '0042', '1', '2026-03-05', '{key}', '', 'redeemed', 100, '',
                {{now}})"""
        for key in "abcde"
    ),
    *(
        f"""INSERT INTO redemption_line (id, redemption_id, list_id, list_line, use_number, uses,
                live, offer_id, units, amount_cents, supplier_cents, retailer_cents,
                reserved_cents, parts)
            VALUES ({key}, '{sale}', {list_id}, 1, {number}, {uses}, {live}, {offer}, 1, 100, 100,
                0, 108, '[]')"""
        for key, sale, list_id, number, uses, live, offer in (
            (1, "a", 1, 1, 2, "{no}", 7),
            (2, "b", 1, 1, 1, "{yes}", 7),
            (3, "c", 1, 0, 1, "{no}", 7),
            (4, "d", 2, 1, 1, "{yes}", 9),
            (5, "e", 3, 1, 1, "{yes}", 8),
        )
    ),
)


@pytest.fixture
def older(database_url: str, tmp_path: Path) -> Database:
    """A database of the version before, with a household over its limit."""
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
        command.upgrade(config, "0006")
        literals = (
            {"now": "0", "no": "0", "yes": "1"}
            if database.is_sqlite
            else {"now": "now()", "no": "false", "yes": "true"}
        )
        for statement in BEFORE:
            connection.execute(text(statement.format(**literals).replace(":", "\\:")))
    return database


def test_uses_are_numbered_by_household_and_deal(older: Database) -> None:
    migrate.upgrade(older)
    with older.read() as session:
        ask = session.connection().exec_driver_sql
        offers = ask("SELECT id, deal_id FROM offer ORDER BY id").fetchall()
        found_by = ask("SELECT search_text FROM offer ORDER BY id").scalars().all()
        uses = ask(
            "SELECT id, household_id, deal_id, deal_use FROM redemption_line ORDER BY id"
        ).fetchall()
        excluded = ask(
            "SELECT offer_id, set_number, gtin FROM offer_exclusion ORDER BY offer_id"
        ).fetchall()
    assert [tuple(row) for row in offers] == [(6, None), (7, None), (8, 7), (9, 7)]
    assert found_by == ["öl\nother", "öl\nd", "öl\nd", "öl\nd"]
    assert [tuple(row) for row in uses] == [
        (1, 1, 7, 1),
        (2, 1, 7, 3),
        (3, 1, 7, None),
        (4, 1, 7, 4),
        (5, 2, 7, 1),
    ]
    # Only products that are known.
    assert [tuple(row) for row in excluded] == [(key, 0, 15) for key in (6, 7, 8, 9)]
    older.dispose()
