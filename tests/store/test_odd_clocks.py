"""The migration of sales by wrong clocks: each counts within its day, its household is due."""

from pathlib import Path

from alembic import command
from alembic.config import Config

import service.store
from service.store import migrate
from service.store.session import Database

SALES = {
    "right": ("2026-03-05", "2026-03-05 17:00:00", "2026-03-05 17:00:01", "2026-03-05 17:00:00"),
    "ahead": ("2026-03-05", "2099-01-01 00:00:00", "2026-03-05 17:00:00", "2026-03-05 17:00:00"),
    "late": ("2026-03-01", "2026-03-05 00:00:00", "2026-03-06 17:00:00",
             "2026-03-01 23:59:59.999999"),
    "reset": ("2026-03-05", "1970-01-01 00:00:00", "2026-03-05 17:00:00", "2026-03-05 00:00:00"),
    "old": ("2017-11-26", "2017-11-27 03:00:00", "2026-03-05 17:00:00", "2017-11-27 03:00:00"),
}  # fmt: skip
"""Business date, moment sent, moment taken by the service, moment it counts with from now on."""


def test_a_household_spoilt_by_a_clock_recovers(database: Database, read_only) -> None:  # type: ignore[no-untyped-def]
    is_sqlite = database.is_sqlite

    def moment(text: str) -> str:
        if not is_sqlite:
            return f"'{text}+00'"
        whole, _, part = text.partition(".")
        return f"(CAST(strftime('%s', '{whole}') AS INTEGER) * 1000000 + {part or 0})"

    config = Config()
    folder = Path(service.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with database.alter() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
        run = connection.exec_driver_sql
        run("INSERT INTO store (id, timezone) VALUES ('0042', 'UTC')")
        for key, (name, (day, sent, taken, _)) in enumerate(SALES.items(), start=1):
            run(f"INSERT INTO household (id, ref, language) VALUES ({key}, '{name}', 'en')")
            run(
                "INSERT INTO basket (id, store_id, terminal, business_date, number, household_id, "
                f"purchased_at) VALUES ({key}, '0042', '1', '{day}', '{name}', {key}, "
                f"{moment(sent)})"
            )
            run(
                "INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, "
                "state, basket_id, household_id, total_discount_cents, answer, redeemed_at) "
                f"VALUES ('{name}', '0042', '1', '{day}', '{name}', '', 'redeemed', {key}, {key}, "
                f"0, '', {moment(taken)})"
            )
            run(
                "INSERT INTO basket_line (basket_id, line, gtin, quantity_milli, unit, "
                f"amount_cents) VALUES ({key}, 1, 4011, 1000, 'each', 1)"
            )
    migrate.upgrade(database)
    for name, (_, sent, _, counts) in SALES.items():
        odd = f"r.sent_at = {moment(sent)}" if counts != sent else "r.sent_at IS NULL"
        assert read_only(
            f"""SELECT count(*) FROM basket b JOIN redemption r ON r.basket_id = b.id
                JOIN basket_line l ON l.basket_id = b.id
                WHERE b.number = '{name}' AND b.purchased_at = {moment(counts)} AND {odd}
                  AND l.code = ''"""
        ) == [(1,)], name
    due = read_only("SELECT h.ref FROM due d JOIN household h ON h.id = d.household_id ORDER BY 1")
    assert due == [("ahead",), ("late",), ("reset",)]
