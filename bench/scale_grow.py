"""Grow a loaded shop to many times its households, within SQLite: in minutes, not hours."""

import sqlite3
from contextlib import closing
from pathlib import Path

_COPIED = {
    "household": ("homes", "id + :homes, ref || '+' || :turn, language"),
    "contact": (
        "homes",
        """household_id + :homes, name, street, extra, postcode, city, region, country,
           mail_consent, consent_at, consent_source""",
    ),
    "consent": (
        "consents",
        """id + :consents, household_id + :homes, purpose, granted, channel, wording,
           wording_version, said_at, recorded_at, place, actor""",
    ),
    "basket": (
        "baskets",
        """id + :baskets, store_id, terminal, business_date, number || '+' || :turn,
           household_id + :homes, purchased_at""",
    ),
    "basket_line": (
        "baskets",
        "basket_id + :baskets, line, gtin, quantity_milli, unit, amount_cents",
    ),
}
"""What each table gets for one more turn of all households, and by what its first column moves."""


def grow(database: Path, times: int) -> None:
    """Give a shop so many times its households, each with the purchases of one that is there.

    Deals grow with them. Cards, phones and the forecast stay as they are: a cycle reads none of the
    first two, and of what others bought only the forecast of the smaller shop.
    """
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        steps = {
            name: connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0
            for name, table in (
                ("homes", "household"), ("consents", "consent"), ("baskets", "basket"),
            )
        }  # fmt: skip
        for turn in range(1, times):
            values = {name: step * turn for name, step in steps.items()} | {"turn": turn}
            for table, (step, read) in _COPIED.items():
                names = ", ".join(each.split()[0] for each in read.split(","))
                first = f"{names.split(',')[0]} <= {steps[step]}"
                connection.execute(
                    f"INSERT INTO {table} ({names}) SELECT {read} FROM {table} WHERE {first}",
                    values,
                )
        connection.execute(
            """UPDATE offer SET budget_cents = budget_cents * :times,
                                circulation_max = circulation_max * :times,
                                circulation_min = circulation_min * :times""",
            {"times": times},
        )
        connection.commit()
        connection.executescript("PRAGMA journal_mode = WAL;")
